//! The request of a read transaction, sent until it is answered with all that is needed.

use std::collections::HashSet;
use std::time::Duration;
use std::vec;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::{Get, TransactGetItem};

use super::Asked;
use crate::envelope::{Item, OpenError, authenticates_more};
use crate::expression::Placeholders;
use crate::key::{Capability, Scope};
use crate::operation::error::{
    QueryError, ReadTransactionError, ReadTransactionErrorKind, ServiceError, ServiceErrorKind,
};
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::operation::read::batch::identity;
use crate::operation::sdk::{from_sdk_item, to_sdk_key};
use crate::operation::target::Target;
use crate::record::RecordSchema;
use crate::report::Place;
use crate::store::Store;

/// DynamoDB's limit for one request.
const MAX_KEYS: usize = 100;

/// The keys to read, checked.
pub(super) struct Request {
    gets: Vec<KeyedGet>,
    /// The first record type, and all tables, for errors of the whole request.
    place: Place,
    tables: String,
}

struct KeyedGet {
    schema: RecordSchema,
    table: String,
    target: Target,
    /// The whole item is fetched, though a projection is read.
    is_whole: bool,
}

/// A key that was asked for, and the item under it.
pub(super) struct Answer {
    pub(super) target: Target,
    pub(super) table: String,
    pub(super) item: Option<Result<Item, OpenError>>,
}

/// The answers, in the order of the keys.
pub(super) type Answers = vec::IntoIter<Answer>;

type Items = Vec<Option<Result<Item, OpenError>>>;

/// A transaction that was not answered with items.
enum Failure {
    /// What stands in its way passes.
    Hindered(ServiceError),
    Refused(ServiceError),
}

impl Request {
    /// Makes each key's target. Context is given to the record types that have the field; a name
    /// that none of them has is refused.
    pub(super) fn new<C: Capability>(
        store: &Store<C>,
        first: &RecordSchema,
        asked: Vec<Asked>,
        given: &Scope,
        tables: String,
    ) -> Result<Self, QueryError> {
        let refuse = |schema: &RecordSchema, kind| {
            QueryError::ReadTransaction(ReadTransactionError::new(schema.place(), kind))
        };
        if let Some(beyond) = asked.get(MAX_KEYS) {
            let kind = ReadTransactionErrorKind::TooMany(asked.len());
            return Err(refuse(&beyond.schema, kind));
        }
        let schemas: Vec<_> = asked.iter().map(|asked| asked.schema).collect();
        let mut known = HashSet::new();
        let gets = asked.into_iter().map(|Asked { schema, table, key }| {
            let is_for = |name: &&str| {
                has_context(&schema, name) || !schemas.iter().any(|other| has_context(other, name))
            };
            let names = given.names().filter(is_for);
            let given = names.filter_map(|name| Some((name, given.value(name)?)));
            let caller = store.caller_context(&schema, Scope::new(given));
            let caller = caller.map_err(QueryError::Context)?;
            let target = Target::of_key(&schema, &caller, key)?;
            if !known.insert((table.clone(), identity(target.key.attributes()))) {
                return Err(refuse(&schema, ReadTransactionErrorKind::SameKey));
            }
            Ok(KeyedGet { schema, table, target, is_whole: false })
        });
        Ok(Self { gets: gets.collect::<Result<_, _>>()?, place: first.place(), tables })
    }

