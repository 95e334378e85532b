#!/usr/bin/env python3
"""The shapes of services' answers, which TestState holds mocked results against.

  mock_shapes.py > crates/local/src/api/mock_shapes.json

Reads the service models that botocore brings. crates/local/src/api/mock_shapes.rs describes the format.
"""

import gzip
import json
import os
import sys

import botocore

MODELS = os.path.join(os.path.dirname(botocore.__file__), "data")
# The service's name in a task's resource, and the operations beyond those that tasks seldom call.
SERVICES = {
    "athena": None,
    "batch": ["SubmitJob", "DescribeJobs", "TerminateJob", "CancelJob"],
    "codebuild": ["StartBuild", "StopBuild", "BatchGetBuilds"],
    "dynamodb": [
        "PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
        "TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement", "ListTables",
    ],
    "ecs": ["RunTask", "StopTask", "DescribeTasks", "ListTasks"],
    "events": None,
    "glue": ["StartJobRun", "GetJobRun", "BatchStopJobRun", "StartCrawler", "GetCrawlerMetrics"],
    "kms": None,
    "lambda": None,
    "s3": None,
    "scheduler": None,
    "secretsmanager": None,
    "sns": None,
    "sqs": None,
    "ssm": ["GetParameter", "GetParameters", "GetParametersByPath", "PutParameter", "DeleteParameter", "SendCommand"],
    "stepfunctions": None,
    "sts": None,
}
NAMES = {"stepfunctions": "states"}
# A function's answer is any JSON, not the text of the model.
ANYTHING = {("lambda", "Payload")}
# A function's most memory; the model's bound is that of functions on instances of their own.
BOUNDS = {("lambda", "MemorySize"): "number 128 10240"}
NUMBERS = {"integer", "long", "float", "double", "bigdecimal"}


def model(service):
    folder = os.path.join(MODELS, service)
    with gzip.open(os.path.join(folder, max(os.listdir(folder)), "service-2.json.gz")) as file:
        return json.load(file)


def scalar(shape):
    if shape["type"] == "boolean":
        return "boolean"
    kind = "number" if shape["type"] in NUMBERS else "string"
    if "enum" in shape:
        return "one of " + "|".join(shape["enum"])
    least, most = shape.get("min"), shape.get("max")
    if most is not None:
        return f"{kind} {least or 0} {most}"
    return f"{kind} {least}" if least is not None else kind


def described(service, shapes, name, around=()):
    """A shape in the form of mock_shapes.rs; None where it may be anything."""
    shape = shapes[name]
    if name in around or shape.get("document") or shape.get("eventstream"):
        return None
    around = (*around, name)
    if shape["type"] == "list":
        member = described(service, shapes, shape["member"]["shape"], around)
        return [] if member is None else [member]
    if shape["type"] == "map":
        value = described(service, shapes, shape["value"]["shape"], around)
        return None if value is None else {"*": value}
    if shape["type"] != "structure":
        return scalar(shape)
    fields = {}
    for member, of in shape["members"].items():
        field = member[0].upper() + member[1:]
        value = BOUNDS.get((service, field), described(service, shapes, of["shape"], around))
        if value is not None and (service, field) not in ANYTHING:
            fields[field + "!" * (member in shape.get("required", []))] = value
    return fields


def main():
    lines = []
    for service, chosen in SERVICES.items():
        read = model(service)
        for operation, of in sorted(read["operations"].items()):
            if "output" in of and (chosen is None or operation in chosen):
                shape = described(service, read["shapes"], of["output"]["shape"])
                if shape:
                    name = f"{NAMES.get(service, service)}:{operation[0].lower()}{operation[1:]}"
                    lines.append(f"{json.dumps(name)}:{json.dumps(shape, separators=(',', ':'))}")
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
