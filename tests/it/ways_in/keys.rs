//! Old items whose keys or names a struct writes differently.

use chrono::{DateTime, Utc};
use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};

use super::Table;
use super::by_hand::{item, n, s};
use crate::support::Stored;

/// RFC 3339 with the offset `+00:00`, as `DateTime::to_rfc3339` writes it; serde writes `Z`.
mod with_offset {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&time.to_rfc3339())
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<DateTime<Utc>, D::Error>
    where
        D: Deserializer<'de>,
    {
        DateTime::deserialize(from)
    }
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "visits")]
struct Visit {
    #[partition_key]
    patient: String,
    #[sort_key]
    #[envelope(key = "S")]
    at: DateTime<Utc>,
    #[encrypted]
    reason: String,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
struct Stamp(#[serde(with = "with_offset")] DateTime<Utc>);

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "visits")]
struct VisitAsStored {
    #[partition_key]
    patient: String,
    #[sort_key]
    #[envelope(key = "S")]
    at: Stamp,
    #[encrypted]
    reason: String,
}

#[tokio::test]
async fn a_key_that_is_written_in_another_form_is_not_found_and_a_newtype_writes_it_as_stored() {
    let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let old = item([
        ("patient", s("p-1")),
        ("at", s("2026-09-21T14:13:20+00:00")),
        ("reason", s("checkup")),
    ]);
    let (patient, reason) = (|| "p-1".to_owned(), || "checkup".to_owned());

    let table = Table::of(Visit { patient: patient(), at, reason: reason() }).await;
    table.write(old.clone()).await;
    let loaded = table.open.get::<Visit>((patient(), at)).consistent().await;
    assert_eq!(loaded.unwrap(), None);
    // A save of what a query reads would make a second item.
    let replaced = table.open.replace(&table.model).await;
    assert!(replaced.err().unwrap().is_not_found());

    let table =
        Table::of(VisitAsStored { patient: patient(), at: Stamp(at), reason: reason() }).await;
    table.adopts_from_hand(old, &[]).await;
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "members", partition_key = "TENANT#{tenant}", sort_key = "USER#{user}")]
struct Member {
    tenant: String,
    user: String,
    #[encrypted]
    email: String,
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "members")]
struct MemberWithItsKeys {
    #[partition_key]
    #[envelope(rename = "PK")]
    tenant: String,
    #[sort_key]
    #[envelope(rename = "SK")]
    user: String,
    #[encrypted]
    email: String,
}

#[tokio::test]
async fn a_template_reads_items_with_its_fields_and_a_field_for_each_key_reads_those_without() {
    let (partition, sort) = (s("TENANT#t-1"), s("USER#u-1"));
    let email = || "zoe@example.com".to_owned();
    let whole = item([
        ("PK", partition.clone()),
        ("SK", sort.clone()),
        ("tenant", s("t-1")),
        ("user", s("u-1")),
        ("email", s(email())),
    ]);
    let without_fields = item([("PK", partition), ("SK", sort), ("email", s(email()))]);

    let table =
        Table::of(Member { tenant: "t-1".into(), user: "u-1".into(), email: email() }).await;
    table.write(without_fields.clone()).await;
    let error = table.open.get::<Member>(("t-1", "u-1")).consistent().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("attribute `PK`: the key does not match its template"), "{text}");
    assert!(
        text.ends_with("another program wrote the item; restore it, or write it again"),
        "{text}"
    );
    table.adopts_from_hand(whole, &[]).await;

    let (tenant, user) = ("TENANT#t-1".into(), "USER#u-1".into());
    let table = Table::of(MemberWithItsKeys { tenant, user, email: email() }).await;
    table.adopts_from_hand(without_fields, &[]).await;
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "contacts")]
struct Contact {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(alias = "mail")]
    email: Option<String>,
    #[authenticated]
    #[envelope(alias = "type")]
    role: String,
    visits: u32,
}

fn contact() -> Contact {
    let (id, email) = ("c-1".into(), Some("zoe@example.com".into()));
    Contact { id, email, role: "patient".into(), visits: 3 }
}

fn old_contact() -> Stored {
    item([
        ("id", s("c-1")),
        ("mail", s("zoe@example.com")),
        ("type", s("patient")),
        ("visits", n(3)),
    ])
}

#[tokio::test]
async fn older_names_are_read_as_aliases_and_a_save_leaves_no_plaintext_under_them() {
    let table = Table::of(contact()).await;
    // Also that the item has no attribute under an older name.
    table.adopts_from_hand(old_contact(), &["role: absent to S"]).await;
}

#[tokio::test]
async fn an_update_of_an_old_item_leaves_no_plaintext_under_older_names() {
    let table = Table::of(contact()).await;
    table.write(old_contact()).await;

    table.open.update::<Contact>("c-1").set(|f| f.role, "doctor").await.unwrap();

    let stored = table.stored().await;
    let mut names: Vec<_> = stored.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["_envelope", "email", "id", "role", "visits"]);
    assert_eq!(stored.attribute("email").unwrap().type_name(), "B");
    let loaded = table.store.get::<Contact>("c-1").consistent().await.unwrap();
    assert_eq!(loaded, Some(Contact { role: "doctor".into(), ..contact() }));
}
