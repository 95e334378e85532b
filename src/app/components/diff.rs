//! The difference between what is deployed and what would be.

use leptos::prelude::*;

use crate::app::ui::shown;
use crate::wire::deploy::DiffLine;

/// Lines with their signs; a reader of the screen hears "added" and "removed".
#[component]
pub fn Diff(lines: Vec<DiffLine>) -> impl IntoView {
    let line = |line: DiffLine| {
        let (class, word) = match line.sign {
            '+' => ("added", "added: "),
            '-' => ("removed", "removed: "),
            '@' => ("hunk", ""),
            _ => ("same", ""),
        };
        let word = (!word.is_empty()).then(|| view! { <span class="unseen">{word}</span> });
        view! { <div class=class>{word}<span class="sign" aria-hidden="true">{line.sign.to_string()}</span>{shown(line.text)}</div> }
    };
    view! { <div class="diff mono" tabindex="0">{lines.into_iter().map(line).collect_view()}</div> }.into_any()
}
