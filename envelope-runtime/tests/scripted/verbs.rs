//! Every verb, the effect of repeating it, and its result.

use std::pin::Pin;

use envelope_runtime::error::ServiceErrorKind;
use envelope_runtime::{DeleteError, SaveError, Store, UpdateError};

use crate::models::{Account, Document, account, document, note};

/// The result of an operation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Done,
    /// The outcome is unknown: not to be retried unchanged.
    Unknown,
    /// May be retried.
    Retry(ServiceErrorKind),
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
                    Err($error::Request(error)) if error.is_retryable() => Self::Retry(error.kind()),
                    Err(error) => Self::Other(error.to_string()),
                }
            }
        }
    )*};
}

said!(SaveError, UpdateError, DeleteError);

/// The effect of repeating a verb, and how its own write is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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

pub(crate) type Running = Pin<Box<dyn Future<Output = Said> + Send>>;

pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) operation: &'static str,
    /// Reads the item first.
    pub(crate) reads: bool,
    pub(crate) run: fn(Store) -> Running,
}

macro_rules! verbs {
    ($($kind:ident $operation:literal $(after $read:literal)? $name:literal: $run:expr;)*) => {
        [$(Verb {
            name: $name,
            kind: Kind::$kind,
            operation: $operation,
            reads: { false $(|| $read == "GetItem")? },
            run: |store| Box::pin(async move { $run(&store).await.into() }),
        }),*]
    };
}

pub(crate) fn verbs() -> impl Iterator<Item = Verb> {
    verbs! {
        RepeatableAndKnown "PutItem" "put": |s: &Store| s.put(&account()).into_future();
        Repeatable "PutItem" "put, plaintext_only": |s: &Store| s.put(&note()).into_future();
        Known "PutItem" "create": |s: &Store| s.create(&account()).into_future();
        Nameless "PutItem" "create, plaintext_only": |s: &Store| s.create(&note()).into_future();
        Known "PutItem" "replace": |s: &Store| s.replace(&account()).into_future();
        Known "PutItem" "put with a condition":
            |s: &Store| s.put(&account()).condition(|f| f.logins.eq(3)).into_future();
        Known "PutItem" "put of a version": |s: &Store| s.put(&document()).into_future();
        Repeatable "UpdateItem" "set":
            |s: &Store| s.update::<Account>("a-1").set(|f| f.status, "x").into_future();
        Nameless "UpdateItem" "set with a condition": |s: &Store| {
            let update = s.update::<Account>("a-1").set(|f| f.status, "x");
            update.condition(|f| f.logins.eq(3)).into_future()
        };
        Nameless "UpdateItem" "set of a version": |s: &Store| {
            s.update::<Document>("a-1").set(|f| f.title, "x").version(1_u8).into_future()
        };
        Nameless "UpdateItem" "add":
            |s: &Store| s.update::<Account>("a-1").add(|f| f.logins, 1).into_future();
        RepeatableAndKnown "UpdateItem" after "GetItem" "seal":
            |s: &Store| s.update::<Account>("a-1").seal(|f| f.email, "x").into_future();
        Guarded "UpdateItem" after "GetItem" "seal and add": |s: &Store| {
            let update = s.update::<Account>("a-1").seal(|f| f.email, "x");
            update.add(|f| f.logins, 1).into_future()
        };
        Guarded "UpdateItem" after "GetItem" "seal with a condition": |s: &Store| {
            let update = s.update::<Account>("a-1").seal(|f| f.email, "x");
            update.condition(|f| f.logins.eq(3)).into_future()
        };
        Repeatable "DeleteItem" "delete": |s: &Store| s.delete::<Account>("a-1").into_future();
        Nameless "DeleteItem" "delete with a condition": |s: &Store| {
            s.delete::<Account>("a-1").condition(|f| f.logins.eq(3)).into_future()
        };
        Nameless "DeleteItem" "delete of a version":
            |s: &Store| s.delete_version::<Document>("a-1", 1_u8).into_future();
    }
    .into_iter()
}
