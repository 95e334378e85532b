"""Undoes charge_card."""


def handler(event, context):
    """Answers the refund. Refunding the same charge twice answers the same refund."""
    order = event["order"]
    print(f"refunded {order['amount']} {order['currency']} for order {order['orderId']}")
    return {"refundId": f"rfd-{event['chargeId'].removeprefix('chg-')}"}
