//! KMS as the SDK's client sees it: the requests sent, the answers that fail, and the keys that a
//! record may name.
//!
//! Separate from the integration suite, so that a mutation run of `key/kms` builds only this.

#![allow(missing_docs, reason = "tests")]

mod failures;
mod hints;
#[path = "../it/listening.rs"]
mod listening;
mod logs;
mod requests;
mod trust;

#[allow(dead_code, reason = "the integration suite uses all of it")]
#[path = "../it/support.rs"]
mod support;
