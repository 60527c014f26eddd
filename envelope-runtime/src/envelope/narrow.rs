//! Items of which some attributes were fetched, and not all.

use super::Item;
use super::opening::decode_envelope;
use crate::record::RecordSchema;

/// Returns whether the envelope authenticates an attribute that a projection does not fetch: a
/// newer program authenticates more. The record tag of such an item can be verified over the whole
/// item alone, so its absence here proves nothing.
///
/// A sealed attribute that was not fetched is no part of what the record tag covers. An envelope
/// that cannot be read says nothing, and opening the item refuses it.
pub(crate) fn authenticates_more(schema: &RecordSchema, item: &Item) -> bool {
    let Some(fetched) = schema.fetched() else { return false };
    if schema.is_read_without_key() {
        return false;
    }
    let Some(envelope) = item.attribute(schema.envelope()) else { return false };
    let Ok((header, _)) = decode_envelope(schema, envelope.clone()) else { return false };
    header.authenticated.iter().any(|name| !fetched.contains(&**name))
}
