//! The table of the supported types.

use super::names::{BUCKET, NAME_64, NAME_80, NAME_128, NAME_255, NAME_512, QUEUE, REPOSITORY, STATE_MACHINE, TOPIC};
use super::{Form, ResourceType};

/// Every supported type.
pub(super) const TYPES: &[ResourceType] = &[
    ResourceType {
        name: "AWS::StepFunctions::StateMachine",
        properties: "DefinitionString LoggingConfiguration DefinitionSubstitutions Definition DefinitionS3Location \
            StateMachineName! RoleArn* Tags StateMachineType! TracingConfiguration EncryptionConfiguration",
        reference: Form::Arn,
        attributes: &[("Arn", Form::Arn), ("Name", Form::Name), ("StateMachineRevisionId", Form::Later)],
        naming: Some(("StateMachineName", STATE_MACHINE)),
        arn: "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    },
    ResourceType {
        name: "AWS::StepFunctions::StateMachineVersion",
        properties: "Description! StateMachineRevisionId! StateMachineArn*!",
        reference: Form::Later,
        attributes: &[("Arn", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::StepFunctions::StateMachineAlias",
        properties: "Description RoutingConfiguration DeploymentPreference Name! StateMachineArn",
        reference: Form::Later,
        attributes: &[("Arn", Form::Later)],
        naming: Some(("Name", NAME_80)),
        arn: "",
    },
    ResourceType {
        name: "AWS::StepFunctions::Activity",
        properties: "Tags Name*! EncryptionConfiguration!",
        reference: Form::Arn,
        attributes: &[("Arn", Form::Arn), ("Name", Form::Name)],
        naming: Some(("Name", NAME_80)),
        arn: "arn:{partition}:states:{region}:{account}:activity:{name}",
    },
    ResourceType {
        name: "AWS::Lambda::Function",
        properties: "ImageConfig MemorySize Description TracingConfig VpcConfig DeadLetterConfig Timeout \
            RuntimeManagementConfig Handler ReservedConcurrentExecutions SnapStart Code* Role* FileSystemConfigs \
            FunctionName! Runtime KmsKeyArn PackageType! CodeSigningConfigArn Environment EphemeralStorage \
            Layers Tags Architectures FunctionScalingConfig DurableConfig PublishToLatestPublished \
            TenancyConfig! CapacityProviderConfig LoggingConfig RecursiveLoop",
        reference: Form::Name,
        attributes: &[("Arn", Form::Arn)],
        naming: Some(("FunctionName", NAME_64)),
        arn: "arn:{partition}:lambda:{region}:{account}:function:{name}",
    },
    ResourceType {
        name: "AWS::Lambda::Permission",
        properties: "FunctionName*! Action*! EventSourceToken! FunctionUrlAuthType! SourceArn! SourceAccount! \
            PrincipalOrgID! Principal*! InvokedViaFunctionUrl!",
        reference: Form::Later,
        attributes: &[("Id", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::Lambda::Version",
        properties: "CodeSha256! Description! FunctionName*! ProvisionedConcurrencyConfig! RuntimePolicy! \
            FunctionScalingConfig",
        reference: Form::Later,
        attributes: &[("Version", Form::Later), ("FunctionArn", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::Lambda::Alias",
        properties: "Description FunctionName*! FunctionVersion* Name*! ProvisionedConcurrencyConfig RoutingConfig",
        reference: Form::Later,
        attributes: &[("AliasArn", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::SNS::Topic",
        properties: "SignatureVersion KmsMasterKeyId TracingConfig DisplayName FifoTopic! ContentBasedDeduplication \
            Subscription Tags DataProtectionPolicy TopicName! ArchivePolicy FifoThroughputScope \
            MaximumMessageSize DeliveryStatusLogging",
        reference: Form::Arn,
        attributes: &[("TopicArn", Form::Arn), ("TopicName", Form::Name)],
        naming: Some(("TopicName", TOPIC)),
        arn: "arn:{partition}:sns:{region}:{account}:{name}",
    },
    ResourceType {
        name: "AWS::SNS::Subscription",
        properties: "DeliveryPolicy Endpoint! FilterPolicy FilterPolicyScope Protocol*! RawMessageDelivery RedrivePolicy \
            Region SubscriptionRoleArn TopicArn*! ReplayPolicy",
        reference: Form::Later,
        attributes: &[("Arn", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::SNS::TopicPolicy",
        properties: "Topics* PolicyDocument*",
        reference: Form::Later,
        attributes: &[("Id", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::SQS::Queue",
        properties: "ReceiveMessageWaitTimeSeconds FifoThroughputLimit KmsMasterKeyId FifoQueue! MaximumMessageSize \
            VisibilityTimeout KmsDataKeyReusePeriodSeconds RedriveAllowPolicy SqsManagedSseEnabled DelaySeconds \
            RedrivePolicy MessageRetentionPeriod DeduplicationScope ContentBasedDeduplication QueueName! Tags",
        reference: Form::Pattern("https://sqs.{region}.{suffix}/{account}/{name}"),
        attributes: &[
            ("Arn", Form::Arn),
            ("QueueName", Form::Name),
            ("QueueUrl", Form::Pattern("https://sqs.{region}.{suffix}/{account}/{name}")),
        ],
        naming: Some(("QueueName", QUEUE)),
        arn: "arn:{partition}:sqs:{region}:{account}:{name}",
    },
    ResourceType {
        name: "AWS::SQS::QueuePolicy",
        properties: "PolicyDocument* Queues*",
        reference: Form::Later,
        attributes: &[("Id", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::DynamoDB::Table",
        properties: "SSESpecification KinesisStreamSpecification StreamSpecification ContributorInsightsSpecification \
            ImportSourceSpecification! PointInTimeRecoverySpecification ProvisionedThroughput TableName! \
            AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema*! LocalSecondaryIndexes \
            DeletionProtectionEnabled TableClass Tags TimeToLiveSpecification OnDemandThroughput WarmThroughput \
            VectorIndexes ResourcePolicy",
        reference: Form::Name,
        attributes: &[("Arn", Form::Arn), ("StreamArn", Form::Later)],
        naming: Some(("TableName", NAME_255)),
        arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    },
    ResourceType {
        name: "AWS::IAM::Role",
        properties: "AssumeRolePolicyDocument* Description ManagedPolicyArns MaxSessionDuration Path! PermissionsBoundary \
            Policies RoleName! Tags",
        reference: Form::Name,
        attributes: &[("Arn", Form::Arn), ("RoleId", Form::Later)],
        naming: Some(("RoleName", NAME_64)),
        arn: "arn:{partition}:iam::{account}:role/{name}",
    },
    ResourceType {
        name: "AWS::IAM::Policy",
        properties: "Groups PolicyName* PolicyDocument* Roles Users",
        reference: Form::Property("PolicyName"),
        attributes: &[("Id", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::IAM::ManagedPolicy",
        properties: "ManagedPolicyName! Path! Description! Groups PolicyDocument* Roles Users",
        reference: Form::Arn,
        attributes: &[
            ("PolicyArn", Form::Arn),
            ("PolicyId", Form::Later),
            ("DefaultVersionId", Form::Later),
            ("AttachmentCount", Form::Later),
            ("CreateDate", Form::Later),
            ("UpdateDate", Form::Later),
            ("IsAttachable", Form::Later),
            ("PermissionsBoundaryUsageCount", Form::Later),
        ],
        naming: Some(("ManagedPolicyName", NAME_128)),
        arn: "arn:{partition}:iam::{account}:policy/{name}",
    },
    ResourceType {
        name: "AWS::SSM::Parameter",
        properties: "Type* Description Policies AllowedPattern Tier Value* DataType Tags Name!",
        reference: Form::Name,
        attributes: &[("Type", Form::Property("Type")), ("Value", Form::Property("Value")), ("Arn", Form::Arn)],
        naming: Some(("Name", NAME_128)),
        arn: "arn:{partition}:ssm:{region}:{account}:parameter/{name}",
    },
    ResourceType {
        name: "AWS::Logs::LogGroup",
        properties: "RetentionInDays KmsKeyId LogGroupName! Tags DataProtectionPolicy FieldIndexPolicies LogGroupClass \
            ResourcePolicyDocument DeletionProtectionEnabled BearerTokenAuthenticationEnabled",
        reference: Form::Name,
        attributes: &[("Arn", Form::Arn)],
        naming: Some(("LogGroupName", NAME_512)),
        arn: "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    },
    ResourceType {
        name: "AWS::CDK::Metadata",
        properties: "Analytics",
        reference: Form::Later,
        attributes: &[],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::S3::Bucket",
        properties: "AccelerateConfiguration AccessControl AnalyticsConfigurations BucketEncryption BucketName! \
            CorsConfiguration IntelligentTieringConfigurations InventoryConfigurations LifecycleConfiguration \
            LoggingConfiguration MetricsConfigurations NotificationConfiguration ObjectLockConfiguration \
            ObjectLockEnabled! OwnershipControls PublicAccessBlockConfiguration ReplicationConfiguration Tags \
            VersioningConfiguration WebsiteConfiguration BucketNamespace! BucketNamePrefix! \
            MetadataTableConfiguration AbacStatus MetadataConfiguration",
        reference: Form::Name,
        attributes: &[
            ("Arn", Form::Arn),
            ("DomainName", Form::Pattern("{name}.s3.{suffix}")),
            ("DualStackDomainName", Form::Pattern("{name}.s3.dualstack.{region}.{suffix}")),
            ("RegionalDomainName", Form::Pattern("{name}.s3.{region}.{suffix}")),
            ("WebsiteURL", Form::Pattern("http://{name}.s3-website-{region}.{suffix}")),
        ],
        naming: Some(("BucketName", BUCKET)),
        arn: "arn:{partition}:s3:::{name}",
    },
    ResourceType {
        name: "AWS::S3::BucketPolicy",
        properties: "Bucket*! PolicyDocument*",
        reference: Form::Property("Bucket"),
        attributes: &[],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::ECR::Repository",
        properties: "EmptyOnDelete ImageScanningConfiguration EncryptionConfiguration! RepositoryPolicyText \
            LifecyclePolicy RepositoryName! Tags ImageTagMutability ImageTagMutabilityExclusionFilters",
        reference: Form::Name,
        attributes: &[
            ("Arn", Form::Arn),
            ("RepositoryUri", Form::Pattern("{account}.dkr.ecr.{region}.{suffix}/{name}")),
        ],
        naming: Some(("RepositoryName", REPOSITORY)),
        arn: "arn:{partition}:ecr:{region}:{account}:repository/{name}",
    },
    ResourceType {
        name: "AWS::KMS::Key",
        properties: "Origin MultiRegion Description PendingWindowInDays BypassPolicyLockoutSafetyCheck KeyPolicy KeySpec \
            Enabled KeyUsage EnableKeyRotation Tags RotationPeriodInDays",
        reference: Form::Later,
        attributes: &[("Arn", Form::Later), ("KeyId", Form::Later)],
        naming: None,
        arn: "",
    },
    ResourceType {
        name: "AWS::KMS::Alias",
        properties: "TargetKeyId* AliasName*!",
        reference: Form::Property("AliasName"),
        attributes: &[],
        naming: None,
        arn: "",
    },
];
