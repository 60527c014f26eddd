//! The actions of a transaction: what is asked, what is sent of it, and the meaning of a refusal.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure,
    TransactWriteItem, Update,
};
use futures_util::future::BoxFuture;

use crate::attribute::AttributeValue;
use crate::envelope::{Item, OpenError};
use crate::expression::Expression;
use crate::operation::dependence::{Dependence, Refusal};
use crate::operation::error::{ServiceError, WriteError};
use crate::operation::meter::Meter;
use crate::operation::prepared::{Prepared, Write};
use crate::operation::sdk::to_sdk_key;
use crate::record::{RecordSchema, RequestKey};

/// The key attributes of an item.
pub(super) type Key = Vec<(&'static str, AttributeValue)>;

/// An action that is asked for, and everything that it needs.
pub(super) struct Asked {
    pub(super) schema: RecordSchema,
    /// The physical table.
    pub(super) table: String,
    /// `None` if there is none, and the action cannot be prepared.
    pub(super) key: Option<Key>,
    pub(super) prepare: Prepare,
}

type Prepare = Box<dyn for<'a> FnOnce(&'a Meter) -> Preparing<'a, Ready> + Send>;

/// Prepares an action, which may read the stored item and seal values.
pub(super) type Preparing<'a, T> = BoxFuture<'a, Result<T, WriteError>>;

/// An action that can be sent.
pub(super) type Ready = Box<dyn Action>;

/// The stored item that DynamoDB returned with a refusal, if any.
pub(super) type Stored = Result<Option<Item>, OpenError>;

pub(super) trait Action: Send + Sync {
    fn subject(&self) -> &Subject;

    /// The meaning of a condition that does not hold for the stored item.
    fn verdict(&self, meter: &Meter, stored: Stored) -> Verdict;

    /// The error of a request that failed because of this action.
    fn failed(&self, error: ServiceError) -> WriteError;

    /// Prepares the action anew, over the item as it is stored now.
    fn prepare_again<'a>(&'a mut self, meter: &'a Meter) -> Preparing<'a, ()>;
}

/// Why a condition does not hold.
pub(super) enum Verdict {
    /// The stored item does not allow the action.
    Refused(WriteError),
    /// The item is another one than the action was prepared over: it may be prepared anew.
    Changed(WriteError),
}

/// An action as it is sent.
pub(super) struct Subject {
    pub(super) schema: RecordSchema,
    /// The physical table.
    pub(super) table: String,
    pub(super) key: RequestKey,
    /// `None` checks the condition alone.
    pub(super) write: Option<Write>,
    pub(super) condition: Expression,
    /// The envelope that the action leaves.
    pub(super) ours: Option<AttributeValue>,
    /// The size of the item, as far as it is known.
    pub(super) size: usize,
}

impl Subject {
    /// A write. Its item, if it is not all of it, has the size `size`.
    pub(super) fn of_write(prepared: Prepared, size: usize) -> Self {
        let Prepared { schema, table, key, write, condition, ours, twice: _ } = prepared;
        let size = if let Write::Put(item) = &write { item.size() } else { size };
        Self { schema, table, key, write: Some(write), condition, ours, size }
    }

    /// The action in the form of a request.
    pub(super) fn to_sdk(&self) -> Result<TransactWriteItem, ServiceError> {
        self.built().map_err(|error| {
            let error = SdkError::<TransactWriteItemsError>::construction_failure(error);
            ServiceError::new(self.schema.place(), &self.table, &error)
        })
    }

    fn built(&self) -> Result<TransactWriteItem, BuildError> {
        let action = TransactWriteItem::builder();
        let (text, names, values) = self.condition.clone().into_sdk();
        let on_failure = text.is_some().then_some(OnFailure::AllOld);
        macro_rules! built {
            ($action:expr) => {
                $action
                    .table_name(&self.table)
                    .set_condition_expression(text)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(on_failure)
                    .build()?
            };
        }
        let key = || Some(to_sdk_key(self.key.attributes()));
        Ok(match &self.write {
            Some(Write::Put(item)) => {
                action.put(built!(Put::builder().set_item(Some(item.clone().into()))))
            }
            Some(Write::Update(Some(changes))) => {
                let update = Update::builder().set_key(key()).update_expression(changes);
                action.update(built!(update))
            }
            Some(Write::Delete) => action.delete(built!(Delete::builder().set_key(key()))),
            // An update that changes nothing is a check.
            Some(Write::Update(None)) | None => {
                action.condition_check(built!(ConditionCheck::builder().set_key(key())))
            }
        }
        .build())
    }
}

/// A save, a deletion or a check, which is the same each time it is sent.
pub(super) struct Depending {
    pub(super) subject: Subject,
    pub(super) depends: Dependence,
    pub(super) refused: fn(Refusal) -> WriteError,
    pub(super) failed: fn(ServiceError) -> WriteError,
}

impl Action for Depending {
    fn subject(&self) -> &Subject {
        &self.subject
    }

    fn verdict(&self, _: &Meter, stored: Stored) -> Verdict {
        let refusal = self.depends.refusal(&self.subject.schema, stored);
        Verdict::Refused((self.refused)(refusal))
    }

    fn failed(&self, error: ServiceError) -> WriteError {
        (self.failed)(error)
    }

    fn prepare_again<'a>(&'a mut self, _: &'a Meter) -> Preparing<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
