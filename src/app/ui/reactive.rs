//! Reactive values of one type, whatever they hold.
//!
//! The library's memos, signals and effects are written again by the compiler for every type and closure that they hold:
//! five kilobytes a memo. These keep their values in a box, so that all share one. They have the names and the methods of
//! the library's, and are used in place of them everywhere in `app`; `clippy.toml` sees to it.
//!
//! A row, a memo or a handler may run once more after what it reads has left the page: the library then panics, which ends
//! the whole page. So in a browser what an owner leaves behind is kept for a while, and reads as it did last (`left`).
#![expect(clippy::disallowed_types, reason = "what is in the boxes")]

use std::any::Any;
use std::marker::PhantomData;

use leptos::prelude::{
    self as library, Set as _, SetValue as _, Update as _, With, WithUntracked, WithValue as _, WriteValue as _,
};

use super::left::{Left, made};

/// A value, and how values of its type are compared.
pub struct Held {
    value: Box<dyn Any + Send + Sync>,
    same: fn(&Self, &Self) -> bool,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        (self.same)(self, other)
    }
}

impl Held {
    /// A value of which each is new.
    fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self { value: Box::new(value), same: |_, _| false }
    }

    /// A value that is compared with the one before.
    fn compared<T: PartialEq + Send + Sync + 'static>(value: T) -> Self {
        Self { value: Box::new(value), same: |one, other| one.get::<T>() == other.get::<T>() }
    }

    // Proof of both: what the types below put in has their own type.
    #[expect(clippy::expect_used, reason = "see above")]
    fn get<T: 'static>(&self) -> &T {
        self.value.downcast_ref().expect("a value of this type")
    }

    #[expect(clippy::expect_used, reason = "see above")]
    fn get_mut<T: 'static>(&mut self) -> &mut T {
        self.value.downcast_mut().expect("a value of this type")
    }
}

/// Makes a value of the one before.
type Make = Box<dyn Fn(Option<&Held>) -> Held + Send + Sync>;

/// A value of type `T`, held by one of the library's kinds.
pub struct Reactive<H, T> {
    held: H,
    kind: PhantomData<fn() -> T>,
}

/// A value that is computed from others, and changes only where it differs.
pub type Memo<T> = Reactive<library::Memo<Held>, T>;
/// A value that others set.
pub type RwSignal<T> = Reactive<library::RwSignal<Held>, T>;
/// A value that is read, wherever it comes from.
pub type Signal<T> = Reactive<library::Signal<Held>, T>;
/// A value that others set, and that nobody follows.
pub type StoredValue<T> = Reactive<library::StoredValue<Held>, T>;

impl<H: Copy, T> Clone for Reactive<H, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Copy, T> Copy for Reactive<H, T> {}

impl<H, T> Reactive<H, T> {
    const fn of(held: H) -> Self {
        Self { held, kind: PhantomData }
    }
}

impl<H: With<Value = Held> + WithUntracked<Value = Held>, T: 'static> Reactive<H, T> {
    /// Reads the value, and follows it.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.held.with(|held| read(held.get()))
    }

    /// Reads the value once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.held.with_untracked(|held| read(held.get()))
    }

    /// A copy of the value, which is followed.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value.
    pub fn get_untracked(&self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Follows the value without reading it.
    pub fn track(&self) {
        // A memo that was never read does not know yet what it depends on: followed alone, it would never say that it changed.
        self.held.with(|_| ());
    }
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// The value that `make` makes of the one before.
    pub fn new(make: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let make: Make = Box::new(move |last| Held::compared(make(last.map(Held::get))));
        // It computes within its owner, with the contexts of this.
        let memo = library::ArcMemo::new(make);
        Self::of(made(|| memo.into(), Left::Memo))
    }
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    pub fn new(value: T) -> Self {
        Self::of(made(|| library::RwSignal::new(Held::new(value)), Left::RwSignal))
    }

    /// Another value.
    pub fn set(&self, value: T) {
        self.held.set(Held::new(value));
    }

    /// Another value, where its owner is still there.
    #[cfg(feature = "hydrate")]
    pub fn try_set(&self, value: T) {
        let _ = self.held.try_set(Held::new(value));
    }

    /// Changes the value.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        self.held.update(|held| change(held.get_mut()));
    }
}

impl<T: Send + Sync + 'static> Signal<T> {
    /// What `make` makes, whenever it is read.
    pub fn derive(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let make: Box<dyn Fn() -> Held + Send + Sync> = Box::new(move || Held::new(make()));
        Self::of(made(|| library::Signal::derive(make), Left::Signal))
    }

    /// A value that stays.
    pub fn stored(value: T) -> Self {
        Self::of(made(|| library::Signal::stored(Held::new(value)), Left::Signal))
    }
}

