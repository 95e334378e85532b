"""The AWS SDK for Python and the AWS CLI on the embedded engine: both know nothing of Countersign."""

import json
import subprocess
import tempfile
import unittest
import uuid

from botocore.exceptions import ClientError

from support import BIN, PROGRAM, ROOT, client, free_port, program, until

ROLE = "arn:aws:iam::000000000000:role/peers"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"
LINE = {"sku": "atlas", "quantity": 2, "unitPrice": 48.0}


def definition(name, **more):
    """A shipped definition with its placeholders filled in."""
    text = (ROOT / "statemachine" / f"{name}.asl.json").read_text()
    values = {
        "ValidateOrderLambdaArn": FUNCTION + "validate_order",
        "PaymentLambdaArn": FUNCTION + "payment",
        "RequestApprovalLambdaArn": FUNCTION + "request_approval",
        **more,
    }
    for key, value in values.items():
        text = text.replace("${" + key + "}", value)
    return text


class Engine(unittest.TestCase):
    """One engine for the class; `restart` ends it and starts it again on the same data."""

    @classmethod
    def setUpClass(cls):
        cls.data = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.boot()

    @classmethod
    def boot(cls):
        cls.port = free_port()
        command = [PROGRAM, "engine", "--listen", f"127.0.0.1:{cls.port}", "--data", cls.data]
        cls.running = program([*command, "--functions", ROOT / "lambdas/functions.toml"], cls.port)
        cls.running.__enter__()
        cls.sfn = client("stepfunctions", cls.port)

    @classmethod
    def tearDownClass(cls):
        cls.running.__exit__(None, None, None)

    @classmethod
    def restart(cls):
        cls.running.__exit__(None, None, None)
        cls.boot()

    def create(self, text):
        return self.sfn.create_state_machine(name="peer-" + uuid.uuid4().hex, definition=text, roleArn=ROLE)["stateMachineArn"]

    def start(self, machine, value):
        return self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(value))["executionArn"]

    def ended(self, execution):
        def asked():
            found = self.sfn.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return until(asked, f"{execution} ended")

    def events(self, execution):
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def token(self, execution):
        """The token of the waiting task, from the history: where Countersign finds it, too."""

        def asked():
            events = self.events(execution)
            if not any(event["type"] == "TaskSubmitted" for event in events):
                return None
            scheduled = next(event for event in events if event["type"] == "TaskScheduled")
            return json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["Payload"]["taskToken"]

        return until(asked, f"{execution} waits for a decision")


