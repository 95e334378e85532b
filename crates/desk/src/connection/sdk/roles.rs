//! The policies of a role, through the SDK.

use percent_encoding::percent_decode_str;

use super::{Sdk, failed};
use crate::connection::error::{CallError, Fault};
use crate::connection::port::{Api, Call};
use crate::connection::roles::{RolePolicy, Roles, role_name};

/// Pages of a role's policies that are read at most. A role has fewer than this many policies.
const PAGES: usize = 20;

impl Roles for Sdk {
    fn role_policies(&self, role_arn: &str) -> Call<'_, Vec<RolePolicy>> {
        let arn = role_arn.to_owned();
        Box::pin(async move {
            let name =
                role_name(&arn).ok_or_else(|| unsent(Api::ListRolePolicies, &arn, "it is not the ARN of a role"))?;
            let mut policies = self.inline(&arn, name).await?;
            policies.extend(self.attached(&arn, name).await?);
            Ok(policies)
        })
    }
}

fn unsent(api: Api, subject: &str, why: &str) -> CallError {
    CallError { api, subject: subject.to_owned(), fault: Fault::Unsent(why.to_owned()) }
}

/// A document as IAM returns it: percent-encoded.
fn decoded(api: Api, subject: &str, document: &str) -> Result<String, CallError> {
    let text = percent_decode_str(document).decode_utf8();
    text.map(Into::into).map_err(|_| unsent(api, subject, "the policy is not UTF-8"))
}

impl Sdk {
    /// The policies within a role.
    async fn inline(&self, arn: &str, role: &str) -> Result<Vec<RolePolicy>, CallError> {
        let (mut names, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let call = self.iam.list_role_policies().role_name(role).set_marker(marker).send().await;
            let page = call.map_err(|error| failed(Api::ListRolePolicies, arn, &error))?;
            names.extend(page.policy_names);
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                break;
            }
        }
        let mut policies = Vec::new();
        for name in names {
            let call = self.iam.get_role_policy().role_name(role).policy_name(&name).send().await;
            let found = call.map_err(|error| failed(Api::GetRolePolicy, arn, &error))?;
            let document = decoded(Api::GetRolePolicy, arn, &found.policy_document)?;
            policies.push(RolePolicy { name, document });
        }
        Ok(policies)
    }

    /// The policies attached to a role.
    async fn attached(&self, arn: &str, role: &str) -> Result<Vec<RolePolicy>, CallError> {
        let (mut arns, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES {
            let call = self.iam.list_attached_role_policies().role_name(role).set_marker(marker).send().await;
            let page = call.map_err(|error| failed(Api::ListAttachedRolePolicies, arn, &error))?;
            arns.extend(page.attached_policies.unwrap_or_default().into_iter().filter_map(|one| one.policy_arn));
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                break;
            }
        }
        let mut policies = Vec::new();
        for name in arns {
            let call = self.iam.get_policy().policy_arn(&name).send().await;
            let found = call.map_err(|error| failed(Api::GetPolicy, &name, &error))?;
            let version = found.policy.and_then(|policy| policy.default_version_id);
            let version = version.ok_or_else(|| unsent(Api::GetPolicy, &name, "it has no version"))?;
            let call = self.iam.get_policy_version().policy_arn(&name).version_id(version).send().await;
            let found = call.map_err(|error| failed(Api::GetPolicyVersion, &name, &error))?;
            let document = found.policy_version.and_then(|version| version.document);
            let document = document.ok_or_else(|| unsent(Api::GetPolicyVersion, &name, "it has no document"))?;
            policies.push(RolePolicy { document: decoded(Api::GetPolicyVersion, &name, &document)?, name });
        }
        Ok(policies)
    }
}
