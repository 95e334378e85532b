//! Jobs and containers.

use super::{pass_role, rule};
use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// `batch:submitJob`. Jobs are described and ended by ids that are known only later.
pub(super) fn batch(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action != "submitJob" {
        return false;
    }
    let regional = |kind: &'static str| {
        move |needs: &mut Needs, name: &str| needs.arn("batch", Scope::Regional, &format!("{kind}/{name}"))
    };
    let definition = needs.named(at.name, "JobDefinition", at.parameter("JobDefinition"), regional("job-definition"));
    let queue = needs.named(at.name, "JobQueue", at.parameter("JobQueue"), regional("job-queue"));
    let revisions = (definition != "*" && definition.split(':').nth(6).is_none()).then(|| format!("{definition}:*"));
    needs.allow("Batch", &["batch:SubmitJob"], [Some(definition), revisions, Some(queue)].into_iter().flatten());
    if waits {
        needs.allow("Batch", &["batch:DescribeJobs", "batch:TerminateJob"], ["*"]);
        rule(needs, "StepFunctionsGetEventsForBatchJobsRule");
    }
    true
}

/// The parameters that override the roles of a task definition.
pub(super) const TASK_ROLES: [&str; 2] = ["TaskRoleArn", "ExecutionRoleArn"];

/// Hands on the roles of a task that is run: those of its task definition, unless the call overrides them.
pub(super) fn task_roles(needs: &mut Needs, at: &StateAt) {
    let overrides = at.parameter("Overrides");
    let roles = TASK_ROLES.map(|name| (name, overrides.get(name, at.language)));
    if roles.iter().any(|(_, given)| given.text().is_some()) {
        for (name, given) in roles {
            pass_role(needs, at, name, given, ECS_TASKS);
        }
        return;
    }
    needs.note(
        Some(at.name),
        "The task definition names the roles that are passed on: any role is allowed for ECS tasks. Narrow PassRole to them.",
    );
    pass_role(needs, at, "The role of the task definition", Given::Computed, ECS_TASKS);
}

const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";

/// `ecs:runTask`.
pub(super) fn ecs(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action != "runTask" {
        return false;
    }
    let task = needs.named(at.name, "TaskDefinition", at.parameter("TaskDefinition"), |needs, name| {
        let revision = if name.contains(':') { "" } else { ":*" };
        needs.arn("ecs", Scope::Regional, &format!("task-definition/{name}{revision}"))
    });
    // The ARN of a family without a revision stands for the newest one.
    let task = if task != "*" && task.split(':').nth(6).is_none() { format!("{task}:*") } else { task };
    needs.allow("Ecs", &["ecs:RunTask"], [task]);
    if at.parameter("Tags") != Given::Absent || at.parameter("PropagateTags") != Given::Absent {
        let tasks = needs.arn("ecs", Scope::Regional, "task/*");
        needs.allow("Ecs", &["ecs:TagResource"], [tasks]);
    }
    task_roles(needs, at);
    if waits {
        needs.allow("Ecs", &["ecs:DescribeTasks", "ecs:StopTask"], ["*"]);
        rule(needs, "StepFunctionsGetEventsForECSTaskRule");
    }
    true
}

