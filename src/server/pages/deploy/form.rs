//! The buttons of the page: plain forms, which are answered with the page again.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::app::arrival::{CONNECTION, PROOF};
use crate::app::here::WHY;
use crate::app::server_fns;

/// A button that sends the hash of what was shown.
pub struct Form<'a> {
    pub connection: &'a str,
    /// The workflow; empty for all.
    pub name: &'a str,
    /// The hash of what was shown; empty where it may not be deployed.
    pub seen: &'a str,
    pub word: &'static str,
    pub class: &'static str,
    pub read_only: bool,
}

impl Form<'_> {
    /// The form.
    pub fn view(&self) -> AnyView {
        let cannot = self.read_only || self.seen.is_empty();
        view! {
            <form method="post" action=server_fns::Deploy::PATH>
                <input type="hidden" name=PROOF value=crate::server::proof(self.connection)/>
                <input type="hidden" name=CONNECTION value=self.connection.to_owned()/>
                <input type="hidden" name="name" value=self.name.to_owned()/>
                <input type="hidden" name="seen" value=self.seen.to_owned()/>
                <button class=self.class type="submit" disabled=cannot aria-describedby=cannot.then_some(WHY)>{self.word}</button>
            </form>
        }
        .into_any()
    }
}
