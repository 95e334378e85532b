#!/usr/bin/env python3
"""Play the recordings that need a queue, a topic, a table, an activity's worker, another workflow or a mock file.

  conformance_services.py RECORDINGS ENDPOINT [options of play.py]
  conformance_services.py RECORDINGS --write-mocks FILE     the mock file (SFN_MOCK_CONFIG) for what has no local form
  conformance_services.py RECORDINGS --write-functions DIR  the Lambda functions that the recordings call

A recording has the responses of the services and workers around an execution, and nothing else of them. This makes
them anew: queues and topics by the names in the input, a worker who answers as the recorded one did, a child workflow
that ends as the recorded child did. play.py and compare.py of the recordings then play and judge as ever.
"""
import json
import os
import re
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

import boto3

ACCOUNT = "arn:aws:states:us-east-1:000000000000"


class Services:
    """What surrounds the executions: made over the engine's own protocols."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def json(self, target, body):
        request = urllib.request.Request(self.endpoint, json.dumps(body).encode(), {"X-Amz-Target": target})
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def topic(self, name):
        body = f"Action=CreateTopic&Name={name}".encode()
        urllib.request.urlopen(urllib.request.Request(self.endpoint, body)).read()


def details(case, *fields):
    """The recorded details of these kinds, in order, as (field, details)."""
    events = (case["expected"].get("history") or []) if isinstance(case["expected"], dict) else []
    return [(field, event[field]) for event in events for field in fields if field in event]


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def child(case):
    """A workflow that ends as the recorded child did; `None` if the recording does not show how."""
    if by_token(case):
        return {"Type": "Wait", "Seconds": 60, "End": True}
    failed = details(case, "taskFailedEventDetails")
    for _, found in failed + details(case, "taskSucceededEventDetails"):
        told = found.get("cause") if "cause" in found else found.get("output")
        told = json.loads(told) if isinstance(told, str) and told.startswith("{") else told
        if not isinstance(told, dict):
            continue
        if told.get("Status") == "TIMED_OUT":
            return {"Type": "Wait", "Seconds": 60, "End": True}
        if told.get("Status") == "FAILED":
            return {"Type": "Fail", **{k: text(told[k]) for k in ("Error", "Cause") if k in told}}
        if told.get("Status") == "SUCCEEDED" or "ExecutionArn" in told:
            output = told.get("Output")
            output = json.loads(output) if isinstance(output, str) and output[:1] in "{[\"" else output
            return {"Type": "Pass", "Result": output if output is not None else {}, "End": True}
    return None


def objects(sfn, bucket, case):
    """Makes the bucket, and the object that the recorded task read, by workflows of their own."""
    call(sfn, "aws-sdk:s3:createBucket", {"Bucket": bucket})
    for _, found in details(case, "taskSucceededEventDetails"):
        output = found["output"] if isinstance(found["output"], dict) else json.loads(found["output"])
        key = json.loads(case["input"]).get("Key")
        if key and "Body" in output:
            call(sfn, "aws-sdk:s3:putObject", {"Bucket": bucket, "Key": key, "Body": output["Body"]})


def items(sfn, bucket, case):
    """Makes the bucket with the table, or the objects, that the recorded reader found."""
    end = details(case, "executionSucceededEventDetails")
    found = json.loads(end[0][1]["output"]) if end and isinstance(end[0][1]["output"], str) else None
    if not isinstance(found, list):
        return
    call(sfn, "aws-sdk:s3:createBucket", {"Bucket": bucket})
    if "listObjectsV2" in case["definition"]:
        for one in found:
            call(sfn, "aws-sdk:s3:putObject", {"Bucket": bucket, "Key": one["Key"], "Body": "x" * one["Size"]})
    elif '"JSON"' in case["definition"]:
        put = {"Bucket": bucket, "Key": json.loads(case["input"])["Key"], "Body": json.dumps(found)}
        call(sfn, "aws-sdk:s3:putObject", put)
    elif '"CSV"' in case["definition"] and found:
        rows = [list(one.values()) for one in found]
        head = [] if '"GIVEN"' in case["definition"] else [list(found[0])]
        body = "".join(",".join(map(str, row)) + "\n" for row in head + rows)
        call(sfn, "aws-sdk:s3:putObject", {"Bucket": bucket, "Key": json.loads(case["input"])["Key"], "Body": body})


def call(sfn, action, parameters):
    """One call of a service, as a workflow of one task."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::" + action, "Parameters": parameters, "End": True}
    machine = sfn.create_state_machine(
        name="call" + uuid.uuid4().hex, definition=json.dumps({"StartAt": "Call", "States": {"Call": task}}),
        roleArn="arn:aws:iam::000000000000:role/r")["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    for _ in range(100):
        if sfn.describe_execution(executionArn=execution)["status"] != "RUNNING":
            return
        time.sleep(0.02)


def prepare(sfn, services, case):
    given = f"{case.get('input')} {case['definition']}"
    for queue in set(re.findall(r"/(\d{12})/([\w-]+)", given)):
        services.json("AmazonSQS.CreateQueue", {"QueueName": queue[1]})
    for topic in set(re.findall(r"arn:aws:sns:[\w-]+:\d{12}:([\w-]+)", given)):
        if "Topic does not exist" not in json.dumps(case["expected"]):
            services.topic(topic)
    for table in set(re.findall(r'"TableName\\?": \\?"(sfn_test_table[\w-]+)', given)):
        key = [{"AttributeName": "id", "KeyType": "HASH"}]
        services.json("DynamoDB_20120810.CreateTable", {"TableName": table, "KeySchema": key})
    for bucket in set(re.findall(r'"Bucket": "([\w-]+)"', case.get("input") or "")):
        if '"arn:aws:states:::aws-sdk:s3:getObject"' in case["definition"]:
            objects(sfn, bucket, case)
        elif "ItemReader" in case["definition"]:
            items(sfn, bucket, case)
    for activity in set(re.findall(r":activity:([\w-]+)", case["definition"])):
        if details(case, "activityScheduledEventDetails"):
            sfn.create_activity(name=activity)
    state = child(case)
    for account, machine in set(re.findall(r"arn:aws:states:us-east-1:(\d{12}):stateMachine:([\w-]+)", given)):
        if state and "NoSuchArn" not in machine:
            limit = {"TimeoutSeconds": 1} if state["Type"] == "Wait" else {}
            definition = json.dumps({"StartAt": "S", "States": {"S": state}, **limit})
            # Who calls with an account for an access key is in that account.
            owner = boto3.client("stepfunctions", endpoint_url=services.endpoint, region_name="us-east-1",
                                 aws_access_key_id=account, aws_secret_access_key="test")
            owner.create_state_machine(name=machine, definition=definition, roleArn=f"arn:aws:iam::{account}:role/r")


def send(sfn, token, field, found):
    if field.endswith("SucceededEventDetails"):
        sfn.send_task_success(taskToken=token, output=text(found.get("output", {})))
    elif field.endswith("FailedEventDetails"):
        sfn.send_task_failure(taskToken=token, **{k: text(found[k]) for k in ("error", "cause") if k in found})


def activity_worker(sfn, case):
    """Takes one task and answers as the recorded worker did, or not at all where it timed out."""
    started = details(case, "activityStartedEventDetails")
    named = {"workerName": started[0][1]["workerName"]} if started and "workerName" in started[0][1] else {}
    name = re.search(r":activity:([\w-]+)", case["definition"]).group(1)
    task = sfn.get_activity_task(activityArn=f"{ACCOUNT}:activity:{name}", **named)
    for field, found in details(case, "activitySucceededEventDetails", "activityFailedEventDetails"):
        send(sfn, task["taskToken"], field, found)


def queue_worker(sfn, services, case, end):
    """Answers the tokens that come through the queue as the recorded worker did."""
    url = re.search(r"https?://[^\"\\]*/\d{12}/[\w-]+", case["input"]).group(0)
    answers = [(f, d) for f, d in details(case, "taskSucceededEventDetails", "taskFailedEventDetails")
               if str(d.get("resource")).endswith("waitForTaskToken")]
    while answers and not end.wait(0.02):
        for message in services.json("AmazonSQS.ReceiveMessage", {"QueueUrl": url}).get("Messages", []):
            services.json("AmazonSQS.DeleteMessage", {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]})
            body = json.loads(message["Body"])
            if isinstance(body, dict) and isinstance(body.get("TaskToken"), str):
                field, found = answers.pop(0)
                # The recorder hid the token: a worker who sent it back sends this one.
                answer = json.loads(json.dumps(found).replace("a_task_token", body["TaskToken"]))
                # The engine hears that the message was taken before it hears the answer.
                end.wait(0.3)
                send(sfn, body["TaskToken"], field, answer)
                break


