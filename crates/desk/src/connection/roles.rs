//! The policies of a role, which a plan compares with what a definition needs.

use super::port::Call;

/// A policy of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePolicy {
    /// Its name; the ARN of a managed one.
    pub name: String,
    /// The document, as JSON.
    pub document: String,
}

/// The calls that read roles. Every call may fail with a [`CallError`](super::CallError).
pub trait Roles: Send + Sync + 'static {
    /// The policies of a role: those within it, and those attached to it, in their present version.
    fn role_policies(&self, role_arn: &str) -> Call<'_, Vec<RolePolicy>>;
}

/// The name of a role by its ARN, which may have a path: `arn:aws:iam::111122223333:role/shop/pay` is `pay`.
#[must_use]
pub fn role_name(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/")?;
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_the_end_of_its_arn() {
        assert_eq!(role_name("arn:aws:iam::111122223333:role/pay"), Some("pay"));
        assert_eq!(role_name("arn:aws-cn:iam::111122223333:role/shop/pay"), Some("pay"));
        assert_eq!(role_name("arn:aws:iam::111122223333:user/pay"), None);
        assert_eq!(role_name("arn:aws:iam::111122223333:role/"), None);
    }
}
