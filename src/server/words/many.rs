//! What is done to many at once, in words: how far a list is, and what was not done to one of it.

use countersign_desk::approvals::outcomes::Chosen;
use countersign_desk::bulk::{Bulk, BulkError, MOST, Subject};
use countersign_desk::connection::About;
use countersign_desk::store::{BulkOutcome, BulkRun, Effect, Refusal, Verb};

use super::{call, decisions, read, redrive, start, stop};
use crate::error::{AppError, ErrorKind};

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunState {
    pub open: usize,
    pub refused: usize,
    pub done: usize,
    /// Of those that are done, the choices that wait for other people.
    pub waiting: usize,
    pub goes_on: bool,
    /// Until when it can be taken back.
    pub held_until: Option<i64>,
}

impl RunState {
    /// That of a run at a time.
    #[must_use]
    pub fn of(bulk: &Bulk, now: i64) -> Self {
        let count = |which: fn(&BulkOutcome) -> bool| {
            bulk.items.iter().filter(|item| item.outcome.as_ref().is_some_and(which)).count()
        };
        let refused = count(|outcome| matches!(outcome, BulkOutcome::Refused(_)));
        let run = &bulk.run;
        let is_held = run.begun_at.is_some() && run.going_at.is_none() && run.ended_at.is_none() && !bulk.goes_on;
        Self {
            open: bulk.items.iter().filter(|item| item.outcome.is_none()).count(),
            refused,
            done: count(|_| true) - refused,
            waiting: count(|outcome| matches!(outcome, BulkOutcome::Chosen(Effect::Counts { .. }))),
            goes_on: bulk.goes_on,
            held_until: run.until.filter(|until| is_held && *until > now),
        }
    }

    /// How many there are in all.
    #[must_use]
    pub const fn all(&self) -> usize {
        self.open + self.refused + self.done
    }
}

/// What is done to each: "Stop", "Approve".
#[must_use]
pub fn verb(run: &BulkRun) -> String {
    match run.verb {
        Verb::Stop => "Stop".to_owned(),
        Verb::StartAgain => "Start again".to_owned(),
        Verb::Redrive => "Redrive".to_owned(),
        Verb::Decide => run.choice.as_ref().map_or_else(|| "Decide".to_owned(), |choice| choice.label.clone()),
    }
}

/// "12 requests".
#[must_use]
pub fn many(subject: Subject, many: usize) -> String {
    let (one, several) = match subject {
        Subject::Executions => ("execution", "executions"),
        Subject::Requests => ("request", "requests"),
    };
    format!("{many} {}", if many == 1 { one } else { several })
}

/// The heading of the column that names each.
#[must_use]
pub const fn heading(subject: Subject) -> &'static str {
    match subject {
        Subject::Executions => "Name",
        Subject::Requests => "Request",
    }
}

/// What the text is that goes with all of them.
#[must_use]
pub const fn reason(subject: Subject) -> &'static str {
    match subject {
        Subject::Executions => "Reason",
        Subject::Requests => "Comment of each",
    }
}

/// The button that confirms a run or goes on with it; `None` where there is nothing to do.
#[must_use]
pub fn button(run: &BulkRun, state: &RunState) -> Option<String> {
    let waits = run.ended_at.is_none() && !state.goes_on && state.held_until.is_none() && state.open > 0;
    let word = if run.begun_at.is_some() { "Go on with".to_owned() } else { verb(run) };
    waits.then(|| format!("{word} {}", many(run.verb.subject(), state.open)))
}

