//! Pointers, wheel and keys on a drawing. On the server all of this does nothing.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use leptos::prelude::*;

use crate::app::ui::{RwSignal, StoredValue};
use crate::map::within;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::Element;

use super::place::Place;

/// A pointer that has moved less than this is a click.
const STILL: f32 = 4.0;

/// A pointer that is down: its id, and where it is in the box.
#[derive(Clone, Copy, PartialEq)]
struct Finger {
    id: i32,
    at: (f32, f32),
}

/// What the pointers do.
#[derive(Clone, Copy)]
pub struct Hands {
    place: Place,
    fingers: StoredValue<Vec<Finger>>,
    /// Where the first went down.
    from: StoredValue<(f32, f32)>,
    /// Whether the drawing is dragged: what follows is no click.
    pub drags: RwSignal<bool>,
    dragged: StoredValue<bool>,
}

impl Hands {
    pub fn new(place: Place) -> Self {
        Self {
            place,
            fingers: StoredValue::new(Vec::new()),
            from: StoredValue::new((0.0, 0.0)),
            drags: RwSignal::new(false),
            dragged: StoredValue::new(false),
        }
    }

    /// Where a pointer is in the box.
    fn at(&self, event: &MouseEvent) -> (f32, f32) {
        let element = self.place.element.get_untracked();
        let (left, top) = element.map_or((0.0, 0.0), |element| corner(&element));
        (event.client_x() as f32 - left, event.client_y() as f32 - top)
    }

    pub fn down(&self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let finger = Finger { id: event.pointer_id(), at: self.at(event) };
        self.fingers.update_value(|fingers| {
            fingers.retain(|other| other.id != finger.id);
            fingers.push(finger);
        });
        if self.fingers.with_value(Vec::len) == 1 {
            self.from.set_value(finger.at);
            self.dragged.set_value(false);
        }
    }

    pub fn moves(&self, event: &PointerEvent) {
        let (id, at) = (event.pointer_id(), self.at(event));
        let before = self.fingers.get_value();
        let Some(finger) = before.iter().position(|finger| finger.id == id) else { return };
        let from = self.from.get_value();
        if !self.drags.get_untracked() {
            let is_still = (at.0 - from.0).hypot(at.1 - from.1) < STILL;
            if is_still && before.len() < 2 {
                return;
            }
            self.drags.set(true);
            self.dragged.set_value(true);
            // From here on the pointer is the drawing's, wherever it goes: until now a click would have been a link's.
            if let Some(element) = self.place.element.get_untracked() {
                _ = element.set_pointer_capture(id);
            }
        }
        self.fingers.update_value(|fingers| fingers[finger].at = at);
        let after = self.fingers.get_value();
        match (before.as_slice(), after.as_slice()) {
            ([one], [other]) => self.place.moved((other.at.0 - one.at.0, other.at.1 - one.at.1)),
            ([a, b, ..], [c, d, ..]) => {
                let spread = |a: &Finger, b: &Finger| (a.at.0 - b.at.0).hypot(a.at.1 - b.at.1).max(1.0);
                let middle = |a: &Finger, b: &Finger| ((a.at.0 + b.at.0) / 2.0, (a.at.1 + b.at.1) / 2.0);
                let (was, is) = (middle(a, b), middle(c, d));
                self.place.zoomed(spread(c, d) / spread(a, b), Some(was));
                self.place.moved((is.0 - was.0, is.1 - was.1));
            }
            _ => {}
        }
    }

    pub fn up(&self, event: &PointerEvent) {
        self.fingers.update_value(|fingers| fingers.retain(|finger| finger.id != event.pointer_id()));
        if self.fingers.with_value(Vec::is_empty) {
            self.drags.set(false);
        }
    }

