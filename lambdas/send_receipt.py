"""Sends the customer the receipt."""


def handler(event, context):
    """Answers the receipt that was sent."""
    order = event["order"]
    print(f"receipt for {order['orderId']} to {order.get('customer', 'the customer')}")
    return {"receiptId": f"rcp-{event['chargeId'].removeprefix('chg-')}"}
