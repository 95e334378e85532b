//! The buttons of the page: plain forms, which are answered with a page.

use leptos::prelude::*;

use crate::app::WHY;
use crate::app::arrival::{CONNECTION, PROOF};
use crate::routes;

/// A button with what it sends.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    pub connection: &'a str,
    /// The path of the server function.
    pub action: &'static str,
    pub fields: &'a [(&'static str, &'a str)],
    /// Whether there is room for a comment.
    pub comment: bool,
    pub word: &'static str,
    pub class: &'static str,
    /// Whether it cannot be pressed: the page says why.
    pub disabled: bool,
}

impl Form<'_> {
    /// The form.
    pub fn view(&self) -> AnyView {
        let hidden = |field: &(&'static str, &str)| {
            let (name, value) = (field.0, field.1.to_owned());
            view! { <input type="hidden" name=name value=value/> }
        };
        let label = format!("Comment for {}", self.word);
        let comment = self.comment.then(|| {
            view! { <input type="text" name="comment" maxlength="2000" placeholder="Comment" aria-label=label/> }
        });
        view! {
            <form method="post" action=routes::at(self.action) class="plan-form">
                <input type="hidden" name=PROOF value=crate::server::proof(self.connection)/>
                <input type="hidden" name=CONNECTION value=self.connection.to_owned()/>
                {self.fields.iter().map(hidden).collect_view()}
                {comment}
                <button class=self.class type="submit" disabled=self.disabled aria-describedby=self.disabled.then_some(WHY)>{self.word}</button>
            </form>
        }
        .into_any()
    }
}
