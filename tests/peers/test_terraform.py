"""The calls of Terraform's AWS provider for Step Functions, in its order: see internal/service/sfn of the provider."""

import json
import tempfile
import unittest

from botocore.exceptions import ClientError

from support import PROGRAM, client, free_port, program, until

ROLE = "arn:aws:iam::000000000000:role/terraform"


def definition(comment):
    return json.dumps({"Comment": comment, "StartAt": "Say", "States": {"Say": {"Type": "Pass", "End": True}}})


class Provider(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        data = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(program([PROGRAM, "engine", "--listen", f"127.0.0.1:{cls.port}", "--data", data], cls.port))
        cls.sfn = client("stepfunctions", cls.port)

    def missing(self, code, call, **given):
        with self.assertRaises(ClientError) as raised:
            call(**given)
        self.assertEqual(raised.exception.response["Error"]["Code"], code)

    def read_machine(self, arn):
        """What the provider does after every change: describe, then the versions, then the tags."""
        described = self.sfn.describe_state_machine(stateMachineArn=arn)
        versions = self.sfn.list_state_machine_versions(stateMachineArn=arn, maxResults=1)["stateMachineVersions"]
        tags = self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]
        return described, versions, {tag["key"]: tag["value"] for tag in tags}

    def create_machine(self, name, **more):
        # The provider tries it out before it creates it, and sends what the configuration leaves out as it is here.
        validated = self.sfn.validate_state_machine_definition(definition=definition("first"), type="STANDARD")
        self.assertEqual(validated["result"], "OK")
        return self.sfn.create_state_machine(
            name=name,
            definition=definition("first"),
            roleArn=ROLE,
            type="STANDARD",
            publish=False,
            tags=[{"key": "of", "value": "terraform"}],
            **more,
        )["stateMachineArn"]

    def test_a_state_machine_from_its_creation_to_its_end(self):
        # The provider waits for a role that is not there yet; here every role is.
        arn = self.create_machine("machine")
        described, versions, tags = self.read_machine(arn)
        self.assertEqual((described["status"], versions, tags), ("ACTIVE", [], {"of": "terraform"}))
        # Computed attributes that the provider reads from the answer.
        self.assertEqual(described["loggingConfiguration"], {"level": "OFF", "includeExecutionData": False})
        self.assertEqual(described["tracingConfiguration"], {"enabled": False})
        self.assertEqual(described["encryptionConfiguration"], {"type": "AWS_OWNED_KEY"})

        # A plan without changes reads the same.
        self.assertEqual(self.read_machine(arn)[0]["definition"], definition("first"))

        self.sfn.update_state_machine(
            stateMachineArn=arn,
            definition=definition("second"),
            roleArn=ROLE,
            publish=True,
            loggingConfiguration={"level": "OFF", "includeExecutionData": False},
            tracingConfiguration={"enabled": True},
        )
        # The provider waits until the machine says what it was given.
        until(
            lambda: self.sfn.describe_state_machine(stateMachineArn=arn)["definition"] == definition("second"),
            "the machine is updated",
        )
        self.sfn.untag_resource(resourceArn=arn, tagKeys=["of"])
        self.sfn.tag_resource(resourceArn=arn, tags=[{"key": "by", "value": "provider"}])
        described, versions, tags = self.read_machine(arn)
        self.assertEqual(versions[0]["stateMachineVersionArn"], arn + ":1")
        self.assertEqual((described["tracingConfiguration"]["enabled"], tags), (True, {"by": "provider"}))

        self.sfn.delete_state_machine(stateMachineArn=arn)

        def gone():
            try:
                self.sfn.describe_state_machine(stateMachineArn=arn)
            except ClientError as error:
                self.assertEqual(error.response["Error"]["Code"], "StateMachineDoesNotExist")
                return True
            return False

        until(gone, "the machine does not exist")

    def test_an_alias_follows_its_versions(self):
        machine = self.create_machine("aliased")
        first = self.sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
        self.sfn.update_state_machine(stateMachineArn=machine, definition=definition("second"))
        second = self.sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
        route = lambda version, weight: {"stateMachineVersionArn": version, "weight": weight}  # noqa: E731
        alias = self.sfn.create_state_machine_alias(
            name="live", description="what runs", routingConfiguration=[route(first, 100)]
        )["stateMachineAliasArn"]
        read = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual((read["name"], read["routingConfiguration"]), ("live", [route(first, 100)]))
        split = [route(first, 90), route(second, 10)]
        self.sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=split)
        read = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual((read["description"], read["routingConfiguration"]), ("what runs", split))
        # The data source of versions lists them newest first.
        listed = self.sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
        self.assertEqual([one["stateMachineVersionArn"] for one in listed], [second, first])
        self.sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.missing("ResourceNotFound", self.sfn.describe_state_machine_alias, stateMachineAliasArn=alias)
        self.sfn.delete_state_machine(stateMachineArn=machine)

    def test_an_activity(self):
        made = self.sfn.create_activity(name="work", tags=[{"key": "of", "value": "terraform"}])["activityArn"]
        read = self.sfn.describe_activity(activityArn=made)
        self.assertEqual((read["name"], read["encryptionConfiguration"]), ("work", {"type": "AWS_OWNED_KEY"}))
        self.assertEqual(self.sfn.list_tags_for_resource(resourceArn=made)["tags"], [{"key": "of", "value": "terraform"}])
        pages = self.sfn.get_paginator("list_activities").paginate()
        self.assertEqual([one["activityArn"] for page in pages for one in page["activities"]], [made])
        self.sfn.delete_activity(activityArn=made)
        self.missing("ActivityDoesNotExist", self.sfn.describe_activity, activityArn=made)

    def test_what_the_provider_asks_before_everything_else(self):
        # Without skip_requesting_account_id it asks for its account, and IAM where STS does not answer.
        self.assertEqual(client("sts", self.port).get_caller_identity()["Account"], "000000000000")

    def test_a_role_as_the_provider_makes_it(self):
        iam = client("iam", self.port)
        trust = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}]})
        iam.create_role(RoleName="terraform", AssumeRolePolicyDocument=trust, MaxSessionDuration=3600, Path="/")
        self.assertEqual(iam.get_role(RoleName="terraform")["Role"]["Path"], "/")
        self.assertEqual(iam.list_role_policies(RoleName="terraform")["PolicyNames"], [])
        self.assertEqual(iam.list_attached_role_policies(RoleName="terraform")["AttachedPolicies"], [])
        self.assertEqual(iam.list_instance_profiles_for_role(RoleName="terraform")["InstanceProfiles"], [])
        iam.delete_role(RoleName="terraform")
        self.missing("NoSuchEntity", iam.get_role, RoleName="terraform")


if __name__ == "__main__":
    unittest.main()
