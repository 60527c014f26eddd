//! Collects diagnostics, so that one build shows every mistake.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::Span;

/// The diagnostics so far. Dropping them without [`finish`](Self::finish) is a bug in the macro.
pub(crate) struct Ctxt {
    /// `None` once finished.
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Ctxt {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Adds a mistake at its place in the user's code.
    pub(crate) fn error(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds an error.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// Keeps a parse error, so that parsing can go on.
    pub(crate) fn handle<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Returns every mistake as one error.
    pub(crate) fn finish(self) -> syn::Result<()> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        match errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl Drop for Ctxt {
    fn drop(&mut self) {
        let unfinished = self.errors.borrow().is_some();
        assert!(
            !unfinished || std::thread::panicking(),
            "diagnostics were collected and not shown"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "diagnostics were collected and not shown")]
    fn diagnostics_are_not_forgotten() {
        drop(Ctxt::new());
    }

    #[test]
    fn each_mistake_is_shown() {
        let cx = Ctxt::new();
        cx.error(Span::call_site(), "first");
        assert_eq!(cx.handle(Ok(1)), Some(1));
        assert_eq!(cx.handle::<()>(Err(syn::Error::new(Span::call_site(), "second"))), None);
        let shown: Vec<_> =
            cx.finish().unwrap_err().into_iter().map(|error| error.to_string()).collect();
        assert_eq!(shown, ["first", "second"]);
    }
}