/// How far a run is. Choices can be taken back for `undo_ms` once they are made.
#[must_use]
pub fn run(run: &BulkRun, state: &RunState, undo_ms: i64) -> String {
    let RunState { open, refused, done, .. } = *state;
    let (all, subject) = (state.all(), run.verb.subject());
    if run.ended_at.is_some() {
        let others = match state.waiting {
            0 => String::new(),
            1 => " 1 waits for other people.".to_owned(),
            more => format!(" {more} wait for other people."),
        };
        return format!("Done: {done} of {all}. {refused} refused.{others}");
    }
    if state.goes_on {
        return format!(
            "{} of {all} done so far; {refused} refused. The page may be closed meanwhile.",
            done + refused
        );
    }
    if state.held_until.is_some() {
        // When follows.
        return format!("{} {} decided", many(subject, open), if open == 1 { "is" } else { "are" });
    }
    if run.begun_at.is_some() {
        return match subject {
            Subject::Requests if run.going_at.is_none() => format!("{} about to be decided.", many(subject, open)),
            Subject::Requests => format!("{done} of {all} done so far; {refused} refused. It goes on by itself soon."),
            Subject::Executions => {
                format!("Interrupted: {done} of {all} done, {refused} refused, {open} still to do.")
            }
        };
    }
    format!("{}{}{}", beforehand(subject, open, refused, all), undo(subject, open, undo_ms), left_out(run, all))
}

/// What would be done of a list.
fn beforehand(subject: Subject, open: usize, refused: usize, all: usize) -> String {
    match subject {
        _ if refused == 0 => {
            let done = if subject == Subject::Requests { "decided" } else { "done" };
            format!("Nothing has been {done} yet. Look at the list, then confirm it.")
        }
        Subject::Executions => {
            format!("{open} of {all} will be acted on; {refused} cannot be, for the reason beside each.")
        }
        Subject::Requests => {
            format!("{open} of {all} would be decided; {refused} cannot be, for the reason beside each.")
        }
    }
}

/// Whether it can be taken back.
fn undo(subject: Subject, open: usize, undo_ms: i64) -> String {
    match subject {
        Subject::Executions => String::new(),
        Subject::Requests if open == 0 => String::new(),
        Subject::Requests if undo_ms == 0 => " Each is on record at once.".to_owned(),
        Subject::Requests => format!(" Afterwards all of it can be taken back for {} seconds.", undo_ms / 1_000),
    }
}

/// How many there are besides those of the list.
fn left_out(run: &BulkRun, all: usize) -> String {
    let more = run.fitted.saturating_sub(u64::try_from(all).unwrap_or(u64::MAX));
    match run.verb.subject() {
        _ if more == 0 => String::new(),
        Subject::Executions => format!(" {more} more fit; these are the newest."),
        Subject::Requests => {
            format!(" {more} more wait there; these are the most urgent: at most {MOST} are decided at once.")
        }
    }
}

/// What the choice would come to for a request, whose rule calls it otherwise than the list where `other` says how.
#[must_use]
pub fn would(effect: Effect, other: Option<&Chosen>) -> String {
    let called = other.map(|other| format!(" as “{}”", other.label)).unwrap_or_default();
    match effect {
        Effect::Decides => format!("Would be decided{called}"),
        Effect::Counts { people, needed } => format!("Quorum {people} of {needed}: your choice is counted{called}"),
    }
}

/// What was done to one.
#[must_use]
pub fn done(choice: Option<&Chosen>, outcome: &BulkOutcome) -> String {
    let chosen = || choice.map_or_else(|| "Decided".to_owned(), |choice| choice.done.clone());
    match outcome {
        BulkOutcome::Stopped => "Stopped".to_owned(),
        BulkOutcome::Redriven => "Redriven".to_owned(),
        BulkOutcome::Started(_) => "Started".to_owned(),
        BulkOutcome::Chosen(Effect::Decides) => chosen(),
        BulkOutcome::Chosen(Effect::Counts { people, needed }) => {
            format!("Counted: {people} of {needed} people so far; it waits for others")
        }
        BulkOutcome::Refused(_) => "Left out".to_owned(),
    }
}

