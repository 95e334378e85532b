//! A plan in Markdown, for the comment of a pull request.

use std::fmt::Write as _;
use std::path::Path;

use countersign_desk::connection::Connection;
use countersign_desk::deploy::desired::Setting;
use countersign_desk::deploy::difference::{Difference, StateChangeKind};
use countersign_desk::deploy::{Change, FileProblem, Item, Plan, file_problem, mermaid};

use super::replayed::evidence;
use super::text::{
    change_words, count, counts, effect, field, is_quiet, not_compared, permission, removal, transition,
};

/// The most lines of one workflow's changes that are listed.
const MOST: usize = 40;
/// The most characters of all diagrams: a forge takes a comment of 65,536 characters.
const DIAGRAMS: usize = 40_000;

/// The plan of `source` on a connection.
pub fn plan(plan: &Plan, source: &Path, connection: &Connection) -> String {
    let mut out = String::new();
    let environment =
        if plan.environment.is_empty() { String::new() } else { format!(", environment {}", code(&plan.environment)) };
    _ = writeln!(out, "## Plan for {}{environment}\n", code(&source.display().to_string()));
    let about = &connection.about;
    let place = format!("{} ({}), account {}", about.label, about.detail, plan.owner.account);
    _ = writeln!(out, "Compared with {}.\n", plain(&place));
    if !plan.items.is_empty() {
        table(&mut out, plan);
    } else if !plan.is_refused() {
        out.push_str("There are no workflows.\n\n");
    }
    let mut room = DIAGRAMS;
    for item in plan.items.iter().filter(|item| !is_quiet(item)) {
        details(&mut out, item, &mut room);
    }
    for problem in &plan.problems {
        let level = if problem.error { "Error" } else { "Warning" };
        finding(&mut out, level, problem);
    }
    for one in &plan.not_compared {
        _ = writeln!(out, "- {}", plain(&not_compared(&connection.about, one)));
    }
    if plan.is_refused() {
        out.push_str("\n**A part is refused, so nothing of it is deployed until that is corrected.**\n");
    }
    _ = writeln!(out, "\nHash of the plan: {}", code(&plan.hash));
    out
}

fn table(out: &mut String, plan: &Plan) {
    out.push_str("| | workflow | change | what |\n|---|---|---|---|\n");
    for item in &plan.items {
        let (sign, word) = change_words(item.change());
        let machine =
            if item.machine() == item.name() { String::new() } else { format!(" as {}", code(item.machine())) };
        let settings: Vec<&str> = item.plan.settings.iter().map(|one| one.setting.as_str()).collect();
        let what = match (&item.difference, item.change()) {
            (Some(difference), Change::New) => count(difference.states.len(), "state", "states"),
            _ => settings.join(", "),
        };
        _ = writeln!(out, "| {} | {}{machine} | {word} | {what} |", code(&sign.to_string()), code(item.name()));
    }
    out.push('\n');
}

fn details(out: &mut String, item: &Item, room: &mut usize) {
    let (_, word) = change_words(item.change());
    _ = writeln!(out, "### {}: {word}\n", code(item.name()));
    if let Some(removal) = removal(item) {
        _ = writeln!(out, "- {}", plain(removal));
    }
    for change in item.plan.settings.iter().filter(|one| one.setting != Setting::Definition) {
        let value = |value: &Option<String>| value.as_deref().map_or_else(|| "none".to_owned(), code);
        let drifted = if item.plan.drifted.contains(&change.setting) { " (changed in the account)" } else { "" };
        _ = writeln!(out, "- {}: {} → {}{drifted}", change.setting.as_str(), value(&change.old), value(&change.new));
    }
    if item.plan.drifted.contains(&Setting::Definition) {
        out.push_str("- definition: changed in the account since it was deployed\n");
    }
    if let Some(difference) = item.difference.as_ref().filter(|_| item.change() != Change::New) {
        changes(out, difference);
    }
    for line in item.effect.iter().flat_map(effect).chain(item.evidence.iter().flat_map(evidence)) {
        _ = writeln!(out, "- {}", plain(&line));
    }
    for missing in &item.permissions {
        _ = writeln!(out, "- {}", plain(&permission(missing)));
    }
    for found in &item.found {
        let problem = file_problem(found.clone());
        finding(out, found.1.severity.word(), &problem);
    }
    out.push('\n');
    let drawing = item.difference.as_ref().and_then(|difference| difference.drawing.as_ref());
    if let Some(diagram) = drawing.and_then(mermaid).filter(|diagram| diagram.len() <= *room) {
        *room -= diagram.len();
        _ = writeln!(out, "<details><summary>Graph</summary>\n\n```mermaid\n{diagram}```\n\n</details>\n");
    } else if drawing.is_some() {
        out.push_str(
            "The graph is too large for a comment: `countersign deploy plan --json` and the page Deploy have it.\n\n",
        );
    }
}

fn finding(out: &mut String, level: &str, problem: &FileProblem) {
    let place = code(&format!("{}:{}:{}", problem.file, problem.line, problem.column));
    let (message, remedy) = (plain(problem.message.trim_end_matches('.')), plain(&problem.remedy));
    _ = writeln!(out, "- {level} at {place}: {message}. {remedy}");
}

fn changes(out: &mut String, difference: &Difference) {
    _ = writeln!(out, "- definition: {}", counts(difference));
    let mut lines: Vec<String> =
        difference.fields.iter().map(|change| format!("  - {}", code(&field(change)))).collect();
    for state in &difference.states {
        let word = match &state.change {
            StateChangeKind::Added => "added",
            StateChangeKind::Removed => "removed",
            StateChangeKind::Changed => "changed",
            StateChangeKind::Moved { .. } => "moved",
        };
        lines.push(format!("  - {} {word}", code(&state.name)));
        lines.extend(state.fields.iter().map(|change| format!("    - {}", code(&field(change)))));
    }
    for change in &difference.transitions {
        let word = if change.is_new { "new" } else { "gone" };
        lines.push(format!("  - {} {word}", code(&transition(change))));
    }
    let more = lines.len().saturating_sub(MOST);
    for line in lines.iter().take(MOST) {
        out.push_str(line);
        out.push('\n');
    }
    if more > 0 {
        _ = writeln!(out, "  - and {more} more");
    }
}

/// A text as code: nothing of it is markup, and it stays in its line.
fn code(text: &str) -> String {
    let text: String = crate::server::terminal::line(text).replace('|', "¦");
    let longest = text.split(|letter: char| letter != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A blank on each side keeps a backtick at an end apart from the fence.
    if longest == 0 && !text.is_empty() { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}

/// A text in a sentence: nothing of it is markup, a mention or a reference.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in crate::server::terminal::line(text).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            // A word joiner behind it makes neither a mention.
            '@' => out.push_str("@\u{2060}"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_no_markup() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a|b\n# c"), "`a¦b\\n# c`");
        assert_eq!(plain("<img> @team [x](y) #1"), "\\<img\\> @\u{2060}team \\[x\\](y) \\#1");
    }
}
