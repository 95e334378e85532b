//! Forms that act: posted without leaving the page where scripts run, and as any form where they do not.

use leptos::prelude::*;

use super::{ProblemBox, RwSignal, dynamic};
use crate::app::arrival::{Arrival, CONNECTION, PROOF, Told};
use crate::app::here::here;
use crate::routes;
use crate::wire::Problem;

/// One of the server's acting functions, and what came of the last post to it from this page.
#[derive(Clone, Copy)]
pub struct Post {
    path: &'static str,
    pending: RwSignal<bool>,
    told: RwSignal<Option<Told>>,
}

impl Post {
    /// Posts to `path`: the `PATH` of a server function that acts.
    ///
    /// What came of a form that a browser without scripts posted is handed to the page that follows.
    #[must_use]
    pub fn to(path: &'static str) -> Self {
        Self { path, pending: RwSignal::new(false), told: RwSignal::new(Arrival::of_page().take(path)) }
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.pending.get()
    }

    /// What came of the last post.
    #[must_use]
    pub fn told(&self) -> Option<Told> {
        self.told.get()
    }

    /// Why the last post was refused.
    fn problem(&self) -> Option<Problem> {
        match self.told.get() {
            Some(Told::Refused { problem, .. }) => Some(problem),
            _ => None,
        }
    }

    /// Everything that was typed into the field `name`, where it stands several times.
    #[must_use]
    pub fn typed_all(&self, name: &str) -> Vec<String> {
        self.told.with_untracked(|told| match told {
            Some(Told::Refused { typed, .. } | Told::Ahead { typed, .. }) => {
                typed.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
            }
            _ => Vec::new(),
        })
    }

    /// What was typed into the field `name` of a form that was not carried out and drawn anew.
    #[must_use]
    pub fn typed(&self, name: &str) -> Option<String> {
        self.told.with_untracked(|told| match told {
            Some(
                Told::Refused { typed, .. }
                | Told::Sample { typed, .. }
                | Told::Ahead { typed, .. }
                | Told::Compared { typed, .. },
            ) => typed.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()),
            _ => None,
        })
    }
}

/// A form that posts. Where it succeeds, the page that the server names is shown; what failed stands in [`FormProblem`].
#[component]
pub fn PostForm(post: Post, #[prop(default = "")] class: &'static str, children: Children) -> impl IntoView {
    let proof = Arrival::of_page().proof();
    let content = view! {
        <input type="hidden" name=PROOF value=proof/>
        <input type="hidden" name=CONNECTION value=here().connection().to_owned()/>
        {children()}
    };
    #[cfg(feature = "hydrate")]
    let form = {
        let submit = browser::on_submit(post);
        view! { <form method="post" action=routes::at(post.path) class=class on:submit=submit>{content}</form> }
    };
    #[cfg(not(feature = "hydrate"))]
    let form = view! { <form method="post" action=routes::at(post.path) class=class>{content}</form> };
    form.into_any()
}

/// What went wrong with the last post, if anything did.
#[component]
pub fn FormProblem(post: Post) -> impl IntoView {
    dynamic(move || post.problem().map(|problem| view! { <ProblemBox problem/> }))
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use leptos::wasm_bindgen::{JsCast as _, JsValue};
    use leptos_router::hooks::use_navigate;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{FormData, HtmlFormElement, RequestInit, Response, SubmitEvent, UrlSearchParams};

    use super::super::sight::browser::{after_drawing, focus_is_lost};
    use super::super::{StoredValue, to_page};
    use super::Post;
    use crate::app::arrival::{Answer, Arrival, COMPACT, Done, PROOF, Told};
    use crate::app::here::here;
    use crate::app::live::Live;
    use crate::app::server_fns::{Held, page};
    use crate::error::{AppError, ErrorKind};
    use crate::routes;
    use crate::wire::proof::Proof;
    use crate::wire::{Ask, Page};

    /// Sends the form, goes where the answer says, and asks again for what the pages show.
    pub fn on_submit(post: Post) -> impl Fn(SubmitEvent) + 'static {
        let navigate = use_navigate();
        let live = Live::of_page();
        let arrival = Arrival::of_page();
        let connection = StoredValue::new(here().connection().to_owned());
        move |event| {
            let Some(body) = body(&event) else { return };
            event.prevent_default();
            if post.pending.get_untracked() {
                return;
            }
            post.pending.set(true);
            let navigate = navigate.clone();
            let button = event.submitter();
            leptos::task::spawn_local(async move {
                let answer = send_with_proof(post.path, &body, arrival, connection.get_value()).await;
                // The page may be gone by now, and with it what it would have shown.
                let told = match answer {
                    Ok(done) => {
                        if let Some(to) = done.to {
                            navigate(&to, to_page());
                        }
                        done.told
                    }
                    Err(error) => Some(Told::Refused { problem: error.problem, typed: Vec::new() }),
                };
                post.told.try_set(told);
                post.pending.try_set(false);
                live.ask_again();
                // A button that was locked has lost the keyboard's place.
                after_drawing(move || {
                    if let Some(button) = button.filter(|button| focus_is_lost() && button.is_connected()) {
                        _ = button.focus();
                    }
                });
            });
        }
    }

    /// The form's fields, with the button that was pressed; `None` leaves the form to the browser, as where the button
    /// posts to an address of its own.
    fn body(event: &SubmitEvent) -> Option<UrlSearchParams> {
        if event.submitter().is_some_and(|button| button.has_attribute("formaction")) {
            return None;
        }
        let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
        let fields = FormData::new_with_form(&form).ok()?;
        if let Some(button) = event.submitter()
            && let Some(name) = button.get_attribute("name")
        {
            fields.append_with_str(&name, &button.get_attribute("value").unwrap_or_default()).ok()?;
        }
        UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()
    }

    /// Posts. A server that has started since the page was drawn knows the page's proof no more: it is asked for another.
    async fn send_with_proof(
        path: &str,
        body: &UrlSearchParams,
        arrival: Arrival,
        connection: String,
    ) -> Result<Done, AppError> {
        body.set(PROOF, &arrival.proof());
        let first = send(path, body).await;
        if !matches!(&first, Err(error) if error.kind == ErrorKind::Forbidden) {
            return first;
        }
        match page(connection, Ask::Proof, Held::default()).await {
            Ok(Page::Proof(Proof(proof))) if !proof.is_empty() && proof != arrival.proof() => {
                body.set(PROOF, &proof);
                arrival.renew(proof);
                send(path, body).await
            }
            _ => first,
        }
    }

    async fn send(path: &str, body: &UrlSearchParams) -> Result<Done, AppError> {
        let away = |_: JsValue| {
            AppError::new(
                ErrorKind::Unavailable,
                "The dashboard's server did not answer.",
                "Check that countersign is still running, then try again.",
            )
        };
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(body);
        let headers = web_sys::Headers::new().map_err(away)?;
        headers.set("accept", COMPACT).map_err(away)?;
        request.set_headers(&headers);
        let answer =
            JsFuture::from(window().fetch_with_str_and_init(&routes::at(path), &request)).await.map_err(away)?;
        let answer: Response = answer.unchecked_into();
        let status_is_fine = answer.ok();
        let bytes = JsFuture::from(answer.array_buffer().map_err(away)?).await.map_err(away)?;
        let bytes = js_sys::Uint8Array::new(&bytes).to_vec();
        match postcard::from_bytes::<Answer>(&bytes) {
            Ok(answer) if status_is_fine => answer,
            _ => Err(AppError::de(bytes.into())),
        }
    }
}
