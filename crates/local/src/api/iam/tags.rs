//! Tags of roles and policies.

use std::sync::Arc;

use super::policies::ManagedPolicy;
use super::roles::Role;
use super::{Came, check_count, needed, tags_of};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::host::{AccountRegion, Host, Tag};

/// One operation of tags; `None` for another one.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, form: &Form, action: &str) -> Option<Came> {
    Some(match action {
        "TagRole" | "UntagRole" => role(host, caller, form).await,
        "TagPolicy" | "UntagPolicy" => policy(host, form).await,
        _ => return None,
    })
}

async fn role(host: &Host, caller: &AccountRegion, form: &Form) -> Came {
    let mut role = Role::find(host, caller, needed(form, "RoleName")?).await?;
    change(&mut role.tags, form)?;
    role.keep(host, caller).await.map(|()| String::new())
}

async fn policy(host: &Host, form: &Form) -> Came {
    let mut policy = ManagedPolicy::find(host, needed(form, "PolicyArn")?).await?;
    change(&mut policy.tags, form)?;
    policy.keep(host).await.map(|()| String::new())
}

/// Adds the form's tags, and takes away those of its keys.
fn change(tags: &mut Vec<Tag>, form: &Form) -> Result<(), ApiError> {
    for tag in tags_of(form)? {
        tags.retain(|known| known.key != tag.key);
        tags.push(tag);
    }
    let gone = form.list("TagKeys");
    tags.retain(|known| !gone.contains(&known.key.as_str()));
    check_count(tags.len())
}
