"""Measures how long 200 workflows take to be planned on the embedded engine: all new, all unchanged, and all changed."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from program import PROGRAM, ROOT, free_port, stop

WORKFLOWS = 200
LIMIT = 3.0


def definition(number, timeout):
    """A definition of a usual size: a dozen states with retries, a choice and a Parallel state."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "payment", "Payload.$": "$"},
        "TimeoutSeconds": timeout,
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2}],
    }
    states = {f"Step {step}": {**task, "Next": f"Step {step + 1}"} for step in range(8)}
    states["Step 8"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.amount", "NumericGreaterThan": number, "Next": "Both"}],
        "Default": "Done",
    }
    branches = [{"StartAt": name, "States": {name: {**task, "End": True}}} for name in ("Ship", "Invoice")]
    states["Both"] = {"Type": "Parallel", "Branches": branches, "Next": "Done"}
    states["Done"] = {"Type": "Succeed"}
    return json.dumps({"StartAt": "Step 0", "States": states}, indent=2)


def write(folder, timeout):
    manifest = ['name = "bench"', 'role = "bench"', 'alias = "live"']
    for number in range(WORKFLOWS):
        manifest.append(f'[workflows.w{number}]\nfile = "w{number}.asl.json"')
        (folder / f"w{number}.asl.json").write_text(definition(number, timeout))
    (folder / "countersign.toml").write_text("\n".join(manifest) + "\n")


def call(url, operation, **parameters):
    """One call of Step Functions; the engine takes any signature."""
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AWSStepFunctions.{operation}"}
    request = urllib.request.Request(url, json.dumps(parameters).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def apply(url, folder):
    """Makes of the plan what an apply makes of it: state machines with their tags, versions and aliases."""
    kept = folder / "kept.plan"
    plan(url, folder, "--out", str(kept))
    for item in json.loads(kept.read_text())["items"]:
        desired = item["desired"]
        made = call(url, "CreateStateMachine", name=desired["name"], definition=desired["definition"], roleArn=desired["role_arn"], publish=True)
        version = made["stateMachineVersionArn"]
        routing = [{"stateMachineVersionArn": version, "weight": 100}]
        call(url, "CreateStateMachineAlias", name="live", routingConfiguration=routing)


def plan(url, folder, *more):
    """The seconds that a plan takes, and the changes that it names."""
    began = time.perf_counter()
    command = [PROGRAM, "deploy", "plan", str(folder), "--endpoint-url", url, "--json", *more]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 2):
        sys.exit(f"the plan failed: {done.stderr or done.stdout[:4000]}")
    return seconds, {item["change"] for item in json.loads(done.stdout)["workflows"]}


def show(what, folder, url, expected):
    seconds, changes = min((plan(url, folder) for _ in range(3)), key=lambda one: one[0])
    if changes != {expected}:
        sys.exit(f"{what}: expected {expected}, got {changes}")
    print(f"{f'plan of {WORKFLOWS} workflows, ' + what:48} {seconds:8.2f} s")
    return seconds


def main():
    with tempfile.TemporaryDirectory() as place:
        folder, data, port = Path(place) / "folder", Path(place) / "data", free_port()
        folder.mkdir()
        write(folder, 30)
        url = f"http://127.0.0.1:{port}"
        command = [PROGRAM, "engine", "--listen", f"127.0.0.1:{port}", "--data", str(data)]
        engine = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "RUST_LOG": "error"})
        try:
            wait(url)
            slowest = show("all of them new", folder, url, "new")
            apply(url, folder)
            slowest = max(slowest, show("none of them changed", folder, url, "unchanged"))
            write(folder, 60)
            slowest = max(slowest, show("all of them changed", folder, url, "changed"))
        finally:
            stop(engine)
    if slowest > LIMIT:
        sys.exit(f"a plan took {slowest:.2f} s; the limit is {LIMIT} s")


def wait(url):
    for _ in range(200):
        try:
            return call(url, "ListStateMachines")
        except OSError:
            time.sleep(0.05)
    sys.exit("the engine does not answer")


if __name__ == "__main__":
    main()
