//! The condition of a connection: what it reaches, as whom, what is wrong, and what its calls came to.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::actor::Actor;
use crate::connection::quota::Quota;
use crate::connection::{About, CallError, Caller, Calls, ConnectionKind};
use crate::desk::Desk;
use crate::error::Error;

/// How long the caller's identity is known (milliseconds), and how long a failure to learn it.
const KNOWN_MS: i64 = 10 * 60_000;
const UNKNOWN_MS: i64 = 30_000;
/// How long a page waits for the identity. The rest of the page does not need it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The condition of a connection.
#[derive(Clone, Debug)]
pub struct Condition {
    pub about: About,
    /// When it was last read, in milliseconds since the epoch.
    pub data_at: Option<i64>,
    /// Why the last reading failed.
    pub problem: Option<CallError>,
    /// The operations that IAM denies.
    pub denied: Vec<CallError>,
    /// Every operation that was called.
    pub calls: Vec<(Calls, Option<Quota>)>,
    /// Who calls; `None` where the connection is not to AWS, or the answer takes too long.
    pub caller: Option<Result<Caller, CallError>>,
}

/// The identity as it was learnt last.
#[derive(Debug, Default)]
pub(crate) struct Identity(Mutex<Option<(i64, Result<Caller, CallError>)>>);

impl Identity {
    fn known(&self, now: i64) -> Option<Result<Caller, CallError>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (at, answer) = last?;
        let lasts = if answer.is_ok() { KNOWN_MS } else { UNKNOWN_MS };
        (now - at < lasts).then_some(answer)
    }

    fn learn(&self, now: i64, answer: &Result<Caller, CallError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, answer.clone()));
    }
}

impl Desk {
    /// The condition of the connection.
    ///
    /// # Errors
    /// The actor may not see it.
    pub async fn condition(&self, actor: &Actor) -> Result<Condition, Error> {
        self.sight(actor)?;
        let snapshot = self.watch().snapshot();
        let about = self.about().clone();
        let caller = if about.kind == ConnectionKind::Aws { self.caller().await } else { None };
        let large = Quota::LARGE_REGIONS.contains(&about.region.as_str());
        let is_aws = about.kind == ConnectionKind::Aws;
        let quota = |calls: Calls| {
            let quota = is_aws.then(|| Quota::of_aws(calls.api, large));
            (calls, quota)
        };
        let now = self.now();
        Ok(Condition {
            data_at: snapshot.data_at,
            problem: snapshot.problem.clone(),
            denied: self.tally().denied(now),
            calls: self.tally().calls(now).into_iter().map(quota).collect(),
            caller,
            about,
        })
    }

    async fn caller(&self) -> Option<Result<Caller, CallError>> {
        if let Some(known) = self.identity().known(self.now()) {
            return Some(known);
        }
        let answer = tokio::time::timeout(PATIENCE, self.watch().connection.once.caller()).await.ok()?;
        self.identity().learn(self.now(), &answer);
        Some(answer)
    }
}
