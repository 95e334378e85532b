//! Roles and policies as XML.

use super::policies::ManagedPolicy;
use super::roles::Role;
use crate::api::arn::{number_in, page, size_within};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::wire::{encoded, iso};
use crate::api::xml::element;
use crate::host::Tag;

/// A role, as `Role` or as a `member` of a list.
pub fn role(name: &str, role: &Role) -> String {
    let boundary = role.boundary.as_ref().map(|arn| {
        let inner = element("PermissionsBoundaryType", "Policy") + &element("PermissionsBoundaryArn", arn);
        format!("<PermissionsBoundary>{inner}</PermissionsBoundary>")
    });
    let inner = [
        element("Path", &role.path),
        element("RoleName", &role.name),
        element("RoleId", &role.id),
        element("Arn", &role.arn),
        element("CreateDate", iso(role.created_at)),
        element("AssumeRolePolicyDocument", encoded(&role.trust)),
        element("Description", &role.description),
        element("MaxSessionDuration", role.longest_session),
        boundary.unwrap_or_default(),
        tags(&role.tags),
    ];
    format!("<{name}>{}</{name}>", inner.concat())
}

/// A policy of its own, as `Policy` or as a `member` of a list.
pub fn policy(name: &str, policy: &ManagedPolicy, attached: usize) -> String {
    let inner = [
        element("PolicyName", &policy.name),
        element("PolicyId", &policy.id),
        element("Arn", &policy.arn),
        element("Path", &policy.path),
        element("DefaultVersionId", &policy.default_version),
        element("AttachmentCount", attached),
        element("PermissionsBoundaryUsageCount", 0),
        element("IsAttachable", true),
        element("Description", &policy.description),
        element("CreateDate", iso(policy.created_at)),
        element("UpdateDate", iso(policy.updated_at)),
        tags(&policy.tags),
    ];
    format!("<{name}>{}</{name}>", inner.concat())
}

fn tags(tags: &[Tag]) -> String {
    format!("<Tags>{}</Tags>", tag_members(tags).concat())
}

/// The tags of a role or policy, each as a `member`.
pub fn tag_members(tags: &[Tag]) -> Vec<String> {
    let member = |tag: &Tag| format!("<member>{}{}</member>", element("Key", &tag.key), element("Value", &tag.value));
    tags.iter().map(member).collect()
}

/// The most members of a page.
const PAGE: i64 = 1_000;

/// A page of a list of members.
///
/// # Errors
/// `MaxItems` is no number of a page, or the marker is of another list.
pub fn list(form: &Form, name: &str, members: Vec<String>) -> Result<String, ApiError> {
    let size = form.given("MaxItems").map(|text| number_in("ValidationError", "maxItems", text)).transpose()?;
    let size = size_within("ValidationError", "maxItems", size, PAGE)?;
    let of = ["RoleName", "PolicyArn", "PathPrefix", "Scope"].map(|field| form.field(field));
    let (members, next) = page(members, size, form.given("Marker"), &format!("{name} {of:?}"))
        .map_err(|_| ApiError::new("ValidationError", "Invalid Marker."))?;
    let marker = next.as_ref().map(|next| element("Marker", next)).unwrap_or_default();
    Ok(format!("<{name}>{}</{name}>{}{marker}", members.concat(), element("IsTruncated", next.is_some())))
}