impl<T: Send + Sync + 'static> StoredValue<T> {
    pub fn new(value: T) -> Self {
        Self::of(made(|| library::StoredValue::new(Held::new(value)), Left::StoredValue))
    }

    /// Reads the value.
    pub fn with_value<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.held.with_value(|held| read(held.get()))
    }

    /// A copy of the value.
    pub fn get_value(&self) -> T
    where
        T: Clone,
    {
        self.with_value(T::clone)
    }

    /// Another value.
    pub fn set_value(&self, value: T) {
        self.held.set_value(Held::new(value));
    }

    /// Changes the value.
    pub fn update_value<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(self.held.write_value().get_mut())
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self::of(made(|| memo.held.into(), Left::Signal))
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self::of(made(|| signal.held.into(), Left::Signal))
    }
}

impl<T: Send + Sync + 'static> From<T> for Signal<T> {
    fn from(value: T) -> Self {
        Self::stored(value)
    }
}

/// Runs in the browser alone, and again whenever what it reads changes.
pub fn effect(run: impl FnMut() + Send + Sync + 'static) {
    let run: Box<dyn FnMut() + Send + Sync> = Box::new(run);
    library::Effect::new(run);
}

/// The same with what it returned before.
pub fn effect_since<T: Send + Sync + 'static>(mut run: impl FnMut(Option<T>) -> T + Send + Sync + 'static) {
    let mut before = None;
    effect(move || before = Some(run(before.take())));
}

#[cfg(test)]
mod tests {
    use leptos::prelude::{Owner, on_cleanup};

    use super::*;

    #[test]
    fn what_is_read_after_its_owner_is_gone_reads_as_it_did_last() {
        let page = Owner::new();
        let (count, double, tenfold, word, read) = page.with(|| {
            let count = RwSignal::new(1);
            let double = Memo::new(move |_| count.get() * 2);
            let tenfold: Signal<i32> = Signal::derive(move || double.get() * 10);
            let read: Signal<i32> = double.into();
            assert_eq!(read.get(), 2);
            (count, double, tenfold, StoredValue::new("word"), read)
        });
        count.set(4);
        page.cleanup();
        word.update_value(|word| *word = "words");
        assert_eq!((count.get(), double.get(), tenfold.get(), word.get_value(), read.get()), (4, 8, 80, "words", 8));
        // A row reads what the page held, however many rows were left behind before it.
        let last = page.with(|| {
            let held = RwSignal::new(17);
            for _ in 0..10_000 {
                Owner::new().with(|| Memo::new(move |_| held.get())).with_untracked(|value| assert_eq!(*value, 17));
            }
            held
        });
        page.cleanup();
        assert_eq!(last.get_untracked(), 17);
    }

    #[test]
    fn a_memo_that_is_only_followed_says_that_it_changed() {
        Owner::new().with(|| {
            let count = RwSignal::new(1);
            let is_even = Memo::new(move |_| count.get() % 2 == 0);
            let changes = Memo::new(move |last: Option<&u32>| {
                is_even.track();
                last.map_or(0, |last| last + 1)
            });
            assert_eq!(changes.get(), 0);
            count.set(2);
            assert_eq!(changes.get(), 1);
            count.set(4);
            assert_eq!(changes.get(), 1, "it is the same");
        });
    }

    #[test]
    fn a_memo_computes_within_its_owner() {
        let page = Owner::new();
        let memo = page.with(|| {
            library::provide_context(7_u8);
            Memo::new(|_| library::use_context::<u8>())
        });
        assert_eq!(memo.get(), Some(7));
        assert!(Owner::current().is_none());
        // What is made under it still ends with it.
        let (ends, ended) = (std::sync::Arc::new(()), std::sync::Arc::new(()));
        page.with(|| {
            let held = std::sync::Arc::clone(&ends);
            on_cleanup(move || drop(held));
            let held = std::sync::Arc::clone(&ended);
            _ = RwSignal::new(held);
        });
        page.cleanup();
        assert_eq!(std::sync::Arc::strong_count(&ends), 1);
        assert_eq!(std::sync::Arc::strong_count(&ended), 2, "it is kept for a while");
        page.with(|| (0..5_000).for_each(|n| _ = RwSignal::new(n)));
        page.cleanup();
        assert_eq!(std::sync::Arc::strong_count(&ended), 1, "and no longer");
    }
}
