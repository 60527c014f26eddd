//! The outputs of creating and verifying a table.

use std::fmt;

use super::drift::{Drift, Unknown, list};

/// The result of [`Store::verify_table`](crate::Store::verify_table): the differences that were
/// found, and the settings that could not be compared. `Display` lists both, with their cures.
#[derive(Clone, Debug)]
#[must_use = "a table that differs from what is expected is no error: look at the report"]
pub struct TableReport {
    pub(super) drift: Vec<Drift>,
    pub(super) unknown: Vec<Unknown>,
}

/// The result of [`Store::create_table`](crate::Store::create_table).
#[derive(Clone, Debug)]
pub struct TableCreated {
    pub(super) is_new: bool,
    pub(super) unknown: Vec<Unknown>,
}

impl TableReport {
    /// A report of nothing, to which the comparisons add.
    pub(super) fn new() -> Self {
        Self { drift: Vec::new(), unknown: Vec::new() }
    }

    /// Returns whether all that is expected was compared, and is so.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.drift.is_empty() && self.unknown.is_empty()
    }

    /// The differences.
    #[must_use]
    pub fn drift(&self) -> &[Drift] {
        &self.drift
    }

    /// The expected settings that could not be compared. They may be right or wrong.
    #[must_use]
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }
}

impl TableCreated {
    /// Returns whether this call created the table. `false` if the table was found, or if
    /// DynamoDB's answer to the creation was lost.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The settings of a table that was found, as far as they could not be compared with what was
    /// asked for.
    #[must_use]
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }
}

impl fmt::Display for TableReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.drift.iter().map(|drift| drift as &dyn fmt::Display);
        let texts = texts.chain(self.unknown.iter().map(|unknown| unknown as &dyn fmt::Display));
        let texts: Vec<_> = texts.collect();
        if texts.is_empty() {
            return f.write_str("the table is as expected");
        }
        list(f, &texts)
    }
}
