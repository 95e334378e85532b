"""The AWS CDK on the embedded engine: the tutorial's stack, with the tutorial's own commands."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from botocore.exceptions import ClientError

from support import KEYS, PROGRAM, ROOT, client, free_port, program, until

HERE = ROOT / "tests/peers/cdk"
STACK = "StepFunctionsStack"


class Cdk(unittest.TestCase):
    """One engine, and a copy of the app that a test may change."""

    @classmethod
    def setUpClass(cls):
        cls.data = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.port = free_port()
        command = [PROGRAM, "engine", "--listen", f"127.0.0.1:{cls.port}", "--data", cls.data]
        cls.enterClassContext(program(command, cls.port))
        cls.sfn, cls.stacks = client("stepfunctions", cls.port), client("cloudformation", cls.port)
        cls.app = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        shutil.copytree(HERE / "app", cls.app, dirs_exist_ok=True)
        (cls.app / "node_modules").symlink_to(HERE / "node_modules")
        cls.cdk("bootstrap")
        cls.cdk("deploy", STACK, "--require-approval", "never")

    @classmethod
    def cdk(cls, *arguments, expect=0):
        """One command of the CDK: what it says."""
        environment = {
            **os.environ,
            **KEYS,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cls.port}",
            # No other machine is asked for credentials or news.
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "HOME": cls.data,
            "CI": "true",
            "NO_COLOR": "1",
        }
        command = [HERE / "node_modules/.bin/cdk", *arguments]
        done = subprocess.run(command, cwd=cls.app, env=environment, capture_output=True, text=True, timeout=240)
        said = done.stdout + done.stderr
        assert done.returncode == expect, f"cdk {' '.join(arguments)} ended with {done.returncode}:\n{said}"
        return said

    def planned(self):
        """What Countersign says that the CDK is about to do: by resource, its change and the settings that differ."""
        self.cdk("synth", STACK, "--quiet")
        command = [PROGRAM, "deploy", "plan", self.app / "cdk.out", "--endpoint", f"http://127.0.0.1:{self.port}", "--json"]
        environment = {**os.environ, **KEYS, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 2), done.stdout + done.stderr)
        plan = json.loads(done.stdout)
        return {one["name"]: one for one in plan["workflows"]}, done.returncode

    def described(self, name=STACK):
        return self.stacks.describe_stacks(StackName=name)["Stacks"][0]

    def machine(self):
        outputs = {one["OutputKey"]: one["OutputValue"] for one in self.described()["Outputs"]}
        return outputs["MachineArnOutput"]

    def ran(self, value):
        """The output of an execution of the stack's machine."""
        execution = self.sfn.start_execution(stateMachineArn=self.machine(), input=json.dumps(value))["executionArn"]

        def ended():
            found = self.sfn.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        done = until(ended, f"{execution} ended")
        self.assertEqual(done["status"], "SUCCEEDED", done)
        return json.loads(done["output"])

    def change(self, name, old, new):
        """Changes a file of the app. At the test's end all files are what they were, and so is the stack."""
        file = self.app / name
        text = file.read_text()
        self.assertIn(old, text)
        if not self.changed:
            self.addCleanup(self.restore)
        self.changed.setdefault(file, text)
        file.write_text(text.replace(old, new))

    def restore(self):
        for file, text in self.changed.items():
            file.write_text(text)
        self.cdk("deploy", STACK, "--require-approval", "never")

    def setUp(self):
        self.changed = {}

    def test_what_the_stack_says_is_there(self):
        # Other tests may have changed it and back.
        self.assertIn(self.described()["StackStatus"], ("CREATE_COMPLETE", "UPDATE_COMPLETE"))
        self.assertEqual(self.described("CDKToolkit")["StackStatus"], "CREATE_COMPLETE")
        machine = self.sfn.describe_state_machine(stateMachineArn=self.machine())
        self.assertEqual(machine["type"], "STANDARD")
        self.assertEqual(machine["loggingConfiguration"]["level"], "ALL")
        functions = client("lambda", self.port).list_functions()["Functions"]
        self.assertIn(functions[0]["FunctionArn"], machine["definition"], "the substitution")
        self.assertNotIn("${", machine["definition"])
        role = client("iam", self.port).get_role(RoleName=machine["roleArn"].rsplit("/", 1)[1])["Role"]
        principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        self.assertEqual(principal, {"Service": "states.amazonaws.com"})
        parameter = client("ssm", self.port).get_parameter(Name="/greeting/machine")["Parameter"]
        self.assertEqual(parameter["Value"], self.machine())
        self.assertEqual([group["retentionInDays"] for group in self.groups()], [7])
        self.assertEqual(self.ran({"name": "world"}), "hello hello world")

    def test_a_second_deployment_changes_nothing(self):
        before = self.described()
        said = self.cdk("deploy", STACK, "--require-approval", "never")
        self.assertIn("no changes", said)
        self.assertEqual(self.described(), before)
        self.assertIn("no differences", self.cdk("diff", STACK))

    def test_the_plan_of_the_assembly_is_about_the_machine_that_the_stack_made(self):
        plan, status = self.planned()
        self.assertEqual({name: one["change"] for name, one in plan.items()}, {name: "unchanged" for name in plan}, plan)
        self.assertEqual(([one["arn"] for one in plan.values()], status), ([self.machine()], 0))
        self.change("greeting.asl.json", '"Comment": "Greets whoever is in the input"', '"Comment": "Greets"')
        plan, status = self.planned()
        [one] = plan.values()
        self.assertEqual((one["change"], [setting["setting"] for setting in one["settings"]], status), ("changed", ["definition"], 2))

    def test_a_change_is_shown_and_made(self):
        self.change("greeting.asl.json", '"Comment": "Greets whoever is in the input"', '"Comment": "Greets"')
        self.change("lambda/index.py", '+ [event["name"]]', '+ [event["name"].upper()]')
        said = self.cdk("diff", STACK)
        self.assertIn("AWS::StepFunctions::StateMachine", said)
        self.assertIn("AWS::Lambda::Function", said)
        self.cdk("deploy", STACK, "--require-approval", "never")
        self.assertEqual(self.described()["StackStatus"], "UPDATE_COMPLETE")
        definition = self.sfn.describe_state_machine(stateMachineArn=self.machine())["definition"]
        self.assertEqual(json.loads(definition)["Comment"], "Greets")
        self.assertEqual(self.ran({"name": "world"}), "hello hello WORLD")

    def test_what_can_be_swapped_is_swapped_at_once(self):
        before = self.described()
        self.change("lambda/index.py", '+ [event["name"]]', '+ [event["name"], "again"]')
        self.change("app.cjs", 'Times: "2"', 'Times: "1"')
        said = self.cdk("deploy", STACK, "--hotswap")
        self.assertIn("hotswapped", said)
        self.assertEqual(self.described().get("LastUpdatedTime"), before.get("LastUpdatedTime"), "the stack was not updated")
        self.assertEqual(self.ran({"name": "world"}), "hello world again")
        # As on AWS, the stack does not know it: its next deployment makes it its own.
        self.cdk("deploy", STACK, "--require-approval", "never")
        self.assertEqual(self.described()["StackStatus"], "UPDATE_COMPLETE")
        self.assertEqual(self.ran({"name": "world"}), "hello world again")

    def test_a_change_that_fails_is_rolled_back_and_says_why(self):
        before = self.sfn.describe_state_machine(stateMachineArn=self.machine())["definition"]
        self.change("greeting.asl.json", '"StartAt": "Greet"', '"StartAt": "Nowhere"')
        said = self.cdk("deploy", STACK, "--require-approval", "never", expect=1)
        self.assertIn("InvalidDefinition", said)
        self.assertEqual(self.described()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        after = self.sfn.describe_state_machine(stateMachineArn=self.machine())["definition"]
        self.assertEqual(after, before)
        self.assertEqual(self.ran({"name": "world"}), "hello hello world")

    def test_a_type_that_is_not_made_is_refused_by_name(self):
        extra = "new (require('aws-cdk-lib/aws-ec2').CfnVPC)(this, 'Net', { cidrBlock: '10.0.0.0/16' });\n    new CfnOutput("
        self.change("app.cjs", "new CfnOutput(", extra)
        before = self.described()
        said = self.cdk("deploy", STACK, "--require-approval", "never", expect=1)
        self.assertIn("AWS::EC2::VPC", said)
        self.assertEqual(self.described(), before)

    def groups(self):
        """The log groups without those of functions, which are there once a function is called."""
        groups = client("logs", self.port).describe_log_groups()["logGroups"]
        return [group for group in groups if not group["logGroupName"].startswith("/aws/lambda/")]

    def test_the_stack_is_destroyed(self):
        arn, machine = self.described()["StackId"], self.machine()
        self.addCleanup(self.cdk, "deploy", STACK, "--require-approval", "never")
        self.cdk("destroy", STACK, "--force")
        self.assertEqual(self.described(arn)["StackStatus"], "DELETE_COMPLETE")
        with self.assertRaises(ClientError) as gone:
            self.sfn.describe_state_machine(stateMachineArn=machine)
        self.assertEqual(gone.exception.response["Error"]["Code"], "StateMachineDoesNotExist")
        self.assertEqual(client("lambda", self.port).list_functions()["Functions"], [])
        self.assertEqual(self.groups(), [])


if __name__ == "__main__":
    unittest.main()
