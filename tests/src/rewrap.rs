//! Re-wraps a stored data key, as a rotation does: by FORMAT.md, without the library.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::Layout;

/// The place of a stored item.
#[derive(Clone, Debug)]
pub struct Place {
    /// The physical table.
    pub table: String,
    /// The key.
    pub key: HashMap<String, AttributeValue>,
}

/// Re-wraps the data key of the item at `place` under its own KMS key, `kms_key`, and writes the
/// envelope if it is still the one that was read. Returns `false` if it was not, or if there is no
/// item.
///
/// # Panics
///
/// If a service refuses, or the envelope is not of version 1 with one wrapped key.
pub async fn rewrap(
    dynamodb: &aws_sdk_dynamodb::Client,
    kms: &aws_sdk_kms::Client,
    place: &Place,
    kms_key: &str,
    context: &[(&str, &str)],
) -> bool {
    let read = dynamodb.get_item().table_name(&place.table).consistent_read(true);
    let item = read.set_key(Some(place.key.clone())).send().await.expect("a read").item;
    let Some(item) = item else { return false };
    let stored = item["_envelope"].as_b().expect("an envelope").as_ref().to_vec();
    let layout = Layout::of(&stored);
    let copy = layout.copy();

    let context: HashMap<_, _> =
        context.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let call = kms.re_encrypt().ciphertext_blob(Blob::new(&stored[copy.wrapped.clone()]));
    let call = call.source_key_id(kms_key).destination_key_id(kms_key);
    let call = call.set_source_encryption_context(Some(context.clone()));
    let answer = call.set_destination_encryption_context(Some(context)).send().await;
    let rewrapped = answer.expect("ReEncrypt").ciphertext_blob.expect("a wrapped key").into_inner();

    let length = u16::try_from(rewrapped.len()).expect("a short key").to_be_bytes();
    let envelope = [&stored[..copy.length.start], &length, &rewrapped].concat();
    let binary = |bytes: Vec<u8>| AttributeValue::B(Blob::new(bytes));
    let write = dynamodb
        .update_item()
        .table_name(&place.table)
        .set_key(Some(place.key.clone()))
        .update_expression("SET #e = :new")
        .condition_expression("#e = :read")
        .expression_attribute_names("#e", "_envelope")
        .expression_attribute_values(":new", binary(envelope))
        .expression_attribute_values(":read", binary(stored))
        .send()
        .await;
    match write {
        Ok(_) => true,
        Err(error) if error.as_service_error().is_some_and(is_conflict) => false,
        Err(error) => panic!("{error:?}"),
    }
}

fn is_conflict(error: &aws_sdk_dynamodb::operation::update_item::UpdateItemError) -> bool {
    error.is_conditional_check_failed_exception()
}
