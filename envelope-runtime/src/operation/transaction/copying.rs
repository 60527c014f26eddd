//! The copy of a record: a new item, if another one is as it was read.

use super::DEADLINE;
use super::action::{Depending, Ready, Subject};
use super::prepared::Prepared;
use crate::attribute::AttributeValue;
use crate::envelope::Item;
use crate::expression::Expression;
use crate::key::Capability;
use crate::operation::dependence::Dependence;
use crate::operation::error::{CheckError, SaveError, TransactionError, WriteError};
use crate::operation::meter::{Meter, table_names};
use crate::operation::prepared::Write;
use crate::record::{RecordSchema, RequestKey};
use crate::store::Store;

/// An item in a table.
pub(in crate::operation) struct Place {
    pub(in crate::operation) schema: RecordSchema,
    /// The physical table.
    pub(in crate::operation) table: String,
    pub(in crate::operation) key: RequestKey,
}

/// Puts an item where there is none, if the source satisfies the condition, and returns whether
/// that has happened. `false` also if nothing is known.
pub(in crate::operation) async fn copy<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    (source, condition): (Place, Expression),
    (target, item): (Place, Item),
) -> Result<bool, TransactionError> {
    let tables = table_names([source.table.as_str(), target.table.as_str()].into_iter());
    let absent = Expression::as_read([], target.schema.key_names().take(1));
    let nothing = || Dependence::nothing(store.now());
    let ours = item.attribute(target.schema.envelope()).cloned();
    let checked = Depending {
        subject: source.subject(None, condition, None),
        depends: nothing(),
        refused: |refusal| WriteError::Check(refusal.into()),
        failed: |error| WriteError::Check(CheckError::Request(error)),
    };
    let put = Depending {
        subject: target.subject(Some(Write::Put(item)), absent, ours),
        depends: nothing(),
        refused: |refusal| WriteError::Save(refusal.into()),
        failed: |error| WriteError::Save(SaveError::Request(error)),
    };
    let actions: Vec<Ready> = vec![Box::new(checked), Box::new(put)];
    let Some(actions) = Prepared::new(actions, tables)? else { return Ok(false) };
    match actions.run(store, meter, DEADLINE).await {
        Ok(()) => Ok(true),
        Err(TransactionError::UnknownOutcome(_)) => Ok(false),
        Err(TransactionError::Cancelled(error)) => {
            let is_about_items = error.actions().all(|action| {
                matches!(
                    action.error(),
                    WriteError::Check(CheckError::Condition(_))
                        | WriteError::Save(SaveError::Condition(_))
                )
            });
            if is_about_items { Ok(false) } else { Err(TransactionError::Cancelled(error)) }
        }
        Err(error) => Err(error),
    }
}

impl Place {
    /// The limit of a transaction's size is far from two items.
    fn subject(
        self,
        write: Option<Write>,
        condition: Expression,
        ours: Option<AttributeValue>,
    ) -> Subject {
        let Self { schema, table, key } = self;
        Subject { schema, table, key, write, condition, ours, size: 0 }
    }
}
