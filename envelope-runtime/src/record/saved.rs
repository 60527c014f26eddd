//! The output of a save that filled in fields.

use std::fmt;
use std::ops::Deref;

/// A record as a save has stored it, with the version and the times that the library has filled in.
/// Derefs to the record.
///
/// Go on with this one: the record that was saved still has the version before, and its next save would
/// conflict with itself.
///
#[cfg_attr(feature = "aws", doc = "```no_run")]
#[cfg_attr(not(feature = "aws"), doc = "```text")]
/// # use envelope_runtime::{EnvelopeRecord, SaveError, Store};
/// # #[derive(EnvelopeRecord, Clone)]
/// # #[envelope(table = "users")]
/// # struct User {
/// #     #[partition_key]
/// #     id: String,
/// #     #[encrypted]
/// #     ssn: String,
/// #     #[envelope(version)]
/// #     version: u64,
/// # }
/// # async fn example(store: Store, user: User) -> Result<(), SaveError> {
/// let mut user = store.put(&user).await?.into_inner();
/// user.ssn = "219-09-9999".into();
/// let user = store.put(&user).await?;
/// println!("version {} is stored", user.version);
/// # Ok(())
/// # }
/// ```
#[must_use = "the record that was saved has the version before: go on with `.into_inner()` of this one"]
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
    /// The record to store: the one that is filled in, or else `record`.
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

/// As the record's.
impl<R: fmt::Debug> fmt::Debug for Saved<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
