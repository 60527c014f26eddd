//! Support for the tests of programs that use this library.

mod conformance;

use std::time::SystemTime;

use crate::attribute::{ConvertError, ConvertErrorKind, from_plaintext};
use crate::record::{
    EnvelopeRecord, FieldError, FieldReader, FieldRole, FieldWriter, FilledIn, Now, RecordSchema,
    Values,
};

pub use conformance::{ConformanceError, conforms};

/// Converts a record to its stored form and back, in memory, and returns what a load would.
///
/// serde writes some values that it cannot read back, or reads back as others, and no serializer
/// can detect this:
///
/// - maps whose keys are not strings, and 128-bit integers, in internally tagged, untagged and
///   flattened types;
/// - a float without a fraction in an `untagged` enum that also has an integer, since DynamoDB
///   stores 2.0 as 2;
/// - map keys whose type is an `untagged` enum, since DynamoDB's keys are text;
/// - `Some(None)`, which is stored as NULL and loads as `None`.
///
/// A test with a record of each kind finds them before a save does. Fields are compared as serde
/// sees them, so the record needs no `PartialEq`. Skipped fields, versions, the order of lists, and
/// the content of an `OtherAttributes` are not compared. Keys, context fields and the size of the
/// item are not checked either: a save rejects bad ones with an error.
///
/// ```
/// use std::collections::HashMap;
///
/// use envelope_runtime::{EnvelopeRecord, testing};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "orders")]
/// struct Order {
///     #[partition_key]
///     id: String,
///     #[encrypted]
///     event: Event,
/// }
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(tag = "type")] // with a `content`, it would come back
/// enum Event {
///     Shipped { items: HashMap<u64, u32> },
/// }
///
/// let event = Event::Shipped { items: HashMap::from([(42, 1)]) };
/// let error = testing::round_trip(&Order { id: "o-1".into(), event }).err().unwrap();
///
/// assert_eq!(error.attribute(), "event");
/// ```
///
/// # Errors
///
/// [`FieldError`] names the field: a save would refuse it, a load could not read it, or it loads as
/// another value ([`ConvertErrorKind::Changed`]).
pub fn round_trip<R: EnvelopeRecord>(record: &R) -> Result<R, FieldError> {
    let schema = R::SCHEMA;
    let saved = record.saved(Now::new(SystemTime::now()))?;
    let filled_in = saved.or(record);
    let values = through_storage(&schema, written(filled_in, FieldWriter::new(schema))?)?;
    let loaded = R::read_fields(&mut FieldReader::new(schema, values))?;

    let distinct = |record: &R| written(record, FieldWriter::distinct(schema));
    let (before, after) = (distinct(record)?, distinct(&loaded)?);
    // A save fills in times and stores a clone, which may differ from the original.
    let filled_in = distinct(filled_in)?;
    let values = before.fields.iter().zip(&filled_in.fields).zip(&after.fields);
    for (((before, filled_in), after), field) in values.zip(schema.fields()) {
        let wanted = if field.is_filled_in() { filled_in } else { before };
        if wanted != after {
            return Err(error(&schema, field.name(), ConvertErrorKind::Changed));
        }
    }
    Ok(loaded)
}

fn written<R: EnvelopeRecord>(record: &R, mut to: FieldWriter) -> Result<Values, FieldError> {
    record.write_fields(&mut to)?;
    Ok(to.into_values())
}

/// Passes sealed values through the bytes that are sealed.
fn through_storage(schema: &RecordSchema, mut values: Values) -> Result<Values, FieldError> {
    for (field, value) in schema.fields().zip(&mut values.fields) {
        if let (FieldRole::Encrypted, Some(stored)) = (field.role(), value.as_deref_mut()) {
            let decoded = from_plaintext(stored.to_plaintext());
            let decoded = decoded.ok().flatten();
            *stored =
                decoded.ok_or_else(|| error(schema, field.name(), ConvertErrorKind::Changed))?;
        }
    }
    Ok(values)
}

fn error(schema: &RecordSchema, name: &str, problem: ConvertErrorKind) -> FieldError {
    FieldError::new(schema, name, ConvertError::new(problem))
}
