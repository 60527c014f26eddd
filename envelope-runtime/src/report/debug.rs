//! `Debug` of errors, which is what a program prints that ends with one, or unwraps it.

/// Gives errors a `Debug` that is their text: it says what to do, and holds names only.
macro_rules! debug_is_display {
    ($($error:ty),+) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )+};
}

pub(crate) use debug_is_display;
