//! Reactive values of one type, whatever they hold.
//!
//! The library's memos, signals and effects are written again by the compiler for every type and closure that they hold:
//! five kilobytes a memo. These keep their values in a box, so that all share one. They have the names and the methods of
//! the library's, and are used in place of them everywhere in `app`; `clippy.toml` sees to it.
#![expect(clippy::disallowed_types, reason = "what is in the boxes")]

use std::any::Any;
use std::marker::PhantomData;

use leptos::prelude::{self as library, Set as _, Track, Update as _, With, WithUntracked};

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

impl<H: With<Value = Held> + WithUntracked<Value = Held> + Track, T: 'static> Reactive<H, T> {
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

    /// The same; nothing where the owner of the value is gone.
    pub fn try_get(&self) -> Option<T>
    where
        T: Clone,
    {
        self.held.try_with(|held| held.get::<T>().clone())
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
        self.held.track();
    }
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// The value that `make` makes of the one before.
    pub fn new(make: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let make: Make = Box::new(move |last| Held::compared(make(last.map(Held::get))));
        Self::of(library::Memo::new(make))
    }
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    pub fn new(value: T) -> Self {
        Self::of(library::RwSignal::new(Held::new(value)))
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
        Self::of(library::Signal::derive(make))
    }

    /// A value that stays.
    pub fn stored(value: T) -> Self {
        Self::of(library::Signal::stored(Held::new(value)))
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self::of(memo.held.into())
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self::of(signal.held.into())
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
