//! The operations through the SDK's own client, over a DynamoDB that follows a script: what is
//! sent, and what each answer means. It needs no emulator and no time, so that mutants are tried
//! with it.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod conditions;
mod deletes;
mod dynamodb;
mod known_records;
mod loads;
mod lost_answers;
mod models;
mod other_keys;
mod plaintext_refusals;
mod plaintext_updates;
mod protected_updates;
mod request;
mod saves;
mod service_errors;
mod table;
mod usage;
mod verbs;
