"""The functions of the workflow `purchase`. What they print is shown beside their state."""


class InvalidPurchase(Exception):
    """Nobody could buy this. The workflow catches the error by its name."""


def check(event, context):
    """Adds the total to a purchase."""
    item, quantity, price = event.get("item"), event.get("quantity"), event.get("price")
    if not item:
        raise InvalidPurchase("The purchase has no item.")
    for name, value in (("quantity", quantity), ("price", price)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise InvalidPurchase(f"The {name} of {item} has to be a number above 0.")
    total = round(quantity * price, 2)
    print(f"{quantity} x {item} cost {total:.2f} EUR")
    return {**event, "total": total}


def ask(event, context):
    """Is called when somebody has to decide. The token is a secret that decides the request: do not print it."""
    print(f"somebody is asked about {event['request']['item']}")
    return {"asked": True}
