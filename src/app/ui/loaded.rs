//! A page's data: loaded before the page shows, kept while it is loaded again.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ProblemBox, dynamic};
use crate::app::wire::Data;
use crate::error::{AppError, ErrorKind};

/// Shows `view` over the data of `resource`, once it is there.
///
/// `view` is called once; it reads the signal, which changes whenever the data was loaded again. So what was typed, opened
/// and scrolled stays as it is. When loading again fails because the server or the connection is away, the last data
/// stays; when the thing itself is gone, the error takes its place.
pub fn loaded<T>(resource: Data<T>, view: impl Fn(ReadSignal<T>) -> AnyView + Clone + Send + Sync + 'static) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    view! {
        <Transition fallback=|| view! { <p class="loading" role="status">"Loading…"</p> }>
            {
                let view = view.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(first) => shown(resource, first, view),
                        Err(error) => failed(resource, error, view),
                    }
                })
            }
        </Transition>
    }
    .into_any()
}

fn shown<T>(resource: Data<T>, first: T, view: impl Fn(ReadSignal<T>) -> AnyView + Send + Sync + 'static) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let (data, set_data) = signal(first);
    let (error, set_error) = signal(None::<AppError>);
    Effect::new(move || match resource.get() {
        Some(Ok(fresh)) => {
            set_data.set(fresh);
            set_error.set(None);
        }
        Some(Err(fault)) if !matches!(fault.kind, ErrorKind::Unavailable | ErrorKind::Internal) => {
            set_error.set(Some(fault));
        }
        _ => {}
    });
    let gone = Memo::new(move |_| error.get());
    dynamic(move || match gone.get() {
        None => view(data),
        Some(error) => view! { <div class="page"><ProblemBox problem=error.problem/></div> }.into_any(),
    })
}

/// The first attempt failed: the error, until a later attempt succeeds.
fn failed<T>(
    resource: Data<T>,
    error: AppError,
    view: impl Fn(ReadSignal<T>) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = http::StatusCode::from_u16(error.status())
    {
        response.set_status(status);
    }
    let (answer, set_answer) = signal(Err::<T, AppError>(error));
    Effect::new(move || {
        if let Some(fresh) = resource.get() {
            set_answer.set(fresh);
        }
    });
    let well = Memo::new(move |_| answer.with(Result::is_ok));
    dynamic(move || {
        well.track();
        match answer.get_untracked() {
            Ok(first) => shown(resource, first, view.clone()),
            Err(error) => view! { <div class="page"><ProblemBox problem=error.problem/></div> }.into_any(),
        }
    })
}
