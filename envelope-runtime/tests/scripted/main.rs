//! The operations through the SDK's own client, over a scripted DynamoDB: the requests sent, and
//! the meaning of each answer. These tests need no emulator and no time, so mutation runs use them.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod allocations;
mod batch_gets;
mod batch_writes;
mod bulk_puts;
mod clocks;
mod conditions;
mod copies;
mod data_keys;
mod delete_partitions;
mod deletes;
mod dynamodb;
mod entries;
mod indexes;
mod into_requests;
mod known_records;
mod loads;
mod lost_answers;
mod migrations;
mod models;
mod other_keys;
mod plaintext_refusals;
mod plaintext_updates;
mod projections;
mod protected_updates;
mod queries;
mod read_transactions;
mod request;
mod saves;
mod service_errors;
mod table;
mod tables;
mod transactions;
mod usage;
mod verbs;
