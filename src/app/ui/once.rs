//! A part of a view that is drawn once, as everything is on the server.
//!
//! While a page waits for its data, leptos walks over its view to find what it waits for, and again to see that nothing is
//! missing, then resolves it. Each of these runs every closure of the view, so all that is inside was made three times.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::{Position, PositionState};

use super::erased::Draw;

/// A part that keeps what it drew.
struct Once {
    draw: Draw,
    drawn: Option<AnyView>,
    /// Whose the part's signals are. They outlive the walk that was the first to draw it.
    owner: Option<Owner>,
}

/// Draws a part of a page, once.
pub fn once(draw: Draw) -> AnyView {
    Once { draw, drawn: None, owner: Owner::current() }.into_any()
}

impl Once {
    fn drawn(&mut self) -> AnyView {
        let Self { draw, drawn, owner } = self;
        drawn.take().unwrap_or_else(|| match owner {
            Some(owner) => owner.with(draw),
            None => draw(),
        })
    }
}

impl Render for Once {
    type State = <AnyView as Render>::State;

    fn build(mut self) -> Self::State {
        self.drawn().build()
    }

    fn rebuild(mut self, state: &mut Self::State) {
        self.drawn().rebuild(state);
    }
}

impl AddAnyAttr for Once {
    type Output<SomeNewAttr: Attribute> = <AnyView as AddAnyAttr>::Output<SomeNewAttr>;

    fn add_any_attr<NewAttr: Attribute>(mut self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        self.drawn().add_any_attr(attr)
    }
}

impl RenderHtml for Once {
    type AsyncOutput = AnyView;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        let mut drawn = self.drawn();
        drawn.dry_resolve();
        self.drawn = Some(drawn);
    }

    async fn resolve(mut self) -> AnyView {
        self.drawn().resolve().await
    }

    fn to_html_with_buf(
        mut self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.drawn().to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        mut self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.drawn().to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(mut self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.drawn().hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}
