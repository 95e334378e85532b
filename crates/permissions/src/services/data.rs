//! Tables, queries and data processing.

use serde_json::json;

use super::{pass_role, rule};
use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// `dynamodb:getItem` and the like.
pub(super) fn dynamodb(needs: &mut Needs, at: &StateAt, action: &str) -> bool {
    let action = match action {
        "getItem" => "dynamodb:GetItem",
        "putItem" => "dynamodb:PutItem",
        "updateItem" => "dynamodb:UpdateItem",
        "deleteItem" => "dynamodb:DeleteItem",
        _ => return false,
    };
    let table = table(needs, at);
    needs.allow("DynamoDb", &[action], [table]);
    true
}

/// The ARN of the table that `TableName` names.
pub(super) fn table(needs: &mut Needs, at: &StateAt) -> String {
    needs.named(at.name, "TableName", at.parameter("TableName"), |needs, name| {
        needs.arn("dynamodb", Scope::Regional, &format!("table/{name}"))
    })
}

/// `athena:*`. A query reads and writes what its statement names, which the definition does not tell.
pub(super) fn athena(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    let group = match at.parameter("WorkGroup") {
        Given::Absent if action == "startQueryExecution" => needs.arn("athena", Scope::Regional, "workgroup/primary"),
        Given::Absent => needs.arn("athena", Scope::Regional, "workgroup/*"),
        given => needs.named(at.name, "WorkGroup", given, |needs, name| {
            needs.arn("athena", Scope::Regional, &format!("workgroup/{name}"))
        }),
    };
    let action = match action {
        "startQueryExecution" => {
            let catalogs = needs.arn("athena", Scope::Regional, "datacatalog/*");
            needs.allow("Athena", &["athena:GetDataCatalog"], [catalogs]);
            if waits {
                needs.allow("Athena", &["athena:GetQueryExecution", "athena:StopQueryExecution"], [group.clone()]);
            }
            athena_data(needs, at);
            "athena:StartQueryExecution"
        }
        "stopQueryExecution" => "athena:StopQueryExecution",
        "getQueryExecution" => "athena:GetQueryExecution",
        "getQueryResults" => {
            let objects = needs.arn("s3", Scope::Bare, "*");
            needs.note(
                Some(at.name),
                "The bucket of a query's results is not known here: any object may be read. Narrow AthenaData to it.",
            );
            needs.allow("AthenaData", &["s3:GetObject"], [objects]);
            "athena:GetQueryResults"
        }
        _ => return false,
    };
    needs.allow("Athena", &[action], [group]);
    true
}

/// What AWS documents for queries over tables of Glue in S3, without the actions that create and delete them.
fn athena_data(needs: &mut Needs, at: &StateAt) {
    needs.note(
        Some(at.name),
        "The statement decides which tables, buckets and databases are read and written: reading is allowed for all of them. Narrow AthenaData; for statements that create or change tables, add actions of Glue.",
    );
    let objects = needs.arn("s3", Scope::Bare, "*");
    needs.allow(
        "AthenaData",
        &[
            "s3:AbortMultipartUpload",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ],
        [objects],
    );
    let glue = ["catalog", "database/*", "table/*", "userDefinedFunction/*"]
        .map(|resource| needs.arn("glue", Scope::Regional, resource));
    let reads = [
        "glue:BatchGetPartition",
        "glue:GetDatabase",
        "glue:GetDatabases",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "glue:GetTables",
    ];
    needs.allow("AthenaData", &reads, glue);
    needs.allow("AthenaData", &["lakeformation:GetDataAccess"], ["*"]);
}

/// `glue:startJobRun`.
pub(super) fn glue(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action != "startJobRun" {
        return false;
    }
    let job = needs.named(at.name, "JobName", at.parameter("JobName"), |needs, name| {
        needs.arn("glue", Scope::Regional, &format!("job/{name}"))
    });
    let also: &[&str] = if waits { &["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns"] } else { &[] };
    needs.allow("Glue", &[&["glue:StartJobRun"], also].concat(), [job]);
    true
}

