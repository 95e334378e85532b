"""Deploying to moto: Step Functions, SSM, IAM and SNS that nobody here wrote."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BIN, KEYS, PROGRAM, client, free_port, program

MANIFEST = """
name = "shop"
role_arn = "arn:aws:iam::123456789012:role/orders"
tags = { team = "checkout" }

[substitutions]
Endpoint = { ssm = "/shop/endpoint" }
Topic = { topic = "orders" }

[workflows.order]
file = "order.asl.yaml"

[workflows.tell]
file = "tell.asl.json"
"""

ORDER = """
StartAt: Where
States:
  Where:
    Type: Pass
    Result: ${Endpoint}
    Next: Pay
  Pay:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Parameters: { FunctionName: pay, Payload.$: $ }
    TimeoutSeconds: 30
    End: true
"""

TELL = """{ "StartAt": "Tell", "States": { "Tell": { "Type": "Task", "Resource": "arn:aws:states:::sns:publish",
  "Parameters": { "TopicArn": "${Topic}", "Message": "An order came." }, "End": true } } }
"""

TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def allowing(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})


class MotoDeploy(unittest.TestCase):
    """Each test has its own moto, so that none sees what another deployed."""

    def setUp(self):
        self.port = free_port()
        self.enterContext(program([BIN / "moto_server", "-H", "127.0.0.1", "-p", str(self.port)], self.port))
        self.sfn, self.ssm, self.iam = (client(name, self.port) for name in ("stepfunctions", "ssm", "iam"))
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in {"countersign.toml": MANIFEST, "order.asl.yaml": ORDER, "tell.asl.json": TELL}.items():
            (self.folder / name).write_text(text)

    def deploy(self, *arguments, expect=0):
        command = [PROGRAM, "deploy", *arguments, "--endpoint-url", f"http://127.0.0.1:{self.port}"]
        environment = {**os.environ, **KEYS, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def plan(self, expect):
        """The workflows of the plan by their names, and what it did not compare."""
        plan = json.loads(self.deploy("plan", self.folder, "--json", expect=expect))
        return {one["name"]: one for one in plan["workflows"]}, plan["notCompared"]

    def changes(self, expect):
        return {name: one["change"] for name, one in self.plan(expect)[0].items()}

    def prepare(self):
        self.ssm.put_parameter(Name="/shop/endpoint", Type="String", Value="https://pay.example")
        self.iam.create_role(RoleName="orders", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.iam.put_role_policy(RoleName="orders", PolicyName="own", PolicyDocument=allowing("sns:Publish"))

    def test_plan_apply_change_and_drift(self):
        self.assertEqual(self.changes(1), {"order": "refused", "tell": "new"}, "the Parameter Store has no value")
        self.assertIn("/shop/endpoint", self.deploy("apply", self.folder, "--yes", expect=1))
        self.assertEqual(self.sfn.list_state_machines()["stateMachines"], [], "nothing is sent")

        self.prepare()
        plan, not_compared = self.plan(2)
        self.assertEqual({name: one["change"] for name, one in plan.items()}, {"order": "new", "tell": "new"})
        lacks = [one["action"] for one in plan["order"]["missingPermissions"]]
        self.assertEqual((lacks, plan["tell"]["missingPermissions"]), (["lambda:InvokeFunction"], []))
        # moto has no ValidateStateMachineDefinition, which is said.
        self.assertEqual(["HTTP 500" in one for one in not_compared], [True], not_compared)

        self.deploy("apply", self.folder, "--yes")
        arn = plan["order"]["arn"]
        machine = self.sfn.describe_state_machine(stateMachineArn=arn)
        self.assertEqual(json.loads(machine["definition"])["States"]["Where"]["Result"], "https://pay.example")
        version = self.sfn.describe_state_machine(stateMachineArn=f"{arn}:1")
        self.assertRegex(version["description"], "plan [0-9a-f]{12}$", "it is published in the same call")
        tags = {tag["key"]: tag["value"] for tag in self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]}
        self.assertEqual((tags["team"], tags["countersign:folder"]), ("checkout", "shop"))
        topics = client("sns", self.port).list_topics()["Topics"]
        self.assertEqual([topic["TopicArn"] for topic in topics], ["arn:aws:sns:us-east-1:123456789012:orders"])
        self.assertEqual(self.changes(0), {"order": "unchanged", "tell": "unchanged"})
        self.assertIn("2 unchanged", self.deploy("apply", self.folder, "--yes"))

        self.ssm.put_parameter(Name="/shop/endpoint", Type="String", Value="https://pay2.example", Overwrite=True)
        (self.folder / "countersign.toml").write_text(MANIFEST.replace('{ team = "checkout" }', '{ cost = "7" }'))
        plan, _ = self.plan(2)
        self.assertEqual([one["setting"] for one in plan["order"]["settings"]], ["definition", "tags"])
        self.deploy("apply", self.folder, "--yes")
        tags = {tag["key"]: tag["value"] for tag in self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]}
        self.assertEqual((tags.get("team"), tags["cost"]), (None, "7"))
        self.assertEqual(self.changes(0), {"order": "unchanged", "tell": "unchanged"})

        self.sfn.update_state_machine(stateMachineArn=arn, definition=TELL.replace("${Topic}", topics[0]["TopicArn"]))
        self.assertEqual(self.changes(2), {"order": "drifted", "tell": "unchanged"})
        self.deploy("apply", self.folder, "--yes")
        self.assertEqual(self.changes(0), {"order": "unchanged", "tell": "unchanged"})

    def test_what_leaves_the_manifest_is_to_be_removed(self):
        self.prepare()
        self.deploy("apply", self.folder, "--yes")
        (self.folder / "countersign.toml").write_text(MANIFEST.split("[workflows.tell]")[0])
        (self.folder / "tell.asl.json").unlink()
        (self.folder / "countersign.toml").write_text(
            (self.folder / "countersign.toml").read_text().replace('Topic = { topic = "orders" }', "")
        )
        self.assertEqual(self.changes(2), {"order": "unchanged", "tell": "to_be_removed"})

    def test_where_moto_ends(self):
        self.prepare()
        (self.folder / "countersign.toml").write_text(MANIFEST.replace('file = "tell', 'alias = "live"\nfile = "tell'))
        said = self.deploy("apply", self.folder, "--yes", expect=1)
        self.assertIn("HTTP 500", said, "it has no versions and aliases")
        self.assertIn("tell: publish a version", said)
        self.assertEqual(len(self.sfn.list_state_machines()["stateMachines"]), 2, "what could be done is done")
        said = self.deploy("rollback", "order", "--folder", self.folder, "--yes", expect=1)
        self.assertIn("HTTP 500", said, "it does not list versions")


if __name__ == "__main__":
    unittest.main()
