//! A drawing seen as a map: which part of it is in view, and how large. Pure: the server chooses the first view with it,
//! the browser every later one.
//!
//! Lengths of a drawing are those that its layout gave it; a [`View`] says where they are in a box on the screen.

/// A width and a height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    pub width: f32,
    pub height: f32,
}

/// A rectangle of a drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// Where a drawing is in its box: where its top left corner stands, in pixels of the box, and how large it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub x: f32,
    pub y: f32,
    pub scale: f32,
}

/// The box that the server draws for: a usual one, as it cannot measure the reader's.
pub const USUAL: Size = Size { width: 1_000.0, height: 600.0 };
/// The smallest scale at which names can be read.
pub const LEGIBLE: f32 = 0.6;
/// The scale of a part of a drawing that is too large to be read whole.
const PART: f32 = 0.85;
/// The largest scale.
const LARGEST: f32 = 2.5;
/// Free space around a drawing that fits its box.
const MARGIN: f32 = 12.0;
/// What is in the page grows and shrinks in steps of this length, so that a small move changes nothing.
const STEP: f32 = 256.0;
/// What is this near to the view is in the page already.
const NEAR: f32 = 64.0;

/// A number between two others. `f32::clamp` carries the code that writes fractions, for its panic, to the browser.
pub fn within(number: f32, least: f32, most: f32) -> f32 {
    number.max(least).min(most)
}

impl Area {
    /// The middle.
    #[must_use]
    pub fn middle(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Whether the two have a point in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.x <= other.x + other.width
            && other.x <= self.x + self.width
            && self.y <= other.y + other.height
            && other.y <= self.y + self.height
    }

    /// Whether the other is inside as a whole.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }

    /// The smallest area around points.
    #[must_use]
    pub fn around(points: &[(f32, f32)]) -> Self {
        let Some(&(x, y)) = points.first() else { return Self::default() };
        let (mut left, mut top, mut right, mut bottom) = (x, y, x, y);
        for &(x, y) in points {
            (left, top) = (left.min(x), top.min(y));
            (right, bottom) = (right.max(x), bottom.max(y));
        }
        Self { x: left, y: top, width: right - left, height: bottom - top }
    }

    /// The area that is to be in the page while this one is in view.
    #[must_use]
    pub fn in_page(&self) -> Self {
        let down = |length: f32| ((length - NEAR) / STEP).floor() * STEP;
        let up = |length: f32| ((length + NEAR) / STEP).ceil() * STEP;
        let (x, y) = (down(self.x), down(self.y));
        Self { x, y, width: up(self.x + self.width) - x, height: up(self.y + self.height) - y }
    }
}

impl View {
    /// The whole drawing in the middle of its box, never larger than it was laid out.
    #[must_use]
    pub fn fit(drawing: Size, frame: Size) -> Self {
        let room = |length: f32| (length - 2.0 * MARGIN).max(1.0);
        let across = room(frame.width) / drawing.width.max(1.0);
        let scale = across.min(room(frame.height) / drawing.height.max(1.0)).min(1.0);
        Self { x: 0.0, y: 0.0, scale }.kept(drawing, frame)
    }

    /// The view that a page opens with: the whole drawing where it can be read, else its part around `on`, or its beginning.
    #[must_use]
    pub fn first(drawing: Size, frame: Size, on: Option<Area>) -> Self {
        let whole = Self::fit(drawing, frame);
        if whole.scale >= LEGIBLE {
            return whole;
        }
        let on = on.unwrap_or(Area { x: drawing.width / 2.0, ..Area::default() });
        // All of its width, or all of its height, where that can be read.
        let across = ((frame.width - 2.0 * MARGIN) / drawing.width.max(1.0))
            .max((frame.height - 2.0 * MARGIN) / drawing.height.max(1.0));
        Self { scale: within(across, LEGIBLE, PART), ..whole }.on(on, drawing, frame)
    }

    /// The same scale with `area` in the middle of the box.
    #[must_use]
    pub fn on(self, area: Area, drawing: Size, frame: Size) -> Self {
        let (x, y) = area.middle();
        let to = Self { x: frame.width / 2.0 - x * self.scale, y: frame.height / 2.0 - y * self.scale, ..self };
        to.kept(drawing, frame)
    }

    /// The view of a state that somebody asked for: as it is where the state is in sight, else around it, legibly.
    #[must_use]
    pub fn showing(self, area: Area, drawing: Size, frame: Size) -> Self {
        if self.scale >= LEGIBLE.min(Self::fit(drawing, frame).scale) && self.seen(frame).holds(&area) {
            return self;
        }
        Self { scale: self.scale.max(LEGIBLE), ..self }.on(area, drawing, frame)
    }

    /// Larger by `factor`, or smaller; what is at `at` of the box stays there.
    #[must_use]
    pub fn zoomed(self, factor: f32, at: (f32, f32), drawing: Size, frame: Size) -> Self {
        let smallest = Self::fit(drawing, frame).scale.min(LEGIBLE);
        let scale = within(self.scale * factor, smallest, LARGEST);
        let by = scale / self.scale;
        Self { x: at.0 - (at.0 - self.x) * by, y: at.1 - (at.1 - self.y) * by, scale }.kept(drawing, frame)
    }

