//! Checks: actions that write nothing.

use super::action::{Depending, Ready, Subject};
use crate::attribute::ConvertError;
use crate::envelope::refuse_foreign_key;
use crate::expression::Condition;
use crate::key::Capability;
use crate::operation::dependence::Dependence;
use crate::operation::error::{CheckError, WriteError};
use crate::operation::hashed::request_key;
use crate::record::{EnvelopeRecord, KeyValues};
use crate::store::Store;

/// The check of a condition on the item under a key.
pub(super) fn checked<R: EnvelopeRecord, C: Capability>(
    store: &Store<C>,
    key: Result<KeyValues, ConvertError>,
    condition: Condition<R>,
) -> Result<Ready, CheckError> {
    let schema = R::SCHEMA;
    let key = request_key(&schema, store.scope(), key)?;
    refuse_foreign_key(&schema, &key, store.scope()).map_err(CheckError::Context)?;
    let condition = Some(condition.into_node());
    let depends = Dependence { condition, ..Dependence::nothing(store.now()) };
    let subject = Subject {
        schema,
        table: store.physical_table::<R>().to_owned(),
        key,
        write: None,
        condition: depends.expression(&schema).map_err(CheckError::Field)?,
        ours: None,
        size: 0,
    };
    Ok(Box::new(Depending {
        subject,
        depends,
        refused: |refusal| WriteError::Check(refusal.into()),
        failed: |error| WriteError::Check(CheckError::Request(error)),
    }))
}
