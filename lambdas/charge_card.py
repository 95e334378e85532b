"""Charges the customer's card."""

import hashlib


class GatewayBusy(Exception):
    """The card gateway asks to be called again later."""


class CardDeclined(Exception):
    """The bank refuses the payment; trying again would not help."""


BUSY_ATTEMPTS = 2


def handler(event, context):
    """Answers the charge.

    The order's `simulate` field chooses what the gateway does: `gateway-busy` fails the first two attempts, which the
    workflow's retry counts in `attempt`; `card-declined` refuses for good.
    """
    order, attempt = event["order"], event.get("attempt", 0)
    simulate = order.get("simulate")
    if simulate == "gateway-busy" and attempt < BUSY_ATTEMPTS:
        raise GatewayBusy(f"The card gateway is busy (attempt {attempt + 1}).")
    if simulate == "card-declined":
        raise CardDeclined(f"The bank refuses {order['amount']} {order['currency']} for order {order['orderId']}.")
    digest = hashlib.sha256(order["orderId"].encode()).hexdigest()
    print(f"charged {order['amount']} {order['currency']} for order {order['orderId']}")
    return {"chargeId": f"chg-{digest[:12]}"}
