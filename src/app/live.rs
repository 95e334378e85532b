//! The live stream: what changed on the server, so that pages load again what they show.
//!
//! The stream only says which topics changed. A page's resource reads the counter of its topics, so it is loaded again
//! when one of them is bumped. The browser reconnects by itself and resumes where it was.

use leptos::prelude::*;

/// Something that a page can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Frame,
    Inbox,
    Executions,
    Workflows,
    /// The execution that the page is about.
    Execution,
}

const TOPICS: [Topic; 5] = [Topic::Frame, Topic::Inbox, Topic::Executions, Topic::Workflows, Topic::Execution];

/// How the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the server draws every page before it is live"))]
pub enum Link {
    /// The page does not run in a browser yet, or has only just begun to.
    Starting,
    Live,
    Reconnecting,
}

/// The page's one live stream.
#[derive(Clone, Copy)]
pub struct Live {
    counters: [RwSignal<u32>; 5],
    /// The ARN of the execution that is watched closely.
    watched: RwSignal<Option<String>>,
    link: RwSignal<Link>,
}

impl Live {
    /// Opens the stream once the page runs in a browser.
    #[must_use]
    pub fn start() -> Self {
        let live = Self {
            counters: TOPICS.map(|_| RwSignal::new(0)),
            watched: RwSignal::new(None),
            link: RwSignal::new(Link::Starting),
        };
        provide_context(live);
        #[cfg(feature = "hydrate")]
        Effect::new(move || browser::open(live, live.watched.get().as_deref()));
        live
    }

    /// The page's stream.
    #[must_use]
    pub fn of_page() -> Self {
        expect_context()
    }

    /// A number that grows whenever one of `topics` changed; reading it in a resource's source loads the resource again.
    #[must_use]
    pub fn changes<const N: usize>(&self, topics: [Topic; N]) -> u32 {
        topics.into_iter().map(|topic| self.counters[topic as usize].get()).fold(0, u32::wrapping_add)
    }

    /// Asks again for everything that the pages show.
    #[cfg(feature = "hydrate")]
    pub fn ask_again(&self) {
        for counter in self.counters {
            counter.update(|count| *count += 1);
        }
    }

    /// Watches the execution closely until the page is left.
    pub fn watch(&self, arn: Signal<String>) {
        let watched = self.watched;
        // At once, so that a page that is opened here opens one stream, not two.
        watched.set(Some(arn.get_untracked()));
        Effect::new(move || {
            let arn = arn.get();
            if watched.with_untracked(|now| now.as_deref() != Some(arn.as_str())) {
                watched.set(Some(arn));
            }
        });
        on_cleanup(move || watched.set(None));
    }

    /// How the stream is.
    #[must_use]
    pub fn link(&self) -> Link {
        self.link.get()
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast as _;
    use leptos::wasm_bindgen::closure::Closure;
    use web_sys::{EventSource, MessageEvent};

    use super::{Link, Live, TOPICS, Topic};

    /// Opens the stream and closes it when what it watches changes or the page goes.
    pub fn open(live: Live, execution: Option<&str>) {
        let Ok(source) = EventSource::new(&crate::routes::live(execution)) else { return };
        let watched = execution.map(|arn| format!("execution:{arn}"));
        let changed = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let text = message.data().as_string().unwrap_or_default();
            for topic in TOPICS {
                if text.split(' ').any(|name| names(topic, name, watched.as_deref())) {
                    live.counters[topic as usize].update(|count| *count += 1);
                }
            }
        });
        let opened = Closure::<dyn FnMut()>::new(move || {
            // What changed between the drawing of the page and now, nobody has told us.
            live.link.set(Link::Live);
            live.ask_again();
        });
        let broken = Closure::<dyn FnMut()>::new(move || live.link.set(Link::Reconnecting));
        // A listener that cannot be added leaves a page that is still right, only not live.
        _ = source.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        source.set_onerror(Some(broken.as_ref().unchecked_ref()));
        let stream = StoredValue::new_local((source, changed, opened, broken));
        on_cleanup(move || stream.with_value(|(source, ..)| source.close()));
    }

    fn names(topic: Topic, name: &str, watched: Option<&str>) -> bool {
        match topic {
            Topic::Frame => name == "frame",
            Topic::Inbox => name == "inbox",
            Topic::Executions => name == "executions",
            Topic::Workflows => name == "workflows",
            Topic::Execution => watched == Some(name),
        }
    }
}