def by_token(case):
    """Whether a worker answered the token of a topic's message or of a job."""
    return "$$.Task.Token" in case["definition"] and re.search(r"sns:publish\.|startExecution\.sync", case["definition"])


def token_worker(started, case, end):
    """Answers the token of the first task as the recorded worker did, once the task was submitted."""
    answers = details(case, "taskSucceededEventDetails", "taskFailedEventDetails")
    while answers and not end.wait(0.02):
        if started.arn is None:
            continue
        events = started.sfn.get_execution_history(executionArn=started.arn)["events"]
        asked = [e["taskScheduledEventDetails"]["parameters"] for e in events if e["type"] == "TaskScheduled"]
        if asked and any(e["type"] == "TaskSubmitted" for e in events):
            send(started.sfn, re.search(r'"TaskToken": ?"([^"]+)"', asked[0]).group(1), *answers[0])
            return


class Started:
    """Remembers the execution that was started, and starts it by a version or an alias where the recorded one was."""

    def __init__(self, sfn, case):
        self.sfn, self.arn = sfn, None
        described = case["expected"].get("describe") or {}
        self.by_version, self.by_alias = "stateMachineVersionArn" in described, "stateMachineAliasArn" in described

    def __getattr__(self, name):
        return getattr(self.sfn, name)

    def start_execution(self, **given):
        if self.by_version:
            arn = self.sfn.publish_state_machine_version(stateMachineArn=given["stateMachineArn"])["stateMachineVersionArn"]
            if self.by_alias:
                routes = [{"stateMachineVersionArn": arn, "weight": 100}]
                alias = self.sfn.create_state_machine_alias(name="state_machine_alias_name", routingConfiguration=routes)
                arn = alias["stateMachineAliasArn"]
            given = dict(given, stateMachineArn=arn)
        answer = self.sfn.start_execution(**given)
        self.arn = answer["executionArn"]
        return answer


