//! DynamoDB's limits of a transaction, checked before the request.

use super::action::Ready;
use crate::operation::error::{
    TransactionError, TransactionLimitError, TransactionLimitErrorKind as Kind,
};
use crate::report::Place;

const MAX_ACTIONS: usize = 100;

/// The size of all items together, in bytes.
const MAX_SIZE: usize = 4 * 1024 * 1024;

pub(super) fn check_number(actions: usize) -> Result<(), TransactionError> {
    match actions {
        0..=MAX_ACTIONS => Ok(()),
        _ => Err(error(Kind::TooMany(actions), None)),
    }
}

/// Checks the size of the items that are known, and that no two actions are about one item.
pub(super) fn check(actions: &[Ready]) -> Result<(), TransactionError> {
    for (position, action) in actions.iter().enumerate() {
        let item = action.subject().item();
        let is_same = |other: &Ready| other.subject().item() == item;
        if let Some(first) = actions.iter().take(position).position(is_same) {
            let place = action.subject().schema.place();
            return Err(error(Kind::SameKey(first, position), Some(place)));
        }
    }
    match actions.iter().map(|action| action.subject().size).sum() {
        0..=MAX_SIZE => Ok(()),
        size => Err(error(Kind::TooLarge(size), None)),
    }
}

fn error(kind: Kind, place: Option<Place>) -> TransactionError {
    TransactionError::Limit(TransactionLimitError::new(kind, place))
}
