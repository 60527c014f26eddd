//! The integration suite: real SDK clients, on emulators in this process or on the services that
//! `ENVELOPE_TEST_DYNAMODB_URL` and `ENVELOPE_TEST_KMS_URL` name.
//!
//! Modules named `backend_needs_…` need features that not every back end has; CONTRIBUTING.md lists
//! them.

#![allow(missing_docs, reason = "tests")]

mod backend_needs_atomic_updates;
mod backend_needs_binary_contains;
mod backend_needs_incorrect_key;
mod backend_needs_item_sizes;
mod backend_needs_key_states;
mod backend_needs_long_transactions;
mod backend_needs_normal_numbers;
mod backend_needs_sizes_of_all_values;
mod backend_needs_tokens;
mod batch_gets;
mod batch_writes;
mod catch_all;
mod concurrency;
mod conditions;
mod context;
mod copies;
mod cursors;
mod data_keys;
mod decorators;
mod dynamodb_failures;
mod errors;
mod field_options;
mod flatten;
mod gallery;
mod hashed;
mod hygiene;
mod indexes;
mod interleavings;
mod interop;
mod item_mapping;
mod key_templates;
mod keys;
mod listening;
mod maintained;
mod migrate;
mod multi_attribute_keys;
mod older_programs;
mod operations;
mod outages;
mod overhead;
mod policies;
mod properties;
mod providers;
mod queries;
mod read_transactions;
mod renames;
mod returned;
mod rolling;
mod scale;
mod scans;
mod serde_equality;
mod stored_forms;
mod support;
mod tables;
mod threats;
mod transactions;
mod two_tables;
mod uniqueness;
mod updates;
mod usage;
mod ways_in;
mod windows;
