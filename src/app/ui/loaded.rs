//! A page's data: loaded before the page shows, kept while it is loaded again.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leptos::prelude::*;

use super::{Memo, ProblemBox, RwSignal, WindowTitle, dynamic, effect};
use crate::app::here::here;
use crate::app::server_fns::{Held, page};
use crate::error::{AppError, ErrorKind};
use crate::wire::{Ask, Compact, Page, Part};

/// What a page shows, or why it cannot.
pub type PageData = Resource<Result<Page, AppError>, Compact>;

/// The answer of this connection to `ask`, asked again whenever it changes or its number does: a sum of counters that only grow.
pub fn page_data(ask: impl Fn() -> (Ask, u32) + Send + Sync + 'static) -> PageData {
    part_data(move || Some(ask()))
}

/// The same for a part of a page that is not always shown: nothing is asked as long as `ask` is nothing.
pub fn part_data(ask: impl Fn() -> Option<(Ask, u32)> + Send + Sync + 'static) -> PageData {
    type Answer = Pin<Box<dyn Future<Output = Result<Page, AppError>> + Send>>;
    let ask: Box<dyn Fn() -> Option<(Ask, u32)> + Send + Sync> = Box::new(ask);
    let (connection, held) = (here().connection().to_owned(), Held::default());
    let fetch = move |ask: Option<(Ask, u32)>| -> Answer {
        match ask {
            Some((ask, _)) => Box::pin(page(connection.clone(), ask, held.clone())),
            None => Box::pin(async { Ok(Page::Nothing) }),
        }
    };
    Resource::new_with_options(ask, fetch, false)
}

/// The data that a page shows, which changes whenever it was loaded again.
pub struct Seen<T> {
    page: RwSignal<Page>,
    part: PhantomData<fn() -> T>,
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seen<T> {}

impl<T: Part> Seen<T> {
    /// Reads, and reads again whenever the data changes.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.page.with(|page| read(part(page)))
    }

    /// Reads once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.page.with_untracked(|page| read(part(page)))
    }

    /// A copy.
    pub fn get_untracked(&self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }
}

fn part<T: Part>(page: &Page) -> &T {
    // Proof: `load` lets only pages of the wanted kind through to the signal.
    T::of(page).expect("a page of the kind that was asked for")
}

/// Draws a page over its data.
type Draw = Arc<dyn Fn(RwSignal<Page>) -> AnyView + Send + Sync>;

/// Whether what an answer is for is still in the page. It may have left while the answer was on its way, and also between the
/// answer and its drawing: nothing of it may be read or drawn then, for the contexts that it needs are gone.
#[derive(Clone)]
struct There(Arc<AtomicBool>);

impl There {
    fn here() -> Self {
        let there = Arc::new(AtomicBool::new(true));
        on_cleanup({
            let there = Arc::clone(&there);
            move || there.store(false, Ordering::Relaxed)
        });
        Self(there)
    }

