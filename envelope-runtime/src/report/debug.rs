//! `Debug` of errors, which a program prints if it exits with an error, or unwraps one.

/// Implements `Debug` for errors as their text: it says what to do, and contains names only.
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
