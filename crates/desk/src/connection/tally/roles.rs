//! The calls that read roles, counted.

use super::Counted;
use crate::connection::port::{Api, Call};
use crate::connection::roles::{RolePolicy, Roles};

impl Roles for Counted {
    fn role_policies(&self, role_arn: &str) -> Call<'_, Vec<RolePolicy>> {
        self.count(Api::ListRolePolicies, role_arn, self.calls.role_policies(role_arn))
    }
}
