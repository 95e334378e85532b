//! Forms that act: posted without leaving the page where scripts run, and as any form where they do not.

use leptos::prelude::*;
use leptos::server_fn::error::ServerFnUrlError;
use leptos_router::hooks::use_query_map;

use super::{ProblemBox, dynamic};
use crate::dto::Problem;
use crate::error::AppError;

/// One of the server's acting functions, and what came of the last post to it from this page.
#[derive(Clone, Copy)]
pub struct Post {
    path: &'static str,
    pending: RwSignal<bool>,
    problem: RwSignal<Option<Problem>>,
}

impl Post {
    /// Posts to `path`: the `PATH` of a server function that ends with a redirect.
    ///
    /// A browser without scripts brings a refusal back in the page's address.
    #[must_use]
    pub fn to(path: &'static str) -> Self {
        let refused = use_query_map().with_untracked(|query| {
            let here = query.get_str("__path") == Some(path);
            query.get_str("__err").filter(|_| here).map(ServerFnUrlError::<AppError>::decode_err)
        });
        Self { path, pending: RwSignal::new(false), problem: RwSignal::new(refused.map(|error| error.problem)) }
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.pending.get()
    }
}

/// A form that posts. Where it succeeds, the page that the server names is shown; what failed stands in [`FormProblem`].
#[component]
pub fn PostForm(post: Post, #[prop(default = "")] class: &'static str, children: Children) -> impl IntoView {
    let content = children();
    #[cfg(feature = "hydrate")]
    let form = {
        let submit = browser::on_submit(post);
        view! { <form method="post" action=post.path class=class on:submit=submit>{content}</form> }
    };
    #[cfg(not(feature = "hydrate"))]
    let form = view! { <form method="post" action=post.path class=class>{content}</form> };
    form.into_any()
}

/// What went wrong with the last post, if anything did.
#[component]
pub fn FormProblem(post: Post) -> impl IntoView {
    dynamic(move || post.problem.get().map(|problem| view! { <ProblemBox problem/> }))
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use leptos::wasm_bindgen::{JsCast as _, JsValue};
    use leptos_router::NavigateOptions;
    use leptos_router::hooks::use_navigate;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{FormData, HtmlFormElement, RequestInit, Response, SubmitEvent, UrlSearchParams};

    use super::Post;
    use crate::app::live::Live;
    use crate::error::{AppError, ErrorKind};

    /// Sends the form, goes where the answer says, and asks again for what the pages show.
    pub fn on_submit(post: Post) -> impl Fn(SubmitEvent) + 'static {
        let navigate = use_navigate();
        let live = Live::of_page();
        move |event| {
            let Some(body) = body(&event) else { return };
            event.prevent_default();
            if post.pending.get_untracked() {
                return;
            }
            post.pending.set(true);
            let navigate = navigate.clone();
            leptos::task::spawn_local(async move {
                let answer = send(post.path, &body).await;
                // The page may be gone by now, and with it what it would have shown.
                let problem = match answer {
                    Ok(to) => {
                        if let Some(to) = to {
                            navigate(&to, NavigateOptions::default());
                        }
                        None
                    }
                    Err(error) => Some(error.problem),
                };
                _ = post.problem.try_set(problem);
                _ = post.pending.try_set(false);
                live.ask_again();
            });
        }
    }

    /// The form's fields, with the button that was pressed; `None` leaves the form to the browser.
    fn body(event: &SubmitEvent) -> Option<UrlSearchParams> {
        let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
        let fields = FormData::new_with_form(&form).ok()?;
        if let Some(button) = event.submitter()
            && let Some(name) = button.get_attribute("name")
        {
            fields.append_with_str(&name, &button.get_attribute("value").unwrap_or_default()).ok()?;
        }
        UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()
    }

    /// Posts; the answer is the address to go to.
    async fn send(path: &str, body: &UrlSearchParams) -> Result<Option<String>, AppError> {
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
        let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await.map_err(away)?;
        let answer: Response = answer.unchecked_into();
        if answer.ok() {
            return answer.headers().get("location").map_err(away);
        }
        let bytes = JsFuture::from(answer.array_buffer().map_err(away)?).await.map_err(away)?;
        Err(AppError::de(js_sys::Uint8Array::new(&bytes).to_vec().into()))
    }
}
