//! The status vocabulary: one table for word, shape, tone and glyph, the same on every screen.

use leptos::prelude::*;

use crate::app::ui::{Signal, text};
use crate::wire::Status;

/// How a status looks and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The value of `data-tone`, which the style sheets give a colour, and the name of the favicon.
    pub tone: &'static str,
    pub word: &'static str,
    /// For the page's title, where no drawing can be.
    pub glyph: &'static str,
    /// What is inside a 16 by 16 drawing with `currentColor`.
    pub shape: &'static str,
}

/// The table. Shapes differ as much as colours do, so that nobody needs to distinguish colours.
#[must_use]
pub const fn look(status: Status) -> Look {
    let (tone, word, glyph, shape) = match status {
        Status::NotReached => {
            ("none", "Not reached", "○", r#"<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.3 2"/>"#)
        }
        Status::Running => (
            "running",
            "Running",
            "◐",
            r#"<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" stroke="none"/>"#,
        ),
        Status::WaitingApproval => (
            "approval",
            "Waiting for approval",
            "✋",
            r#"<path d="M5.3 8.6V4.4a.95.95 0 0 1 1.9 0v3V3.1a.95.95 0 0 1 1.9 0v4.3-3.6a.95.95 0 0 1 1.9 0v4.4-2.3a.95.95 0 0 1 1.9 0v3.8c0 2.6-1.7 4.4-4.2 4.4-2 0-3.1-.9-4-2.4L2.5 9.6c-.6-1 .8-2 1.6-1.1z"/>"#,
        ),
        Status::Waiting => {
            ("waiting", "Waiting", "◷", r#"<circle cx="8" cy="8" r="5.5"/><path d="M8 4.8V8l2.2 1.6"/>"#)
        }
        Status::Succeeded => ("good", "Succeeded", "✓", r#"<path d="M3 8.6l3.3 3.3L13 4.6"/>"#),
        Status::Caught => {
            ("caught", "Caught", "↪", r#"<path d="M4.5 2.5v6.2a3.6 3.6 0 0 0 7.2 0V6.6M9.4 8.7l2.3-2.4L14 8.7"/>"#)
        }
        Status::Failed => ("bad", "Failed", "✕", r#"<path d="M4 4l8 8M12 4l-8 8"/>"#),
        Status::TimedOut => (
            "bad",
            "Timed out",
            "⧗",
            r#"<path d="M4 2.5h8M4 13.5h8M5 2.5c0 3.2 6 3.6 6 5.5s-6 2.3-6 5.5M11 2.5C11 5.7 5 6.1 5 8s6 2.3 6 5.5"/>"#,
        ),
        Status::Aborted => {
            ("stopped", "Stopped", "■", r#"<rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor"/>"#)
        }
        Status::Elsewhere => ("none", "In child executions", "⧉", r#"<path d="M3 3h7v7H3zM6 10v3h7V6h-3"/>"#),
    };
    Look { tone, word, glyph, shape }
}

/// The shape of a status. It is decoration where its word stands beside it.
#[component]
pub fn Mark(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    view! {
        <svg
            class="mark"
            viewBox="0 0 16 16"
            width="16"
            height="16"
            aria-hidden="true"
            data-tone=move || look(status.get()).tone
            inner_html=move || look(status.get()).shape
        ></svg>
    }
    .into_any()
}

/// Shape and word.
#[component]
pub fn StatusWord(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    view! {
        <span class="status" data-tone=move || look(status.get()).tone>
            <Mark status/>
            <span>{text(move || look(status.get()).word.to_owned())}</span>
        </span>
    }
    .into_any()
}
