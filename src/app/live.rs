//! The live stream: what changed on the server, so that pages load again what they show.
//!
//! The stream is one for all connections, and only says which topics of which connection changed. A page counts those of its
//! own connection, and of the others whether they answer. Its resource reads the counter of its topics, so it is loaded again
//! when one of them is bumped. The browser reconnects by itself and resumes where it was.

use leptos::prelude::*;

use crate::app::ui::{RwSignal, Signal, StoredValue, effect};
use crate::wire::Topic;

/// The counter of a topic. One counter is for all executions: only the watched one's topic is counted.
const fn counter(topic: &Topic) -> usize {
    match topic {
        Topic::Frame => 0,
        Topic::Inbox => 1,
        Topic::Executions => 2,
        Topic::Workflows => 3,
        Topic::Health => 4,
        Topic::Execution(_) => 5,
    }
}

/// One for each topic, and one for the watched execution.
const COUNTERS: usize = Topic::GENERAL.len() + 1;

/// How the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the server draws every page before it is live"))]
pub enum Link {
    /// The page does not run in a browser yet, or has only just begun to.
    Starting,
    Live,
    Reconnecting,
}

/// The page's part of the one live stream that the tabs of a browser share.
#[derive(Clone, Copy)]
pub struct Live {
    counters: [RwSignal<u32>; COUNTERS],
    /// The ARN of the execution that is watched closely.
    watched: RwSignal<Option<String>>,
    link: RwSignal<Link>,
    /// When the server last heard from the connection, and whether the connection answers now.
    data_at: RwSignal<Option<i64>>,
    answers: RwSignal<bool>,
    /// The stream's last pulse: when the data of each connection was read.
    pulse: RwSignal<String>,
    /// Whether the execution was read a moment ago, and whether it has changed since.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the server hears of no changes"))]
    paced: StoredValue<bool>,
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the server hears of no changes"))]
    owed: StoredValue<bool>,
}

impl Live {
    /// Joins the stream once the page runs in a browser.
    #[must_use]
    pub fn start() -> Self {
        let live = Self {
            counters: std::array::from_fn(|_| RwSignal::new(0)),
            watched: RwSignal::new(None),
            link: RwSignal::new(Link::Starting),
            data_at: RwSignal::new(None),
            answers: RwSignal::new(true),
            pulse: RwSignal::new(String::new()),
            paced: StoredValue::new(false),
            owed: StoredValue::new(false),
        };
        provide_context(live);
        #[cfg(feature = "hydrate")]
        browser::join(live);
        live
    }

    /// The page's stream.
    #[must_use]
    pub fn of_page() -> Self {
        expect_context()
    }

    /// Takes in what the frame says of the connection. Once it answers again, so do the pages.
    pub fn connection(&self, data_at: Option<i64>, answers: bool) {
        let back = answers && !self.answers.get_untracked();
        self.answers.set(answers);
        self.data_at.set(data_at);
        if back {
            self.ask_again();
        }
    }

    /// Whether Step Functions answered the last time that it was asked.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.answers.get()
    }

    /// When the data that the pages show was read.
    #[must_use]
    pub fn data_at(&self) -> Option<i64> {
        self.data_at.get()
    }

    /// When the data of any connection was read, once the stream has said so.
    #[must_use]
    pub fn age_of(&self, connection: &str) -> Option<i64> {
        self.pulse.with(|pulse| age_of(pulse, connection))
    }

    /// A number that grows whenever one of `topics` changed; reading it in a resource's source loads the resource again.
    #[must_use]
    pub fn changes<const N: usize>(&self, topics: [Topic; N]) -> u32 {
        topics.iter().map(|topic| self.counters[counter(topic)].get()).fold(0, u32::wrapping_add)
    }

    /// Asks again for everything that the pages show.
    pub fn ask_again(&self) {
        for counter in self.counters {
            counter.update(|count| *count += 1);
        }
    }

    /// Watches the execution closely until the page is left.
    pub fn watch(&self, arn: Signal<String>) {
        let watched = self.watched;
        // At once, so that a page that is opened here has it watched from the beginning.
        watched.set(Some(arn.get_untracked()));
        effect(move || {
            let arn = arn.get();
            if watched.with_untracked(|now| now.as_deref() != Some(arn.as_str())) {
                watched.set(Some(arn));
            }
        });
        on_cleanup(move || watched.set(None));
    }

    /// Whether the page has been running for a while.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.link.get_untracked() != Link::Starting
    }

    /// How the stream is.
    #[must_use]
    pub fn link(&self) -> Link {
        self.link.get()
    }
}

