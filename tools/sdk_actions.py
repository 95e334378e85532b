#!/usr/bin/env python3
"""The services and actions of `arn:aws:states:::aws-sdk:SERVICE:ACTION`.

  sdk_actions.py > crates/asl/src/lint/sdk_actions.txt
  sdk_actions.py --deprecated > crates/asl/src/lint/sdk_deprecated.txt    those that their model calls deprecated

Reads the service models that botocore brings. A line holds a service, then its actions. The service has the name of its
package in AWS's SDK for Java, which Step Functions uses; an action is the operation with a small first letter.
"""

import glob
import gzip
import json
import os
import sys

import botocore

MODELS = os.path.join(os.path.dirname(botocore.__file__), "data")


def package(service_id):
    """The id without spaces and hyphens, without `Amazon` or `AWS` in front and `Service` behind."""
    name = "".join(letter for letter in service_id if letter.isalnum())
    for start in ("Amazon", "AWS", "Aws"):
        name = name.removeprefix(start)
    shorter = name.removesuffix("Service").removesuffix("service")
    return (shorter or name).lower()


def models():
    for folder in sorted(glob.glob(os.path.join(MODELS, "*", ""))):
        versions = sorted(glob.glob(os.path.join(folder, "*", "service-2.json.gz")))
        if versions:
            with gzip.open(versions[-1]) as model:
                yield json.load(model)


def main():
    only_deprecated = "--deprecated" in sys.argv[1:]
    services = {}
    for model in models():
        name = package(model["metadata"].get("serviceId") or model["metadata"]["endpointPrefix"])
        actions = services.setdefault(name, set())
        operations = model["operations"].items()
        taken = [name for name, about in operations if about.get("deprecated") or not only_deprecated]
        actions.update(operation[:1].lower() + operation[1:] for operation in taken)
    for name, actions in sorted((name, actions) for name, actions in services.items() if actions):
        sys.stdout.write(" ".join([name, *sorted(actions)]) + "\n")


if __name__ == "__main__":
    main()
