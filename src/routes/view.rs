//! What a page shows, as the query of its address says it.

use super::with_query;

/// The tab of the lower half that is open.
pub const TAB: &str = "tab";
/// The chosen state.
pub const STATE: &str = "state";
/// The number of the visit of the chosen state that is shown.
pub const VISIT: &str = "visit";
/// What is shown of that visit: its data, its stages, how its output differs from its input, its definition.
pub const PART: &str = "part";
/// The visit that the shown one is compared with, by its number among all of the state.
pub const WITH: &str = "with";
/// Whether the drawer beside the drawing is closed.
pub const DRAWER: &str = "drawer";
/// The workflow whose executions Deploy replays.
pub const REPLAY: &str = "replay";
/// The environment whose plan Deploy shows, where it is not the connection's first one.
pub const ENVIRONMENT: &str = "environment";
/// The workflow whose way back Deploy looks up.
pub const BACK: &str = "back";
/// The states whose insides are not drawn, one a line.
pub const FOLDED: &str = "folded";
/// How the drawing is shown, where not as usual: one of the next two.
pub const AS: &str = "as";
/// As a list of its states.
pub const LIST: &str = "list";
/// All of it, to be scrolled, where no scripts run.
pub const WHOLE: &str = "whole";
/// The chosen iteration of a Map, by the id of the event with which it began.
pub const ITERATION: &str = "iteration";
/// The type of events that are listed, or a group of types.
pub const TYPE: &str = "type";
/// The state whose events are listed.
pub const OF: &str = "of";
/// What the details of the listed events contain.
pub const FIND: &str = "find";
/// Whether the events of one attempt are one row.
pub const GROUPED: &str = "grouped";
/// How the times of events are shown.
pub const TIMES: &str = "times";
/// The event whose details are shown.
pub const EVENT: &str = "event";
/// The first row of a page of events.
pub const FROM: &str = "from";
/// The stretch of time that the timeline shows: two numbers of milliseconds after the start, such as `1500-2000`.
pub const SPAN: &str = "span";
/// The groups of the timeline that are not as they are at first: some folded, some unfolded.
pub const TURNED: &str = "turned";
/// The first row of a page of the timeline.
pub const ROW: &str = "row";
/// The outcome of the iterations that are listed.
pub const OUTCOME: &str = "outcome";
/// The first row of a page of iterations, or the cursor of a page of a distributed Map's children.
pub const ITEMS: &str = "items";

/// The parameters of an execution's page.
const KEYS: [&str; 21] = [
    TAB, STATE, VISIT, PART, WITH, DRAWER, FOLDED, AS, ITERATION, TYPE, OF, FIND, GROUPED, TIMES, EVENT, FROM, SPAN,
    TURNED, ROW, OUTCOME, ITEMS,
];

/// What an execution's page shows beside the execution: the parameters of its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    parts: Vec<(&'static str, String)>,
}

impl View {
    /// What an address says, parameter by parameter.
    #[must_use]
    pub fn read(of: impl Fn(&str) -> Option<String>) -> Self {
        let part = |key: &'static str| Some((key, of(key).filter(|value| !value.is_empty())?));
        Self { parts: KEYS.into_iter().filter_map(part).collect() }
    }

    /// A parameter by its name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.parts.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// The same with another value of a parameter, or without it.
    #[must_use]
    pub fn with(&self, key: &'static str, value: Option<&str>) -> Self {
        let mut view = self.without(&[key]);
        if let Some(value) = value {
            let place = |key: &str| KEYS.iter().position(|one| *one == key);
            let at = view.parts.iter().take_while(|(other, _)| place(other) <= place(key)).count();
            view.parts.insert(at, (key, value.to_owned()));
        }
        view
    }

    /// The same with some parameters changed. The number of a visit is that of one state in one iteration: it goes with them,
    /// and so does the visit that it is compared with.
    #[must_use]
    pub fn changed(&self, changes: &[(&'static str, Option<&str>)]) -> Self {
        let moves = |key| changes.iter().any(|(name, value)| *name == key && self.get(key) != *value);
        let leaves = moves(STATE) || moves(ITERATION);
        let begun = if leaves { self.without(&[VISIT, WITH]) } else { self.clone() };
        changes.iter().fold(begun, |view, (key, value)| view.with(key, *value))
    }

    /// The same without some parameters.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        Self { parts: self.parts.iter().filter(|(name, _)| !keys.contains(name)).cloned().collect() }
    }

    /// The parameters in their order, those of `but` left out: a form carries them on.
    pub fn parts(&self, but: &[&str]) -> Vec<(&'static str, String)> {
        self.without(but).parts
    }

    /// `path` with the parameters.
    #[must_use]
    pub fn on(&self, path: String) -> String {
        with_query(path, self.parts.iter().map(|(key, value)| (*key, Some(value.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_it_is_read() {
        let address = [("state", "A b"), ("tab", "events"), ("find", "x&y"), ("from", ""), ("other", "1")];
        let view =
            View::read(|key| address.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned()));
        assert_eq!(view.on("/x".to_owned()), "/x?tab=events&state=A%20b&find=x%26y");
        assert_eq!(
            view.with(EVENT, Some("17")).with(TAB, None).on("/x".to_owned()),
            "/x?state=A%20b&find=x%26y&event=17"
        );
        assert_eq!(view.with(STATE, Some("C")).get(STATE), Some("C"));
        assert_eq!(view.without(&[FIND, STATE]).on("/x".to_owned()), "/x?tab=events");
        assert_eq!(View::default().on("/x".to_owned()), "/x");
    }

    #[test]
    fn the_visit_goes_with_its_state_and_iteration() {
        let view = View::default().with(STATE, Some("A")).with(VISIT, Some("3")).with(TAB, Some("events"));
        for (changes, visit) in [
            (&[(STATE, Some("A")), (PART, Some("stages"))][..], Some("3")),
            (&[(STATE, Some("B"))], None),
            (&[(STATE, Some("B")), (VISIT, Some("1"))], Some("1")),
            (&[(ITERATION, Some("7"))], None),
            (&[(ITERATION, None)], Some("3")),
        ] {
            let changed = view.changed(changes);
            assert_eq!((changed.get(VISIT), changed.get(TAB)), (visit, Some("events")), "{changes:?}");
        }
        let compared = view.with(WITH, Some("2"));
        assert_eq!(compared.changed(&[(VISIT, Some("4"))]).get(WITH), Some("2"));
        assert_eq!(compared.changed(&[(STATE, Some("B"))]).get(WITH), None);
    }

    #[test]
    fn every_parameter_has_its_own_name() {
        for (at, key) in KEYS.iter().enumerate() {
            assert_eq!(KEYS.iter().position(|one| one == key), Some(at), "{key}");
        }
    }
}
