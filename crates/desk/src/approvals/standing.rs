//! Who decides in whose place: a person who is away names another for a time.
//!
//! The delegate may decide what the absent person may as an approver whom the rule names, and nothing that the delegate is
//! forbidden: the policies still see the delegate. Nobody decides for whoever asked, nobody in the place of somebody who
//! chose already, and who stands in for one person does not stand in for those who named that person.

use super::who::{Approvers, Requester};
use crate::actor::{Actor, Person};
use crate::people;
use crate::store::{Store, StoreError};

/// In whose place somebody may decide a request that has these approvers, where they are none of them.
///
/// # Errors
/// The store failed.
pub async fn stands_for(
    store: &dyn Store,
    actor: &Actor,
    approvers: &Approvers,
    requester: &Requester,
    now: i64,
) -> Result<Option<Person>, StoreError> {
    if approvers.has(actor) || actor.person().is_none() {
        return Ok(None);
    }
    for person in absent(store, actor, now).await? {
        let away = Actor::Person(person.clone());
        if approvers.has(&away) && !requester.is(&away) {
            return Ok(Some(person));
        }
    }
    Ok(None)
}

/// Whom somebody stands in for at `now`: not those who may no longer sign in.
///
/// # Errors
/// The store failed.
pub async fn absent(store: &dyn Store, actor: &Actor, now: i64) -> Result<Vec<Person>, StoreError> {
    let mut people = Vec::new();
    for absence in store.standing_in(actor.id(), now).await? {
        let user = store.user(&absence.person).await?.filter(|user| !user.disabled);
        people.extend(user.as_ref().map(people::person));
    }
    Ok(people)
}
