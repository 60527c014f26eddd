//! The output of a save that filled in fields.

use std::fmt;
use std::ops::Deref;

/// A record as a save has stored it, with the version and the times that the library has filled in.
/// Derefs to the record.
///
/// Continue with this one: the record that was passed to the save still has the previous version,
/// and its next save would conflict with itself.
///
#[cfg_attr(feature = "aws", doc = "```no_run")]
#[cfg_attr(not(feature = "aws"), doc = "```text")]
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// # async fn example(store: Store, document: Document) -> Result<(), SaveError> {
/// let mut document = store.put(&document).await?.into_inner();
/// document.text = "second draft".into();
/// let document = store.put(&document).await?;
/// println!("version {} is stored", document.version);
/// # Ok(())
/// # }
/// ```
#[must_use = "the record that was saved has the previous version: continue with this one's `.into_inner()`"]
#[derive(Clone, PartialEq, Eq)]
pub struct Saved<R>(R);

impl<R> Saved<R> {
    /// Wraps a record whose fields are filled in. Part of the surface that generated code calls.
    pub fn new(record: R) -> Self {
        Self(record)
    }

    /// The record.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.0
    }
}

impl<R> Deref for Saved<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

/// An output of a save of the record `R`: `()` or [`Saved<R>`].
pub trait FilledIn<R> {
    /// The record to store: the filled-in one, or else `record`.
    fn or<'a>(&'a self, record: &'a R) -> &'a R;
}

impl<R> FilledIn<R> for () {
    fn or<'a>(&'a self, record: &'a R) -> &'a R {
        record
    }
}

impl<R> FilledIn<R> for Saved<R> {
    fn or<'a>(&'a self, _: &'a R) -> &'a R {
        &self.0
    }
}

impl<R: PartialEq> PartialEq<R> for Saved<R> {
    fn eq(&self, other: &R) -> bool {
        self.0 == *other
    }
}

/// Formats the record.
impl<R: fmt::Debug> fmt::Debug for Saved<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
