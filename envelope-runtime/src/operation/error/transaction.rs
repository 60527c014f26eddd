//! The errors of transactions. Each says which action it is about.

use std::error::Error;
use std::fmt;

use super::predicates::{predicates, verb};
use super::{Cause, ContendedError, PositionedError, ServiceError, UnknownOutcomeError};
use crate::envelope::SealError;
use crate::report::{Place, debug_is_display};

/// A transaction did not happen, or is not known to have happened.
#[derive(Clone)]
#[non_exhaustive]
pub enum TransactionError {
    /// An action could not be prepared; nothing was written.
    Unprepared(PositionedError),
    /// The transaction exceeds one of DynamoDB's limits; nothing was written. The size is known
    /// once the items of updates are read and the records are sealed; the others are checked before
    /// any request.
    Limit(TransactionLimitError),
    /// There were no random bytes for the transaction's token; nothing was written.
    Seal(SealError),
    /// DynamoDB refused some of the actions: the stored items do not allow them, or a permission is
    /// missing, or a value is invalid. Nothing was written.
    Cancelled(CancelledError),
    /// Other writers or transactions were in the way until the deadline; nothing was written.
    Contended(ContendedError),
    /// The transaction may have happened as a whole, or not at all.
    UnknownOutcome(UnknownOutcomeError),
    /// The prepared transaction is too old to be sent again; nothing was written. Prepare it again,
    /// since sending it fails for good.
    NotSent(NotSentError),
    /// DynamoDB refused the transaction; nothing was written.
    Request(ServiceError),
}

verb! { TransactionError {
    Unprepared | Limit | Seal | Cancelled | Contended | NotSent | Request => "transaction not done: ",
    UnknownOutcome => "it is not known whether the transaction happened: ",
}}

/// The actions because of which DynamoDB cancelled a transaction: the stored items do not allow
/// them, or a permission is missing, or a value is invalid. Nothing was written.
#[derive(Clone)]
#[doc(alias = "TransactionCanceledException")]
pub struct CancelledError {
    first: PositionedError,
    others: Vec<PositionedError>,
}

/// A limit of DynamoDB's that a transaction exceeds. Nothing was written.
#[derive(Clone)]
pub struct TransactionLimitError {
    kind: TransactionLimitErrorKind,
    place: Option<Place>,
}

/// The limit that a transaction exceeds: see
/// [TransactWriteItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionLimitErrorKind {
    /// More than 100 actions: this many.
    TooMany(usize),
    /// Items of together more than 4 MB (4,194,304 bytes): this many bytes. Of an update, the size
    /// of the stored item counts; DynamoDB may still refuse one that makes it larger.
    TooLarge(usize),
    /// Two actions are about the same item: these two, in the order in which they were added. The
    /// first action is 0.
    SameKey(usize, usize),
}

/// A prepared transaction was first sent more than 5 minutes ago. Nothing was written.
#[derive(Clone)]
pub struct NotSentError {
    place: Place,
}

impl CancelledError {
    pub(crate) fn new(first: PositionedError, others: Vec<PositionedError>) -> Self {
        Self { first, others }
    }

    /// The actions that are refused, in the order in which they were added. There
    /// is at least one.
    pub fn actions(&self) -> impl Iterator<Item = &PositionedError> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl TransactionLimitError {
    pub(crate) fn new(kind: TransactionLimitErrorKind, place: Option<Place>) -> Self {
        Self { kind, place }
    }

    /// The limit, and the value that exceeds it.
    #[must_use]
    pub fn kind(&self) -> TransactionLimitErrorKind {
        self.kind
    }
}

impl NotSentError {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }
}

impl fmt::Display for CancelledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        match self.others.len() {
            0 => Ok(()),
            others => write!(f, "; and {others} more"),
        }
    }
}

impl fmt::Display for TransactionLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        match self.kind {
            TransactionLimitErrorKind::TooMany(number) => write!(
                f,
                "{number} actions are more than the 100 that DynamoDB allows; use several \
                 transactions, or `batch_write` if they need not happen together"
            ),
            TransactionLimitErrorKind::TooLarge(bytes) => write!(
                f,
                "items of {bytes} bytes together are more than the 4 MB that DynamoDB allows; use \
                 several transactions, or keep large values elsewhere"
            ),
            TransactionLimitErrorKind::SameKey(first, second) => write!(
                f,
                "actions {first} and {second} (the first is 0) are about the same item; join them \
                 into one"
            ),
        }
    }
}

impl fmt::Display for NotSentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the transaction was first sent more than 5 minutes ago, and DynamoDB may soon forget \
             its token; nothing was written; prepare it again",
            self.place
        )
    }
}

debug_is_display!(CancelledError, TransactionLimitError, NotSentError);

impl Error for CancelledError {}
impl Error for TransactionLimitError {}
impl Error for NotSentError {}

/// The predicates are true if they are true of one of the actions.
impl Cause for CancelledError {
    /// Sent again, the transaction may succeed only if each action may.
    fn is_retryable(&self) -> bool {
        self.actions().all(PositionedError::is_retryable)
    }

    fn is_conflict(&self) -> bool {
        self.actions().any(PositionedError::is_conflict)
    }

    fn is_version_conflict(&self) -> bool {
        self.actions().any(PositionedError::is_version_conflict)
    }

    fn is_not_found(&self) -> bool {
        self.actions().any(PositionedError::is_not_found)
    }

    fn is_access_denied(&self) -> bool {
        self.actions().any(PositionedError::is_access_denied)
    }

    fn is_tampered(&self) -> bool {
        self.actions().any(PositionedError::is_tampered)
    }

    fn is_unsealed(&self) -> bool {
        self.actions().any(PositionedError::is_unsealed)
    }

    fn attribute(&self) -> Option<&str> {
        self.actions().find_map(PositionedError::attribute)
    }
}

impl Cause for TransactionLimitError {}

impl Cause for NotSentError {}