# Services with no local form: a task of theirs is mocked with what the recorded one answered.
MOCKED = r"arn:aws:states:::(apigateway:invoke|aws-sdk:secretsmanager:\w+)"


def mock(case):
    """The mock file of a recording: its own, or one made of what its services answered; `None` where it needs none."""
    if "mock_config" in case:
        return case["mock_config"]
    if case["kind"] != "execution" or case["group"] != "other-services" or not re.search(MOCKED, case["definition"]):
        return None
    answers = {}
    for field, found in details(case, "taskSucceededEventDetails", "taskFailedEventDetails"):
        told = {k.capitalize(): text(found[k]) for k in ("error", "cause") if k in found}
        answers[str(len(answers))] = {"Throw": told} if "Failed" in field else {"Return": parsed(found["output"])}
    states = json.loads(case["definition"])["States"]
    asked = {name: "answers" for name, state in states.items() if re.search(MOCKED, str(state.get("Resource")))}
    machine = "m" + uuid.uuid5(uuid.NAMESPACE_URL, case["id"]).hex
    return {"StateMachines": {machine: {"TestCases": {"recorded": asked}}}, "MockedResponses": {"answers": answers}}


def parsed(value):
    return json.loads(value) if isinstance(value, str) else value


class Mocked:
    """Starts a test case of the mock file under the machine's own name."""

    def __init__(self, sfn, case):
        self.sfn, self.case = sfn, case

    def __getattr__(self, name):
        return getattr(self.sfn, name)

    def create_state_machine(self, **given):
        return self.sfn.create_state_machine(**dict(given, name=next(iter(mock(self.case)["StateMachines"]))))

    def start_execution(self, **given):
        arn = given["stateMachineArn"] + "#" + self.case.get("mock_test_case", "recorded")
        return self.sfn.start_execution(**dict(given, stateMachineArn=arn))


def refusal(case):
    """Whether AWS refused the call that the recording ends with."""
    return any("Error" in (case["expected"].get(answer) or {}) for answer in ("describe", "sync"))


def with_services(play_case, check, services):
    def played(sfn, case):
        if mock(case):
            return play_case(Mocked(sfn, case), case)
        sfn = Started(sfn, case)
        if refusal(case):
            try:
                return play_case(sfn, case)
            except sfn.exceptions.ClientError as error:
                return check(case, error.response)
        if case["kind"] != "execution" or case["group"] in ("none", "lambda-only"):
            return play_case(sfn, case)
        prepare(sfn, services, case)
        end, worker = threading.Event(), None
        if details(case, "activityStartedEventDetails"):
            worker = threading.Thread(target=activity_worker, args=(sfn, case), daemon=True)
        elif "sqs:sendMessage.waitForTaskToken" in case["definition"] and "QueueUrl" in (case.get("input") or ""):
            worker = threading.Thread(target=queue_worker, args=(sfn, services, case, end), daemon=True)
        elif by_token(case):
            worker = threading.Thread(target=token_worker, args=(sfn, case, end), daemon=True)
        if worker:
            worker.start()
        try:
            return play_case(sfn, case)
        finally:
            end.set()
    return played


