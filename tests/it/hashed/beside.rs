//! Programs beside the one that hashes: older ones, and a migration.

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError};

use super::{Account, Order, World, account, scanned};
use crate::support::Stored;

/// The same items, as a program without the option reads them: the hash is a key like any other.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "accounts")]
struct AccountByHash {
    #[partition_key]
    email_hash: Vec<u8>,
    #[encrypted]
    email: String,
    #[encrypted]
    name: String,
    visits: u32,
}

/// A program of before, which kept the address as the key.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "accounts")]
struct OldAccount {
    #[partition_key]
    email: String,
    #[encrypted]
    name: String,
    visits: u32,
}

#[tokio::test]
async fn an_older_program_beside_it_reads_by_the_hash_or_is_refused() {
    let World { store, tables, .. } = &World::new().await;
    store.create(&account("zoe@example.com")).await.unwrap();
    let older = store.clone().map_table::<AccountByHash>(&tables[0]);

    // One that knows the hash as bytes keeps what it cannot make.
    let [mut found] = scanned::<AccountByHash>(&older).await.unwrap().try_into().unwrap();
    assert_eq!(found.email, "zoe@example.com");
    found.name = "Z".into();
    older.put(&found).await.unwrap();
    let loaded = store.get::<Account>("zoe@example.com").await.unwrap().unwrap();
    assert_eq!(loaded.name, "Z");
    // If it changes the value without the key, the record is found, and refused.
    found.email = "adam@example.com".into();
    older.put(&found).await.unwrap();
    let Err(LoadError::Open(error)) = store.get::<Account>("zoe@example.com").await else {
        panic!("opened")
    };
    assert_eq!(error.kind(), OpenErrorKind::UnknownSecret);

    // One with the address as the key does not fit the table, and nothing changes.
    let old = OldAccount { email: "zoe@example.com".into(), name: "Zoë".into(), visits: 1 };
    let refused = older.put(&old).await.unwrap_err();
    assert!(refused.to_string().contains("key"), "{refused}");
    assert!(older.get::<OldAccount>("zoe@example.com").await.is_err());
}

#[tokio::test]
async fn a_migration_seals_no_record_with_a_hashed_key() {
    let World { store, backend, tables, .. } = &World::new().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let hash = "07".repeat(32);
    let planted: Stored = [
        ("PK".to_owned(), text(&format!("USER#{hash}"))),
        ("SK".to_owned(), text("ORDER#0001")),
        ("email_hash".to_owned(), text(&hash)),
        ("email".to_owned(), text("attacker@example.com")),
        ("number".to_owned(), AttributeValue::N("1".into())),
        ("address".to_owned(), text("1 Main St")),
    ]
    .into();
    let put = backend.dynamodb.put_item().table_name(&tables[2]);
    put.set_item(Some(planted.clone())).send().await.unwrap();

    let report = store.migrate::<Order>().await.unwrap();
    assert!(!report.is_complete() && report.failed == 1, "{report:?}");
    let scan = backend.dynamodb.scan().table_name(&tables[2]).send().await.unwrap();
    assert_eq!(scan.items.unwrap(), [planted]);
}
