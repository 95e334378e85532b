"""Checks an order before anything is promised to the customer."""

from numbers import Real


class InvalidOrder(Exception):
    """The order cannot be accepted; the message says what to correct."""


def handler(event, context):
    """Answers the checked order, with its `amount`; raises InvalidOrder naming the order, the line and the fault."""
    order_id = event.get("orderId")
    if not order_id:
        raise InvalidOrder("The order has no orderId.")
    lines = event.get("lines")
    if not isinstance(lines, list) or not lines:
        raise InvalidOrder(f"Order {order_id} has no lines.")
    amount = round(sum(check_line(order_id, number, line) for number, line in enumerate(lines, start=1)), 2)
    stated = event.get("amount")
    if stated is not None and stated != amount:
        raise InvalidOrder(f"Order {order_id} states an amount of {stated}, but its lines come to {amount}.")
    return {**event, "currency": event.get("currency", "EUR"), "amount": amount}


def check_line(order_id, number, line):
    """The line's amount, or InvalidOrder."""
    where = f"Line {number} of order {order_id}"
    if not isinstance(line, dict) or not line.get("sku"):
        raise InvalidOrder(f"{where} has no sku.")
    quantity = line.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise InvalidOrder(f"{where} ({line['sku']}) has a quantity of {quantity}; it must be a whole number from 1.")
    price = line.get("unitPrice")
    if not isinstance(price, Real) or isinstance(price, bool) or price < 0:
        raise InvalidOrder(f"{where} ({line['sku']}) has no unitPrice.")
    return quantity * price
