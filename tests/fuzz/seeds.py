"""Writes the first inputs of each fuzz target, made of definitions: `seeds.py CORPUS FILE_OR_FOLDER...`.

Definitions are *.asl.json files, and those within *.jsonl files of recordings (fields `definition` and `steps`).
"""

import hashlib
import json
import pathlib
import sys

OPERATIONS = [line.strip().strip('",').removeprefix("AWSStepFunctions.")
              for line in (pathlib.Path(__file__).parent / "targets/api.rs").read_text().splitlines()
              if line.startswith('    "') and line.endswith('",')]
ARN = "arn:aws:states:us-east-1:000000000000:"
ROLE = "arn:aws:iam::000000000000:role/r"
LONGEST = 8_000
VALUE = json.dumps({"a": {"b": [1, 2.5, "x", None, True]}, "list": [{"id": 1, "name": "one"}], "text": "x, y"})


def definitions(places):
    for place in places:
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.name.endswith((".asl.json", ".json")):
                yield from read(file.read_text())
            elif file.suffix == ".jsonl":
                for line in file.read_text().splitlines():
                    yield from read(json.loads(line).get("definition"))


def read(found):
    try:
        found = json.loads(found) if isinstance(found, str) else found
    except ValueError:
        return
    if isinstance(found, dict) and "States" in found:
        yield found


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def request(operation, **body):
    return chr(ord("!") + OPERATIONS.index(operation)) + json.dumps(body)


def story(definition):
    machine, execution = ARN + "stateMachine:M", ARN + "execution:M:one"
    lines = [
        request("CreateStateMachine", name="M", definition=json.dumps(definition), roleArn=ROLE, publish=True),
        request("StartExecution", stateMachineArn=machine, name="one", input="{}"),
        request("DescribeExecution", executionArn=execution),
        request("GetExecutionHistory", executionArn=execution, maxResults=5),
        request("StopExecution", executionArn=execution, cause="c"),
        request("RedriveExecution", executionArn=execution),
        request("ListMapRuns", executionArn=execution),
        request("ListExecutions", stateMachineArn=machine, statusFilter="ABORTED"),
        request("TestState", definition=json.dumps(next(iter(definition["States"].values()), {})), roleArn=ROLE,
                input=VALUE, inspectionLevel="TRACE"),
        request("DescribeStateMachine", stateMachineArn=machine),
    ]
    return "\n".join(lines)


def main():
    corpus = pathlib.Path(sys.argv[1])

    def put(target, text):
        if len(text) <= LONGEST:
            data = text.encode("utf-8", "surrogatepass")
            folder = corpus / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ("seed-" + hashlib.sha1(data).hexdigest())).write_bytes(data)

    for definition in definitions([pathlib.Path(place) for place in sys.argv[2:]]):
        line = json.dumps(definition)
        put("definition", line)
        put("execution", line + "\n" + VALUE + "\n" + "\x08\x0e\x07\x0a\x01\x02")
        put("api", story(definition))
        for text in strings(definition):
            if text.startswith("{%") and text.endswith("%}"):
                put("jsonata", text[2:-2].strip().replace("\n", " ") + "\n" + VALUE)
            elif text.startswith("States."):
                put("intrinsics", text + "\n" + VALUE)
            elif text.startswith("$"):
                put("path", text + "\n" + VALUE)
    machine = ARN + "stateMachine:M"
    put("api", "\n".join([
        request("CreateActivity", name="A"), request("GetActivityTask", activityArn=ARN + "activity:A"),
        request("TagResource", resourceArn=ARN + "activity:A", tags=[{"key": "k", "value": "v"}]),
        request("ListTagsForResource", resourceArn=ARN + "activity:A"),
        request("SendTaskSuccess", taskToken="t", output="{}"), request("SendTaskFailure", taskToken="t"),
        request("DescribeMapRun", mapRunArn=ARN + "mapRun:M/L:x"),
        request("CreateStateMachineAlias", name="live", routingConfiguration=[
            {"stateMachineVersionArn": machine + ":1", "weight": 100}]),
        request("AmazonSQS.CreateQueue", QueueName="q"),
        request("AmazonSQS.SendMessage", QueueUrl="http://x/0/q", MessageBody="m"),
        request("DynamoDB_20120810.PutItem", TableName="t", Item={"id": {"S": "1"}}),
        request("ListStateMachines", maxResults=1),
    ]))


main()
