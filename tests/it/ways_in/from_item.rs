//! Old items that a record's derive does not read: `serde_dynamo` reads them into a struct that
//! derives `Deserialize`, and a save that depends on the item being as it was read seals them.

use envelope_runtime::{EnvelopeRecord, SaveError};
use serde::Deserialize;

use super::by_hand::{item, l, m, n, s};
use super::{Model, Table};
use crate::support::Stored;

impl<R: Model> Table<R> {
    /// The item as a scan returns it.
    async fn scanned(&self) -> Stored {
        let call = self.world.backend.dynamodb.scan().table_name(&self.name);
        call.consistent_read(true).send().await.unwrap().items.unwrap().pop().unwrap()
    }
}

/// serde reads the names of the old items, and the record has names of its own.
#[derive(EnvelopeRecord, Deserialize, Clone, Debug, PartialEq)]
#[envelope(table = "payments")]
#[serde(rename_all = "camelCase")]
struct Payment {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(rename = "holder")]
    card_holder: String,
    #[authenticated]
    #[envelope(rename = "cents")]
    amount: u64,
    /// The old program sets it with each write, and this library does too.
    #[envelope(updated_at)]
    updated: u64,
}

const THEN: u64 = 1_790_000_000;

fn old_payment(holder: &str, updated: u64) -> Stored {
    item([
        ("id", s("p-1")),
        ("cardHolder", s(holder)),
        ("amount", n(1990)),
        ("updated", n(updated)),
    ])
}

fn payment(holder: &str) -> Payment {
    Payment { id: "p-1".into(), card_holder: holder.into(), amount: 1990, updated: THEN }
}

/// Seals an item as it was read. Returns whether it had to.
async fn seal_payment(table: &Table<Payment>, item: Stored) -> Result<bool, SaveError> {
    if item.contains_key("_envelope") {
        return Ok(false);
    }
    let payment: Payment = serde_dynamo::from_item(item).unwrap();
    let save = table.store.replace(&payment).condition(|f| f.updated.eq(payment.updated));
    save.await.map(|_| true)
}

#[tokio::test]
async fn an_item_with_other_names_is_read_by_serde_and_sealed() {
    let table = Table::of(payment("zoë")).await;
    table.write(old_payment("zoë", THEN)).await;
    let refused = table.open.get::<Payment>("p-1").consistent().await.unwrap_err().to_string();
    assert!(refused.contains("`holder`: it is required and absent"), "{refused}");

    assert!(seal_payment(&table, table.scanned().await).await.unwrap());

    let loaded = table.store.get::<Payment>("p-1").consistent().await.unwrap().unwrap();
    assert_eq!(loaded, Payment { updated: loaded.updated, ..payment("zoë") });
    assert!(loaded.updated > THEN);
    let sealed = table.scanned().await;
    let mut names: Vec<_> = sealed.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["_envelope", "cents", "holder", "id", "updated"]);
    assert!(!seal_payment(&table, sealed).await.unwrap());
}

#[tokio::test]
async fn an_item_that_the_old_program_writes_meanwhile_is_not_overwritten() {
    let table = Table::of(payment("zoë")).await;
    table.write(old_payment("zoë", THEN)).await;
    let read = table.scanned().await;
    table.write(old_payment("ann", THEN + 1)).await;

    let error = seal_payment(&table, read).await.unwrap_err();

    assert!(error.is_conflict(), "{error}");
    assert_eq!(table.scanned().await, old_payment("ann", THEN + 1));
    assert!(seal_payment(&table, table.scanned().await).await.unwrap());
    let loaded = table.store.get::<Payment>("p-1").consistent().await.unwrap().unwrap();
    assert_eq!(loaded.card_holder, "ann");
}

#[tokio::test]
async fn an_item_that_the_old_program_deletes_meanwhile_does_not_come_back() {
    let table = Table::of(payment("zoë")).await;
    table.write(old_payment("zoë", THEN)).await;
    let read = table.scanned().await;
    table.store.delete_any_version::<Payment>("p-1").await.unwrap();

    let error = seal_payment(&table, read).await.unwrap_err();

    assert!(error.is_conflict() || error.is_not_found(), "{error}");
    assert_eq!(table.store.get::<Payment>("p-1").consistent().await.unwrap(), None);
}

