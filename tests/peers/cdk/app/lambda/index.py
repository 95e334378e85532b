"""Greets somebody as often as it is asked to."""

import os


def handler(event, context):
    return " ".join([os.environ["GREETING"]] * event["times"] + [event["name"]])