/// Why a list was not made or carried out.
pub(super) fn bulk(error: &BulkError) -> AppError {
    let invalid = |what: String, remedy: &str| AppError::new(ErrorKind::Invalid, what, remedy);
    match error {
        BulkError::Nothing(Subject::Executions) => {
            invalid("No execution was chosen.".to_owned(), "Choose some in the list, then try again.")
        }
        BulkError::Nothing(Subject::Requests) => {
            invalid("No request was chosen.".to_owned(), "Choose some in the list, then try again.")
        }
        BulkError::TooMany { of: Subject::Executions, chosen, limit } => invalid(
            format!("{chosen} executions were chosen; at most {limit} can be acted on at once."),
            "Choose fewer, or go on with the others afterwards.",
        ),
        BulkError::TooMany { of: Subject::Requests, chosen, limit } => invalid(
            format!("{chosen} requests were chosen; at most {limit} are decided at once."),
            "Choose fewer, or go on with the others afterwards.",
        ),
        BulkError::ReasonTooLong { characters, limit } => invalid(
            format!("The reason has {characters} characters; the limit is {limit}. Nothing was done."),
            "Shorten it and try again.",
        ),
        BulkError::NoRun(id) => {
            let id: String = id.chars().take(40).collect();
            AppError::new(ErrorKind::NotFound, format!("There is no list {id:?}."), "Choose again what it is to be of.")
        }
        BulkError::Changed => AppError::new(
            ErrorKind::Conflict,
            "The form belongs to another list. Nothing was done.",
            "Look at the list below, then confirm it.",
        ),
        BulkError::NotCommon { given, without, common } => {
            let given: String = given.chars().take(40).collect();
            let what = format!("“{given}” cannot be chosen for {without} of these requests, so nothing was listed.");
            let remedy = match common.as_slice() {
                [] => "They have no outcome in common that a list can choose: choose fewer.".to_owned(),
                all => format!("Choose {}, which all of them have, or other requests.", decisions::either(all)),
            };
            AppError::new(ErrorKind::Invalid, what, remedy)
        }
        BulkError::NoComment { outcome, needing } => invalid(
            format!("“{outcome}” needs a comment for {needing} of these requests, so nothing was listed."),
            "Write one: it is that of each decision.",
        ),
    }
}