/// A row of a table that holds several types, which serde tells apart by an attribute. What is a
/// document in the old items are attributes of the record.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Row {
    Customer(OldCustomer),
    Order(Order),
}

#[derive(Deserialize)]
struct OldCustomer {
    #[serde(rename = "PK")]
    key: String,
    contact: Contact,
    #[serde(default)]
    version: u64,
}

#[derive(Deserialize)]
struct Contact {
    email: String,
    phones: Vec<String>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "customers")]
struct Customer {
    #[partition_key]
    #[envelope(rename = "PK")]
    key: String,
    #[encrypted]
    email: String,
    #[encrypted]
    phones: Vec<String>,
    #[envelope(version)]
    version: u64,
}

impl From<OldCustomer> for Customer {
    fn from(OldCustomer { key, contact, version }: OldCustomer) -> Self {
        Self { key, email: contact.email, phones: contact.phones, version }
    }
}

#[derive(EnvelopeRecord, Deserialize, Clone, Debug, PartialEq)]
#[envelope(table = "orders")]
struct Order {
    #[partition_key]
    #[serde(rename = "PK")]
    key: String,
    #[encrypted]
    address: String,
    #[authenticated]
    total: f64,
    #[envelope(version)]
    #[serde(default)]
    version: u64,
}

fn old_customer(email: &str, version: u64) -> Stored {
    let contact = m([("email", s(email)), ("phones", l([s("1"), s("2")]))]);
    item([("PK", s("C#1")), ("type", s("customer")), ("contact", contact), ("version", n(version))])
}

fn customer(email: &str, version: u64) -> Customer {
    let phones = vec!["1".into(), "2".into()];
    Customer { key: "C#1".into(), email: email.into(), phones, version }
}

/// Seals a row as it was read: the version that was read is the one that the save depends on.
async fn seal_row<R: Model>(table: &Table<R>, item: Stored) -> Result<(), SaveError> {
    let store = table.store.clone();
    let store = store.map_table::<Customer>(&table.name).map_table::<Order>(&table.name);
    match serde_dynamo::from_item(item).unwrap() {
        Row::Customer(customer) => store.replace(&Customer::from(customer)).await.map(drop),
        Row::Order(order) => store.replace(&order).await.map(drop),
    }
}

#[tokio::test]
async fn tagged_rows_are_told_apart_by_serde_and_sealed_as_records_of_their_types() {
    let table = Table::of(customer("zoe@example.com", 4)).await;
    table.write(old_customer("zoe@example.com", 3)).await;
    seal_row(&table, table.scanned().await).await.unwrap();
    let loaded = table.store.get::<Customer>("C#1").consistent().await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&table.model));

    let (key, address) = ("O#1".into(), "1 Main St".into());
    let table = Table::of(Order { key, address, total: 19.9, version: 1 }).await;
    let without_version = item([
        ("PK", s("O#1")),
        ("type", s("order")),
        ("address", s("1 Main St")),
        ("total", n(19.9)),
    ]);
    table.write(without_version).await;
    seal_row(&table, table.scanned().await).await.unwrap();
    let loaded = table.store.get::<Order>("O#1").consistent().await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&table.model));
}

#[tokio::test]
async fn a_version_that_the_old_program_counts_protects_its_writes() {
    let table = Table::of(customer("zoe@example.com", 4)).await;
    table.write(old_customer("zoe@example.com", 3)).await;
    let read = table.scanned().await;
    table.write(old_customer("ann@example.com", 4)).await;

    let error = seal_row(&table, read).await.unwrap_err();

    assert!(error.is_version_conflict(), "{error}");
    seal_row(&table, table.scanned().await).await.unwrap();
    let loaded = table.store.get::<Customer>("C#1").consistent().await.unwrap();
    assert_eq!(loaded, Some(customer("ann@example.com", 5)));
}

#[tokio::test]
async fn of_two_migrations_that_read_the_same_item_one_seals_it() {
    let table = Table::of(customer("zoe@example.com", 1)).await;
    let mut without_version = old_customer("zoe@example.com", 0);
    without_version.remove("version");
    table.write(without_version).await;
    let read = table.scanned().await;

    seal_row(&table, read.clone()).await.unwrap();
    let error = seal_row(&table, read).await.unwrap_err();

    assert!(error.is_version_conflict(), "{error}");
    let loaded = table.store.get::<Customer>("C#1").consistent().await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&table.model));
}
