//! A plan on a terminal.

use std::fmt::Write as _;
use std::path::Path;

use countersign_asl::{Severity, report};
use countersign_desk::connection::{About, Connection};
use countersign_desk::deploy::desired::{Setting, SettingChange};
use countersign_desk::deploy::difference::{Difference, FieldChange, StateChangeKind, TransitionChange};
use countersign_desk::deploy::outlook::{Effect, FailedVersion, MissingPermission};
use countersign_desk::deploy::{Change, Found, Item, NotCompared, Plan};

use super::replayed::evidence;
use crate::server::{terminal, words};

/// The longest value of a field that is shown; `--json` has all of it.
const LONGEST: usize = 100;
/// The most changes of states and of transitions that are listed of one workflow.
const MOST: usize = 60;

/// Whether colours are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    Shown,
    None,
}

#[derive(Clone, Copy)]
enum Colour {
    Red,
    Green,
    Yellow,
    Grey,
    Bold,
}

impl Colours {
    fn paint(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Grey => 90,
            Colour::Bold => 1,
        };
        match self {
            Self::Shown => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::None => text.to_owned(),
        }
    }
}

/// The plan of `source` on a connection.
pub fn plan(plan: &Plan, source: &Path, connection: &Connection, colours: Colours) -> String {
    let mut to = Writer { out: String::new(), colours };
    to.head(plan, source, connection);
    let quiet: Vec<&str> = plan.items.iter().filter(|item| is_quiet(item)).map(Item::name).collect();
    for item in plan.items.iter().filter(|item| !is_quiet(item)) {
        to.item(item);
    }
    if !quiet.is_empty() {
        let line = format!("= {} unchanged: {}", quiet.len(), terminal::line(&quiet.join(", ")));
        to.line(0, &colours.paint(Colour::Grey, &line));
        to.out.push('\n');
    }
    for problem in &plan.problems {
        let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
        let level = if problem.error { "error" } else { "warning" };
        let colour = if problem.error { Colour::Red } else { Colour::Yellow };
        let text = format!(
            "{}: {}: {}",
            terminal::line(&place),
            colours.paint(colour, level),
            terminal::line(&problem.message)
        );
        to.line(0, &text);
        to.line(1, &terminal::line(&problem.remedy));
        to.out.push('\n');
    }
    for one in &plan.not_compared {
        to.line(0, &colours.paint(Colour::Yellow, &terminal::line(&not_compared(&connection.about, one))));
    }
    to.summary(plan);
    to.out
}

/// Whether a workflow is named only: nothing of it changes, and nobody has to look at it.
pub fn is_quiet(item: &Item) -> bool {
    item.change() == Change::Unchanged && item.found.iter().all(|(_, one)| one.severity == Severity::Advice)
}

/// What was left out of the comparison, in words.
pub fn not_compared(about: &About, one: &NotCompared) -> String {
    match one {
        NotCompared::Tags(error) => format!(
            "The tags cannot be read, so neither drift nor what is to be removed is known: {}",
            words::call(about, error).problem.what
        ),
        NotCompared::Others(count) => {
            format!("{count} other state machines were not looked at: whether they are to be removed is not known.")
        }
        NotCompared::Aliases(count, error) => format!(
            "{} could not be read, so whether executions move with the change is not known: {}",
            self::count(*count, "alias", "aliases"),
            words::call(about, error).problem.what
        ),
        NotCompared::Running(error) => format!(
            "Running executions cannot be listed, so how many go on with the old definition is not known: {}",
            words::call(about, error).problem.what
        ),
        NotCompared::Parameters(error) => format!(
            "The Parameter Store cannot be read, so the manifest's own values or placeholders stand in its place: {}",
            words::call(about, error).problem.what
        ),
        NotCompared::Roles(error) => {
            format!("A role cannot be read, so what it lacks is not known: {}", words::call(about, error).problem.what)
        }
        NotCompared::Policy { role, policy, why } => {
            format!("The policy {policy} of {role} cannot be read, so what the role lacks is not known: {why}")
        }
        NotCompared::NoSuchRole(role) => {
            format!(
                "There is no role {role}: what is deployed with it cannot run, and what it would lack is not known."
            )
        }
        NotCompared::Verdicts(error) => {
            format!("Step Functions was not asked about the definitions: {}", words::call(about, error).problem.what)
        }
    }
}

/// What a change is called, and its sign.
pub const fn change_words(change: Change) -> (char, &'static str) {
    match change {
        Change::New => ('+', "new"),
        Change::Changed => ('~', "changed"),
        Change::Unchanged => ('=', "unchanged"),
        Change::Drifted => ('≠', "drifted"),
        Change::ToBeRemoved => ('-', "to be removed"),
        Change::Refused => ('!', "refused"),
    }
}

