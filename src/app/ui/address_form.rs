//! A form that only makes an address: it chooses what a page shows.

use leptos::prelude::*;

use crate::app::address::Address;

/// A form whose fields are parameters of the page's address. The browser sends it by itself; where scripts run, the page
/// stays and shows what was chosen.
#[component]
pub fn AddressForm(
    address: Address,
    /// The parameters that the form sets or clears; all others stay as they are.
    sets: &'static [&'static str],
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let hidden = address
        .view_untracked()
        .parts(sets)
        .into_iter()
        .map(|(key, value)| view! { <input type="hidden" name=key value=value/> });
    let content = view! { {hidden.collect_view()}{children()} };
    let action = address.path();
    #[cfg(feature = "hydrate")]
    let form = {
        let submit = browser::on_submit(address, sets);
        view! { <form method="get" action=action class=class on:submit=submit>{content}</form> }
    };
    #[cfg(not(feature = "hydrate"))]
    let form = view! { <form method="get" action=action class=class>{content}</form> };
    form.into_any()
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::wasm_bindgen::JsCast as _;
    use leptos_router::hooks::use_navigate;
    use web_sys::{FormData, HtmlFormElement, SubmitEvent};

    use super::super::in_place;
    use crate::app::address::Address;
    use crate::routes::View;

    /// Goes to the address that the form makes.
    pub fn on_submit(address: Address, sets: &'static [&'static str]) -> impl Fn(SubmitEvent) + 'static {
        let navigate = use_navigate();
        move |event| {
            let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
            let Some(fields) = form.and_then(|form| FormData::new_with_form(&form).ok()) else { return };
            event.prevent_default();
            // Not the form's hidden fields: what else the page shows may have changed since it was drawn.
            let chosen = |view: View, key: &&'static str| {
                view.with(key, fields.get(key).as_string().filter(|value| !value.is_empty()).as_deref())
            };
            let to = sets.iter().fold(address.view_untracked(), chosen).on(address.path());
            navigate(&to, in_place());
        }
    }
}
