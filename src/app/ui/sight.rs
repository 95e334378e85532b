//! Where a reader is on a page: what a link leads to comes into sight, and the keyboard's place is not lost.
//!
//! On the server, and before a page runs in the browser, all of this does nothing: there the links' fragments lead.

/// Scrolls the page so that the element with this id is in sight, if its beginning is not. What is in sight stays put.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server has nothing to scroll"))]
pub fn bring_into_sight(id: &'static str) {
    #[cfg(feature = "hydrate")]
    browser::after_drawing(move || {
        let Some(element) = leptos::prelude::document().get_element_by_id(id) else { return };
        let (top, height) = (element.get_bounding_client_rect().top(), browser::height());
        // A visible strip of it shows nothing.
        if top < 0.0 || top > height - 160.0 {
            element.scroll_into_view();
        }
    });
}

/// Gives the keyboard's place to the element with this id.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server has no keyboard"))]
pub fn focus_on(id: impl Into<std::borrow::Cow<'static, str>>) {
    #[cfg(feature = "hydrate")]
    {
        let id = id.into();
        browser::after_drawing(move || browser::focus(&id));
    }
}

/// The same, where what had the place is gone: nobody is torn from what they are typing.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server has no keyboard"))]
pub fn focus_if_lost(id: &'static str) {
    #[cfg(feature = "hydrate")]
    browser::after_drawing(move || {
        if browser::focus_is_lost() {
            browser::focus(id);
        }
    });
}

#[cfg(feature = "hydrate")]
pub mod browser {
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast as _;
    use web_sys::HtmlElement;

    /// Runs once what was just changed is drawn.
    pub fn after_drawing(run: impl FnOnce() + 'static) {
        request_animation_frame(move || request_animation_frame(run));
    }

    /// The height of the window.
    pub fn height() -> f64 {
        window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default()
    }

    /// Whether no element has the keyboard's place.
    pub fn focus_is_lost() -> bool {
        document().active_element().is_none_or(|element| element.tag_name() == "BODY")
    }

    /// Gives the place to the element with this id, and scrolls only if it is out of sight.
    pub fn focus(id: &str) {
        if let Some(element) = document().get_element_by_id(id) {
            // Proof: elements of a drawing have the same method.
            _ = element.unchecked_into::<HtmlElement>().focus();
        }
    }
}
