//! The work on records that stay in their table: sealing or unsealing.

use crate::envelope::Windows;
use crate::key::Capability;
use crate::record::{EnvelopeRecord, FieldError, FieldReader, Values};
use crate::store::Store;

/// The work on records that stay in their table.
pub(super) struct InPlace<C> {
    pub(super) change: Change,
    /// The windows of the record at this moment.
    pub(super) windows: fn(&Store<C>) -> Windows,
    /// Returns whether the values can be read as the record.
    pub(super) fits: fn(Values) -> Result<(), FieldError>,
}

#[derive(Clone, Copy)]
pub(super) enum Change {
    Seal,
    /// Also attributes that the record does not know, if `unknown`.
    Unseal {
        unknown: bool,
    },
}

impl<C: Capability> InPlace<C> {
    pub(super) fn sealing<R: EnvelopeRecord>() -> Self {
        Self::new::<R>(Change::Seal)
    }

    pub(super) fn unsealing<R: EnvelopeRecord>(unknown: bool) -> Self {
        Self::new::<R>(Change::Unseal { unknown })
    }

    fn new<R: EnvelopeRecord>(change: Change) -> Self {
        Self {
            change,
            windows: Store::windows::<R>,
            fits: |values| R::read_fields(&mut FieldReader::new(R::SCHEMA, values)).map(drop),
        }
    }
}
