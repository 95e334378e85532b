"""Asks a person to decide. The answer comes later, to Step Functions, with the task token."""


def handler(event, context):
    """Notes that somebody is asked. The token is a secret that decides the request: it is never written to the log."""
    if not event.get("taskToken"):
        raise ValueError("The request has no taskToken, so nobody could answer it.")
    request = event.get("request") or {}
    title = request.get("title", "a request") if isinstance(request, dict) else "a request"
    print(f"a decision is asked for: {title}")
    return {"asked": True}
