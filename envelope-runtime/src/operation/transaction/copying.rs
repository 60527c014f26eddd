//! The copy of a record: a new item, if another one is as it was read.

use super::DEADLINE;
use super::action::{Depending, Ready, Subject};
use super::prepared::Prepared as Actions;
use crate::expression::Expression;
use crate::key::Capability;
use crate::operation::dependence::Dependence;
use crate::operation::error::{CheckError, SaveError, TransactionError, WriteError};
use crate::operation::meter::{Meter, table_names};
use crate::operation::prepared::Prepared;
use crate::record::{RecordSchema, RequestKey};
use crate::store::Store;

/// An item that must be as it was read.
pub(in crate::operation) struct Source {
    pub(in crate::operation) schema: RecordSchema,
    /// The physical table.
    pub(in crate::operation) table: String,
    pub(in crate::operation) key: RequestKey,
    pub(in crate::operation) condition: Expression,
}

/// Puts the item, and returns whether that has happened. `false` if the source is not as it was
/// read, if there is an item already, or if nothing is known.
pub(in crate::operation) async fn copy<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    source: Source,
    prepared: Prepared,
    depends: Dependence,
) -> Result<bool, TransactionError> {
    let Source { schema, table, key, condition } = source;
    let tables = table_names([table.as_str(), prepared.table.as_str()].into_iter());
    let (write, ours) = (None, None);
    let checked = Depending {
        subject: Subject { schema, table, key, write, condition, ours, size: 0 },
        depends: Dependence::nothing(store.now()),
        refused: |refusal| WriteError::Check(refusal.into()),
        failed: |error| WriteError::Check(CheckError::Request(error)),
    };
    let put = Depending {
        subject: Subject::of_write(prepared, 0),
        depends,
        refused: |refusal| WriteError::Save(refusal.into()),
        failed: |error| WriteError::Save(SaveError::Request(error)),
    };
    let actions: Vec<Ready> = vec![Box::new(checked), Box::new(put)];
    let Some(actions) = Actions::new(actions, tables)? else { return Ok(false) };
    match actions.run(store, meter, DEADLINE).await {
        Ok(()) => Ok(true),
        Err(TransactionError::UnknownOutcome(_)) => Ok(false),
        Err(TransactionError::Cancelled(error)) => {
            let is_about_items = error.actions().all(|action| {
                matches!(
                    action.error(),
                    WriteError::Check(CheckError::Condition(_))
                        | WriteError::Save(SaveError::Presence(_))
                )
            });
            if is_about_items { Ok(false) } else { Err(TransactionError::Cancelled(error)) }
        }
        Err(error) => Err(error),
    }
}
