//! A field for JSON that says, while somebody types, where it is not JSON that can be started, and how long it is.

use countersign_json::Json;
use leptos::prelude::*;

use crate::app::ui::{Memo, RwSignal, Signal, dynamic, effect, raw_text, shown, unseen};

/// AWS's limit of an input, in bytes.
const LIMIT: usize = 262_144;
/// Characters of a line that are shown on each side of a mistake.
const AROUND: usize = 28;
/// Where what is wrong stands.
const CHECK: &str = "input-check";

/// A mistake in a text, with the line that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mistake {
    line: usize,
    column: usize,
    what: &'static str,
    before: String,
    /// The character itself; empty at the end of a line.
    at: String,
    after: String,
}

impl Mistake {
    /// The first mistake in a text. An empty one means `{}`.
    fn of(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        // What the engine refuses as well: what is typed here is what is started.
        let error = match Json::read(text) {
            Ok(json) => json.unheld()?,
            Err(error) => error,
        };
        let line: Vec<char> = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default().chars().collect();
        let at = error.column.saturating_sub(1).min(line.len());
        let from = at.saturating_sub(AROUND);
        let to = (at + 1 + AROUND).min(line.len());
        let part = |from: usize, to: usize| line.get(from..to).unwrap_or_default().iter().collect::<String>();
        Some(Self {
            line: error.line,
            column: error.column,
            what: error.what,
            before: format!("{}{}", if from > 0 { "…" } else { "" }, part(from, at)),
            at: part(at, at + 1),
            after: format!("{}{}", part(at + 1, to), if to < line.len() { "…" } else { "" }),
        })
    }
}

/// The field `input` of a form. `text` is what it is to hold, and `current` what it holds.
#[component]
pub fn CheckedInput(#[prop(into)] text: Signal<String>, current: RwSignal<String>) -> impl IntoView {
    current.set(text.get_untracked());
    effect(move || current.set(text.get()));
    let mistake = Memo::new(move |_| current.with(|text| Mistake::of(text)));
    let bytes = Memo::new(move |_| current.with(String::len));
    let too_long = move || bytes.get() > LIMIT;
    let is_wrong = move || mistake.with(Option::is_some) || too_long();
    view! {
        <label class="field">
            <span>"Input"</span>
            <textarea
                class="mono"
                name="input"
                rows="9"
                spellcheck="false"
                aria-invalid=move || is_wrong().then_some("true")
                aria-describedby=CHECK
                prop:value=move || text.get()
                on:input=move |event| current.set(event_target_value(&event))
            >{raw_text(&text.get_untracked())}</textarea>
        </label>
        <div class="input-check" id=CHECK>
            <div role="status">{dynamic(move || mistake.get().map(shown_mistake))}</div>
            <p class="quiet time" class:input-too-long=too_long>
                {dynamic(move || grouped(bytes.get()))}" of 262,144 bytes"
            </p>
        </div>
        {dynamic(move || current.with(|text| unseen(text)))}
    }
    .into_any()
}

fn shown_mistake(mistake: Mistake) -> AnyView {
    let Mistake { line, column, what, before, at, after } = mistake;
    let place = format!("Line {line}, column {column}: {what}.");
    let at = if at.is_empty() { " ".to_owned() } else { at };
    view! {
        <p class="input-mistake">{place}</p>
        <p class="input-line mono" aria-hidden="true">{shown(before)}<mark>{shown(at)}</mark>{shown(after)}</p>
    }
    .into_any()
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        assert_eq!(Mistake::of(""), None);
        assert_eq!(Mistake::of("{\"a\": 1e300}"), None);
        let beyond = Mistake::of("{\"a\": 1e400}").expect("no double is as large");
        assert_eq!((beyond.line, beyond.column, beyond.at.as_str()), (1, 7, "1"));
        let half = Mistake::of("[\"\\ud800\"]").expect("half a pair is no character");
        assert_eq!((half.column, half.what), (3, "half of a surrogate pair stands alone"));
        let mistake = Mistake::of("{\n  \"ä\": }").expect("a value is missing");
        assert_eq!((mistake.line, mistake.column), (2, 8));
        assert_eq!((mistake.before.as_str(), mistake.at.as_str(), mistake.after.as_str()), ("  \"ä\": ", "}", ""));
        let end = Mistake::of("{\"a\": 1").expect("it ends too early");
        assert_eq!((end.at.as_str(), end.after.as_str()), ("", ""));
        let long = Mistake::of(&format!("[{}x{}]", "1,".repeat(100), ",1".repeat(100))).expect("x is no value");
        assert!(long.before.starts_with('…') && long.after.ends_with('…') && long.before.chars().count() == AROUND + 1);
        assert_eq!(long.at, "x");
    }

    #[test]
    fn thousands_are_apart() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (262_144, "262,144")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