/// `eks:*`. `call` and `runJob` speak to the Kubernetes API, whose own rights count.
pub(super) fn eks(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    let cluster = |needs: &mut Needs, parameter: &str, kind: &str, behind: &str| {
        let given = at.parameter(parameter);
        let (kind, behind) = (kind.to_owned(), behind.to_owned());
        needs.named(at.name, parameter, given, |needs, name| {
            needs.arn("eks", Scope::Regional, &format!("{kind}/{name}{behind}"))
        })
    };
    match action {
        "call" | "runJob" => {
            needs.note(
                Some(at.name),
                "It calls the Kubernetes API, which needs no IAM permission: give the role access in the cluster, by an access entry or in aws-auth.",
            );
        }
        "createCluster" => {
            needs.allow("Eks", &["eks:CreateCluster"], ["*"]);
            pass_role(needs, at, "RoleArn", at.parameter("RoleArn"), "eks.amazonaws.com");
            if waits {
                let cluster = cluster(needs, "Name", "cluster", "");
                needs.allow("Eks", &["eks:DescribeCluster", "eks:DeleteCluster"], [cluster]);
            }
        }
        "deleteCluster" => {
            let cluster = cluster(needs, "Name", "cluster", "");
            let also: &[&str] = if waits { &["eks:DescribeCluster"] } else { &[] };
            needs.allow("Eks", &[&["eks:DeleteCluster"], also].concat(), [cluster]);
        }
        "createNodegroup" => {
            needs.allow("Eks", &["ec2:DescribeSubnets", "eks:CreateNodegroup"], ["*"]);
            let roles = needs.arn("iam", Scope::Global, "role/*");
            needs.allow("Eks", &["iam:GetRole", "iam:ListAttachedRolePolicies"], [roles]);
            pass_role(needs, at, "NodeRole", at.parameter("NodeRole"), "eks.amazonaws.com");
            if waits {
                let groups = cluster(needs, "ClusterName", "nodegroup", "/*");
                needs.allow("Eks", &["eks:DescribeNodegroup", "eks:DeleteNodegroup"], [groups]);
            }
        }
        "deleteNodegroup" => {
            let groups = cluster(needs, "ClusterName", "nodegroup", "/*");
            let also: &[&str] = if waits { &["eks:DescribeNodegroup"] } else { &[] };
            needs.allow("Eks", &[&["eks:DeleteNodegroup"], also].concat(), [groups]);
        }
        "createFargateProfile" => {
            let on = cluster(needs, "ClusterName", "cluster", "");
            needs.allow("Eks", &["eks:CreateFargateProfile"], [on]);
            let role = at.parameter("PodExecutionRoleArn");
            pass_role(needs, at, "PodExecutionRoleArn", role, "eks.amazonaws.com");
            if waits {
                let profiles = cluster(needs, "ClusterName", "fargateprofile", "/*");
                needs.allow("Eks", &["eks:DescribeFargateProfile", "eks:DeleteFargateProfile"], [profiles]);
            }
        }
        "deleteFargateProfile" => {
            let profiles = cluster(needs, "ClusterName", "fargateprofile", "/*");
            let also: &[&str] = if waits { &["eks:DescribeFargateProfile"] } else { &[] };
            needs.allow("Eks", &[&["eks:DeleteFargateProfile"], also].concat(), [profiles]);
        }
        _ => return false,
    }
    true
}

/// `codebuild:*`. A build's id begins with the name of its project.
pub(super) fn codebuild(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    let project = |needs: &mut Needs, parameter: &str| {
        let given = at.parameter(parameter);
        needs.named(at.name, parameter, given, |needs, name| {
            let name = name.split(':').next().unwrap_or_default();
            needs.arn("codebuild", Scope::Regional, &format!("project/{name}"))
        })
    };
    let (parameter, action, ends, rule_name): (&str, &str, &[&str], &str) = match action {
        "startBuild" => (
            "ProjectName",
            "codebuild:StartBuild",
            &["codebuild:BatchGetBuilds", "codebuild:StopBuild"],
            "StepFunctionsGetEventForCodeBuildStartBuildRule",
        ),
        "startBuildBatch" => (
            "ProjectName",
            "codebuild:StartBuildBatch",
            &["codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"],
            "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
        ),
        "retryBuildBatch" => (
            "Id",
            "codebuild:RetryBuildBatch",
            &["codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"],
            "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
        ),
        "stopBuild" => ("Id", "codebuild:StopBuild", &[], ""),
        "stopBuildBatch" => ("Id", "codebuild:StopBuildBatch", &[], ""),
        "deleteBuildBatch" => ("Id", "codebuild:DeleteBuildBatch", &[], ""),
        "batchDeleteBuilds" => {
            let projects = needs.arn("codebuild", Scope::Regional, "project/*");
            needs.allow("CodeBuild", &["codebuild:BatchDeleteBuilds"], [projects]);
            return true;
        }
        "batchGetReports" => {
            let groups = needs.arn("codebuild", Scope::Regional, "report-group/*");
            needs.allow("CodeBuild", &["codebuild:BatchGetReports"], [groups]);
            return true;
        }
        _ => return false,
    };
    let project = project(needs, parameter);
    needs.allow("CodeBuild", &[action], [project.clone()]);
    if waits {
        needs.allow("CodeBuild", ends, [project]);
        rule(needs, rule_name);
    }
    true
}

/// `mediaconvert:createJob`.
pub(super) fn mediaconvert(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    if action != "createJob" {
        return false;
    }
    let all = needs.arn("mediaconvert", Scope::Regional, "*");
    let also: &[&str] = if waits { &["mediaconvert:CancelJob", "mediaconvert:GetJob"] } else { &[] };
    needs.allow("MediaConvert", &[&["mediaconvert:CreateJob"], also].concat(), [all]);
    pass_role(needs, at, "Role", at.parameter("Role"), "mediaconvert.amazonaws.com");
    if waits {
        rule(needs, "StepFunctionsGetEventsForMediaConvertJobRule");
    }
    true
}