/// What becomes of a state machine that is to be removed, in a sentence.
pub const fn removal(item: &Item) -> Option<&'static str> {
    match item.change() {
        Change::ToBeRemoved if item.is_of_tool => {
            Some("The template no longer has it: its tool deletes it, unless it is set to be kept.")
        }
        Change::ToBeRemoved => {
            Some("The manifest no longer names it. Only `countersign deploy apply --remove` deletes it.")
        }
        _ => None,
    }
}

/// A count with its noun.
pub fn count(number: usize, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}

/// How many states differ, in words.
pub fn counts(difference: &Difference) -> String {
    let (added, removed, changed) = difference.counts();
    let parts = [(added, "added"), (changed, "changed"), (removed, "removed")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    match (parts.is_empty(), difference.is_empty()) {
        (false, _) => format!("states: {}", parts.join(", ")),
        (true, false) => "no state differs".to_owned(),
        (true, true) => "written otherwise".to_owned(),
    }
}

/// A transition: `Price -> Ask if $.total > 500`.
pub fn transition(change: &TransitionChange) -> String {
    let from = if change.from.is_empty() { "(start)" } else { &change.from };
    let to = if change.to.is_empty() { "(end)" } else { &change.to };
    let label = change.label.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
    format!("{from} -> {to}{label}")
}

/// The change of a field's value: `30 -> 60`.
pub fn field(change: &FieldChange) -> String {
    let value =
        |value: &Option<String>| value.as_deref().map_or_else(|| "(none)".to_owned(), |text| cut(text, LONGEST));
    match (&change.old, &change.new) {
        (None, Some(new)) => format!("{} = {}", change.path, cut(new, LONGEST)),
        (Some(_), None) => format!("{} removed", change.path),
        (old, new) => format!("{} {} -> {}", change.path, value(old), value(new)),
    }
}

/// A value in one line, with so many characters at most.
pub fn cut(text: &str, longest: usize) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

/// What it means for what runs, in sentences.
pub fn effect(effect: &Effect) -> Vec<String> {
    let mut lines = Vec::new();
    for running in &effect.running {
        let what = count(running.executions, "execution runs", "executions run");
        let more = if effect.more { "At least " } else { "" };
        let on = running
            .version
            .as_ref()
            .map_or_else(|| "without a version".to_owned(), |version| format!("on version {version}"));
        let keeps = if running.executions == 1 { "it keeps its definition" } else { "they keep their definition" };
        lines.push(format!("{more}{what} {on}: {keeps}."));
    }
    if effect.unqualified_changes {
        lines.push("Callers of the ARN without a version or an alias get the change at once.".to_owned());
    }
    if effect.alias_moves {
        lines.push("Callers of the alias get it as the alias moves.".to_owned());
    }
    if let Some(FailedVersion { version, failed, ended, first }) = &effect.failed_before {
        lines.push(format!(
            "The alias leads to version {version} again, and was moved back from it: {failed} of {ended} executions failed, the first one was {first}."
        ));
    }
    lines
}

/// A missing permission in a sentence.
pub fn permission(missing: &MissingPermission) -> String {
    let states =
        if missing.states.is_empty() { String::new() } else { format!(" (for {})", missing.states.join(", ")) };
    format!("The role lacks {} on {}{states}.", missing.action, missing.resources.join(", "))
}

struct Writer {
    out: String,
    colours: Colours,
}

impl Writer {
    fn line(&mut self, depth: usize, text: &str) {
        _ = writeln!(self.out, "{}{text}", "  ".repeat(depth));
    }

    fn head(&mut self, plan: &Plan, source: &Path, connection: &Connection) {
        let about = &connection.about;
        let environment =
            if plan.environment.is_empty() { String::new() } else { format!(", environment {}", plan.environment) };
        let head = format!(
            "{}{environment} -> {} ({}), account {}",
            source.display(),
            about.label,
            about.detail,
            plan.owner.account
        );
        let head = self.colours.paint(Colour::Bold, &terminal::line(&head));
        self.line(0, &head);
        self.out.push('\n');
    }

    fn item(&mut self, item: &Item) {
        let (sign, word) = change_words(item.change());
        let colour = match item.change() {
            Change::New => Colour::Green,
            Change::Changed | Change::Drifted => Colour::Yellow,
            Change::Refused | Change::ToBeRemoved => Colour::Red,
            Change::Unchanged => Colour::Grey,
        };
        let machine = if item.machine() == item.name() { String::new() } else { format!(" as {}", item.machine()) };
        let title = format!("{sign} {}{machine}: {word}", item.name());
        let title = self.colours.paint(colour, &terminal::line(&title));
        let file = self.colours.paint(Colour::Grey, &terminal::line(&item.file));
        self.line(0, &format!("{title}  {file}"));
        if let Some(removal) = removal(item) {
            self.line(1, removal);
        }
        for change in &item.plan.settings {
            self.setting(item, change);
        }
        if let Some(difference) = &item.difference {
            self.difference(item, difference);
        }
        for line in item.effect.iter().flat_map(effect).chain(item.evidence.iter().flat_map(evidence)) {
            self.line(1, &terminal::line(&line));
        }
        for missing in &item.permissions {
            let line = self.colours.paint(Colour::Yellow, &terminal::line(&permission(missing)));
            self.line(1, &line);
        }
        for found in &item.found {
            self.finding(found);
        }
        self.out.push('\n');
    }

    fn setting(&mut self, item: &Item, change: &SettingChange) {
        if change.setting == Setting::Definition {
            if item.plan.drifted.contains(&Setting::Definition) {
                self.line(1, "definition: changed in the account since it was deployed");
            }
            return;
        }
        let name = change.setting.as_str();
        let drifted = if item.plan.drifted.contains(&change.setting) { " (changed in the account)" } else { "" };
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let text = format!("{name}: {} -> {}{drifted}", value(&change.old), value(&change.new));
        self.line(1, &terminal::line(&text));
    }

    fn difference(&mut self, item: &Item, difference: &Difference) {
        if item.change() == Change::New {
            let states = count(difference.states.len(), "state", "states");
            self.line(1, &format!("definition: {states}"));
            return;
        }
        self.line(1, &format!("definition: {}", counts(difference)));
        let mut lines: Vec<(Option<Colour>, usize, String)> = Vec::new();
        for change in &difference.fields {
            lines.push((None, 2, field(change)));
        }
        for state in &difference.states {
            let (colour, sign, more) = match &state.change {
                StateChangeKind::Added => (Colour::Green, '+', String::new()),
                StateChangeKind::Removed => (Colour::Red, '-', String::new()),
                StateChangeKind::Changed => (Colour::Yellow, '~', String::new()),
                StateChangeKind::Moved { from, to } => {
                    let place = |place: &str| if place.is_empty() { "the top".to_owned() } else { place.to_owned() };
                    (Colour::Yellow, '~', format!(" moved from {} to {}", place(from), place(to)))
                }
            };
            lines.push((Some(colour), 2, format!("{sign} {} ({}){more}", state.name, state.kind)));
            lines.extend(state.fields.iter().map(|change| (None, 3, field(change))));
        }
        for change in &difference.transitions {
            let (colour, sign) = if change.is_new { (Colour::Green, '+') } else { (Colour::Red, '-') };
            lines.push((Some(colour), 2, format!("{sign} {}", transition(change))));
        }
        let more = lines.len().saturating_sub(MOST);
        for (colour, depth, text) in lines.into_iter().take(MOST) {
            let text = terminal::line(&text);
            let text = colour.map_or_else(|| text.clone(), |colour| self.colours.paint(colour, &text));
            self.line(depth, &text);
        }
        if more > 0 {
            self.line(2, &format!("… and {more} more lines, which --json has"));
        }
    }

    fn finding(&mut self, (path, one): &Found) {
        let text = std::fs::read_to_string(path).ok();
        let report = report(&path.display().to_string(), text.as_deref(), one, &terminal::line);
        for line in report.lines() {
            let is_head = line.contains(&format!(": {}: ", one.severity.word()));
            let colour = match one.severity {
                Severity::Error => Colour::Red,
                Severity::Warning => Colour::Yellow,
                Severity::Advice => Colour::Grey,
            };
            let line = if is_head { self.colours.paint(colour, line) } else { line.to_owned() };
            self.line(1, &line);
        }
    }

    fn summary(&mut self, plan: &Plan) {
        let of = |change: Change| plan.items.iter().filter(|item| item.change() == change).count();
        let all =
            [Change::New, Change::Changed, Change::Drifted, Change::ToBeRemoved, Change::Unchanged, Change::Refused];
        let parts: Vec<String> = all
            .into_iter()
            .filter(|change| of(*change) > 0)
            .map(|change| format!("{} {}", of(change), change_words(change).1))
            .collect();
        if parts.is_empty() {
            // Of what cannot be read nobody knows the workflows.
            if !plan.is_refused() {
                self.line(0, "There are no workflows.");
            }
        } else {
            let line = self.colours.paint(Colour::Bold, &format!("{}.", parts.join(", ")));
            self.line(0, &line);
        }
        if plan.is_refused() {
            let line = self
                .colours
                .paint(Colour::Red, "A part is refused, so nothing of it is deployed until that is corrected.");
            self.line(0, &line);
        }
    }
}
