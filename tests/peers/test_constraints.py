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


# For each type of the model, values of other types.
OTHERS = {"string": [5, True, [], {}], "boolean": ["x", 5, [], {}], "structure": ["x", 5, True, []], "list": ["x", 5, True, {}]}


def mistyped(shape, wrap=lambda value: value):
    """Every request with one value of another type."""
    for other in OTHERS.get(shape.type_name, ["x", True, [], {}]):
        yield wrap(other)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from mistyped(member, lambda value, name=name: wrap({name: value}))
    elif shape.type_name == "list":
        yield from mistyped(shape.member, lambda value: wrap([value]))


class Constraints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        data = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(program([PROGRAM, "engine", "--listen", f"127.0.0.1:{cls.port}", "--data", data], cls.port))
        cls.model = botocore.session.get_session().get_service_model("stepfunctions")

    def test_each_is_refused_in_aws_s_words(self):
        asked = 0
        for operation in self.model.operation_names:
            for given, words in members(self.model.operation_model(operation).input_shape):
                with self.subTest(operation, words=words[:120]):
                    code, message = self.refused(operation, given)
                    self.assertEqual(code, "ValidationException", message)
                    self.assertIn(words, message)
                    asked += 1
        self.assertGreater(asked, 150)

    def test_a_value_of_another_type_is_refused_before_anything_else(self):
        asked = 0
        for operation in self.model.operation_names:
            for given in mistyped(self.model.operation_model(operation).input_shape):
                with self.subTest(operation, given=given):
                    self.assertEqual(self.refused(operation, given)[0], "SerializationException")
                    asked += 1
        self.assertGreater(asked, 700)

    def refused(self, operation, given):
        headers = {"X-Amz-Target": f"AWSStepFunctions.{operation}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", json.dumps(given).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request) as answer:
                return "none", answer.read().decode()
        except urllib.error.HTTPError as error:
            body = json.loads(error.read())
            return body["__type"], body["message"]


if __name__ == "__main__":
    unittest.main()
