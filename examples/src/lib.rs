//! The web service of the example `web`. Compiles the code of README and of the guide, whose pages
//! are the other modules.
//!
#![doc = include_str!("../../README.md")]
#![allow(clippy::doc_markdown, reason = "the documents name products, and are read as a book")]

pub mod two_tables;
pub mod uniqueness;
pub mod web;

macro_rules! pages {
    ($($name:ident: $file:literal,)+) => {$(
        #[doc = include_str!(concat!("../../docs/guide/src/", $file))]
        pub mod $name {}
    )+};
}

pages! {
    introduction: "introduction.md",
    fields: "fields.md",
    keys: "keys.md",
    hashed_keys: "hashed-keys.md",
    writes: "writes.md",
    updates: "updates.md",
    versions: "versions.md",
    transactions: "transactions.md",
    batch_reads: "batch-reads.md",
    batch_writes: "batch-writes.md",
    queries: "queries.md",
    scans: "scans.md",
    pages: "pages.md",
    indexes: "indexes.md",
    projections: "projections.md",
    tenants: "tenants.md",
    kms: "kms.md",
    data_keys: "data-keys.md",
    roles: "roles.md",
    tables: "tables.md",
    changes: "changes.md",
    existing_tables: "existing-tables.md",
    another_table: "another-table.md",
    failures: "failures.md",
    cost: "cost.md",
    without_a_store: "without-a-store.md",
    testing: "testing.md",
    order_desk: "order-desk.md",
    lambda: "lambda.md",
}
