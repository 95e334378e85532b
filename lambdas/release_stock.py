"""Undoes reserve_stock."""


def handler(event, context):
    """Releases the reservation. Releasing it twice is harmless."""
    print(f"released {event['reservationId']}")
    return {"released": event["reservationId"]}