    /// Sends the transaction, and again if another one is in its way.
    ///
    /// If an envelope authenticates more than a projection fetches, all items are read again: those
    /// of another moment would not fit the others.
    pub(super) async fn answers<C: Capability>(
        mut self,
        store: &Store<C>,
        meter: &Meter,
        deadline: Duration,
    ) -> Result<Answers, QueryError> {
        let mut patience = Patience::of_writers(store.ticks(), deadline);
        let mut items = Items::new();
        let mut is_complete = false;
        while !is_complete {
            match self.send(store, meter).await {
                Ok(sent) => items = sent,
                Err(Failure::Hindered(_)) if patience.wait(store).await => continue,
                Err(Failure::Hindered(error) | Failure::Refused(error)) => {
                    return Err(QueryError::Request(error));
                }
            }
            is_complete = true;
            for (get, item) in self.gets.iter_mut().zip(&items) {
                let Some(Ok(item)) = item else { continue };
                if !get.is_whole && authenticates_more(&get.schema, item) {
                    meter.reads_again();
                    (get.is_whole, is_complete) = (true, false);
                }
            }
        }
        let answers = self.gets.into_iter().zip(items);
        let answers =
            answers.map(|(KeyedGet { target, table, .. }, item)| Answer { target, table, item });
        Ok(answers.collect::<Vec<_>>().into_iter())
    }

    async fn send<C: Capability>(&self, store: &Store<C>, meter: &Meter) -> Result<Items, Failure> {
        let items = self.gets.iter().map(KeyedGet::to_sdk).collect();
        let request = store.client().transact_get_items().set_transact_items(Some(items));
        let request = request.set_return_consumed_capacity(meter.capacity());
        let answer = if meter.counts_requests() {
            request.customize().interceptor(meter.reads()).send().await
        } else {
            request.send().await
        };
        let answer = answer.map_err(|error| self.failure(&error))?;
        meter.has_read_all(answer.consumed_capacity());
        let responses = answer.responses.unwrap_or_default();
        if let Some(get) = self.gets.get(responses.len()) {
            let error = ServiceError::incomplete(get.schema.place(), &get.table);
            return Err(Failure::Refused(error));
        }
        let items = self.gets.iter().zip(responses).map(|(get, response)| {
            let item = response.item.filter(|item| !item.is_empty());
            item.map(|item| from_sdk_item(&get.schema, item))
        });
        Ok(items.collect())
    }

    /// The failure of an attempt: by the reasons of a cancellation, which are one for each key.
    fn failure(&self, error: &SdkError<TransactGetItemsError>) -> Failure {
        let reasons = match error.as_service_error() {
            Some(TransactGetItemsError::TransactionCanceledException(canceled)) => {
                canceled.cancellation_reasons()
            }
            _ => &[],
        };
        let reasons = self.gets.iter().zip(reasons).filter_map(|(get, reason)| {
            let code = reason.code().filter(|code| *code != "None")?;
            let (place, message) = (get.schema.place(), reason.message().unwrap_or_default());
            Some(ServiceError::of_reason(place, &get.table, error, code, message))
        });
        let hinders = |error: &ServiceError| {
            matches!(error.kind(), ServiceErrorKind::Conflict | ServiceErrorKind::Throttled)
        };
        let (hindering, refusing): (Vec<_>, Vec<_>) = reasons.partition(hinders);
        let mut refusing = refusing.into_iter();
        match (refusing.next(), hindering.into_iter().next()) {
            (Some(error), _) => Failure::Refused(error),
            (None, Some(error)) => Failure::Hindered(error),
            (None, None) => {
                let error = ServiceError::new(self.place.clone(), &self.tables, error);
                let is_throttled = error.kind() == ServiceErrorKind::Throttled;
                if is_throttled { Failure::Hindered(error) } else { Failure::Refused(error) }
            }
        }
    }
}

impl KeyedGet {
    fn to_sdk(&self) -> TransactGetItem {
        let mut to = Placeholders::default();
        let schema = if self.is_whole { self.schema.whole() } else { self.schema };
        let fetched = schema.fetched().map(|names| to.projection(names));
        let get = Get::builder()
            .table_name(&self.table)
            .set_key(Some(to_sdk_key(self.target.key.attributes())))
            .set_projection_expression(fetched)
            .set_expression_attribute_names(to.into_sdk_names());
        // Only one without a table or a key is none.
        TransactGetItem::builder().set_get(get.build().ok()).build()
    }
}

fn has_context(schema: &RecordSchema, name: &str) -> bool {
    schema.fields().any(|field| field.is_context() && field.name() == name)
}
