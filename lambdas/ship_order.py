"""Hands a parcel to the carrier."""

import hashlib


class UndeliverableAddress(Exception):
    """The carrier does not take the parcel; the message says what the address lacks."""


NEEDED = ("street", "city", "country")


def handler(event, context):
    """Answers the tracking number; raises UndeliverableAddress where street, city or country is missing."""
    order = event["order"]
    address = order.get("address") or {}
    missing = [part for part in NEEDED if not address.get(part)]
    if missing:
        raise UndeliverableAddress(f"The address of order {order['orderId']} has no {' and no '.join(missing)}.")
    digest = hashlib.sha256(event["reservationId"].encode()).hexdigest()
    return {"trackingNumber": f"{address['country']}{int(digest[:10], 16) % 10**9:09}"}