    /// Moved by some pixels.
    #[must_use]
    pub fn moved(self, by: (f32, f32), drawing: Size, frame: Size) -> Self {
        Self { x: self.x + by.0, y: self.y + by.1, ..self }.kept(drawing, frame)
    }

    /// The nearest view that shows some of the drawing: what fits into the box is in its middle, what does not leaves no
    /// more than half of it empty.
    #[must_use]
    pub fn kept(self, drawing: Size, frame: Size) -> Self {
        let keep = |at: f32, length: f32, room: f32| {
            let length = length * self.scale;
            if length + 2.0 * MARGIN <= room + 1.0 {
                (room - length) / 2.0
            } else {
                let slack = 2.0 * MARGIN;
                within(at, room - length - slack, slack)
            }
        };
        let (x, y) = (keep(self.x, drawing.width, frame.width), keep(self.y, drawing.height, frame.height));
        Self { x, y, scale: self.scale }
    }

    /// The part of the drawing that is in view.
    #[must_use]
    pub fn seen(&self, frame: Size) -> Area {
        Area {
            x: -self.x / self.scale,
            y: -self.y / self.scale,
            width: frame.width / self.scale,
            height: frame.height / self.scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Size = Size { width: 1_000.0, height: 600.0 };

    fn size(width: f32, height: f32) -> Size {
        Size { width, height }
    }

    fn area(x: f32, y: f32) -> Area {
        Area { x, y, width: 180.0, height: 48.0 }
    }

    #[test]
    fn fit_shows_the_whole_drawing() {
        for drawing in [size(300.0, 200.0), size(300.0, 4_000.0), size(9_000.0, 700.0), size(20_000.0, 20_000.0)] {
            let view = View::fit(drawing, BOX);
            let whole = Area { x: 0.0, y: 0.0, width: drawing.width, height: drawing.height };
            assert!(view.seen(BOX).holds(&whole), "{drawing:?}: {view:?}");
            assert!(view.scale <= 1.0);
        }
    }

    #[test]
    fn a_page_opens_with_what_can_be_read() {
        // Small enough: all of it.
        assert_eq!(View::first(size(900.0, 560.0), BOX, None), View::fit(size(900.0, 560.0), BOX));
        // A tall one: around the state, or at its beginning.
        let tall = size(400.0, 5_000.0);
        for (on, expect) in [(None, 0.0), (Some(area(110.0, 3_000.0)), 3_000.0)] {
            let view = View::first(tall, BOX, on);
            assert!(view.scale >= LEGIBLE);
            let seen = view.seen(BOX);
            assert!(seen.y <= expect && expect + 48.0 <= seen.y + seen.height, "{seen:?}");
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let (drawing, at) = (size(4_000.0, 4_000.0), (300.0, 200.0));
        let before = View { x: -900.0, y: -700.0, scale: 0.8 };
        let after = before.zoomed(1.5, at, drawing, BOX);
        let under = |view: View| ((at.0 - view.x) / view.scale, (at.1 - view.y) / view.scale);
        let (one, other) = (under(before), under(after));
        assert!((one.0 - other.0).abs() < 0.1 && (one.1 - other.1).abs() < 0.1);
        assert!((after.scale - 1.2).abs() < 0.001);
    }

    #[test]
    fn the_drawing_cannot_be_lost() {
        let drawing = size(4_000.0, 4_000.0);
        for by in [(90_000.0, 90_000.0), (-90_000.0, -90_000.0)] {
            let view = View { x: 0.0, y: 0.0, scale: 1.0 }.moved(by, drawing, BOX);
            let whole = Area { x: 0.0, y: 0.0, width: 4_000.0, height: 4_000.0 };
            let middle = Area { x: view.seen(BOX).middle().0, y: view.seen(BOX).middle().1, width: 0.0, height: 0.0 };
            assert!(whole.meets(&middle), "{view:?}");
        }
        let small = View::fit(drawing, BOX);
        assert!(small.zoomed(0.0001, (0.0, 0.0), drawing, BOX).scale > small.scale / 2.0);
        assert!(small.zoomed(10_000.0, (0.0, 0.0), drawing, BOX).scale < 4.0);
    }

    #[test]
    fn a_state_in_sight_moves_nothing() {
        let drawing = size(4_000.0, 4_000.0);
        let view = View { x: -400.0, y: -400.0, scale: 1.0 };
        assert_eq!(view.showing(area(600.0, 600.0), drawing, BOX), view);
        let far = view.showing(area(3_000.0, 3_000.0), drawing, BOX);
        assert!(far.seen(BOX).holds(&area(3_000.0, 3_000.0)));
    }

    #[test]
    fn what_is_in_the_page_changes_in_steps() {
        let seen = Area { x: 300.0, y: 0.0, width: 500.0, height: 400.0 };
        let page = seen.in_page();
        assert!(page.holds(&seen));
        assert_eq!(Area { x: 310.0, ..seen }.in_page(), page);
        assert_ne!(Area { x: 900.0, ..seen }.in_page(), page);
        assert!(page.width < seen.width + 2.0 * (STEP + NEAR));
    }
}
