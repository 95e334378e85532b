#!/usr/bin/env python3
"""The IAM prefix of each service of `arn:aws:states:::aws-sdk:SERVICE:ACTION`.

  sdk_prefixes.py > crates/permissions/src/services/sdk_prefixes.txt

Reads the service models that botocore brings. A line holds a service, then its prefix in IAM. A model tells the name with
which its requests are signed, which is the prefix for nearly all services; the others are listed here, from AWS's service
authorization reference. API Gateway's actions are HTTP methods: its lines hold the service, an action, and the method.
"""

import sys

from sdk_actions import models, package

# The services whose prefix is not the name that they sign with.
PREFIXES = {
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "appconfigdata": "appconfig",
    "applicationcostprofiler": "application-cost-profiler",
    "applicationsignals": "application-signals",
    "bedrockagent": "bedrock",
    "bedrockagentruntime": "bedrock",
    "bedrockdataautomation": "bedrock",
    "bedrockdataautomationruntime": "bedrock",
    "bedrockruntime": "bedrock",
    "chimesdkidentity": "chime",
    "chimesdkmediapipelines": "chime",
    "chimesdkmeetings": "chime",
    "chimesdkmessaging": "chime",
    "chimesdkvoice": "chime",
    "cloudcontrol": "cloudformation",
    "cloudfrontkeyvaluestore": "cloudfront-keyvaluestore",
    "cloudhsmv2": "cloudhsm",
    "cloudsearchdomain": "cloudsearch",
    "cloudwatch": "cloudwatch",
    "cloudwatchlogs": "logs",
    "cognitoidentity": "cognito-identity",
    "cognitoidentityprovider": "cognito-idp",
    "cognitosync": "cognito-sync",
    "connectcampaigns": "connect-campaigns",
    "connectcampaignsv2": "connect-campaigns",
    "connectcontactlens": "connect",
    "costandusagereport": "cur",
    "docdb": "rds",
    "docdbelastic": "docdb-elastic",
    "dynamodbstreams": "dynamodb",
    "ec2instanceconnect": "ec2-instance-connect",
    "forecastquery": "forecast",
    "iotdataplane": "iot",
    "iotjobsdataplane": "iot",
    "iotsecuretunneling": "iot",
    "kinesisanalyticsv2": "kinesisanalytics",
    "kinesisvideoarchivedmedia": "kinesisvideo",
    "kinesisvideomedia": "kinesisvideo",
    "kinesisvideosignaling": "kinesisvideo",
    "kinesisvideowebrtcstorage": "kinesisvideo",
    "lexmodelbuilding": "lex",
    "lexmodelsv2": "lex",
    "lexruntime": "lex",
    "lexruntimev2": "lex",
    "marketplaceagreement": "aws-marketplace",
    "marketplacecatalog": "aws-marketplace",
    "marketplacedeployment": "aws-marketplace",
    "marketplaceentitlement": "aws-marketplace",
    "marketplacemetering": "aws-marketplace",
    "mediastoredata": "mediastore",
    "migrationhub": "mgh",
    "migrationhubconfig": "mgh",
    "mturk": "mechanicalturk",
    "neptune": "rds",
    "neptunedata": "neptune-db",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "personalizeevents": "personalize",
    "personalizeruntime": "personalize",
    "pinpoint": "mobiletargeting",
    "pinpointemail": "ses",
    "pinpointsmsvoice": "sms-voice",
    "pinpointsmsvoicev2": "sms-voice",
    "pricing": "pricing",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "s3outposts": "s3-outposts",
    "sagemakera2iruntime": "sagemaker",
    "sagemakeredge": "sagemaker",
    "sagemakerfeaturestoreruntime": "sagemaker",
    "sagemakermetrics": "sagemaker",
    "sagemakerruntime": "sagemaker",
    "ses": "ses",
    "sesv2": "ses",
    "sso": "sso",
    "ssoadmin": "sso",
    "ssooidc": "sso-oauth",
    "timestreaminfluxdb": "timestream-influxdb",
    "timestreamquery": "timestream",
    "timestreamwrite": "timestream",
    "wafregional": "waf-regional",
}

# Services whose actions in IAM are HTTP methods.
BY_METHOD = ("apigateway", "apigatewayv2")


def main():
    lines = set()
    for model in models():
        about = model["metadata"]
        name = package(about.get("serviceId") or about["endpointPrefix"])
        prefix = PREFIXES.get(name) or about.get("signingName") or about["endpointPrefix"]
        lines.add(f"{name} {prefix}")
        if name in BY_METHOD:
            for operation, shape in model["operations"].items():
                lines.add(f"{name} {operation[:1].lower() + operation[1:]} {shape['http']['method']}")
    sys.stdout.write("".join(line + "\n" for line in sorted(lines)))


if __name__ == "__main__":
    main()
