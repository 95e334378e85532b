//! Where the drawing is in its box: what pointers, keys and buttons change, and what the layer and its parts read.

use leptos::html::Div;
use leptos::prelude::*;

use crate::app::ui::{Memo, RwSignal, StoredValue};
use leptos::svg::Svg;

use super::scene::Scene;
use crate::map::{Area, Size, USUAL, View};

/// A drawing in its box.
#[derive(Clone, Copy)]
pub struct Place {
    pub scene: Memo<Scene>,
    pub element: NodeRef<Div>,
    /// What is moved in it.
    pub layer: NodeRef<Svg>,
    /// The size of the box; nothing until the browser has measured it.
    pub frame: RwSignal<Option<Size>>,
    view: RwSignal<View>,
    /// Whether the view goes to its new place slowly enough to be followed.
    pub flies: RwSignal<bool>,
    /// Whether the drawing fits its box and is to stay so when either changes.
    fits: RwSignal<bool>,
    /// Where the view was before the first state.
    on: StoredValue<Option<Area>>,
    /// Whether the page holds all of the drawing for as long as no scripts run.
    all: bool,
}

impl Place {
    /// The place of a drawing that opens on a state; `all` is put into the page where no scripts run.
    pub fn new(scene: Memo<Scene>, on: Option<&str>, all: bool) -> Self {
        let (size, on) = scene.with_untracked(|scene| {
            (scene.size(), on.and_then(|name| scene.graph.named(name)).map(crate::wire::graph::Node::area))
        });
        Self {
            scene,
            element: NodeRef::new(),
            layer: NodeRef::new(),
            frame: RwSignal::new(None),
            view: RwSignal::new(View::first(size, USUAL, on)),
            flies: RwSignal::new(false),
            fits: RwSignal::new(false),
            on: StoredValue::new(on),
            all,
        }
    }

    fn size(&self) -> Size {
        self.scene.with_untracked(Scene::size)
    }

    /// The part of the drawing that is in the page.
    pub fn page(&self) -> Memo<Area> {
        let here = *self;
        Memo::new(move |_| match here.frame.get() {
            None if here.all => Area { x: -1.0, y: -1.0, width: f32::MAX, height: f32::MAX },
            None => here.view.with(|view| view.seen(USUAL).in_page()),
            Some(frame) => here.view.with(|view| view.seen(frame).in_page()),
        })
    }

    /// The part that is seen where no scripts run: the usual box, or all of the drawing where that fits into it.
    pub fn seen_without_scripts(&self) -> Area {
        let size = self.size();
        let (view, whole) = (self.view.get_untracked(), View::fit(size, USUAL));
        if self.all || view == whole {
            return Area { x: 0.0, y: 0.0, width: size.width, height: size.height };
        }
        view.seen(USUAL)
    }

    /// The scale of the view.
    pub fn scale(&self) -> f32 {
        self.view.with(|view| view.scale)
    }

    /// The layer's transform, in whole pixels and thousandths.
    pub fn transform(&self) -> String {
        let view = self.view.get();
        let (x, y, scale) = (view.x.round() as i32, view.y.round() as i32, (view.scale * 10_000.0).round() as i32);
        format!("translate({x}px,{y}px) scale(calc({scale}/10000))")
    }

    /// Takes in the size of the box: the first time the view opens there.
    pub fn measured(&self, frame: Size) {
        let (size, before) = (self.size(), self.frame.get_untracked());
        if before == Some(frame) || frame.width < 1.0 || frame.height < 1.0 {
            return;
        }
        let view = match before {
            None => {
                let view = View::first(size, frame, self.on.get_value());
                self.fits.set(view == View::fit(size, frame));
                view
            }
            Some(_) if self.fits.get_untracked() => View::fit(size, frame),
            // What was in the middle stays there.
            Some(before) => {
                let view = self.view.get_untracked();
                let by = ((frame.width - before.width) / 2.0, (frame.height - before.height) / 2.0);
                view.moved(by, size, frame)
            }
        };
        self.flies.set(false);
        self.view.set(view);
        self.frame.set(Some(frame));
    }

    /// Another drawing, such as one with a box folded: what `anchor` was at before is at the same place of the screen.
    pub fn redrawn(&self, before: Area, after: Area) {
        let (Some(frame), size) = (self.frame.get_untracked(), self.size()) else { return };
        self.flies.set(false);
        if self.fits.get_untracked() {
            return self.view.set(View::fit(size, frame));
        }
        let scale = self.view.with_untracked(|view| view.scale);
        let by = ((before.x - after.x) * scale, (before.y - after.y) * scale);
        self.view.update(|view| *view = view.moved(by, size, frame));
    }

    /// Moves by some pixels.
    pub fn moved(&self, by: (f32, f32)) {
        self.change(false, |view, size, frame| view.moved(by, size, frame));
    }

    /// Larger or smaller around a point of the box; around its middle without one. Says whether anything changed.
    pub fn zoomed(&self, factor: f32, at: Option<(f32, f32)>) -> bool {
        let before = self.view.get_untracked();
        self.change(at.is_none(), |view, size, frame| {
            view.zoomed(factor, at.unwrap_or((frame.width / 2.0, frame.height / 2.0)), size, frame)
        });
        self.view.get_untracked() != before
    }

    /// The whole drawing.
    pub fn fit(&self) {
        self.change(true, |_, size, frame| View::fit(size, frame));
        self.fits.set(true);
    }

    /// An area in the middle, so large that it can be read.
    pub fn go_to(&self, area: Area) {
        self.change(true, |view, size, frame| View { scale: view.scale.max(0.9), ..view }.on(area, size, frame));
    }

    /// An area somewhere in sight; nothing moves where it is.
    pub fn show(&self, area: Area) {
        let showing = |view: View, size, frame| view.showing(area, size, frame);
        if let Some(frame) = self.frame.get_untracked()
            && self.view.with_untracked(|view| showing(*view, self.size(), frame) != *view)
        {
            self.change(true, showing);
        }
    }

    fn change(&self, flies: bool, to: impl FnOnce(View, Size, Size) -> View) {
        if let Some(frame) = self.frame.get_untracked() {
            let view = to(self.view.get_untracked(), self.size(), frame);
            self.flies.set(flies);
            self.fits.set(false);
            self.view.set(view);
        }
    }

    /// The point of the drawing at a point of the box.
    pub fn point(&self, at: (f32, f32)) -> (f32, f32) {
        self.view.with_untracked(|view| ((at.0 - view.x) / view.scale, (at.1 - view.y) / view.scale))
    }

    /// Whether all of the drawing is in sight.
    pub fn is_all_in_sight(&self) -> bool {
        let size = self.size();
        let whole = Area { x: 1.0, y: 1.0, width: size.width - 2.0, height: size.height - 2.0 };
        self.frame.get().is_some_and(|frame| self.view.with(|view| view.seen(frame).holds(&whole)))
    }
}