/// When the data of a connection was read, from the stream's pulse: a word for each connection, such as `prod:1700000000000`.
fn age_of(pulse: &str, connection: &str) -> Option<i64> {
    let mut words = pulse.split(' ').filter_map(|word| word.split_once(':'));
    words.find(|(name, _)| *name == connection)?.1.parse().ok()
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use leptos::wasm_bindgen::closure::Closure;
    use leptos::wasm_bindgen::{JsCast as _, JsValue};

    use std::time::Duration;

    use super::{Link, Live, counter};
    use crate::app::here::here;
    use crate::app::ui::{RwSignal, effect};
    use crate::wire::Topic;

    /// The pause between two readings of an execution that changes all the time.
    const PACE: Duration = Duration::from_millis(150);

    /// Receives the messages of `public/live.js`, and sends it the execution that this page shows.
    ///
    /// A script that did not load leaves a page that is still right, only not live.
    pub fn join(live: Live) {
        effect(move || {
            let here = here();
            let heard = Closure::<dyn FnMut(String, String)>::new(move |kind: String, text: String| {
                hear(live, here.connection(), &kind, &text);
            });
            call("start", heard.as_ref());
            // The frame lives as long as the page.
            heard.forget();
        });
        effect(move || {
            let shown = live.watched.get().map(|arn| Topic::Execution(arn).on(here().connection()));
            call("show", &JsValue::from_str(&shown.unwrap_or_default()));
        });
    }

    fn call(name: &str, argument: &JsValue) {
        let script = js_sys::Reflect::get(&window(), &JsValue::from_str("countersignLive"));
        let function = script.and_then(|script| js_sys::Reflect::get(&script, &JsValue::from_str(name)));
        if let Some(function) = function.ok().and_then(|function| function.dyn_into::<js_sys::Function>().ok()) {
            _ = function.call1(&JsValue::NULL, argument);
        }
    }

    fn hear(live: Live, here: &str, kind: &str, text: &str) {
        match kind {
            "state" => live.link.set(if text == "live" { Link::Live } else { Link::Reconnecting }),
            "again" => live.ask_again(),
            "at" => {
                live.data_at.set(super::age_of(text, here));
                live.pulse.set(text.to_owned());
            }
            // A topic that this version does not know is shown by none of its pages.
            _ => text.split(' ').filter_map(Topic::read).for_each(|(connection, topic)| {
                if connection == here || topic == Topic::Health {
                    bump(live, &topic);
                }
            }),
        }
    }

    fn bump(live: Live, topic: &Topic) {
        if let Topic::Execution(arn) = topic
            && live.watched.with_untracked(|watched| watched.as_ref() != Some(arn))
        {
            return;
        }
        let counted = live.counters[counter(topic)];
        if !matches!(topic, Topic::Execution(_)) {
            return counted.update(|count| *count += 1);
        }
        // The first change is shown at once. Of many that follow each other, each would cost a request.
        if live.paced.get_value() {
            return live.owed.set_value(true);
        }
        counted.update(|count| *count += 1);
        pace(live, counted);
    }

    /// Counts what was owed once the pause is over, and pauses again.
    fn pace(live: Live, counted: RwSignal<u32>) {
        live.paced.set_value(true);
        let over = move || {
            live.paced.set_value(false);
            if live.owed.get_value() {
                live.owed.set_value(false);
                counted.update(|count| *count += 1);
                pace(live, counted);
            }
        };
        set_timeout(over, PACE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_a_counter_of_its_own() {
        let all = Topic::GENERAL.into_iter().chain([Topic::Execution(String::new())]);
        assert_eq!(all.map(|topic| counter(&topic)).collect::<Vec<_>>(), (0..COUNTERS).collect::<Vec<_>>());
    }

    #[test]
    fn the_pulse_has_the_age_of_every_connection() {
        let pulse = "default:12 prod: test:13";
        assert_eq!(
            ["default", "prod", "test", "tes"].map(|name| age_of(pulse, name)),
            [Some(12), None, Some(13), None]
        );
    }
}
