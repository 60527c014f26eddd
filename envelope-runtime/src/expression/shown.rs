//! The `Debug` of a projection, which has its record's attributes and not their annotations.

use std::fmt::{self, Debug};

use super::Attribute;
use super::kind::{Authenticated, Context, Converted, Encrypted, Key, Plaintext, Version};

/// A kind of attribute whose field of type `T` has a `Debug` that hides sealed values.
#[doc(hidden)]
pub trait Shown<T> {
    /// The output of `Debug`.
    fn shown(value: &T) -> &dyn Debug;
}

/// Takes the place of a sealed value.
struct Redacted;

impl Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl<T> Shown<T> for Encrypted {
    fn shown(_: &T) -> &dyn Debug {
        &Redacted
    }
}

impl<T, K: Shown<T>> Shown<T> for Converted<K> {
    fn shown(value: &T) -> &dyn Debug {
        K::shown(value)
    }
}

macro_rules! in_plaintext {
    ($($kind:ident),*) => {$(
        impl<T: Debug> Shown<T> for $kind {
            fn shown(value: &T) -> &dyn Debug {
                value
            }
        }
    )*};
}

in_plaintext!(Plaintext, Authenticated, Key, Context, Version);

/// The field of an attribute, for `Debug`.
#[doc(hidden)]
pub fn shown<'a, R, K: Shown<T>, T>(_: &Attribute<R, K, T>, value: &'a T) -> &'a dyn Debug {
    K::shown(value)
}
