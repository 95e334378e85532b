"""A plugin of pytest under which moto's own tests of Step Functions meet the embedded engine.

moto answers within the process what boto3 sends to AWS's addresses. Here the clients of the services that the engine has
are sent to its address instead, which moto lets through; every test has an engine of its own. What the tests need
besides (IAM, KMS, CloudFormation) stays moto's.
"""

import os
import tempfile

import moto.core.models
import pytest

from support import free_port, program, PROGRAM

# The account that moto's tests expect: an access key of twelve digits names it.
ACCOUNT = "123456789012"
SERVICES = ["SFN", "DYNAMODB", "SQS", "SNS", "S3"]

_faked = moto.core.models.MockAWS._mock_env_variables


def _with_account(mock):
    _faked(mock)
    os.environ["AWS_ACCESS_KEY_ID"] = ACCOUNT


moto.core.models.MockAWS._mock_env_variables = _with_account


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        command = [PROGRAM, "engine", "--listen", f"127.0.0.1:{port}", "--data", data]
        with program(command, port):
            for service in SERVICES:
                monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", f"http://127.0.0.1:{port}")
            yield