/// `databrew:startJobRun`.
pub(super) fn databrew(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action != "startJobRun" {
        return false;
    }
    let job = needs.named(at.name, "Name", at.parameter("Name"), |needs, name| {
        needs.arn("databrew", Scope::Regional, &format!("job/{name}"))
    });
    let also: &[&str] = if waits { &["databrew:ListJobRuns", "databrew:StopJobRun"] } else { &[] };
    needs.allow("DataBrew", &[&["databrew:StartJobRun"], also].concat(), [job]);
    true
}

/// `elasticmapreduce:*`.
pub(super) fn emr(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action == "createCluster" {
        let also: &[&str] =
            if waits { &["elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"] } else { &[] };
        needs.allow("Emr", &[&["elasticmapreduce:RunJobFlow"], also].concat(), ["*"]);
        pass_role(needs, at, "ServiceRole", at.parameter("ServiceRole"), "elasticmapreduce.amazonaws.com");
        pass_role(needs, at, "JobFlowRole", at.parameter("JobFlowRole"), "ec2.amazonaws.com");
        pass_role(
            needs,
            at,
            "AutoScalingRole",
            at.parameter("AutoScalingRole"),
            "application-autoscaling.amazonaws.com",
        );
        if waits {
            rule(needs, "StepFunctionsGetEventForEMRRunJobFlowRule");
        }
        return true;
    }
    let (own, ends, rule_name): (&[&str], &[&str], &str) = match action {
        "addStep" => (
            &["elasticmapreduce:AddJobFlowSteps"],
            &["elasticmapreduce:CancelSteps", "elasticmapreduce:DescribeStep"],
            "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
        ),
        "terminateCluster" => (
            &["elasticmapreduce:TerminateJobFlows"],
            &["elasticmapreduce:DescribeCluster"],
            "StepFunctionsGetEventForEMRTerminateJobFlowsRule",
        ),
        "cancelStep" => (&["elasticmapreduce:CancelSteps"], &[], ""),
        "setClusterTerminationProtection" => (&["elasticmapreduce:SetTerminationProtection"], &[], ""),
        "modifyInstanceFleetByName" => {
            (&["elasticmapreduce:ListInstanceFleets", "elasticmapreduce:ModifyInstanceFleet"], &[], "")
        }
        "modifyInstanceGroupByName" => {
            (&["elasticmapreduce:ListInstanceGroups", "elasticmapreduce:ModifyInstanceGroups"], &[], "")
        }
        _ => return false,
    };
    let cluster = needs.named(at.name, "ClusterId", at.parameter("ClusterId"), |needs, name| {
        needs.arn("elasticmapreduce", Scope::Regional, &format!("cluster/{name}"))
    });
    needs.allow("Emr", own, [cluster.clone()]);
    if action == "addStep" {
        let step = at.parameter("ExecutionRoleArn");
        pass_role(needs, at, "ExecutionRoleArn", step, "elasticmapreduce.amazonaws.com");
    }
    if waits {
        needs.allow("Emr", ends, [cluster]);
        rule(needs, rule_name);
    }
    true
}

/// A service's role that it makes for itself, once in an account.
fn linked_role(needs: &mut Needs, service: &str, role: &str) {
    let role = needs.arn("iam", Scope::Global, &format!("role/aws-service-role/{service}/{role}"));
    let condition = json!({ "StringLike": { "iam:AWSServiceName": service } });
    needs.allow_if("ServiceLinkedRole", &["iam:CreateServiceLinkedRole"], [role], Some(condition));
}

