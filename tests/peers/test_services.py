"""The services beside Step Functions, through boto3 as it comes."""

import io
import json
import tempfile
import unittest
import zipfile

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from support import PROGRAM, client, free_port, program


class Services(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        data = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(program([PROGRAM, "engine", "--listen", f"127.0.0.1:{cls.port}", "--data", data], cls.port))

    def refused(self, code, call, **given):
        with self.assertRaises(ClientError) as raised:
            call(**given)
        self.assertEqual(raised.exception.response["Error"]["Code"], code)
        return raised.exception.response["Error"]["Message"]

    def test_sts(self):
        sts = client("sts", self.port, "123456789012")
        self.assertEqual(sts.get_caller_identity()["Account"], "123456789012")
        role = "arn:aws:iam::222222222222:role/deploy"
        taken = sts.assume_role(RoleArn=role, RoleSessionName="peers")["Credentials"]
        self.assertEqual(client("sts", self.port, taken["AccessKeyId"]).get_caller_identity()["Account"], "222222222222")
        self.assertIn("STS GetSessionToken", self.refused("InvalidAction", sts.get_session_token))

    def test_s3(self):
        s3 = client("s3", self.port, config=Config(s3={"addressing_style": "path"}))
        s3.create_bucket(Bucket="peers")
        s3.put_object(Bucket="peers", Key="in/a b+ü.txt", Body=b"hello")
        s3.upload_fileobj(io.BytesIO(b"small"), "peers", "in/up")
        self.assertEqual(s3.get_object(Bucket="peers", Key="in/a b+ü.txt")["Body"].read(), b"hello")
        self.assertEqual(s3.head_object(Bucket="peers", Key="in/up")["ContentLength"], 5)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="peers", PaginationConfig={"PageSize": 1})
        self.assertEqual([one["Key"] for page in pages for one in page["Contents"]], ["in/a b+ü.txt", "in/up"])
        self.assertIsNone(s3.get_bucket_location(Bucket="peers")["LocationConstraint"])
        s3.copy_object(Bucket="peers", Key="copy", CopySource={"Bucket": "peers", "Key": "in/up"})
        self.assertEqual(s3.get_object(Bucket="peers", Key="copy", Range="bytes=0-1")["Body"].read(), b"sm")
        parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
        s3.upload_fileobj(io.BytesIO(b"x" * 12_000_000), "peers", "large", Config=parts)
        self.assertEqual(s3.head_object(Bucket="peers", Key="large")["ContentLength"], 12_000_000)
        s3.delete_object(Bucket="peers", Key="in/up")
        self.refused("404", s3.head_object, Bucket="peers", Key="in/up")
        self.refused("NoSuchKey", s3.get_object, Bucket="peers", Key="in/up")
        self.refused("NoSuchBucket", s3.list_objects_v2, Bucket="nobody")
        self.assertIn("S3 GetBucketAcl", self.refused("NotImplemented", s3.get_bucket_acl, Bucket="peers"))
        self.assertIn("peers", [one["Name"] for one in s3.list_buckets()["Buckets"]])

    def test_dynamodb(self):
        dynamodb = client("dynamodb", self.port)
        dynamodb.create_table(
            TableName="peers",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.get_waiter("table_exists").wait(TableName="peers", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
        self.assertEqual(dynamodb.list_tables()["TableNames"], ["peers"])
        dynamodb.delete_table(TableName="peers")
        dynamodb.get_waiter("table_not_exists").wait(TableName="peers", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
        message = self.refused("UnknownOperationException", dynamodb.describe_limits)
        self.assertIn("DynamoDB DescribeLimits", message)

    def test_sqs_and_sns(self):
        sqs, sns = client("sqs", self.port), client("sns", self.port)
        url = sqs.create_queue(QueueName="peers")["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "3"})
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "VisibilityTimeout"])["Attributes"]
        self.assertEqual(told["VisibilityTimeout"], "3")
        topic = sns.create_topic(Name="peers")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told["QueueArn"])
        sns.publish(TopicArn=topic, Message="hello")
        self.assertIn("hello", sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
        sns.delete_topic(TopicArn=topic)
        self.refused("NotFound", sns.publish, TopicArn=topic, Message="hello")
        sqs.delete_queue(QueueUrl=url)
        with self.assertRaises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName="peers")
        self.assertIn("SNS ListSubscriptions", self.refused("InvalidAction", sns.list_subscriptions))
        self.assertIn("SQS ListQueueTags", self.refused("UnknownOperationException", sqs.list_queue_tags, QueueUrl=url))

    def test_parameters(self):
        ssm = client("ssm", self.port)
        for name, value in {"/peers/a": "1", "/peers/b": "2", "/peers/deep/c": "3"}.items():
            ssm.put_parameter(Name=name, Value=value, Type="String")
        self.refused("ParameterAlreadyExists", ssm.put_parameter, Name="/peers/a", Value="x", Type="String")
        self.assertEqual(ssm.put_parameter(Name="/peers/a", Value="one", Overwrite=True)["Version"], 2)
        self.assertEqual(ssm.get_parameter(Name="/peers/a")["Parameter"]["Value"], "one")
        self.assertEqual(ssm.get_parameter(Name="/peers/a:1")["Parameter"]["Value"], "1")
        self.refused("ParameterNotFound", ssm.get_parameter, Name="/peers/none")
        got = ssm.get_parameters(Names=["/peers/b", "/peers/none"])
        self.assertEqual([one["Value"] for one in got["Parameters"]], ["2"])
        self.assertEqual(got["InvalidParameters"], ["/peers/none"])
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/peers", Recursive=True, PaginationConfig={"PageSize": 1}
        )
        found = [one["Name"] for page in pages for one in page["Parameters"]]
        self.assertEqual(found, ["/peers/a", "/peers/b", "/peers/deep/c"])
        ssm.put_parameter(Name="/peers/secret", Value="sesame", Type="SecureString")
        self.assertNotIn("sesame", ssm.get_parameter(Name="/peers/secret")["Parameter"]["Value"])
        self.assertEqual(ssm.get_parameter(Name="/peers/secret", WithDecryption=True)["Parameter"]["Value"], "sesame")
        names = [one["Name"] for page in ssm.get_paginator("describe_parameters").paginate() for one in page["Parameters"]]
        self.assertEqual(sorted(names), sorted(found + ["/peers/secret"]))
        gone = ssm.delete_parameters(Names=[*names, "/peers/none"])
        self.assertEqual(gone["InvalidParameters"], ["/peers/none"])

    def test_functions(self):
        lamb = client("lambda", self.port)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("index.py", "def handler(event, context):\n    return event['n'] + 1\n")
        made = lamb.create_function(
            FunctionName="peer",
            Runtime="python3.12",
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/r",
            Code={"ZipFile": package.getvalue()},
        )
        lamb.get_waiter("function_active_v2").wait(FunctionName="peer", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
        answer = lamb.invoke(FunctionName=made["FunctionArn"], Payload=json.dumps({"n": 1}))
        self.assertEqual(json.load(answer["Payload"]), 2)
        lamb.update_function_configuration(FunctionName="peer", MemorySize=256)
        lamb.get_waiter("function_updated_v2").wait(FunctionName="peer", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
        self.assertEqual(lamb.publish_version(FunctionName="peer")["Version"], "1")
        self.assertEqual(lamb.invoke(FunctionName="peer", InvocationType="Event", Payload=b"{}")["StatusCode"], 202)
        names = [one["FunctionName"] for page in lamb.get_paginator("list_functions").paginate() for one in page["Functions"]]
        self.assertEqual(names, ["peer"])
        self.refused("ResourceConflictException", lamb.create_function, FunctionName="peer", Runtime="python3.12",
                     Handler="index.handler", Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": package.getvalue()})
        lamb.delete_function(FunctionName="peer")
        self.refused("ResourceNotFoundException", lamb.get_function, FunctionName="peer")

    def test_the_log_of_a_function(self):
        lamb, logs = client("lambda", self.port), client("logs", self.port)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("index.py", "def handler(event, context):\n    print('one')\n    print('two')\n")
        lamb.create_function(
            FunctionName="prints",
            Runtime="python3.12",
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/r",
            Code={"ZipFile": package.getvalue()},
        )
        # With its log, the answer comes when the log has been read.
        lamb.invoke(FunctionName="prints", Payload=b"{}", LogType="Tail")
        group = "/aws/lambda/prints"
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 1})
        self.assertEqual([event["message"] for page in pages for event in page["events"]], ["one\n", "two\n"])
        found = logs.filter_log_events(logGroupName=group, filterPattern="two")["events"]
        self.assertEqual([event["message"] for event in found], ["two\n"])
        [stream] = logs.describe_log_streams(logGroupName=group)["logStreams"]
        name = stream["logStreamName"]
        got = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True, limit=1)
        self.assertEqual([event["message"] for event in got["events"]], ["one\n"])
        rest = logs.get_log_events(logGroupName=group, logStreamName=name, nextToken=got["nextForwardToken"])
        self.assertEqual([event["message"] for event in rest["events"]], ["two\n"])
        logs_of_nobody = {"logGroupName": "/aws/lambda/nobody"}
        self.refused("ResourceNotFoundException", logs.filter_log_events, **logs_of_nobody)
        self.refused("InvalidParameterException", logs.filter_log_events, logGroupName=group, nextToken="mine")
        lamb.delete_function(FunctionName="prints")
        logs.delete_log_group(logGroupName=group)

    def test_roles_and_log_groups(self):
        iam, logs = client("iam", self.port), client("logs", self.port)
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"},
                                                         "Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="peer", AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName="peer", PolicyName="p", PolicyDocument=json.dumps(trust))
        self.assertEqual(iam.get_role(RoleName="peer")["Role"]["AssumeRolePolicyDocument"], trust)
        self.assertEqual(iam.get_role_policy(RoleName="peer", PolicyName="p")["PolicyDocument"], trust)
        self.refused("EntityAlreadyExists", iam.create_role, RoleName="peer", AssumeRolePolicyDocument=json.dumps(trust))
        self.refused("DeleteConflict", iam.delete_role, RoleName="peer")
        iam.delete_role_policy(RoleName="peer", PolicyName="p")
        iam.delete_role(RoleName="peer")
        self.refused("NoSuchEntity", iam.get_role, RoleName="peer")
        logs.create_log_group(logGroupName="/peer")
        logs.put_retention_policy(logGroupName="/peer", retentionInDays=7)
        self.assertEqual(logs.describe_log_groups(logGroupNamePrefix="/peer")["logGroups"][0]["retentionInDays"], 7)
        logs.delete_log_group(logGroupName="/peer")

    def test_a_stack(self):
        stacks = client("cloudformation", self.port)
        self.refused("ValidationError", stacks.describe_stacks, StackName="peer")
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}}}
        output = {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": "queue"}}
        template = {"Parameters": {"Seconds": {"Type": "Number", "Default": 5}}, "Resources": {"Queue": queue},
                    "Outputs": {"Arn": output}}
        made = {"StackName": "peer", "ChangeSetName": "first", "TemplateBody": json.dumps(template)}
        stacks.create_change_set(**made, ChangeSetType="CREATE")
        stacks.get_waiter("change_set_create_complete").wait(StackName="peer", ChangeSetName="first")
        changes = stacks.describe_change_set(StackName="peer", ChangeSetName="first")["Changes"]
        self.assertEqual([one["ResourceChange"]["Action"] for one in changes], ["Add"])
        stacks.execute_change_set(StackName="peer", ChangeSetName="first")
        stacks.get_waiter("stack_create_complete").wait(StackName="peer", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        exports = stacks.list_exports()["Exports"]
        self.assertEqual([one["Name"] for one in exports], ["queue"])
        made["ChangeSetName"] = "second"
        stacks.create_change_set(**made)
        unchanged = stacks.describe_change_set(StackName="peer", ChangeSetName="second")
        self.assertEqual(unchanged["Status"], "FAILED")
        self.assertTrue(unchanged["StatusReason"].startswith("The submitted information didn't contain changes."))
        stacks.delete_change_set(StackName="peer", ChangeSetName="second")
        self.refused("ChangeSetNotFound", stacks.describe_change_set, StackName="peer", ChangeSetName="second")
        stacks.update_stack(StackName="peer", UsePreviousTemplate=True,
                            Parameters=[{"ParameterKey": "Seconds", "ParameterValue": "7"}])
        stacks.get_waiter("stack_update_complete").wait(StackName="peer", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        url = stacks.describe_stack_resources(StackName="peer")["StackResources"][0]["PhysicalResourceId"]
        attributes = client("sqs", self.port).get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        self.assertEqual(attributes["Attributes"]["VisibilityTimeout"], "7")
        stacks.delete_stack(StackName="peer")
        stacks.get_waiter("stack_delete_complete").wait(StackName="peer", WaiterConfig={"Delay": 1, "MaxAttempts": 20})

    def test_what_is_not_served_is_named(self):
        stacks = self.refused("InvalidAction", client("cloudformation", self.port).list_stack_sets)
        self.assertIn("CloudFormation ListStackSets", stacks)
        ssm = self.refused("UnknownOperationException", client("ssm", self.port).list_commands)
        self.assertIn("SSM ListCommands", ssm)
        self.assertIn("IAM ListUsers", self.refused("InvalidAction", client("iam", self.port).list_users))


if __name__ == "__main__":
    unittest.main()
