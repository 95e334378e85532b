//! Which requests can be handed over: those that wait, that a guest may decide, and that whoever hands them over may decide.

use countersign_desk::watch::RequestKey;
use countersign_desk::{Actor, Desk, Error};

use super::Guests;

/// The most requests that are offered.
const OFFERS: usize = 10;
/// The most that are looked at for them.
const LOOKED_AT: u32 = 50;

/// A request that can be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub key: RequestKey,
    pub title: String,
    pub workflow: String,
    pub since: i64,
}

/// This request, where `actor` can hand it over.
///
/// # Errors
/// The actor may not see it, there is no such request, or the connection or the store does not answer.
pub async fn offer(desk: &Desk, actor: &Actor, (arn, event): (&str, u64)) -> Result<Option<Offer>, Error> {
    let request = desk.request(actor, arn, event).await?;
    let may = request.rule.refusal.is_none() && request.held.is_empty() && desk.guest_may_decide(&request);
    Ok(may.then(|| Offer {
        key: (arn.to_owned(), event),
        title: request.reading.title,
        workflow: request.wait.workflow,
        since: request.wait.since,
    }))
}

/// What `actor` can hand over, oldest first.
///
/// # Errors
/// The actor may see nothing of the connection, or it has never answered.
pub async fn offers(desk: &Desk, actor: &Actor) -> Result<Vec<Offer>, Error> {
    let mut waiting = desk.waiting(actor, None, LOOKED_AT).await?.rows;
    waiting.sort_by_key(|wait| (wait.since, wait.event));
    let mut offers = Vec::new();
    for wait in waiting {
        match offer(desk, actor, (&wait.execution_arn, wait.event)).await {
            Ok(found) => offers.extend(found),
            // It has gone meanwhile; the others are there.
            Err(error) => {
                tracing::debug!(%error, execution = %wait.execution_arn, "a request is not offered to guests")
            }
        }
        if offers.len() == OFFERS {
            break;
        }
    }
    Ok(offers)
}

/// The request of a code that is used now: its own, or the oldest one, of which no other phone has had it handed over.
///
/// # Errors
/// There is no such request, or the connection does not answer.
pub async fn of_code(desk: &Desk, guests: &Guests, request: Option<&RequestKey>) -> Result<Option<Offer>, Error> {
    // Whoever made the code could hand it over; the guest is asked for once they look.
    let actor = Actor::Program;
    if let Some((arn, event)) = request {
        return offer(desk, &actor, (arn, *event)).await;
    }
    let mut offers = offers(desk, &actor).await?;
    let phones = guests.phones();
    let is_taken = |offer: &Offer| phones.iter().any(|phone| phone.request() == (offer.key.0.as_str(), offer.key.1));
    offers.sort_by_key(|offer| (is_taken(offer), offer.since));
    Ok(offers.into_iter().next())
}
