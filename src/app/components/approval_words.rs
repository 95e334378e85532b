//! The words of a request beside its title: the message, links, and the table of what would change.

use leptos::prelude::*;

use crate::app::ui::shown;
use crate::wire::inbox::{Approval, ChangeRow};

/// The message, and the links.
pub fn words(page: &Approval) -> AnyView {
    let message = page.message.clone().map(|html| view! { <div class="message" inner_html=html></div> });
    let link = |(label, url): &(String, String)| {
        // Where it leads is seen before it is followed.
        let host = url.split('/').nth(2).unwrap_or(url).to_owned();
        view! {
            <li><a href=url.clone() rel="noopener noreferrer" target="_blank">{shown(label)}</a>" "<span class="quiet">{shown(host)}</span></li>
        }
    };
    let links =
        (!page.links.is_empty()).then(|| view! { <ul class="links">{page.links.iter().map(link).collect_view()}</ul> });
    view! { {message}{links} }.into_any()
}

/// What would change, field by field; nothing where the rule names no such parts.
pub fn changes(page: &Approval) -> AnyView {
    if page.changes.is_empty() {
        return ().into_any();
    }
    let (changed, same): (Vec<_>, Vec<_>) = page.changes.iter().partition(|row| row.before != row.after);
    let count = same.len();
    let unchanged = (count > 0).then(|| {
        let rows = table("Fields that stay", &same);
        view! { <details><summary class="quiet">{format!("{count} unchanged")}</summary>{rows}</details> }
    });
    let more = (page.changes_left_out > 0).then(
        || view! { <p class="quiet">{format!("And {} more: see the whole request.", page.changes_left_out)}</p> },
    );
    view! {
        <section class="changes" aria-label="What changes">
            {table("What changes", &changed)}
            {unchanged}
            {more}
        </section>
    }
    .into_any()
}

fn table(caption: &'static str, rows: &[&ChangeRow]) -> AnyView {
    let cell = |value: &Option<String>| match value {
        Some(text) => shown(text),
        None => view! { <span class="quiet">"none"</span> }.into_any(),
    };
    let row = |row: &&ChangeRow| {
        let changed = row.before != row.after;
        let (before, after) = if changed {
            (view! { <del>{cell(&row.before)}</del> }.into_any(), view! { <ins>{cell(&row.after)}</ins> }.into_any())
        } else {
            (cell(&row.before), cell(&row.after))
        };
        view! { <tr><th scope="row">{shown(&row.path)}</th><td>{before}</td><td>{after}</td></tr> }
    };
    view! {
        <table>
            <caption class="unseen">{caption}</caption>
            <thead><tr><th scope="col">"Field"</th><th scope="col">"Before"</th><th scope="col">"After"</th></tr></thead>
            <tbody>{rows.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