/// Why nothing was done to one of many executions.
#[must_use]
pub fn refusal(about: &About, choice: Option<&Chosen>, refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotRunning => "It does not run any more.".to_owned(),
        Refusal::Running => "It still runs.".to_owned(),
        Refusal::Succeeded => "It succeeded, so there is nothing to redrive.".to_owned(),
        Refusal::Gone => "It is not there any more.".to_owned(),
        Refusal::NoInput => "Its input cannot be read from here.".to_owned(),
        Refusal::Denied(_) => "The policy refuses it.".to_owned(),
        Refusal::Policy(denied) => super::refusals::refusal(denied).what,
        Refusal::Call(error) => call(about, error).problem.what,
        Refusal::Stop(error) => stop(about, error).problem.what,
        Refusal::Start(error) => start::start(about, error).problem.what,
        Refusal::Redrive(error) => redrive::redrive(about, error).problem.what,
        Refusal::Read(error) => read(about, error).problem.what,
        Refusal::Decision(why) => decisions::not_decided(why, choice),
        Refusal::Failed(_) => "It failed for a reason that the server's log names.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use countersign_desk::ReadError;
    use countersign_desk::approvals::NotDecided;
    use countersign_desk::approvals::ahead::{Mismatch, Warning};
    use countersign_desk::connection::{Colour, ConnectionKind};
    use countersign_desk::policy::{Action, DenialReason, Denied};
    use countersign_desk::redriving::{NotRedrivable, RedriveError};

    use super::*;

    #[test]
    fn what_is_said_of_one_of_many_is_said_in_the_words_of_pages() {
        let about = About {
            label: "Endpoint".to_owned(),
            detail: "http://localhost".to_owned(),
            region: "eu-west-1".to_owned(),
            kind: ConnectionKind::Endpoint,
            profile: None,
            role_arn: None,
            colour: Colour::Teal,
            read_only: false,
        };
        let reason = DenialReason::Forbidden { rule: "month-end".to_owned(), why: Some("it is month end".to_owned()) };
        let denied = Denied {
            actor: "Kenji Mori".to_owned(),
            action: Action::Stop,
            workflow: Some("order".to_owned()),
            reason: Box::new(reason),
            groups: Vec::new(),
        };
        assert_eq!(
            refusal(&about, None, &Refusal::Policy(denied)),
            "You may not stop executions of order: it is month end. (policy month-end)"
        );
        let too_old = RedriveError::NotRedrivable(NotRedrivable::TooOld { ended_at: 0 });
        for (refused, words) in [
            (Refusal::Redrive(too_old), "ended more than 14 days ago"),
            (Refusal::Redrive(RedriveError::EndedAgain), "redriven"),
            (Refusal::Read(ReadError::NoWorkflow("gone".to_owned())), "no workflow named"),
            (Refusal::Denied("viewer may not Stop: the policy EIO forbids it".to_owned()), "policy refuses it"),
            (Refusal::Failed("the disk: EIO".to_owned()), "the server's log"),
        ] {
            let said = refusal(&about, None, &refused);
            assert!(said.contains(words) && said.ends_with('.'), "{said}");
            assert!(said.starts_with(char::is_uppercase) && !said.contains("EIO"), "{said}");
        }
        let approve = Chosen::approve();
        let (person, at) = ("Omar Haddad".to_owned(), 0);
        let warning = Warning::Fails { state: "Pay".to_owned(), why: Mismatch::Unread { path: "$.Status".to_owned() } };
        for (why, words) in [
            (NotDecided::Claimed { person: person.clone() }, "Omar Haddad looks after it"),
            (NotDecided::Changed, "has changed since this list was made"),
            (NotDecided::NeedsFields, "has fields to fill in"),
            (NotDecided::Breaks(warning), "If approved, Pay fails: it reads $.Status, which the answer does not have."),
            (
                NotDecided::Earlier { outcome: approve.clone(), person: person.clone(), own: false, at },
                "Omar Haddad approved this request at 1970-01-01",
            ),
            (NotDecided::Held { outcome: approve.clone(), person, own: false, at }, "can still take that back"),
        ] {
            let said = refusal(&about, Some(&approve), &Refusal::Decision(Box::new(why)));
            assert!(said.contains(words) && said.ends_with('.'), "{said}");
        }
    }

    #[test]
    fn how_far_a_list_is() {
        let state = RunState { open: 2, refused: 1, done: 3, waiting: 1, ..RunState::default() };
        let mut run = BulkRun {
            id: "bulk-1".to_owned(),
            verb: Verb::Decide,
            choice: Some(Chosen::approve()),
            reason: String::new(),
            hash: String::new(),
            fitted: 9,
            person_id: "dana".to_owned(),
            person_name: "Dana".to_owned(),
            made_at: 0,
            begun_at: None,
            maker: None,
            until: None,
            going_at: None,
            ended_at: None,
        };
        let said = |run: &BulkRun, state: &RunState| self::run(run, state, 10_000);
        assert_eq!(
            said(&run, &state),
            "2 of 6 would be decided; 1 cannot be, for the reason beside each. Afterwards all of it can be taken back for \
             10 seconds. 3 more wait there; these are the most urgent: at most 500 are decided at once."
        );
        assert_eq!(button(&run, &state).as_deref(), Some("Approve 2 requests"));
        run.begun_at = Some(1);
        let held = RunState { held_until: Some(2), ..state };
        assert_eq!(said(&run, &held), "2 requests are decided");
        assert_eq!(button(&run, &held), None, "its own forms send it");
        let going = RunState { goes_on: true, ..state };
        assert_eq!(said(&run, &going), "4 of 6 done so far; 1 refused. The page may be closed meanwhile.");
        run.ended_at = Some(2);
        let ended = RunState { open: 0, ..state };
        assert_eq!(said(&run, &ended), "Done: 3 of 4. 1 refused. 1 waits for other people.");
        assert_eq!(button(&run, &ended), None);
        let release = Chosen { label: "Release".to_owned(), ..Chosen::approve() };
        assert_eq!(would(Effect::Decides, Some(&release)), "Would be decided as “Release”");
        assert_eq!(would(Effect::Counts { people: 1, needed: 2 }, None), "Quorum 1 of 2: your choice is counted");
    }
}