class Sdk(Engine):
    def order_machine(self):
        topic = client("sns", self.port).create_topic(Name="order-failures")["TopicArn"]
        return self.create(definition("order", FailureTopicArn=topic))

    def test_a_valid_order_is_paid(self):
        execution = self.start(self.order_machine(), {"orderId": "P-1", "lines": [LINE]})
        done = self.ended(execution)
        self.assertEqual(done["status"], "SUCCEEDED", done)
        self.assertEqual(json.loads(done["output"])["payment"]["amount"], 96.0)
        events = self.events(execution)
        self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
        kinds = [event["type"] for event in events]
        self.assertEqual(kinds[0], "ExecutionStarted")
        self.assertEqual(kinds[-1], "ExecutionSucceeded")
        for kind in ("LambdaFunctionScheduled", "LambdaFunctionSucceeded", "TaskScheduled", "TaskSucceeded"):
            self.assertIn(kind, kinds)

    def test_an_invalid_order_is_caught_by_its_name_and_reported(self):
        execution = self.start(self.order_machine(), {"orderId": "P-2", "lines": []})
        self.assertEqual(self.ended(execution)["status"], "SUCCEEDED")
        events = self.events(execution)
        failed = next(event["lambdaFunctionFailedEventDetails"] for event in events if event["type"] == "LambdaFunctionFailed")
        self.assertEqual(failed["error"], "InvalidOrder")
        self.assertIn("Order P-2 has no lines.", failed["cause"])
        entered = [event["stateEnteredEventDetails"]["name"] for event in events if event["type"] == "TaskStateEntered"]
        self.assertEqual(entered, ["ValidateOrder", "NotifyFailure"])

    def test_history_pages_and_runs_backwards(self):
        execution = self.start(self.order_machine(), {"orderId": "P-3", "lines": [LINE]})
        self.ended(execution)
        forwards = [event["id"] for event in self.events(execution)]
        backwards, token = [], {}
        while True:
            page = self.sfn.get_execution_history(executionArn=execution, maxResults=4, reverseOrder=True, **token)
            backwards += [event["id"] for event in page["events"]]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        self.assertEqual(backwards, forwards[::-1])

    def test_a_key_of_twelve_digits_is_an_account(self):
        other = client("stepfunctions", self.port, "222222222222")
        ends = json.dumps({"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": {"of": "another"}, "End": True}}})
        theirs = other.create_state_machine(name="child", definition=ends, roleArn=ROLE)["stateMachineArn"]
        self.assertEqual(theirs, "arn:aws:states:us-east-1:222222222222:stateMachine:child")
        self.assertNotIn(theirs, [one["stateMachineArn"] for one in self.sfn.list_state_machines()["stateMachines"]])
        self.assertEqual([theirs], [one["stateMachineArn"] for one in other.list_state_machines()["stateMachines"]])
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": theirs, "Name": "theirs"},
            "Credentials": {"RoleArn": "arn:aws:iam::222222222222:role/trusting"},
            "End": True,
        }
        machine = self.create(json.dumps({"StartAt": "T", "States": {"T": task}}))
        done = self.ended(self.start(machine, {}))
        self.assertEqual(done["status"], "SUCCEEDED", done)
        output = json.loads(done["output"])
        self.assertEqual(output["ExecutionArn"], "arn:aws:states:us-east-1:222222222222:execution:child:theirs")
        self.assertEqual(output["Output"], {"of": "another"})

    def test_an_approval_waits_through_a_restart_and_is_answered_once(self):
        execution = self.start(self.create(definition("approval")), {"title": "Paper", "amount": 5})
        token = self.token(execution)
        type(self).restart()
        self.assertEqual(self.sfn.describe_execution(executionArn=execution)["status"], "RUNNING")
        self.assertEqual(self.token(execution), token)
        self.sfn.send_task_success(taskToken=token, output=json.dumps({"decision": "approved", "comment": "ok"}))
        done = self.ended(execution)
        self.assertEqual(json.loads(done["output"])["approval"]["decision"], "approved")
        with self.assertRaises(ClientError) as late:
            self.sfn.send_task_success(taskToken=token, output="{}")
        self.assertEqual(late.exception.response["Error"]["Code"], "TaskTimedOut")

    def test_a_rejection_ends_with_its_reason(self):
        execution = self.start(self.create(definition("approval")), {"title": "Paper"})
        self.sfn.send_task_failure(taskToken=self.token(execution), error="ApprovalRejected", cause="Too dear.")
        done = self.ended(execution)
        self.assertEqual((done["status"], done["error"], done["cause"]), ("FAILED", "ApprovalRejected", "Too dear."))

    def test_refusals_are_aws_s(self):
        cases = [
            ("InvalidDefinition", lambda: self.create('{"StartAt": "A", "States": {}}')),
            ("StateMachineDoesNotExist", lambda: self.start("arn:aws:states:us-east-1:000000000000:stateMachine:none", {})),
            ("InvalidToken", lambda: self.sfn.send_task_success(taskToken="none", output="{}")),
        ]
        for code, call in cases:
            with self.subTest(code), self.assertRaises(ClientError) as raised:
                call()
            self.assertEqual(raised.exception.response["Error"]["Code"], code)


class Cli(Engine):
    def aws(self, *arguments):
        """The answer of `aws stepfunctions ...`."""
        environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            "PATH": f"{BIN}:/usr/bin:/bin",
            "HOME": self.data,
        }
        command = [BIN / "aws", "--endpoint-url", f"http://127.0.0.1:{self.port}", "--output", "json", "stepfunctions", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def test_start_and_read_the_history(self):
        text = json.dumps({"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Result": {"said": "hello"}, "End": True}}})
        machine = self.aws("create-state-machine", "--name", "hello", "--role-arn", ROLE, "--definition", text)["stateMachineArn"]
        execution = self.aws("start-execution", "--state-machine-arn", machine, "--name", "first")["executionArn"]
        self.ended(execution)
        described = self.aws("describe-execution", "--execution-arn", execution)
        self.assertEqual((described["status"], described["output"]), ("SUCCEEDED", '{"said":"hello"}'))
        history = self.aws("get-execution-history", "--execution-arn", execution)["events"]
        kinds = [event["type"] for event in history]
        self.assertEqual(kinds, ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        listed = self.aws("list-executions", "--state-machine-arn", machine)["executions"]
        self.assertEqual([one["name"] for one in listed], ["first"])


if __name__ == "__main__":
    unittest.main()
