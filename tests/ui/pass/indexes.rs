//! Indexes of records of all shapes.

#![deny(warnings, missing_docs, unreachable_pub, private_interfaces, clippy::all, clippy::pedantic)]

use envelope_runtime::EnvelopeRecord;
use envelope_runtime::schema::{IndexHandle, IntoPartition, Place};

fn query<H: IndexHandle>(_index: H, _partition: impl IntoPartition<<H::Place as Place>::Key>) {}

/// A record that others see.
#[derive(EnvelopeRecord)]
#[envelope(
    table = "documents",
    index(by_kind(partition = "kind", sort = ["year", "page"])),
    index(r#type(name = "by_type", partition_key = "TYPE#{type}", sort_key = "{year:04}")),
    index(by_place(partition = ["kind", "year"], unprotected_partition, project = keys)),
    index(by_tag(partition = "tag", unprotected_partition, project = include("page")))
)]
pub struct Document<T> {
    /// Its id.
    #[partition_key]
    pub id: String,
    /// Its kind.
    #[authenticated]
    pub kind: String,
    /// Its type.
    #[authenticated]
    pub r#type: String,
    /// Its year.
    pub year: u16,
    /// Its page.
    pub page: Option<u32>,
    /// A digest of it.
    pub tag: Option<[u8; 16]>,
    /// What it says.
    #[encrypted]
    pub body: T,
}

/// A record whose key is of any type.
#[derive(EnvelopeRecord)]
#[envelope(
    table = "things",
    index(by_kind(partition = "kind", project = keys)),
    index(by_name(partition = "kind", sort = "name", project = include("name")))
)]
pub struct Thing<K> {
    /// Its id.
    #[partition_key]
    pub id: K,
    /// Its kind.
    #[authenticated]
    pub kind: K,
    /// Its name.
    pub name: K,
    /// A secret.
    #[encrypted]
    pub secret: String,
}

mod inner {
    use envelope_runtime::EnvelopeRecord;

    #[derive(EnvelopeRecord)]
    #[envelope(
        table = "app",
        partition_key = "USER#{user}",
        sort_key = "GROUP#{group}",
        index(inverted(
            name = "GSI1",
            partition_key = "GROUP#{group}",
            partition_key_name = "SK",
            sort_key = "USER#{user}",
            sort_key_name = "PK"
        )),
        index(by_rank(local, sort = "rank"))
    )]
    pub(super) struct Member {
        user: String,
        group: String,
        rank: u8,
        #[encrypted]
        note: String,
    }
}

fn main() {
    query(Document::<u8>::INDEXES.by_kind, "report");
    query(Document::<String>::INDEXES.r#type, "a");
    query(Document::<u8>::INDEXES.by_place, ("report", 2026));
    query(Document::<u8>::INDEXES.by_tag, &[0_u8; 16]);
    query(Thing::<u64>::INDEXES.by_kind, 4);
    query(Thing::<String>::INDEXES.by_name, "a");
    query(inner::Member::INDEXES.inverted, "g-1");
    query(inner::Member::INDEXES.by_rank, "u-1");

    /// A record of this function alone.
    #[derive(EnvelopeRecord)]
    #[envelope(table = "notes", index(by_day(partition = "day")))]
    struct Note {
        #[partition_key]
        id: String,
        #[authenticated]
        day: String,
        #[encrypted]
        text: String,
    }
    query(Note::INDEXES.by_day, String::from("2026-11-26"));
}
