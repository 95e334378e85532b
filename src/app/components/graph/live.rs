//! What happens to the states of a drawing while it is shown: a small table that every part of the drawing reads.

use std::collections::{HashMap, HashSet};

use super::notes;
use crate::app::address::Address;
use crate::app::components::DRAWING;
use crate::app::pages::query;
use crate::app::ui::{Clock, Memo, Signal};
use crate::routes::view::{AS, DRAWER, FOLDED, STATE, TAB};
use crate::wire::Status;
use crate::wire::graph::{Course, Note};

/// How one state fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub status: Status,
    pub notes: Vec<Note>,
    /// It was not reached, and will not be.
    pub skipped: bool,
}

/// The course by the numbers of states.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    states: HashMap<u32, Known>,
    taken: HashSet<(u32, u32)>,
    over: bool,
}

/// What the drawing reads.
#[derive(Clone, Copy)]
pub struct Live {
    /// Nothing for a definition alone.
    table: Memo<Option<Table>>,
    pub chosen: Signal<Option<String>>,
    address: Address,
    tab: Memo<Option<String>>,
    folded: Memo<Option<String>>,
    /// The server's clock when it answered.
    now: i64,
}

impl Live {
    /// The table of a course; one of another definition than `definition` is left out.
    pub fn new(
        address: Address,
        course: Signal<Option<Course>>,
        definition: Signal<u64>,
        chosen: Signal<Option<String>>,
        now: i64,
    ) -> Self {
        let table = Memo::new(move |_| {
            course.with(|course| course.as_ref().map(|course| table(course, course.definition == definition.get())))
        });
        Self { table, chosen, address, tab: query(TAB), folded: query(FOLDED), now }
    }

    /// Whether there is a course.
    pub fn has_course(&self) -> bool {
        self.table.with(Option::is_some)
    }

    /// How the state of a number fares; nothing for a definition alone.
    pub fn of(&self, number: u32) -> Memo<Option<Known>> {
        let table = self.table;
        Memo::new(move |_| {
            table.with(|table| {
                let table = table.as_ref()?;
                Some(table.states.get(&number).cloned().unwrap_or(Known {
                    status: Status::NotReached,
                    notes: Vec::new(),
                    skipped: table.over,
                }))
            })
        })
    }

    /// How the state of a number fares, in a word; nothing for a definition alone.
    pub fn status(&self, number: u32) -> Option<Status> {
        self.table.with(|table| {
            let table = table.as_ref()?;
            Some(table.states.get(&number).map_or(Status::NotReached, |known| known.status))
        })
    }

    /// Whether a transition was taken.
    pub fn took(&self, from: u32, to: u32) -> bool {
        self.table.with(|table| table.as_ref().is_some_and(|table| table.taken.contains(&(from, to))))
    }

    /// All that there is to say of a state besides its status.
    pub fn whole_note(&self, known: Memo<Option<Known>>) -> Option<String> {
        known.with(|known| known.as_ref().and_then(|known| notes::whole(&known.notes, self.now(&known.notes))))
    }

    /// What has room on the drawing.
    pub fn short_note(&self, known: &Known, room: usize) -> Option<String> {
        notes::short(&known.notes, room, self.now(&known.notes))
    }

    /// The time; it is read only for what changes with it.
    fn now(&self, of: &[Note]) -> i64 {
        if notes::ticks(of) { Clock::now_or(self.now) } else { self.now }
    }

    /// Where a state leads: it opens the drawer. In a narrow window that takes the place of the drawing; any other tab
    /// stays. The fragment is for where no scripts run.
    pub fn link_to(&self, state: &str) -> String {
        let tab = self.tab.get().filter(|tab| tab != DRAWING);
        self.address.with(&[(STATE, Some(state)), (TAB, tab.as_deref()), (DRAWER, None)]) + "#state"
    }

    /// Where a Parallel or Map leads that folds or unfolds.
    pub fn fold(&self, state: &str) -> String {
        self.address.with(&[(FOLDED, toggled(self.folded.get().as_deref(), state).as_deref())])
    }

    /// The same page with its drawing shown in another way; as usual without one.
    pub fn shown_as(&self, way: Option<&str>) -> String {
        self.address.with(&[(AS, way)])
    }
}

fn table(course: &Course, fits: bool) -> Table {
    if !fits {
        return Table::default();
    }
    let known = course
        .states
        .iter()
        .map(|state| (state.state, Known { status: state.status, notes: state.notes.clone(), skipped: false }));
    Table { states: known.collect(), taken: course.taken.iter().copied().collect(), over: course.over }
}

/// What the parameter of the address becomes that names the folded states, one a line, when `name` folds or unfolds.
fn toggled(folded: Option<&str>, name: &str) -> Option<String> {
    let mut names: Vec<&str> = folded.unwrap_or_default().lines().collect();
    match names.iter().position(|&one| one == name) {
        Some(place) => drop(names.remove(place)),
        None => names.push(name),
    }
    (!names.is_empty()).then(|| names.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_folds_and_unfolds() {
        assert_eq!(toggled(None, "a").as_deref(), Some("a"));
        assert_eq!(toggled(Some("a"), "b c").as_deref(), Some("a\nb c"));
        assert_eq!(toggled(Some("a\nb c"), "a").as_deref(), Some("b c"));
        assert_eq!(toggled(Some("a"), "a"), None);
    }
}
