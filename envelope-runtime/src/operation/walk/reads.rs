//! The plan of a query or a scan, made before its first request, and the reading of one page.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use tracing::Span;

use super::super::cursor::{After, Cursor};
use super::super::error::QueryError;
use super::super::fetched::CONCURRENCY;
use super::super::meter::Meter;
use super::super::sdk::some_from_sdk;
use crate::attribute::{AttributeValue, write_lp, write_type_and_value};
use crate::envelope::{ExpectedContext, Item, expected_context};
use crate::expression::{KeyCondition, Node, Placeholders};
use crate::key::{Capability, Scope};
use crate::record::{
    Carries, FieldSchema, IndexSchema, KeyError, KeyErrorKind, MAX_FETCHED, Now, QueryKey,
    Readable, RecordSchema,
};
use crate::store::Store;

/// Where the items are.
pub(in crate::operation) enum Source {
    Partition {
        index: Option<&'static IndexSchema>,
        key: QueryKey,
        condition: KeyCondition,
        reverse: bool,
    },
    Table {
        segment: Option<Segment>,
    },
}

/// One of several parts of a table, which are read independently of each other.
#[derive(Clone, Copy, Debug)]
pub(in crate::operation) struct Segment {
    pub(in crate::operation) index: u32,
    pub(in crate::operation) of: u32,
}

/// The context that records must have.
pub(super) enum Contexts {
    One(ExpectedContext),
    /// That of each item's own key, with the values that the caller gave.
    OfKey(Scope),
}

/// The use of the items that are read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::operation) enum Gives {
    /// They are opened.
    #[default]
    Opened,
    /// They are counted.
    Counted,
    /// The records are read from the table, by the keys that the index gives.
    Loaded,
    /// They are deleted, expired ones too.
    Deleted,
    /// They are deleted, whatever their type.
    Cleared,
}

impl Gives {
    pub(super) fn is_deleted(self) -> bool {
        matches!(self, Self::Deleted | Self::Cleared)
    }
}

/// The options that queries and scans share.
#[derive(Clone, Default)]
pub(in crate::operation) struct Options {
    pub(in crate::operation) filter: Option<Node>,
    pub(in crate::operation) given: Scope,
    pub(in crate::operation) every_context: bool,
    pub(in crate::operation) consistent: bool,
    pub(in crate::operation) gives: Gives,
    /// The number of streams that share the calls to the key service.
    pub(in crate::operation) streams: u32,
}

pub(in crate::operation) struct Reads<C> {
    pub(in crate::operation) store: Store<C>,
    pub(in crate::operation) schema: RecordSchema,
    pub(in crate::operation) table: String,
    pub(in crate::operation) meter: Meter,
    pub(super) source: Source,
    pub(super) context: Contexts,
    pub(super) consistent: bool,
    pub(super) gives: Gives,
    /// The names of the attributes that are a position in the list: the key of the table, and that
    /// of the index.
    pub(super) position: Vec<&'static str>,
    pub(super) key_condition: Option<String>,
    pub(super) filter: Option<String>,
    pub(super) projection: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, SdkValue>>,
    binding: Arc<[u8]>,
    pub(super) concurrency: usize,
}

impl<C: Capability> Reads<C> {
    pub(in crate::operation) fn new<P: Readable>(
        store: Store<C>,
        source: Source,
        options: Options,
    ) -> Result<Self, QueryError> {
        let schema = P::SCHEMA;
        let Options { filter, given, every_context, consistent, gives, streams } = options;
        let caller = store.caller_context(&schema, given).map_err(QueryError::Context)?;
        let context = if every_context {
            Contexts::OfKey(caller.clone())
        } else {
            let part = |name: &str| match &source {
                Source::Partition { condition, .. } => condition.part(name),
                Source::Table { .. } => None,
            };
            let expected = expected_context(&schema, part, &caller).map_err(QueryError::Context)?;
            Contexts::One(expected)
        };

        let table = store.physical_table::<P>().to_owned();
        let fetched = fetched(&schema, &source, gives);
        let filtered = filter.as_ref().map(Node::all_names).unwrap_or_default();
        if let Source::Partition { index: Some(index), key, .. } = &source {
            let opens = gives == Gives::Opened && !schema.is_key_alone();
            let read = schema.read().filter(|_| opens).flat_map(FieldSchema::names);
            let read = read.chain(fetched.iter().flatten().copied()).chain(filtered);
            refuse_absent(&schema, index, key, read).map_err(QueryError::Key)?;
        }
        let mut to = Placeholders::default();
        let key_condition = match &source {
            Source::Partition { condition, .. } => Some(condition.write(&mut to)),
            Source::Table { .. } => None,
        };
        let filter = filter.map(|node| to.condition(&schema, node)).transpose();
        let filter = filter.map_err(QueryError::Filter)?;
        let binding = binding(&schema, &table, &source, &caller, &[&key_condition, &filter], &to);
        let projection = fetched.map(|names| to.projection(names));
        let (_, names, values) =
            to.expression(&schema, None).map_err(QueryError::Filter)?.into_sdk();
        let verb = match &source {
            Source::Partition { .. } if gives.is_deleted() => "delete_partition",
            Source::Partition { .. } => "query",
            Source::Table { .. } => "scan",
        };
        let store = match &source {
            Source::Partition { .. } => store.keeping_data_keys(),
            Source::Table { .. } => store.for_many(),
        };
        let mut meter = Meter::new(&store, verb, &table);
        let mut position: Vec<_> = schema.key_names().collect();
        if let Source::Partition { index: Some(index), key, .. } = &source {
            meter = meter.on_index(index.name());
            for key in key.all().filter(|key| !schema.key_names().any(|own| own == key.name())) {
                position.push(key.name());
            }
        }
        let streams = usize::try_from(streams).unwrap_or(CONCURRENCY).clamp(1, CONCURRENCY);
        Ok(Self {
            meter,
            store,
            schema,
            table,
            source,
            context,
            consistent,
            gives,
            position,
            key_condition,
            filter,
            projection,
            names,
            values,
            binding,
            concurrency: CONCURRENCY / streams,
        })
    }