/// `emr-containers:*`. Its ARNs have a slash before the resource.
pub(super) fn emr_containers(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    let virtual_cluster = |needs: &mut Needs, parameter: &str| {
        needs.named(at.name, parameter, at.parameter(parameter), |needs, name| {
            needs.arn("emr-containers", Scope::Regional, &format!("/virtualclusters/{name}"))
        })
    };
    match action {
        "createVirtualCluster" => {
            needs.allow("EmrContainers", &["emr-containers:CreateVirtualCluster"], ["*"]);
            linked_role(needs, "emr-containers.amazonaws.com", "AWSServiceRoleForAmazonEMRContainers");
        }
        "deleteVirtualCluster" => {
            let cluster = virtual_cluster(needs, "Id");
            let also: &[&str] = if waits { &["emr-containers:DescribeVirtualCluster"] } else { &[] };
            needs.allow("EmrContainers", &[&["emr-containers:DeleteVirtualCluster"], also].concat(), [cluster]);
        }
        "startJobRun" => {
            let cluster = virtual_cluster(needs, "VirtualClusterId");
            let role = at.parameter("ExecutionRoleArn");
            let condition =
                role.text().map(|role| json!({ "StringEquals": { "emr-containers:ExecutionRoleArn": [role] } }));
            if condition.is_none() {
                needs.any(at.name, "ExecutionRoleArn", role);
            }
            if waits {
                let runs = if cluster == "*" { cluster.clone() } else { format!("{cluster}/jobruns/*") };
                needs.allow("EmrContainers", &["emr-containers:CancelJobRun", "emr-containers:DescribeJobRun"], [runs]);
            }
            needs.allow_if("EmrContainersStart", &["emr-containers:StartJobRun"], [cluster], condition);
        }
        _ => return false,
    }
    true
}

/// `emr-serverless:*`. Its ARNs have a slash before the resource.
pub(super) fn emr_serverless(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    let application = |needs: &mut Needs| {
        needs.named(at.name, "ApplicationId", at.parameter("ApplicationId"), |needs, name| {
            needs.arn("emr-serverless", Scope::Regional, &format!("/applications/{name}"))
        })
    };
    let runs = |application: &str| if application == "*" { "*".to_owned() } else { format!("{application}/jobruns/*") };
    let (own, ends): (&str, &[&str]) = match action {
        "createApplication" => {
            let all = needs.arn("emr-serverless", Scope::Regional, "/*");
            needs.allow("EmrServerless", &["emr-serverless:CreateApplication"], [all]);
            linked_role(needs, "ops.emr-serverless.amazonaws.com", "AWSServiceRoleForAmazonEMRServerless");
            if waits {
                let made = needs.arn("emr-serverless", Scope::Regional, "/applications/*");
                needs.allow(
                    "EmrServerless",
                    &["emr-serverless:DeleteApplication", "emr-serverless:GetApplication"],
                    [made],
                );
                rule(needs, "StepFunctionsGetEventsForEMRServerlessApplicationRule");
            }
            return true;
        }
        "startJobRun" => {
            let application = application(needs);
            needs.allow("EmrServerless", &["emr-serverless:StartJobRun"], [application.clone()]);
            pass_role(needs, at, "ExecutionRoleArn", at.parameter("ExecutionRoleArn"), "emr-serverless.amazonaws.com");
            if waits {
                let ends = ["emr-serverless:CancelJobRun", "emr-serverless:GetJobRun"];
                needs.allow("EmrServerless", &ends, [runs(&application)]);
                rule(needs, "StepFunctionsGetEventsForEMRServerlessJobRule");
            }
            return true;
        }
        "cancelJobRun" => {
            let application = application(needs);
            let also: &[&str] = if waits { &["emr-serverless:GetJobRun"] } else { &[] };
            needs.allow("EmrServerless", &[&["emr-serverless:CancelJobRun"], also].concat(), [runs(&application)]);
            if waits {
                rule(needs, "StepFunctionsGetEventsForEMRServerlessJobRule");
            }
            return true;
        }
        "startApplication" => {
            ("emr-serverless:StartApplication", &["emr-serverless:GetApplication", "emr-serverless:StopApplication"])
        }
        "stopApplication" => ("emr-serverless:StopApplication", &["emr-serverless:GetApplication"]),
        "deleteApplication" => ("emr-serverless:DeleteApplication", &["emr-serverless:GetApplication"]),
        _ => return false,
    };
    let application = application(needs);
    needs.allow("EmrServerless", &[own], [application.clone()]);
    if waits {
        needs.allow("EmrServerless", ends, [application]);
        rule(needs, "StepFunctionsGetEventsForEMRServerlessApplicationRule");
    }
    true
}
