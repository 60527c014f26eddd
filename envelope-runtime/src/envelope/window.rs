//! Windows, in which values that are not sealed are accepted: those of a whole record type, and
//! those of one field.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::opening::at;
use super::{Item, OpenError, OpenErrorKind};
use crate::record::{EnvelopeRecord, FieldRole, FieldSchema, Now, Readable, RecordSchema, Until};

/// The longest time for which a window may still be open.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// The windows of whole record types, which a store or an opener has opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted(Arc<HashMap<TypeId, Until>>);

impl Accepted {
    pub(crate) fn accept<R: EnvelopeRecord>(&mut self, until: Until) {
        const { assert!(!R::SCHEMA.has_hashes(), "a record with a hashed key has no window") };
        Arc::make_mut(&mut self.0).insert(TypeId::of::<R>(), until);
    }

    /// The windows of a record, or of the record that a projection is of.
    pub(crate) fn windows<P: Readable>(&self, now: Now) -> Windows {
        Windows { items: self.0.get(&TypeId::of::<P::Of>()).copied(), now }
    }
}

/// The windows of a record at a time. Those of its fields are in its schema.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    items: Option<Until>,
    now: Now,
}

impl Windows {
    /// The windows of the fields alone, at a time.
    #[cfg(test)]
    pub(crate) fn of_fields(seconds: u64) -> Self {
        let now = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        Self { items: None, now: Now::new(now) }
    }

    /// The same with a window for items without an envelope.
    #[cfg(test)]
    pub(crate) fn of_items(self, until: Until) -> Self {
        Self { items: Some(until), ..self }
    }

    /// The same without the window for items that have no envelope.
    #[cfg(feature = "aws")]
    pub(crate) fn without_items(self) -> Self {
        Self { items: None, ..self }
    }

    /// Returns whether items without an envelope are accepted.
    pub(crate) fn accepts_items(&self) -> bool {
        self.items.is_some_and(|until| until.left(self.now).is_some())
    }

    /// Returns whether an item without an envelope is accepted as a record. Its key alone, and
    /// records that are `plaintext_only`, need no window.
    pub(crate) fn let_in(&self, schema: &RecordSchema, item: &Item) -> bool {
        self.accepts_items()
            && !schema.is_key_alone()
            && !schema.is_plaintext_only()
            && item.attribute(schema.envelope()).is_none()
    }

    /// Returns whether a value of the field is accepted that the envelope does not list.
    pub(crate) fn accepts(&self, field: &FieldSchema) -> bool {
        match (field.role(), field.unsealed_until_date()) {
            (FieldRole::Encrypted, Some(until)) => until.left(self.now).is_some(),
            _ => field.is_authenticated() && field.is_window_open(),
        }
    }

    /// The windows that are open, with the attribute that each is for: the envelope for items that
    /// have none.
    pub(crate) fn open(
        &self,
        schema: &RecordSchema,
    ) -> impl Iterator<Item = (&'static str, Until, Duration)> {
        let fields = schema.fields();
        let fields = fields.filter_map(|field| Some((field.name(), field.unsealed_until_date()?)));
        let items = self.items.map(|until| (schema.envelope(), until));
        let now = self.now;
        let all = items.into_iter().chain(fields);
        all.filter_map(move |(name, until)| Some((name, until, until.left(now)?)))
    }

    /// Refuses a window that would be open for too long: it is meant to be temporary.
    pub(super) fn check(&self, schema: &RecordSchema) -> Result<(), OpenError> {
        match self.open(schema).find(|(_, _, left)| *left > LONGEST) {
            Some((name, ..)) => Err(at(schema, name, OpenErrorKind::WindowTooLong)),
            None => Ok(()),
        }
    }
}