    /// The wheel zooms; where there is nothing left to zoom, it scrolls the page.
    pub fn wheel(&self, event: &WheelEvent) {
        // A pinch on a touchpad comes as small turns with the control key.
        let turn = event.delta_y() as f32 * if event.delta_mode() == 0 { 1.0 } else { 16.0 };
        let speed = if event.ctrl_key() { 0.01 } else { 0.0016 };
        if self.place.zoomed(within(-turn * speed, -0.7, 0.7).exp(), Some(self.at(event))) || event.ctrl_key() {
            event.prevent_default();
        }
    }

    /// A click on a link of the drawing goes where it leads, without a new page: the router minds the page's own links,
    /// not those of a drawing. One that ends a drag goes nowhere. Far away there are no links: the click finds the state.
    pub fn click(&self, event: &MouseEvent, go: impl Fn(&str), state_at: impl Fn((f32, f32)) -> Option<String>) {
        if self.dragged.get_value() {
            self.dragged.set_value(false);
            return event.prevent_default();
        }
        let is_plain =
            event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if !is_plain {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let link = target.and_then(|target| target.closest("a").ok().flatten());
        let to = match link {
            Some(link) => link.get_attribute("href"),
            None => state_at(self.place.point(self.at(event))),
        };
        if let Some(to) = to {
            event.prevent_default();
            go(to.split('#').next().unwrap_or_default());
        }
    }
}

/// The name of the state that an element of the drawing belongs to.
pub fn state_of(element: &Element) -> Option<String> {
    element.closest("[data-node]").ok().flatten()?.get_attribute("data-node")
}

/// Whether a key is for the page, and not for what is typed or chosen in a field.
pub fn is_free(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let field = "input, textarea, select, [contenteditable]";
    !(event.ctrl_key() || event.meta_key() || event.alt_key())
        && target.is_none_or(|target| !target.matches(field).unwrap_or(false))
}

/// Where an element's top left corner is in the window.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server measures nothing"))]
fn corner(element: &Element) -> (f32, f32) {
    #[cfg(feature = "hydrate")]
    {
        let rect = element.get_bounding_client_rect();
        (rect.left() as f32, rect.top() as f32)
    }
    #[cfg(not(feature = "hydrate"))]
    (0.0, 0.0)
}

/// The server measures nothing.
#[cfg(not(feature = "hydrate"))]
pub fn observe(_element: &Element, _measured: impl Fn(f32, f32) + 'static) {}

/// Calls `measured` with the element's size now and whenever it changes, until the view is gone.
#[cfg(feature = "hydrate")]
pub fn observe(element: &Element, measured: impl Fn(f32, f32) + 'static) {
    use leptos::wasm_bindgen::JsValue;
    use leptos::wasm_bindgen::closure::Closure;
    let measured = {
        let element = element.clone();
        move || {
            let rect = element.get_bounding_client_rect();
            measured(rect.width() as f32, rect.height() as f32);
        }
    };
    measured();
    let call = Closure::<dyn FnMut()>::new(measured);
    let class = js_sys::Reflect::get(&window(), &JsValue::from_str("ResizeObserver"));
    let Some(class) = class.ok().and_then(|class| class.dyn_into::<js_sys::Function>().ok()) else { return };
    let Ok(observer) = js_sys::Reflect::construct(&class, &js_sys::Array::of1(call.as_ref())) else { return };
    let say = |name: &str, argument: &JsValue| {
        let function = js_sys::Reflect::get(&observer, &JsValue::from_str(name));
        if let Some(function) = function.ok().and_then(|function| function.dyn_into::<js_sys::Function>().ok()) {
            _ = function.call1(&observer, argument);
        }
    };
    say("observe", element);
    #[expect(
        clippy::disallowed_types,
        reason = "what is the browser's own stays in this thread, and is read at the end alone"
    )]
    let kept = leptos::prelude::StoredValue::new_local((call, observer.clone()));
    on_cleanup(move || {
        kept.try_with_value(|(_, observer)| {
            let function = js_sys::Reflect::get(observer, &JsValue::from_str("disconnect"));
            if let Some(function) = function.ok().and_then(|function| function.dyn_into::<js_sys::Function>().ok()) {
                _ = function.call0(observer);
            }
        });
    });
}
