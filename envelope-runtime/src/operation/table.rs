//! The table of a record: [`Store::create_table`](crate::Store::create_table) and
//! [`Store::verify_table`](crate::Store::verify_table), their settings and their reports.
//!
//! No other operation calls them. If a policy or another tool owns the tables, use only
//! `verify_table`.

#[cfg(feature = "aws")]
mod compare;
#[cfg(feature = "aws")]
mod create;
#[cfg(feature = "aws")]
mod definition;
pub(super) mod drift;
#[cfg(feature = "aws")]
mod report;
#[cfg(feature = "aws")]
mod requests;
mod settings;
#[cfg(feature = "aws")]
mod setup;
#[cfg(feature = "aws")]
mod verify;

#[cfg(feature = "aws")]
pub use create::CreateTable;
pub use drift::{Drift, IndexDrift, Unknown, UnknownReason};
#[cfg(feature = "aws")]
pub use report::{TableCreated, TableReport};
pub use settings::{AtRest, Billing, StreamView};
#[cfg(feature = "aws")]
pub use verify::VerifyTable;
