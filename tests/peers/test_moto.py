"""The dashboard on moto, an implementation of the Step Functions API that nobody here wrote."""

import json
import re
import tempfile
import unittest
from html import unescape
from pathlib import Path
from urllib.parse import quote

from support import BIN, PROGRAM, Browser, client, free_port, post_json, program, until

MANIFEST = """
role_arn = "arn:aws:iam::123456789012:role/peers"

[substitutions]
QueueUrl = {{ value = "{queue}" }}

[workflows.refund]
file = "refund.asl.json"

[workflows.refund.approvals."Ask a person"]
title = "Refund {{{{ request.order }}}}?"
fields = [ {{ label = "Amount", value = "{{{{ request.amount }}}} EUR" }} ]
"""

REFUND = {
    "Comment": "Refunds an order when a person agrees.",
    "StartAt": "Ask a person",
    "States": {
        "Ask a person": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "${QueueUrl}", "MessageBody": {"taskToken.$": "$$.Task.Token", "request.$": "$"}},
            "TimeoutSeconds": 600,
            "ResultPath": "$.approval",
            "Catch": [{"ErrorEquals": ["ApprovalRejected"], "ResultPath": "$.rejection", "Next": "Keep the money"}],
            "Next": "Refund it",
        },
        "Refund it": {"Type": "Pass", "End": True},
        "Keep the money": {"Type": "Fail", "Error": "ApprovalRejected", "Cause": "A person said no."},
    },
}


class Moto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        moto = free_port()
        cls.enterClassContext(program([BIN / "moto_server", "-H", "127.0.0.1", "-p", str(moto)], moto))
        endpoint = f"http://127.0.0.1:{moto}"
        post_json(f"{endpoint}/moto-api/config", {"stepfunctions": {"execute_state_machine": True}})
        queue = client("sqs", moto).create_queue(QueueName="approvals")["QueueUrl"]
        cls.sfn = client("stepfunctions", moto)

        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        definitions = folder / "statemachine"
        definitions.mkdir()
        (definitions / "countersign.toml").write_text(MANIFEST.format(queue=queue))
        (definitions / "refund.asl.json").write_text(json.dumps(REFUND, indent=2))
        port = free_port()
        command = [PROGRAM, "serve", "--endpoint", endpoint, "--region", "us-east-1", "--listen", f"127.0.0.1:{port}"]
        command += ["--data", folder / "data", "--definitions", definitions]
        cls.enterClassContext(program(command, port))
        cls.browser = Browser(port)
        # The root leads to the pages of the default connection.
        _, cls.home, _ = cls.browser.request("GET", "/")
        cls.browser.submit("/api/deploy", {"name": "refund"}, cls.home + "/deploy")

    def start(self, name):
        """Starts a refund through the dashboard's form; the path of its page and its ARN."""
        request = json.dumps({"order": name, "amount": 25})
        path = self.browser.submit("/api/start", {"workflow": "refund", "name": name, "input": request}, self.home + "/workflows/refund")
        self.assertTrue(path.startswith(self.home + "/executions/arn:"), path)
        return path, f"arn:aws:states:us-east-1:123456789012:execution:refund:{name}"

    def waiting(self, arn):
        """The path of the execution's request in the inbox, and its event."""
        found = re.compile(r'href="(' + re.escape(self.home) + "/inbox/" + re.escape(quote(arn, safe=":-._~")) + r'/(\d+))"')
        match = until(lambda: found.search(self.browser.page(self.home + "/inbox")), f"{arn} is in the inbox")
        return match.group(1), match.group(2)

    def decide(self, arn, decision, comment):
        """Decides and answers the execution as moto then describes it."""
        page, event = self.waiting(arn)
        fields = {"arn": arn, "event": event, "decision": decision, "comment": comment}
        after = self.browser.submit("/api/decide", fields, page)

        def ended():
            described = self.sfn.describe_execution(executionArn=arn)
            return described if described["status"] != "RUNNING" else None

        return after, until(ended, f"{arn} ended")

    def test_deployed_with_its_values(self):
        listed = self.sfn.list_state_machines()["stateMachines"]
        machine = next(one for one in listed if one["name"] == "refund")
        text = self.sfn.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"]
        self.assertNotIn("${", text)
        page = self.browser.page(self.home + "/workflows/refund")
        self.assertIn("<svg", page)
        self.assertIn("Keep the money", unescape(page))

    def test_approved_with_a_comment(self):
        path, arn = self.start("approve-me")
        page, _ = self.waiting(arn)
        request = unescape(self.browser.page(page))
        self.assertIn("Refund approve-me?", request)
        self.assertIn("25 EUR", request)
        self.assertIn("Ask a person", unescape(self.browser.page(path)))
        after, done = self.decide(arn, "approve", "The parcel was lost.")
        self.assertEqual(done["status"], "SUCCEEDED")
        answer = json.loads(done["output"])["approval"]
        self.assertEqual((answer["decision"], answer["comment"]), ("approved", "The parcel was lost."))
        self.assertIn("The parcel was lost.", unescape(self.browser.page(after)))

    def test_rejected_with_a_comment(self):
        path, arn = self.start("reject-me")
        _, done = self.decide(arn, "reject", "It arrived.")
        self.assertEqual((done["status"], done["error"]), ("FAILED", "ApprovalRejected"))
        until(lambda: "Keep the money" in unescape(self.browser.page(path)), "the execution's page shows where it went")

    def test_no_token_reaches_a_page(self):
        path, arn = self.start("secret")
        page, _ = self.waiting(arn)
        events = self.sfn.get_execution_history(executionArn=arn)["events"]
        scheduled = next(event for event in events if event["type"] == "TaskScheduled")
        token = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["MessageBody"]["taskToken"]
        for shown in (path, path + "?tab=events", path + "?state=Ask%20a%20person", page, self.home + "/inbox", self.home):
            self.assertNotIn(token, self.browser.page(shown), f"the token is on {shown}")


if __name__ == "__main__":
    unittest.main()
