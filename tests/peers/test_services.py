"""The services beside Step Functions, through boto3 as it comes."""

import io
import tempfile
import unittest

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

    def test_what_cdk_and_terraform_ask_next_is_named(self):
        stacks = self.refused("InvalidAction", client("cloudformation", self.port).describe_stacks)
        self.assertIn("CloudFormation DescribeStacks", stacks)
        parameter = self.refused("UnknownOperationException", client("ssm", self.port).get_parameter, Name="/cdk-bootstrap/x/version")
        self.assertIn("SSM GetParameter", parameter)
        role = self.refused("InvalidAction", client("iam", self.port).get_role, RoleName="r")
        self.assertIn("IAM GetRole", role)


if __name__ == "__main__":
    unittest.main()