def write_mocks(play, folder, out):
    """Every recording's mocks in one file; its responses get the machine's name, so that they stay apart."""
    whole = {"StateMachines": {}, "MockedResponses": {}}
    for case in play.load(folder, "execution"):
        config = mock(case) or {"StateMachines": {}, "MockedResponses": {}}
        for machine, cases in config["StateMachines"].items():
            for states in cases["TestCases"].values():
                for state, response in states.items():
                    states[state] = f"{machine}.{response}"
            whole["StateMachines"][machine] = cases
            for response, answers in config["MockedResponses"].items():
                whole["MockedResponses"][f"{machine}.{response}"] = answers
    with open(out, "w") as file:
        json.dump(whole, file, indent=2)


def write_functions(play, folder, out):
    """Every function as it was deployed for the recordings, whose stack traces show it: a folder with one handler.py."""
    play.write_functions(folder, out)
    for name, code in play.BEHAVIOURS.items():
        os.remove(os.path.join(out, name + ".py"))
        os.makedirs(os.path.join(out, name), exist_ok=True)
        with open(os.path.join(out, name, "handler.py"), "w") as file:
            file.write(code if '"' in code else code.replace("'", '"'))
    declarations = os.path.join(out, "functions.toml")
    with open(declarations) as file:
        text = re.sub(r'handler = "(\w+)\.handler"', r'code = "\1"\nhandler = "handler.handler"', file.read())
    with open(declarations, "w") as file:
        file.write(text)


def up_to_date(case):
    """The case as AWS would answer it today: since November 2024 the exit of a distributed map follows MapRunStarted, and
    before it followed MapRunSucceeded."""
    day, month, year = (case.get("recorded_date") or "01-01-2000").split(",")[0].split("-")
    if case.get("kind") == "execution" and (int(year), int(month)) < (2024, 11):
        events = case["expected"].get("history") or []
        succeeded = {event["id"]: event["previousEventId"] for event in events if event["type"] == "MapRunSucceeded"}
        for event in events:
            if event["type"] == "MapStateExited":
                event["previousEventId"] = succeeded.get(event["previousEventId"], event["previousEventId"])
    return case


def known_differences():
    """The names in conformance-known.txt."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "conformance-known.txt")) as file:
        return {line.strip() for line in file if line.strip() and line[0] not in "#="}


def judge(play, recordings, endpoint, report):
    """Ends with an error where a recording differs that is not known to. One is played again first, alone: some of AWS's
    histories depend on which of two answers came first, and a busy machine can turn them."""
    with open(report) as file:
        results = dict(map(json.loads, file))
    known = known_differences()
    new = {name for name, difference in results.items() if difference and name not in known}
    sfn = play.client(endpoint)
    for kind in ("api_scripts", "execution", "execution_output", "express_sync", "test_state"):
        for case in play.load(recordings, kind):
            if case["id"] in new and play.play(sfn, case) is None:
                new.remove(case["id"])
    for name in sorted(new):
        print(f"differs, and is not known to (tools/conformance-known.txt): {name}\n    {results[name]}", file=sys.stderr)
    for name in sorted(known.intersection(n for n, difference in results.items() if not difference)):
        print(f"agrees now (tools/conformance-known.txt): {name}", file=sys.stderr)
    told = sum(1 for name, difference in results.items() if difference and name in known)
    print(f"{told} differ for the reasons in tools/conformance-known.txt")
    sys.exit(1 if new else 0)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    recordings = sys.argv.pop(1)
    sys.path.insert(0, recordings)
    import play
    if sys.argv[1] == "--write-mocks":
        return write_mocks(play, recordings, sys.argv[2])
    if sys.argv[1] == "--write-functions":
        return write_functions(play, recordings, sys.argv[2])
    import compare
    load = play.load
    play.load = lambda *arguments: [up_to_date(case) for case in load(*arguments)]
    play.play_case = with_services(play.play_case, compare.check, Services(sys.argv[1]))
    play.main()
    if "--report" in sys.argv:
        judge(play, recordings, sys.argv[1], sys.argv[sys.argv.index("--report") + 1])


if __name__ == "__main__":
    main()
