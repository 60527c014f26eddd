//! Every verb, by the effect of repeating it and how its own write is recognised.

use std::future::{Ready, ready};
use std::pin::Pin;

use envelope_runtime::{DeleteError, EnvelopeRecord, SaveError, Saved, Store, UpdateError};

use crate::support::Stored;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(super) struct Account {
    #[partition_key]
    pub(super) id: String,
    pub(super) status: String,
    pub(super) logins: u64,
    #[encrypted]
    pub(super) email: Option<String>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(super) struct Document {
    #[partition_key]
    pub(super) id: String,
    #[encrypted]
    pub(super) text: String,
    #[envelope(version)]
    pub(super) version: u64,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
pub(super) struct Note {
    #[partition_key]
    pub(super) id: String,
    pub(super) text: String,
}

pub(super) fn account(status: &str) -> Account {
    Account { id: "r".into(), status: status.into(), logins: 1, email: None }
}

pub(super) fn document(text: &str, version: u64) -> Document {
    Document { id: "r".into(), text: text.into(), version }
}

pub(super) fn note(text: &str) -> Note {
    Note { id: "r".into(), text: text.into() }
}

/// The result of an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Done,
    /// The outcome is unknown: not to be retried unchanged.
    Unknown,
    /// May be retried.
    Retry,
    Other(String),
}

macro_rules! said {
    ($($error:ident),*) => {$(
        impl<T> From<Result<T, $error>> for Said {
            fn from(result: Result<T, $error>) -> Self {
                match result {
                    Ok(_) => Self::Done,
                    Err(error @ $error::UnknownOutcome(_)) => {
                        assert!(!error.is_retryable() && !error.is_conflict(), "{error}");
                        Self::Unknown
                    }
                    Err(error) if error.is_retryable() => {
                        assert!(matches!(error, $error::Request(_)), "{error}");
                        Self::Retry
                    }
                    Err(error) => Self::Other(error.to_string()),
                }
            }
        }
    )*};
}

said!(SaveError, UpdateError, DeleteError);

/// The effect of repeating a verb, and how its own write is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The same effect; nothing identifies the write.
    Repeatable,
    /// The same effect; its envelope identifies the write.
    RepeatableAndKnown,
    /// Depends on an envelope that the write replaces; the new envelope identifies the write.
    Guarded,
    /// Another effect; its envelope identifies the write.
    Known,
    /// Another effect; nothing identifies the write.
    Nameless,
}

pub(super) type Running = Pin<Box<dyn Future<Output = Said> + Send>>;

pub(super) struct Verb {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) operation: &'static str,
    pub(super) before: fn(Store) -> Running,
    pub(super) run: fn(Store) -> Running,
    /// Returns whether the stored item shows that the verb was done, once.
    pub(super) is_done: fn(Option<&Stored>) -> bool,
}

macro_rules! verb {
    ($name:literal, $kind:ident, $operation:literal, $before:expr, $run:expr, $is_done:expr) => {
        Verb {
            name: $name,
            kind: Kind::$kind,
            operation: $operation,
            before: |store| Box::pin(async move { $before(&store).await.into() }),
            run: |store| Box::pin(async move { $run(&store).await.into() }),
            is_done: $is_done,
        }
    };
}

fn nothing(_: &Store) -> Ready<Result<(), SaveError>> {
    ready(Ok(()))
}

async fn an_account(store: &Store) -> Result<(), SaveError> {
    store.put(&account("old")).await
}

async fn a_document(store: &Store) -> Result<Document, SaveError> {
    store.put(&document("old", 0)).await.map(Saved::into_inner)
}

fn has(item: Option<&Stored>, name: &str, value: &str) -> bool {
    item.and_then(|item| item.get(name)).is_some_and(|found| {
        found.as_s().is_ok_and(|text| text == value) || found.as_n().is_ok_and(|n| n == value)
    })
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn verbs() -> Vec<Verb> {
    vec![
        verb!(
            "put",
            RepeatableAndKnown,
            "PutItem",
            nothing,
            |s: &Store| s.put(&account("new")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "put, plaintext_only",
            Repeatable,
            "PutItem",
            nothing,
            |s: &Store| s.put(&note("new")).into_future(),
            |i| has(i, "text", "new")
        ),
        verb!(
            "create",
            Known,
            "PutItem",
            nothing,
            |s: &Store| s.create(&account("new")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "create, plaintext_only",
            Nameless,
            "PutItem",
            nothing,
            |s: &Store| s.create(&note("new")).into_future(),
            |i| has(i, "text", "new")
        ),
        verb!(
            "replace",
            Known,
            "PutItem",
            an_account,
            |s: &Store| s.replace(&account("new")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "put with a condition",
            Known,
            "PutItem",
            an_account,
            |s: &Store| s.put(&account("new")).condition(|f| f.status.eq("old")).into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "put of version 0",
            Known,
            "PutItem",
            nothing,
            |s: &Store| s.put(&document("new", 0)).into_future(),
            |i| has(i, "version", "1")
        ),
        verb!(
            "put of version 1",
            Known,
            "PutItem",
            a_document,
            |s: &Store| s.put(&document("new", 1)).into_future(),
            |i| has(i, "version", "2")
        ),
        verb!(
            "update, set",
            Repeatable,
            "UpdateItem",
            an_account,
            |s: &Store| s.update::<Account>("r").set(|f| f.status, "new").into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "update, set with a condition",
            Nameless,
            "UpdateItem",
            an_account,
            |s: &Store| s
                .update::<Account>("r")
                .set(|f| f.status, "new")
                .condition(|f| f.logins.eq(1))
                .into_future(),
            |i| has(i, "status", "new")
        ),
        verb!(
            "update, add",
            Nameless,
            "UpdateItem",
            an_account,
            |s: &Store| s.update::<Account>("r").add(|f| f.logins, 1).into_future(),
            |i| has(i, "logins", "2")
        ),
        verb!(
            "update, version",
            Nameless,
            "UpdateItem",
            a_document,
            |s: &Store| s.update::<Document>("r").version(1).into_future(),
            |i| has(i, "version", "2")
        ),
        verb!(
            "update, seal",
            RepeatableAndKnown,
            "UpdateItem",
            an_account,
            |s: &Store| s.update::<Account>("r").seal(|f| f.email, "x").into_future(),
            |i| i.is_some_and(|i| i.contains_key("email"))
        ),
        verb!(
            "update, seal and add",
            Guarded,
            "UpdateItem",
            an_account,
            |s: &Store| s
                .update::<Account>("r")
                .seal(|f| f.email, "x")
                .add(|f| f.logins, 1)
                .into_future(),
            |i| has(i, "logins", "2") && i.is_some_and(|i| i.contains_key("email"))
        ),
        verb!(
            "delete",
            Repeatable,
            "DeleteItem",
            an_account,
            |s: &Store| s.delete::<Account>("r").into_future(),
            |i| i.is_none()
        ),
        verb!(
            "delete with a condition",
            Nameless,
            "DeleteItem",
            an_account,
            |s: &Store| s.delete::<Account>("r").condition(|f| f.status.eq("old")).into_future(),
            |i| i.is_none()
        ),
        verb!(
            "delete of a version",
            Nameless,
            "DeleteItem",
            a_document,
            |s: &Store| s.delete_version::<Document>("r", 1).into_future(),
            |i| i.is_none()
        ),
    ]
}
