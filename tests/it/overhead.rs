//! The bytes that protection adds, as FORMAT.md adds them up.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::EnvelopeRecord;
use envelope_runtime::key::KeyReference;

use crate::support::{User, World};

/// The bytes of names and values, as DynamoDB counts an item of strings and binaries.
fn size(item: &HashMap<String, AttributeValue>) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        other => panic!("{other:?}"),
    };
    item.iter().map(|(name, stored)| name.len() + value(stored)).sum()
}

#[tokio::test]
async fn a_record_grows_by_73_bytes_and_a_sealed_attribute_by_30_and_its_name() {
    let world = World::new().await;
    let user = User::new("foobar");
    user.save(&world.store).await.unwrap();

    let loaded = world.store.get::<User>("foobar").with_envelope().await.unwrap().unwrap();

    let KeyReference::Wrapped(copies) = loaded.envelope().unwrap().key_reference() else {
        panic!()
    };
    let wrapped = copies[0].wrapped().len();
    let plain: usize = [
        "id",
        &user.id,
        "nickname",
        &user.nickname,
        "ssn",
        &user.ssn,
        "email",
        user.email.as_deref().unwrap(),
        "role",
        &user.role,
    ]
    .map(str::len)
    .iter()
    .sum();
    let sealed: usize = ["ssn", "email"].map(|name| 30 + name.len()).iter().sum();
    let authenticated = 1 + "role".len();
    let stored = size(&world.stored("foobar").await);
    assert_eq!(stored, plain + 73 + wrapped + sealed + authenticated);
}
