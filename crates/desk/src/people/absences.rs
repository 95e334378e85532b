//! Absences: who is away says who stands in, for a time.

use super::user::id_of;
use super::{People, PeopleError};
use crate::actor::{Actor, Person};
use crate::store::Absence;

/// Milliseconds of a day, and the most days of an absence.
const DAY: i64 = 24 * 60 * 60 * 1_000;
pub const LONGEST_ABSENCE_DAYS: i64 = 366;
/// The most absences that somebody may have noted.
const MOST: usize = 20;

/// The first millisecond of a day such as 2026-11-24, in UTC.
#[must_use]
pub fn day(text: &str) -> Option<i64> {
    let date = time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp() * 1_000)
}

impl People {
    /// A person's own absences that have not ended, the next first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn absences(&self, person: &Person) -> Result<Vec<Absence>, PeopleError> {
        Ok(self.store.absences(&person.id, self.clock.now()).await?)
    }

    /// Those for whom a person stands in now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn stands_in_for(&self, person: &Person) -> Result<Vec<Absence>, PeopleError> {
        Ok(self.store.standing_in(&person.id, self.clock.now()).await?)
    }

    /// Notes that a person is away from the beginning of `from` until the beginning of `until`, in milliseconds since the
    /// epoch, and that `delegate`, a user, stands in.
    ///
    /// # Errors
    /// There is no such user, or it is the person, who is disabled; or the time is none.
    pub async fn add_absence(
        &self,
        person: &Person,
        delegate: &str,
        (from_at, until_at): (i64, i64),
    ) -> Result<(), PeopleError> {
        let (now, delegate) = (self.clock.now(), id_of(delegate));
        let is_span = from_at < until_at && until_at > now && until_at - from_at <= LONGEST_ABSENCE_DAYS * DAY;
        // What was decided in somebody's place before is not made right afterwards.
        if !is_span || from_at < now - DAY {
            return Err(PeopleError::Absence);
        }
        let user = self.store.user(&delegate).await?.filter(|user| !user.disabled && user.id != person.id);
        let user = user.ok_or(PeopleError::Delegate(delegate))?;
        if self.store.absences(&person.id, now).await?.len() >= MOST {
            return Err(PeopleError::TooManyAbsences(MOST));
        }
        let (absent, delegate) = (person.id.clone(), user.id.clone());
        let absence = Absence { id: 0, person: absent, delegate, from_at, until_at, made_at: now };
        self.store.add_absence(&absence).await?;
        let days = (until_at - from_at + DAY - 1) / DAY;
        self.noted(&Actor::Person(person.clone()), format!("is away for {days} days; {} stands in", user.id)).await;
        Ok(())
    }

    /// Ends one of a person's own absences.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end_absence(&self, person: &Person, id: i64) -> Result<(), PeopleError> {
        if self.store.remove_absence(&person.id, id).await? {
            self.noted(&Actor::Person(person.clone()), "ended an absence".to_owned()).await;
        }
        Ok(())
    }
}
