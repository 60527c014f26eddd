//! Sends one write of a save, update or deletion, and interprets its answer or the lack of one.
//!
//! A write whose answer is lost may or may not have happened. The SDK sends it again only if a
//! second write has the same effect or is refused. A write that leaves an envelope is recognised by
//! it.

use std::collections::HashMap;
use std::mem;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{
    AttributeValue as SdkValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};

use super::attempts::may_have_been_served;
use super::meter::Meter;
use super::prepared::{Prepared, Twice, Write};
use super::read::read;
use super::returned::Returned;
use super::sdk::{from_sdk_item, to_sdk_key};
use crate::envelope::{Item, OpenError};
use crate::key::Capability;
use crate::operation::error::ServiceError;
use crate::store::Store;

/// The item that was requested from DynamoDB, if any.
pub(super) type Answer = Option<HashMap<String, SdkValue>>;

/// The outcome of a write.
pub(super) enum Outcome {
    /// DynamoDB confirmed the write.
    Written(Answer),
    /// The answer was lost, and the stored item confirms the write.
    Recognised(Item),
    /// The condition does not hold.
    Refused(Refused),
    /// The write may or may not have happened.
    Unknown,
    /// The write did not happen; or it is not known to have happened, and repeating it has the same
    /// effect.
    Failed(ServiceError),
}

/// A condition that does not hold.
pub(super) struct Refused {
    /// The stored item, if there is one. The error is about an attribute of an unknown type.
    pub(super) stored: Result<Option<Item>, OpenError>,
    /// An earlier answer was lost: the write may have happened and been overwritten since.
    pub(super) after_a_loss: bool,
}

/// What all requests to write have in common. The SDK's builders have the same methods.
macro_rules! completed {
    ($prepared:ident, $returned:ident, $request:expr) => {{
        let (text, names, values) = mem::take(&mut $prepared.condition).into_sdk();
        let on_failure = text.is_some().then_some(OnFailure::AllOld);
        $request
            .table_name(&$prepared.table)
            .set_return_values($returned.to_sdk())
            .set_condition_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .set_return_values_on_condition_check_failure(on_failure)
    }};
}

enum Failure {
    Condition(Answer),
    Error(ServiceError),
}

/// The requests of the SDK, which take the condition.
impl Prepared<()> {
    pub(super) fn put(
        &mut self,
        client: &Client,
        item: Item,
        returned: Returned,
    ) -> PutItemFluentBuilder {
        completed!(self, returned, client.put_item().set_item(Some(item.into())))
    }

    pub(super) fn update(
        &mut self,
        client: &Client,
        text: Option<String>,
        returned: Returned,
    ) -> UpdateItemFluentBuilder {
        let request = client.update_item().set_key(Some(to_sdk_key(self.key.attributes())));
        completed!(self, returned, request.set_update_expression(text))
    }

    pub(super) fn delete(
        &mut self,
        client: &Client,
        returned: Returned,
    ) -> DeleteItemFluentBuilder {
        let key = to_sdk_key(self.key.attributes());
        completed!(self, returned, client.delete_item().set_key(Some(key)))
    }
}

impl Prepared {
    /// Sends the write, as often as the SDK sees fit and [`Twice`] allows.
    pub(super) async fn send<C: Capability>(
        self,
        store: &Store<C>,
        meter: &Meter,
        returned: Returned,
    ) -> Outcome {
        let (mut prepared, write) = self.apart();
        let twice = prepared.twice;
        // For any other write the last attempt decides, whether or not someone counts requests.
        let each_attempt_matters = prepared.condition.text.is_some() || twice != Twice::Same;
        let is_watched = each_attempt_matters || meter.counts_requests();
        macro_rules! sent {
            ($request:expr, $condition_of:expr) => {{
                let request = $request.set_return_consumed_capacity(meter.capacity());
                let answer = if is_watched {
                    let request = request.customize().interceptor(meter.attempts());
                    let request = match twice {
                        Twice::Else => {
                            request.config_override(meter.attempts().at_most_one_effect())
                        }
                        Twice::Same | Twice::Refused => request,
                    };
                    request.send().await
                } else {
                    request.send().await
                };
                match answer {
                    Ok(answer) => Ok((answer.attributes, answer.consumed_capacity)),
                    Err(error) => {
                        let is_lost = if each_attempt_matters {
                            meter.lost_an_answer()
                        } else {
                            may_have_been_served(&error)
                        };
                        Err((failure(&prepared, &error, $condition_of), is_lost))
                    }
                }
            }};
        }
        let client = store.client();
        let answer = match write {
            Write::Put(item) => sent!(prepared.put(client, item, returned), |error| match error {
                PutItemError::ConditionalCheckFailedException(failed) => Some(failed),
                _ => None,
            }),
            Write::Update(text) => {
                sent!(prepared.update(client, text, returned), |error| match error {
                    UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed),
                    _ => None,
                })
            }
            Write::Delete => sent!(prepared.delete(client, returned), |error| match error {
                DeleteItemError::ConditionalCheckFailedException(failed) => Some(failed),
                _ => None,
            }),
        };
        let Prepared { schema, table, key, ours, .. } = prepared;
        let is_ours =
            |item: &Item| ours.is_some() && item.attribute(schema.envelope()) == ours.as_ref();
        match answer {
            Ok((answer, capacity)) => {
                meter.has_written(capacity.as_ref());
                Outcome::Written(answer)
            }
            Err((Failure::Condition(item), after_a_loss)) => {
                match item.map(|item| from_sdk_item(&schema, item)).transpose() {
                    Ok(Some(stored)) if is_ours(&stored) => Outcome::Recognised(stored),
                    _ if after_a_loss && twice != Twice::Same => Outcome::Unknown,
                    stored => Outcome::Refused(Refused { stored, after_a_loss }),
                }
            }
            Err((Failure::Error(error), false)) => Outcome::Failed(error),
            Err((Failure::Error(error), true)) => {
                let stored = match ours {
                    Some(_) => read(store, meter, &schema, &table, key.attributes(), true)
                        .await
                        .ok()
                        .flatten(),
                    None => None,
                };
                match stored.map(|item| from_sdk_item(&schema, item)) {
                    Some(Ok(stored)) if is_ours(&stored) => Outcome::Recognised(stored),
                    _ if twice == Twice::Same => Outcome::Failed(error),
                    _ => Outcome::Unknown,
                }
            }
        }
    }
}

fn failure<E>(
    prepared: &Prepared<()>,
    error: &SdkError<E>,
    condition: impl FnOnce(&E) -> Option<&ConditionalCheckFailedException>,
) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.as_service_error().and_then(condition) {
        Some(failed) => Failure::Condition(failed.item().cloned()),
        None => {
            let place = prepared.schema.place();
            Failure::Error(ServiceError::new(place, &prepared.table, error))
        }
    }
}