    fn is_gone(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Shows `view` over the data of `resource`, once it is there.
///
/// `view` is called once; it reads the data, which changes whenever it was loaded again. So what was typed, opened and
/// scrolled stays as it is. When loading again fails because the server or the connection is away, the last data stays;
/// when the thing itself is gone, the error takes its place.
pub fn loaded<T: Part>(resource: PageData, view: impl Fn(Seen<T>) -> AnyView + Send + Sync + 'static) -> AnyView {
    load(resource, |page| T::of(page).is_some(), Arc::new(move |page| view(Seen { page, part: PhantomData })))
}

fn load(resource: PageData, fits: fn(&Page) -> bool, draw: Draw) -> AnyView {
    let there = There::here();
    view! {
        <Transition fallback=loading>
            {
                let (draw, there) = (Arc::clone(&draw), there.clone());
                Suspend::new(async move {
                    match resource.await {
                        _ if there.is_gone() => ().into_any(),
                        Ok(Page::Nothing) => failed(resource, None, fits, draw, there),
                        answer => match fitting(answer, fits) {
                            Ok(first) => shown(resource, first, fits, &draw, there),
                            Err(error) => failed(resource, Some(error), fits, draw, there),
                        },
                    }
                })
            }
        </Transition>
    }
    .into_any()
}

fn loading() -> AnyView {
    view! { <p class="loading" role="status">"Loading…"</p> }.into_any()
}

/// An answer of another kind cannot be used: the server and the page have different versions.
fn fitting(answer: Result<Page, AppError>, fits: fn(&Page) -> bool) -> Result<Page, AppError> {
    answer.and_then(|page| {
        if fits(&page) {
            return Ok(page);
        }
        let what = "The server returned the data of another page.";
        Err(AppError::new(ErrorKind::Internal, what, "Reload the page; the program was replaced by another version."))
    })
}

/// Whether the same question may be answered the next time: the server or the connection is away.
fn passes(error: &AppError) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Internal)
}

/// Asks again in a while. Nobody says when the connection of a page that never had an answer is back.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server answers once"))]
pub fn retry(ask: impl FnOnce() + 'static) {
    #[cfg(feature = "hydrate")]
    if let Ok(waiting) = set_timeout_with_handle(ask, std::time::Duration::from_secs(3)) {
        on_cleanup(move || waiting.clear());
    }
}

fn shown(resource: PageData, first: Page, fits: fn(&Page) -> bool, draw: &Draw, there: There) -> AnyView {
    let (data, error) = (RwSignal::new(first), RwSignal::new(None::<AppError>));
    let answered = move || resource.get().filter(|answer| !matches!(answer, Ok(Page::Nothing)));
    effect(move || match answered().map(|answer| fitting(answer, fits)) {
        Some(Ok(fresh)) => {
            data.set(fresh);
            error.set(None);
        }
        Some(Err(fault)) if passes(&fault) => retry(move || resource.refetch()),
        Some(Err(fault)) => error.set(Some(fault)),
        None => {}
    });
    let gone = Memo::new(move |_| error.get());
    let draw = Arc::clone(draw);
    dynamic(move || match gone.get() {
        _ if there.is_gone() => ().into_any(),
        None => draw(data),
        Some(error) => instead(error),
    })
}

/// The first attempt failed, or nothing was asked yet: the error, until a later attempt succeeds.
fn failed(resource: PageData, error: Option<AppError>, fits: fn(&Page) -> bool, draw: Draw, there: There) -> AnyView {
    let answer = RwSignal::new(error.map(Err::<Page, AppError>));
    effect(move || {
        let fresh = resource.get().filter(|answer| !matches!(answer, Ok(Page::Nothing)));
        let Some(fresh) = fresh.map(|fresh| fitting(fresh, fits)) else { return };
        if fresh.as_ref().is_err_and(passes) {
            retry(move || resource.refetch());
        }
        answer.set(Some(fresh));
    });
    let well = Memo::new(move |_| answer.with(|answer| answer.as_ref().map(Result::is_ok)));
    dynamic(move || {
        well.track();
        match answer.get_untracked() {
            _ if there.is_gone() => ().into_any(),
            Some(Ok(first)) => shown(resource, first, fits, &draw, there.clone()),
            Some(Err(error)) => instead(error),
            None => loading(),
        }
    })
}

/// What stands where the page would.
fn instead(error: AppError) -> AnyView {
    let title = match error.kind {
        ErrorKind::NotFound => "Not found",
        ErrorKind::Unavailable => "No answer",
        ErrorKind::Forbidden => "Not allowed",
        ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::Internal => "Not possible",
    };
    view! {
        <WindowTitle text=move || format!("{title} · Countersign")/>
        <header class="page-head"><h1>{title}</h1></header>
        <ProblemBox problem=error.problem/>
    }
    .into_any()
}
