//! Pieces of an interface that know nothing of Step Functions.

mod address_form;
mod copy;
mod empty;
mod erased;
mod going;
pub mod json;
mod left;
mod loaded;
mod long;
#[cfg(not(feature = "hydrate"))]
mod once;
mod post;
mod problem;
mod raw;
mod reactive;
mod shown;
mod sight;
mod tabs;
mod time;
mod title;

pub use address_form::AddressForm;
pub use copy::{copy, copy_link};
pub use empty::Empty;
pub use erased::{Row, dynamic, either, list, provide_page, switch, text};
pub use going::in_place;
#[cfg(feature = "hydrate")]
pub use going::to_page;
pub use json::{Json, Payload};
pub use loaded::{PageData, Seen, loaded, page_data, part_data, retry};
pub use long::{Extent, LongList};
pub use post::{FormProblem, Post, PostForm};
pub use problem::ProblemBox;
pub use raw::raw_text;
pub use reactive::{Memo, RwSignal, Signal, StoredValue, effect, effect_since};
pub use shown::{percent, shown, unseen};
pub use sight::{bring_into_sight, focus_if_lost, focus_on};
pub use tabs::{Tab, Tabs};
pub use time::{Ago, Clock, ClockTime, Due, Lasted, Moment, When, duration, moment, stretch, time_of_day};
#[cfg(feature = "ssr")]
pub use time::{absolute, instant};
pub use title::WindowTitle;
