"""Prices one line of an order."""

VOLUME_FROM = 10
VOLUME_DISCOUNT = 0.10


def handler(event, context):
    """Answers the line with its `amount`: quantity times unit price, less a tenth from ten pieces."""
    line = event["line"]
    gross = line["quantity"] * line["unitPrice"]
    discount = gross * VOLUME_DISCOUNT if line["quantity"] >= VOLUME_FROM else 0
    return {**line, "discount": round(discount, 2), "amount": round(gross - discount, 2), "currency": event["currency"]}
