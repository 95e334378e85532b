"""Every operation of the API through three clients that know nothing of Countersign: the same scenario, operations.json."""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest

import botocore.session
from botocore.config import Config

from support import BIN, KEYS, PATIENCE, PROGRAM, ROOT, client, free_port, program

SCENARIO = ROOT / "tests/peers/operations.json"
JS = ROOT / "tests/peers/js"
REFERENCE = re.compile(r"\$\{(\w+)\.([^}]+)\}")


def at(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else (value or {}).get(part)
    return value


def filled(value, answers):
    """A value with what earlier answers say, and JSON as text where that is meant."""
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: at(answers[found[1]], found[2]), value)
    if isinstance(value, list):
        return [filled(one, answers) for one in value]
    if isinstance(value, dict):
        if set(value) == {"json"}:
            return json.dumps(filled(value["json"], answers))
        return {key: filled(one, answers) for key, one in value.items()}
    return value


class Operations(unittest.TestCase):
    def setUp(self):
        self.data = self.enterContext(tempfile.TemporaryDirectory())
        self.port = free_port()
        command = [PROGRAM, "engine", "--listen", f"127.0.0.1:{self.port}", "--data", self.data]
        self.enterContext(program(command, self.port))
        self.steps = json.loads(SCENARIO.read_text())

    def play(self, call):
        answers = {}
        for step in self.steps:
            wanted = {path: filled(value, answers) for path, value in {**step.get("until", {}), **step.get("expect", {})}.items()}
            end = time.monotonic() + PATIENCE
            while True:
                answer = call(step["op"], filled(step["with"], answers))
                met = all(at(answer, path) == value for path, value in step.get("until", {}).items())
                if met or time.monotonic() > end:
                    break
                time.sleep(0.05)
            self.assertEqual({path: at(answer, path) for path in wanted}, wanted, f"{step['op']}: {answer}")
            answers[step.get("as")] = answer

    def test_the_scenario_holds_every_operation(self):
        model = botocore.session.get_session().get_service_model("stepfunctions")
        self.assertEqual({step["op"] for step in self.steps}, set(model.operation_names))
        self.assertEqual(len(model.operation_names), 37)

    def test_boto3(self):
        sfn = client("stepfunctions", self.port, config=Config(inject_host_prefix=False))
        self.play(lambda operation, given: getattr(sfn, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())(**given))

    def test_the_aws_cli(self):
        environment = {**os.environ, **KEYS, "AWS_PAGER": "", "HOME": self.data, "AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}

        def call(operation, given):
            name = re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()
            command = [BIN / "aws", "--endpoint-url", f"http://localhost:{self.port}", "--output", "json", "stepfunctions", name]
            command += ["--cli-input-json", json.dumps(given)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, f"{operation}: {done.stderr}")
            return json.loads(done.stdout) if done.stdout.strip() else {}

        self.play(call)

    def test_the_sdk_for_javascript(self):
        command = ["node", JS / "operations.mjs", f"http://localhost:{self.port}", SCENARIO]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(), [step["op"] for step in self.steps])


if __name__ == "__main__":
    unittest.main()
