//! Machine learning.

use super::{pass_role, rule};
use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// A job of SageMaker that can be waited for.
struct Job {
    action: &'static str,
    /// `sagemaker:CreateTrainingJob`, then those that wait for its end and end it.
    actions: [&'static str; 3],
    /// The parameter with its name, and the kind of its ARN.
    name: &'static str,
    kind: &'static str,
    rule: &'static str,
}

const JOBS: [Job; 5] = [
    Job {
        action: "createTrainingJob",
        actions: ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"],
        name: "TrainingJobName",
        kind: "training-job",
        rule: "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    },
    Job {
        action: "createTransformJob",
        actions: ["sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"],
        name: "TransformJobName",
        kind: "transform-job",
        rule: "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    },
    Job {
        action: "createProcessingJob",
        actions: ["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"],
        name: "ProcessingJobName",
        kind: "processing-job",
        rule: "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    },
    Job {
        action: "createLabelingJob",
        actions: ["sagemaker:CreateLabelingJob", "sagemaker:DescribeLabelingJob", "sagemaker:StopLabelingJob"],
        name: "LabelingJobName",
        kind: "labeling-job",
        rule: "StepFunctionsGetEventsForSageMakerLabelingJobsRule",
    },
    Job {
        action: "createHyperParameterTuningJob",
        actions: [
            "sagemaker:CreateHyperParameterTuningJob",
            "sagemaker:DescribeHyperParameterTuningJob",
            "sagemaker:StopHyperParameterTuningJob",
        ],
        name: "HyperParameterTuningJobName",
        kind: "hyper-parameter-tuning-job",
        rule: "StepFunctionsGetEventsForSageMakerTuningJobsRule",
    },
];

const SAGEMAKER: &str = "sagemaker.amazonaws.com";

/// `sagemaker:*`.
pub(super) fn sagemaker(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    let named = |needs: &mut Needs, parameter: &'static str, kind: &'static str| {
        let given = at.parameter(parameter);
        // SageMaker writes names in small letters in its ARNs.
        needs.named(at.name, parameter, given, |needs, name| {
            needs.arn("sagemaker", Scope::Regional, &format!("{kind}/{}", name.to_lowercase()))
        })
    };
    if let Some(job) = JOBS.iter().find(|job| job.action == action) {
        let resource = named(needs, job.name, job.kind);
        let most = if waits { job.actions.len() } else { 1 };
        needs.allow("SageMaker", &job.actions[..most], [resource]);
        needs.allow("SageMaker", &["sagemaker:ListTags"], ["*"]);
        let role = match at.parameter("RoleArn") {
            // A tuning job names the role within the definition of its training jobs.
            Given::Absent => at.parameter("TrainingJobDefinition").get("RoleArn", at.language),
            given => given,
        };
        pass_role(needs, at, "RoleArn", role, SAGEMAKER);
        if waits {
            rule(needs, job.rule);
        }
        if at.parameter("Tags") != Given::Absent {
            needs.allow("SageMaker", &["sagemaker:AddTags"], ["*"]);
        }
        return true;
    }
    match action {
        "createEndpoint" | "updateEndpoint" => {
            let endpoint = named(needs, "EndpointName", "endpoint");
            let config = named(needs, "EndpointConfigName", "endpoint-config");
            let action =
                if action == "createEndpoint" { "sagemaker:CreateEndpoint" } else { "sagemaker:UpdateEndpoint" };
            needs.allow("SageMaker", &[action], [endpoint, config]);
        }
        "createEndpointConfig" => {
            let config = named(needs, "EndpointConfigName", "endpoint-config");
            needs.allow("SageMaker", &["sagemaker:CreateEndpointConfig"], [config]);
        }
        "createModel" => {
            let model = named(needs, "ModelName", "model");
            needs.allow("SageMaker", &["sagemaker:CreateModel"], [model]);
            pass_role(needs, at, "ExecutionRoleArn", at.parameter("ExecutionRoleArn"), SAGEMAKER);
        }
        _ => return false,
    }
    true
}

/// `bedrock:*`.
pub(super) fn bedrock(needs: &mut Needs, at: &StateAt, action: &str, waits: bool) -> bool {
    match action {
        "invokeModel" => {
            let model = model(needs, at, "ModelId");
            if model.contains(":inference-profile/") {
                needs.note(
                    Some(at.name),
                    "An inference profile calls models of several regions: allow bedrock:InvokeModel on those models too.",
                );
            }
            needs.allow("Bedrock", &["bedrock:InvokeModel"], [model]);
            for (part, action) in [("Input", "s3:GetObject"), ("Output", "s3:PutObject")] {
                let uri = at.parameter(part).get("S3Uri", at.language);
                if uri == Given::Absent {
                    continue;
                }
                let object = match uri.text().and_then(|uri| uri.strip_prefix("s3://")) {
                    Some(object) => needs.arn("s3", Scope::Bare, object),
                    None => needs.any(at.name, &format!("The S3Uri of {part}"), uri),
                };
                needs.allow("BedrockData", &[action], [object]);
            }
        }
        "createModelCustomizationJob" => {
            let base = model(needs, at, "BaseModelIdentifier");
            let made = ["custom-model/*", "model-customization-job/*"]
                .map(|resource| needs.arn("bedrock", Scope::Regional, resource));
            let on: Vec<String> = std::iter::once(base).chain(made.clone()).collect();
            needs.allow("Bedrock", &["bedrock:CreateModelCustomizationJob"], on);
            pass_role(needs, at, "RoleArn", at.parameter("RoleArn"), "bedrock.amazonaws.com");
            if waits {
                let ends = ["bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"];
                needs.allow("Bedrock", &ends, made.into_iter().skip(1));
            }
        }
        _ => return false,
    }
    true
}

/// A model by its ARN or its id. A foundation model belongs to no account.
fn model(needs: &mut Needs, at: &StateAt, parameter: &str) -> String {
    needs.named(at.name, parameter, at.parameter(parameter), |needs, id| {
        let (partition, region) = (needs.subject.partition, needs.subject.region.unwrap_or("*"));
        let is_profile = ["us.", "eu.", "apac.", "global."].iter().any(|area| id.starts_with(area));
        if is_profile {
            needs.arn("bedrock", Scope::Regional, &format!("inference-profile/{id}"))
        } else {
            format!("arn:{partition}:bedrock:{region}::foundation-model/{id}")
        }
    })
}
