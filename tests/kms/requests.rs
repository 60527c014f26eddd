//! The requests sent to KMS, checked directly and not by a round trip.

use std::collections::BTreeMap;

use envelope_runtime::EnvelopeRecord;
use envelope_tests::KmsRequest;

use crate::support::World;

#[derive(EnvelopeRecord)]
#[envelope(table = "people")]
struct Person {
    #[partition_key]
    id: String,
    #[authenticated]
    #[envelope(context)]
    tenant: String,
    #[envelope(context, rename = "shard_number")]
    shard: u32,
    #[encrypted]
    a: String,
    #[encrypted]
    b: u64,
    #[encrypted]
    c: Vec<u8>,
}

fn person() -> Person {
    Person {
        id: "p-1".into(),
        tenant: "clinic-7".into(),
        shard: 3,
        a: "a".into(),
        b: 2,
        c: vec![3],
    }
}

fn context(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_save_is_one_generate_data_key_whatever_the_number_of_fields() {
    let world = World::new().await;

    person().save(&world.store).await.unwrap();

    let expected = KmsRequest::GenerateDataKey {
        key_id: Some(world.key.clone()),
        key_spec: Some("AES_256".into()),
        context: context(&[
            ("envelope:format", "1"),
            ("envelope:table", "people"),
            ("shard_number", "3"),
            ("tenant", "clinic-7"),
        ]),
    };
    assert_eq!(world.requests.take(), [expected]);
}

#[tokio::test]
async fn a_load_is_one_decrypt_with_the_key_and_context_that_were_configured() {
    let world = World::new().await;
    person().save(&world.store).await.unwrap();
    world.requests.forget();

    let store = world.store.scoped([("tenant", "clinic-7"), ("shard_number", "3")]);
    Person::load(&store, "p-1").await.unwrap().unwrap();

    let expected = KmsRequest::Decrypt {
        key_id: Some(world.key.clone()),
        context: context(&[
            ("envelope:format", "1"),
            ("envelope:table", "people"),
            ("shard_number", "3"),
            ("tenant", "clinic-7"),
        ]),
    };
    assert_eq!(world.requests.take(), [expected]);
}

#[tokio::test]
async fn t05_the_context_names_the_logical_table_and_never_the_key() {
    let world = World::new().await;
    let user = crate::support::User::new("an-id-that-must-not-be-logged");

    user.save(&world.store).await.unwrap();

    let requests = format!("{:?}", world.requests.take());
    assert!(requests.contains(r#""envelope:table": "users""#), "{requests}");
    assert!(!requests.contains(&world.table), "{requests}");
    assert!(!requests.contains("an-id-that-must-not-be-logged"), "{requests}");
}

#[tokio::test]
async fn a_record_that_cannot_be_stored_asks_kms_nothing() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "people")]
    struct Reading {
        #[partition_key]
        id: String,
        #[encrypted]
        value: f64,
    }
    let world = World::new().await;

    Reading { id: "r".into(), value: f64::NAN }.save(&world.store).await.unwrap_err();
    Reading { id: String::new(), value: 1.0 }.save(&world.store).await.unwrap_err();

    assert_eq!(world.requests.take(), []);
}