    pub(in crate::operation) fn span(&self) -> Span {
        self.meter.span()
    }

    pub(super) fn now(&self) -> Now {
        self.store.now()
    }

    /// Returns whether the records are read from the table, by the keys that the index gives.
    pub(super) fn loads(&self) -> bool {
        self.gives == Gives::Loaded
    }

    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// The key attributes to go on behind.
    pub(in crate::operation) fn begin(
        &self,
        after: After,
    ) -> Result<Option<Vec<AttributeValue>>, QueryError> {
        after.keys(&self.binding, self.position.len(), self.store.now()).map_err(QueryError::Cursor)
    }

    pub(super) fn cursor(&self, keys: Vec<AttributeValue>) -> Cursor {
        Cursor::new(keys, &self.binding, self.store.now())
    }

    /// The values of the key attributes of the table, and then of the index.
    pub(super) fn position_of(&self, key: &Item) -> Vec<AttributeValue> {
        self.position.iter().filter_map(|name| key.attribute(name).cloned()).collect()
    }

    pub(super) fn last_of(&self, key: &HashMap<String, SdkValue>) -> Vec<AttributeValue> {
        self.position_of(&self.position_from_sdk(key))
    }

    /// The key attributes of an item, as far as it has them.
    pub(super) fn position_from_sdk(&self, item: &HashMap<String, SdkValue>) -> Item {
        some_from_sdk(self.position.iter().copied(), item)
    }
}

/// The attributes to fetch; `None` for all that are there.
fn fetched(schema: &RecordSchema, source: &Source, gives: Gives) -> Option<BTreeSet<&'static str>> {
    let mut names = match source {
        Source::Partition { index: Some(index), .. } => match index.carries() {
            Carries::All if gives == Gives::Counted => schema.deciding(),
            Carries::All => schema.fetched()?,
            _ if gives != Gives::Opened || schema.is_key_alone() => return None,
            Carries::Keys | Carries::Some(_) => schema.fetched()?,
        },
        _ if gives == Gives::Counted => schema.deciding(),
        _ if gives.is_deleted() => {
            let version = schema.version().into_iter().flat_map(FieldSchema::names);
            schema.deciding().into_iter().chain(version).chain([schema.envelope()]).collect()
        }
        _ => schema.fetched()?,
    };
    if let Source::Partition { index: Some(_), key, .. } = source {
        names.extend(key.all().map(|key| key.name()));
        let parts = key.parts().into_iter().filter_map(|part| schema.field(part));
        names.extend(parts.flat_map(FieldSchema::names));
    }
    (names.len() <= MAX_FETCHED).then_some(names)
}

/// Refuses to read or to filter attributes that an index does not hold. DynamoDB would take them
/// for absent.
fn refuse_absent(
    schema: &RecordSchema,
    index: &IndexSchema,
    key: &QueryKey,
    mut names: impl Iterator<Item = &'static str>,
) -> Result<(), KeyError> {
    let Some(included) = schema.included(index) else { return Ok(()) };
    let is_key = |name: &str| schema.keys().chain(key.all()).any(|key| key.name() == name);
    match names.find(|name| !included.contains(name) && !is_key(name)) {
        Some(name) => Err(KeyError::new(schema, name, KeyErrorKind::NotInIndex)),
        None => Ok(()),
    }
}

/// Everything that makes two queries the same one: the same records in the same order.
fn binding(
    schema: &RecordSchema,
    table: &str,
    source: &Source,
    caller: &Scope,
    texts: &[&Option<String>],
    to: &Placeholders,
) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    let mut add = |part: &str| write_lp(part.as_bytes(), &mut bytes);
    add(match source {
        Source::Partition { reverse: false, .. } => "forwards",
        Source::Partition { reverse: true, .. } => "backwards",
        Source::Table { .. } => "scan",
    });
    add(&match source {
        Source::Table { segment: Some(Segment { index, of }) } => format!("{index} of {of}"),
        Source::Table { segment: None } | Source::Partition { .. } => String::new(),
    });
    add(table);
    add(schema.table());
    add(schema.envelope());
    let (index, own) = match source {
        Source::Partition { index, key, .. } => (*index, Some(key)),
        Source::Table { .. } => (None, None),
    };
    add(index.map_or("", IndexSchema::name));
    let keys = schema.keys().chain(own.into_iter().flat_map(QueryKey::all));
    let keys: Vec<_> = keys.map(|key| format!("{key:?}")).collect();
    let context = caller.names().map(|name| [name, caller.value(name).unwrap_or_default()]);
    let names = to.names().iter().map(|(placeholder, name)| [placeholder.as_str(), name]);
    // The number of parts stands before each list, so that no two queries share their bytes.
    for list in [
        keys.iter().map(String::as_str).collect::<Vec<_>>(),
        texts.iter().map(|text| text.as_deref().unwrap_or_default()).collect(),
        context.flatten().collect(),
        names.flatten().collect(),
        to.values().keys().map(String::as_str).collect(),
    ] {
        add(&list.len().to_string());
        list.into_iter().for_each(&mut add);
    }
    let left_out = match source {
        Source::Partition { condition, .. } => condition.left_out(),
        Source::Table { .. } => &[],
    };
    // As many values as placeholders come first.
    for value in to.values().values().chain(left_out) {
        write_type_and_value(value, &mut bytes);
    }
    bytes.into()
}
