//! Decides what the failure of one record means for the others.

use crate::envelope::{OpenError, OpenErrorKind, SealErrorKind};
use crate::key::{DataKeyError, DataKeyErrorKind, Scope};
use crate::operation::error::{
    CheckError, Error, LoadError, SaveError, ServiceError, ServiceErrorKind, TransactionError,
    UpdateError, WriteError,
};
use crate::record::{KeyError, KeyErrorKind, RecordSchema};

/// The part of an error that matters.
enum Cause<'a> {
    /// A value of the record.
    Value,
    Key(&'a KeyError),
    Open(&'a OpenError),
    Seal(SealErrorKind),
    Generate(&'a DataKeyError),
    Decrypt(&'a DataKeyError),
    Request(&'a ServiceError),
    Else,
}

impl<'a> Cause<'a> {
    fn of(error: &'a Error) -> Self {
        match error {
            Error::Update(UpdateError::Field(_) | UpdateError::Context(_))
            | Error::Load(LoadError::Field(_) | LoadError::Context(_))
            | Error::Save(SaveError::Field(_) | SaveError::Context(_)) => Self::Value,
            Error::Update(UpdateError::Key(error))
            | Error::Load(LoadError::Key(error))
            | Error::Save(SaveError::Key(error)) => Self::Key(error),
            Error::Update(UpdateError::Open(error))
            | Error::Load(LoadError::Open(error))
            | Error::Save(SaveError::Open(error)) => Self::Open(error),
            Error::Update(UpdateError::Seal(error)) | Error::Save(SaveError::Seal(error)) => {
                Self::Seal(error.kind())
            }
            Error::Update(UpdateError::GenerateDataKey(error))
            | Error::Save(SaveError::GenerateDataKey(error)) => Self::Generate(error),
            Error::Update(UpdateError::DecryptDataKey(error))
            | Error::Load(LoadError::DecryptDataKey(error)) => Self::Decrypt(error),
            Error::Update(UpdateError::Request(error))
            | Error::Load(LoadError::Request(error))
            | Error::Save(SaveError::Request(error))
            | Error::Transaction(TransactionError::Request(error)) => Self::Request(error),
            Error::Transaction(TransactionError::Cancelled(error)) => {
                let mut requests = error.actions().filter_map(|action| match action.error() {
                    WriteError::Save(SaveError::Request(error))
                    | WriteError::Check(CheckError::Request(error)) => Some(error),
                    _ => None,
                });
                requests.next().map_or(Self::Else, Self::Request)
            }
            _ => Self::Else,
        }
    }
}

/// Returns whether the change of another item would fail for the same reason. `chooses_context`
/// is true if each item has its own context.
pub(super) fn holds_for_others(error: &Error, chooses_context: bool) -> bool {
    match Cause::of(error) {
        Cause::Generate(error) => !(chooses_context && of_a_context(error)),
        Cause::Decrypt(error) => is_of_the_service(error),
        Cause::Key(error) => *error.kind() == KeyErrorKind::NoSecret,
        Cause::Request(error) => !matches!(
            error.kind(),
            ServiceErrorKind::Conflict
                | ServiceErrorKind::ItemTooLarge
                | ServiceErrorKind::OperandType
                | ServiceErrorKind::Validation
        ),
        _ => false,
    }
}

/// Returns whether a record chooses a part of the context that it is sealed under.
pub(super) fn chooses_context(schema: &RecordSchema, scope: &Scope) -> bool {
    let mut context = schema.fields().filter(|field| field.is_context());
    context.any(|field| scope.value(field.name()).is_none())
}

/// Returns whether an item fails because of what it holds. It fails as often as it is tried, so
/// that its segment of the table is done.
///
/// Otherwise whoever plants such an item would keep that segment open, and what they plant there
/// later would be sealed.
pub(super) fn is_of_the_item(error: &Error) -> bool {
    match Cause::of(error) {
        Cause::Value | Cause::Key(_) => true,
        // No window is open.
        Cause::Open(error) => {
            !matches!(error.kind(), OpenErrorKind::NoEnvelope | OpenErrorKind::WindowTooLong)
        }
        Cause::Seal(kind) => matches!(kind, SealErrorKind::ItemTooLarge(_)),
        Cause::Generate(error) => of_a_context(error) && !error.is_access_denied(),
        Cause::Decrypt(error) => !is_of_the_service(error) && !error.is_access_denied(),
        Cause::Request(_) | Cause::Else => false,
    }
}

/// Returns whether the key service fails, or is not asked as it should be, and not the item. It is
/// not asked about an item of an unknown key after others of such keys: whoever plants some must
/// not end the run.
fn is_of_the_service(error: &DataKeyError) -> bool {
    match error.kind() {
        DataKeyErrorKind::NotAsked => false,
        DataKeyErrorKind::Credentials
        | DataKeyErrorKind::ExpiredCredentials
        | DataKeyErrorKind::Region
        | DataKeyErrorKind::Configuration => true,
        _ => error.is_retryable(),
    }
}

/// Returns whether the key service may refuse this context alone: a policy does not allow it, or it
/// is too long.
fn of_a_context(error: &DataKeyError) -> bool {
    matches!(error.kind(), DataKeyErrorKind::AccessDenied | DataKeyErrorKind::Other)
}

#[cfg(test)]
mod tests;
