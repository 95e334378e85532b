"""Each constraint of the service model is refused in AWS's words: lengths, ranges, enumerations, patterns, required members."""

import json
import tempfile
import unittest
import urllib.error
import urllib.request

import botocore.session

from support import PROGRAM, free_port, program

# Where AWS's order of an enumeration is known, it is not the model's.
ORDERS = {"ExecutionStatus": ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"]}
# A text that fits no pattern of the model.
UNFIT = {"CharacterRestrictedName": "123", "ClientToken": "a b", "TraceHeader": "é"}
LONGEST = 1_100_000  # what is longer than this is too large a request altogether


def failure(place, must, value=None, secret=False):
    shown = "null " if value is None else "" if secret else f"'{value}' "
    return f"Value {shown}at '{place}' failed to satisfy constraint: Member must {must}"


def wrong_values(shape):
    """Values that a scalar cannot have, and what AWS says that it must."""
    limits = shape.metadata
    least, most = limits.get("min"), limits.get("max")
    if shape.type_name == "string":
        if shape.enum:
            known = ", ".join(ORDERS.get(shape.name, shape.enum))
            yield "NONE_OF_THEM", f"satisfy enum value set: [{known}]"
            return
        if least:
            yield "", f"have length greater than or equal to {least}"
        if most and most < LONGEST:
            yield "x" * (most + 1), f"have length less than or equal to {most}"
        if shape.name in UNFIT:
            yield UNFIT[shape.name], f"satisfy regular expression pattern: {limits['pattern']}"
    elif shape.type_name in ("integer", "long", "float"):
        if least is not None:
            yield least - 1, f"have value greater than or equal to {least}"
        if most is not None:
            yield most + 1, f"have value less than or equal to {most}"


def members(shape, place="", wrap=lambda value: value):
    """Every request with one fault, and the words for that."""
    for name, member in shape.members.items():
        here = f"{place}.{name}" if place else name

        def within(value, name=name):
            return wrap({name: value})

        if name in shape.required_members:
            yield wrap({}), failure(here, "not be null")
        secret = bool(member.metadata.get("sensitive"))
        if member.type_name == "structure":
            yield from members(member, here, within)
        elif member.type_name == "list":
            yield from in_list(member, here, within)
        else:
            for value, must in wrong_values(member):
                yield within(value), failure(here, must, value, secret)


def in_list(shape, place, wrap):
    item = shape.member
    if shape.metadata.get("min"):
        yield wrap([]), f"at '{place}' failed to satisfy constraint: Member must have length greater than or equal to 1"
    if item.type_name == "structure":
        yield from members(item, f"{place}.1.member", lambda value: wrap([value]))
        return
    for value, must in wrong_values(item):
        yield wrap([value]), failure(f"{place}.1.member", must, value)


class Constraints(unittest.TestCase):
    def test_each_is_refused_in_aws_s_words(self):
        port = free_port()
        data = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(program([PROGRAM, "engine", "--listen", f"127.0.0.1:{port}", "--data", data], port))
        model = botocore.session.get_session().get_service_model("stepfunctions")
        asked = 0
        for operation in model.operation_names:
            for given, words in members(model.operation_model(operation).input_shape):
                with self.subTest(operation, words=words[:120]):
                    code, message = self.refused(port, operation, given)
                    self.assertEqual(code, "ValidationException", message)
                    self.assertIn(words, message)
                    asked += 1
        self.assertGreater(asked, 150)

    def refused(self, port, operation, given):
        headers = {"X-Amz-Target": f"AWSStepFunctions.{operation}"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/", json.dumps(given).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request) as answer:
                return "none", answer.read().decode()
        except urllib.error.HTTPError as error:
            body = json.loads(error.read())
            return body["__type"], body["message"]


if __name__ == "__main__":
    unittest.main()
