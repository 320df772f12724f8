//! Parts of a value that are nearly always as nothing makes them, and then take no room.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// What a part is when nothing is said of it.
pub trait Usual: Clone + PartialEq + 'static {
    /// Such a part.
    const USUAL: &'static Self;
}

/// A part that is kept only where something is said of it. Copies share it until one of them is changed.
#[derive(Clone, Debug)]
pub struct Seldom<T>(Option<Arc<T>>);

impl<T> Default for Seldom<T> {
    fn default() -> Self {
        Seldom(None)
    }
}

impl<T: Usual> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::USUAL)
    }
}

impl<T: Usual> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(T::USUAL.clone())))
    }
}

impl<T: Usual> PartialEq for Seldom<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
