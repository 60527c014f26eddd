//! Sealing a record: one call to the provider, and none for a record that cannot be stored.

use std::sync::Arc;

use crate::crypto;
use crate::envelope::{ExpectedContext, Item, Plan, SealError, SealErrorKind, context_of_record};
use crate::key::{CanEncrypt, DataKeyRequest, KeyCounts, KeyProvider, Scope};
use crate::operation::error::SaveError;
#[cfg(feature = "aws")]
use crate::operation::target::Target;
#[cfg(feature = "aws")]
use crate::record::RequestKey;
use crate::record::{EnvelopeRecord, FieldError, FieldWriter, FilledIn, Now, RecordSchema, Values};

/// A record's values as a save at the time `now` stores them, and the output of the save.
pub(crate) fn written<R: EnvelopeRecord>(
    record: &R,
    now: Now,
) -> Result<(Values, R::Saved), FieldError> {
    let saved = record.saved(now)?;
    let mut fields = FieldWriter::new(R::SCHEMA);
    saved.or(record).write_fields(&mut fields)?;
    Ok((fields.into_values(), saved))
}

/// A record's values as they are: no version is counted up, and no time is filled in.
#[cfg(feature = "aws")]
pub(super) fn as_it_is<R: EnvelopeRecord>(record: &R) -> Result<Values, FieldError> {
    let mut fields = FieldWriter::new(R::SCHEMA);
    record.write_fields(&mut fields)?;
    Ok(fields.into_values())
}

/// The key of a record whose context is the caller's, and that context. Nothing is sealed yet.
#[cfg(feature = "aws")]
pub(super) fn target_of(
    schema: &RecordSchema,
    values: &Values,
    caller: &Scope,
) -> Result<Target, SaveError> {
    let value = |name: &str| values.value(schema, name);
    let context = context_of_record(schema, caller, value).map_err(SaveError::Context);
    let hashes = match &context {
        Ok(context) => context.hashes(schema, value).map_err(SaveError::Key)?,
        Err(_) => Vec::new(),
    };
    let hash =
        |name: &str| hashes.iter().find_map(|(hash, value)| (*hash == name).then_some(value));
    let key = RequestKey::of_record(schema, |name| hash(name).or_else(|| value(name)));
    match (key, context) {
        (_, Err(error)) if schema.has_hashes() => Err(error),
        (Err(error), _) => Err(SaveError::Key(error)),
        (Ok(_), Err(error)) => Err(error),
        (Ok(key), Ok(context)) => Ok(Target { key, context }),
    }
}

/// Seals a record's values, and returns the item and the context that it belongs to.
pub(crate) async fn seal_record<C: CanEncrypt>(
    provider: &dyn KeyProvider<Capability = C>,
    schema: RecordSchema,
    values: Values,
    caller: &Scope,
    counts: Arc<KeyCounts>,
) -> Result<(Item, ExpectedContext), SaveError> {
    let (plan, context) = planned(schema, values, caller)?;
    let item = seal_plan(provider, plan, &context, counts).await?;
    Ok((item, context))
}

/// Does everything that can fail before a call to the provider.
pub(super) fn planned(
    schema: RecordSchema,
    values: Values,
    caller: &Scope,
) -> Result<(Plan, ExpectedContext), SaveError> {
    let plan = Plan::new(schema, values).map_err(SaveError::Seal)?;
    let context = context_of_record(&schema, caller, |name| plan.attribute(name));
    // A key error first, if there is one.
    let plan = match &context {
        Ok(context) => plan.with_hashes(context).and_then(Plan::with_key),
        Err(_) if schema.has_hashes() => Ok(plan),
        Err(_) => plan.with_key(),
    };
    let plan = plan.map_err(SaveError::Key)?;
    let context = context.map_err(SaveError::Context)?;
    plan.check_size().map_err(SaveError::Seal)?;
    Ok((plan, context))
}

/// Seals a plan under a new data key.
pub(super) async fn seal_plan<C: CanEncrypt>(
    provider: &dyn KeyProvider<Capability = C>,
    plan: Plan,
    context: &ExpectedContext,
    counts: Arc<KeyCounts>,
) -> Result<Item, SaveError> {
    let schema = *plan.schema();
    if schema.is_plaintext_only() {
        return Ok(plan.into_plaintext());
    }
    let pairs = context.encryption_context(&schema);
    let request = DataKeyRequest::counting(pairs, plan.plaintext_len(), counts);
    let generated = provider
        .generate(&request)
        .await
        .map_err(|error| SaveError::GenerateDataKey(error.at(schema.place())))?;
    let (data_key, reference) = generated.into_parts();

    let seal_error = |kind| SaveError::Seal(SealError::new(schema.place(), kind));
    let mut random = vec![0; plan.random_len()];
    crypto::fill(&mut random).map_err(|_| seal_error(SealErrorKind::Random))?;
    let item = plan.seal(&data_key, reference, &random).map_err(SaveError::Seal)?;
    match item.size() {
        size if size > Item::MAX_SIZE => Err(seal_error(SealErrorKind::ItemTooLarge(size))),
        _ => Ok(item),
    }
}
