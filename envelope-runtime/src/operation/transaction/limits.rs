//! DynamoDB's limits of a transaction, checked before the request.

use super::action::{Asked, Ready};
use crate::operation::error::{
    TransactionError, TransactionLimitError, TransactionLimitErrorKind as Kind,
};
use crate::report::Place;

const MAX_ACTIONS: usize = 100;

/// The size of all items together, in bytes.
const MAX_SIZE: usize = 4 * 1024 * 1024;

/// Checks the number of actions, and that no two are about one item, before anything is prepared.
pub(super) fn check_keys(asked: &[Asked]) -> Result<(), TransactionError> {
    if asked.len() > MAX_ACTIONS {
        return Err(error(Kind::TooMany(asked.len()), None));
    }
    for (position, action) in asked.iter().enumerate().filter(|(_, action)| action.key.is_some()) {
        let is_same = |other: &Asked| other.key == action.key && other.table == action.table;
        if let Some(first) = asked.iter().take(position).position(is_same) {
            return Err(error(Kind::SameKey(first, position), Some(action.schema.place())));
        }
    }
    Ok(())
}

/// Checks the size of the items that are known.
pub(super) fn check_size(actions: &[Ready]) -> Result<(), TransactionError> {
    match actions.iter().map(|action| action.subject().size).sum() {
        0..=MAX_SIZE => Ok(()),
        size => Err(error(Kind::TooLarge(size), None)),
    }
}

fn error(kind: Kind, place: Option<Place>) -> TransactionError {
    TransactionError::Limit(TransactionLimitError::new(kind, place))
}
