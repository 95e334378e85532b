//! The policies of roles on a fake connection.

use super::Fake;
use super::calls::later;
use crate::connection::roles::{RolePolicy, Roles, role_name};
use crate::connection::{Api, Call, Fault};

impl Roles for Fake {
    fn role_policies(&self, role_arn: &str) -> Call<'_, Vec<RolePolicy>> {
        let arn = role_arn.to_owned();
        later(move || {
            self.call(Api::ListRolePolicies, &arn, |world, _| {
                let name = role_name(&arn).ok_or_else(|| Fault::of_code("ValidationError", "it is not a role"))?;
                let found = world.role_policies.get(name).cloned();
                found.ok_or_else(|| {
                    Fault::of_code("NoSuchEntity", &format!("The role with name {name} cannot be found."))
                })
            })
        })
    }
}
