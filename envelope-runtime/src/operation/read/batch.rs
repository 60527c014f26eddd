//! `BatchGetItem`: many items of one table, matched by their keys. DynamoDB gives them in any
//! order, and may leave keys unprocessed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, KeysAndAttributes};

use crate::attribute::{AttributeValue, write_type_and_value};
use crate::expression::Placeholders;
use crate::key::Capability;
use crate::operation::error::{QueryError, ServiceError, ServiceErrorKind, UnprocessedError};
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::operation::sdk::{some_from_sdk, to_sdk_key};
use crate::record::RecordSchema;
use crate::store::Store;

/// DynamoDB's limit for one request.
pub(in crate::operation) const MAX_KEYS: usize = 100;

/// A request for the items under several keys.
pub(in crate::operation) struct Batch<'a, C> {
    pub(in crate::operation) store: &'a Store<C>,
    pub(in crate::operation) meter: &'a Meter,
    pub(in crate::operation) schema: &'a RecordSchema,
    pub(in crate::operation) table: &'a str,
    pub(in crate::operation) consistent: bool,
}

/// A key, and its places in the list of those that were asked for.
pub(in crate::operation) struct Wanted<'a> {
    key: &'a [(&'static str, AttributeValue)],
    places: Vec<usize>,
}

/// The reason that items were not read.
pub(in crate::operation) enum Unread {
    Request(ServiceError),
    /// DynamoDB left this many keys unprocessed until the deadline.
    Unprocessed(usize),
}

/// An item, and the place in the list of the key that was asked for.
pub(in crate::operation) type Placed = (usize, HashMap<String, SdkValue>);

impl<'a> Wanted<'a> {
    /// Each key once: DynamoDB refuses a request that has one twice.
    pub(in crate::operation) fn distinct(
        keys: impl IntoIterator<Item = (usize, &'a [(&'static str, AttributeValue)])>,
    ) -> Vec<Self> {
        let mut known = HashMap::new();
        let mut distinct: Vec<Self> = Vec::new();
        for (place, key) in keys {
            match known.entry(identity(key)) {
                Entry::Occupied(at) => {
                    let at: &usize = at.get();
                    distinct.get_mut(*at).into_iter().for_each(|same| same.places.push(place));
                }
                Entry::Vacant(new) => {
                    new.insert(distinct.len());
                    distinct.push(Self { key, places: vec![place] });
                }
            }
        }
        distinct
    }
}

/// The bytes by which keys of one table are told apart. Numbers are equal by their values.
pub(in crate::operation) fn identity(key: &[(&'static str, AttributeValue)]) -> Vec<u8> {
    identity_of(key.iter().map(|(_, value)| value))
}

fn identity_of<'a>(values: impl Iterator<Item = &'a AttributeValue>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.for_each(|value| write_type_and_value(value, &mut bytes));
    bytes
}

impl Unread {
    /// The error of an operation on `of` keys, of which it would have read the last ones `later`.
    pub(in crate::operation) fn into_error(
        self,
        schema: &RecordSchema,
        later: usize,
        of: usize,
    ) -> QueryError {
        match self {
            Self::Request(error) => QueryError::Request(error),
            Self::Unprocessed(unprocessed) => {
                let error = UnprocessedError::new(schema.place(), unprocessed + later, of);
                QueryError::Unprocessed(error)
            }
        }
    }
}

impl<C: Capability> Batch<'_, C> {
    /// Reads the items under at most [`MAX_KEYS`] keys, each as often as its key was asked for.
    /// Unprocessed keys are asked for again as long as `patience` lasts.
    ///
    /// An item that nobody asked for, or a second one under the same key, is ignored.
    pub(in crate::operation) async fn read(
        &self,
        wanted: &[Wanted<'_>],
        patience: &mut Patience,
    ) -> Result<Vec<Placed>, Unread> {
        let named = wanted.iter().map(|wanted| (identity(wanted.key), wanted));
        let mut pending: BTreeMap<Vec<u8>, &Wanted<'_>> = named.collect();
        let mut found = Vec::new();
        while !pending.is_empty() {
            let answer = self.request(pending.values().map(|wanted| wanted.key)).await;
            let answer = match answer {
                Ok(answer) => answer,
                // DynamoDB refuses the request if it can read none of the keys.
                Err(error) => {
                    let is_throttled = error.kind() == ServiceErrorKind::Throttled;
                    if is_throttled && patience.wait(self.store).await {
                        continue;
                    }
                    return Err(Unread::Request(error));
                }
            };
            let before = found.len();
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let Some(wanted) = pending.remove(&self.identity_in(&item)) else { continue };
                let copies = iter::repeat_n(item, wanted.places.len());
                found.extend(wanted.places.iter().copied().zip(copies));
            }
            let unprocessed = answer.unprocessed_keys.into_iter().flatten();
            let unprocessed = unprocessed.flat_map(|(_, unprocessed)| unprocessed.keys);
            let unprocessed: BTreeSet<_> = unprocessed.map(|key| self.identity_in(&key)).collect();
            pending.retain(|identity, _| unprocessed.contains(identity));
            if found.len() > before {
                // An answer is full at 16 MB, which is no reason to wait ever longer.
                patience.begin_again();
            }
            if !pending.is_empty() && !patience.wait(self.store).await {
                return Err(Unread::Unprocessed(pending.len()));
            }
        }
        Ok(found)
    }

    /// The identity of an item's key. An absent attribute, or one of an unknown type, makes it that
    /// of no key.
    fn identity_in(&self, item: &HashMap<String, SdkValue>) -> Vec<u8> {
        let key = some_from_sdk(self.schema.key_names(), item);
        identity_of(self.schema.key_names().filter_map(|name| key.attribute(name)))
    }

    async fn request<'k>(
        &self,
        keys: impl Iterator<Item = &'k [(&'static str, AttributeValue)]>,
    ) -> Result<BatchGetItemOutput, ServiceError> {
        let Self { store, meter, schema, table, consistent } = *self;
        let mut to = Placeholders::default();
        let fetched = schema.fetched().map(|names| to.projection(names));
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.map(to_sdk_key).collect()))
            .consistent_read(consistent)
            .set_projection_expression(fetched)
            .set_expression_attribute_names(to.into_sdk_names());
        // Only a list without keys is none.
        let asked = asked.build().ok().map(|asked| HashMap::from([(table.to_owned(), asked)]));
        let request = store.client().batch_get_item().set_request_items(asked);
        let request = request.set_return_consumed_capacity(meter.capacity());
        let answer = if meter.counts_requests() {
            request.customize().interceptor(meter.reads()).send().await
        } else {
            request.send().await
        };
        let answer = answer.map_err(|error| ServiceError::new(schema.place(), table, &error))?;
        meter.has_read_all(answer.consumed_capacity());
        Ok(answer)
    }
}
