//! The hashes of a requested key, in place of the values that the caller gave.

use crate::attribute::{AttributeValue, ConvertError};
use crate::envelope::{ContextError, expected_context};
use crate::key::{Capability, Scope};
use crate::operation::error::QueryError;
use crate::record::{KeyError, KeyValues, QueryKey, RecordSchema, RequestKey, SortValues};
use crate::store::Store;

/// The partition of a query, and the condition on its sort key.
type QueryValues = (Result<KeyValues, ConvertError>, Option<Result<SortValues, ConvertError>>);

/// The reason that there is no target. No request was made.
pub(crate) enum TargetError {
    Key(KeyError),
    Context(ContextError),
}

/// The key that a caller asks for.
pub(super) fn request_key(
    schema: &RecordSchema,
    caller: &Scope,
    key: Result<KeyValues, ConvertError>,
) -> Result<RequestKey, TargetError> {
    let key = key.map_err(|error| TargetError::Key(KeyError::convert(schema, error)))?;
    let key = if schema.has_hashes() {
        hashed(schema, caller, &schema.key_parts(), None, key)?
    } else {
        key
    };
    key.checked(schema).map_err(TargetError::Key)
}

/// The key that a caller queries.
pub(super) fn query_values<C: Capability>(
    schema: &RecordSchema,
    store: &Store<C>,
    given: &Scope,
    key: &QueryKey,
    (partition, sort): QueryValues,
) -> Result<QueryValues, QueryError> {
    if !schema.has_hashes() {
        return Ok((partition, sort));
    }
    let convert = |error| QueryError::Key(KeyError::convert(schema, error));
    let partition = partition.map_err(convert)?;
    let caller = store.caller_context(schema, given.clone()).map_err(QueryError::Context)?;
    let names = key.partition_parts();
    let partition = hashed(schema, &caller, &names, None, partition)?;
    let parts = key.parts();
    let of_sort = parts.get(names.len()..).unwrap_or_default();
    let before = Some((names.as_slice(), &partition));
    let hash = |values| hashed(schema, &caller, of_sort, before, values);
    let sort = match sort.transpose().map_err(convert)? {
        Some(sort) => Some(Ok(sort.map(hash)?)),
        None => None,
    };
    Ok((Ok(partition), sort))
}

/// The values of these parts as the table stores them. Those in `before` are known, too.
fn hashed(
    schema: &RecordSchema,
    caller: &Scope,
    names: &[&'static str],
    before: Option<(&[&'static str], &KeyValues)>,
    values: KeyValues,
) -> Result<KeyValues, TargetError> {
    if values.clear(schema, names).is_none() {
        return Ok(values);
    }
    let before = |name: &str| before.and_then(|(names, values)| values.named(names, name));
    let known = |name: &str| values.named(names, name).or_else(|| before(name));
    let context = expected_context(schema, known, caller).map_err(TargetError::Context)?;
    let hash = |name: &'static str, value: &AttributeValue| {
        let field = schema.hash_of(name).map(|of| context.hash(schema, name, of, value));
        field.transpose()
    };
    values.hashed(names, hash).map_err(TargetError::Key)
}
