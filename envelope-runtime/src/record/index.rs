//! Secondary indexes: which attributes are their keys, and the keys that the library writes.

mod handle;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::check::equal;
use super::template::parts_of;
use super::{FieldSchema, KeyAttribute, KeyError, RecordSchema};
use crate::attribute::AttributeValue;
pub use handle::{
    Consistent, Index, IndexHandle, LocalIndex, OnIndex, OnLocalIndex, OnTable, Place,
};

/// A secondary index of a record's table.
///
/// Its key attributes are fields, or attributes that templates make of fields. A record in which
/// one of the fields is absent is not in the index.
#[derive(Clone, Copy, Debug)]
pub struct IndexSchema {
    name: &'static str,
    partition: &'static [KeyAttribute],
    sort: &'static [KeyAttribute],
    is_local: bool,
    carries: Carries,
}

/// The attributes that an index holds beside its own key and that of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Carries {
    All,
    Keys,
    /// These, and what decides whether a record is given out.
    Some(&'static [&'static str]),
}

/// The key attributes of what a query reads: the table, or one of its indexes.
#[derive(Clone, Debug)]
pub(crate) struct QueryKey {
    pub(crate) partition: Vec<KeyAttribute>,
    pub(crate) sort: Vec<KeyAttribute>,
}

const NO_INDEX: IndexSchema = IndexSchema::global("", &[KeyAttribute::Field("")], &[]);

/// Attributes that indexes have as keys, and the values that templates make of a record.
pub(crate) type IndexKeys = BTreeMap<&'static str, AttributeValue>;

impl IndexSchema {
    /// A global index that holds whole records, with up to four attributes in each part of its key.
    ///
    /// # Panics
    ///
    /// If the partition key has no attribute, or one of the parts more than four. In a constant,
    /// that is a compile error.
    #[must_use]
    pub const fn global(
        name: &'static str,
        partition: &'static [KeyAttribute],
        sort: &'static [KeyAttribute],
    ) -> Self {
        assert!(!partition.is_empty(), "an index has a partition key");
        assert!(
            partition.len() <= 4 && sort.len() <= 4,
            "an index has at most 4 attributes in its partition key, and 4 in its sort key"
        );
        Self { name, partition, sort, is_local: false, carries: Carries::All }
    }

    /// A local index that holds whole records: its partition key is the table's.
    #[must_use]
    pub const fn local(name: &'static str, sort: &'static [KeyAttribute; 1]) -> Self {
        Self { name, partition: &[], sort, is_local: true, carries: Carries::All }
    }

    /// Holds the keys alone.
    #[must_use]
    pub const fn keys_only(mut self) -> Self {
        self.carries = Carries::Keys;
        self
    }

    /// Holds these attributes beside the keys, and those that decide whether a record is given out:
    /// parts of keys, context fields, the TTL and the envelope.
    #[must_use]
    pub const fn including(mut self, attributes: &'static [&'static str]) -> Self {
        self.carries = Carries::Some(attributes);
        self
    }

    /// The name of the index in DynamoDB.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns whether it shares the partition key of its table.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.is_local
    }

    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    pub(crate) const fn carries(&self) -> Carries {
        self.carries
    }

    pub(super) const fn sides(&self) -> [&'static [KeyAttribute]; 2] {
        [self.partition, self.sort]
    }

    /// The attributes of its own key.
    fn keys(&self) -> impl Iterator<Item = KeyAttribute> + use<> {
        self.partition.iter().chain(self.sort).copied()
    }
}

impl RecordSchema {
    /// Declares the indexes of the record's table that the library writes and queries.
    #[must_use]
    pub const fn indexes(mut self, indexes: &'static [IndexSchema]) -> Self {
        self.indexes = indexes;
        self
    }

    pub(crate) const fn all_indexes(&self) -> &'static [IndexSchema] {
        self.indexes
    }

    /// The key attributes that indexes' templates make, each once. Those that the table's own key
    /// has are left to it.
    pub(crate) fn made_names(&self) -> BTreeSet<&'static str> {
        let made = self.index_keys().filter(|key| matches!(key, KeyAttribute::Template(_)));
        let own: Vec<_> = self.key_names().collect();
        made.map(|key| key.name()).filter(|name| !own.contains(name)).collect()
    }

    /// The fields of which indexes' templates are made.
    pub(crate) fn made_parts(&self) -> Vec<&'static str> {
        parts_of(self.index_keys().filter(|key| matches!(key, KeyAttribute::Template(_))))
    }

    /// Returns whether an attribute is a sort key of the table or of an index.
    pub(super) fn sorts_by(&self, name: &str) -> bool {
        let own = self.keys().skip(1);
        let mut sort = own.chain(self.indexes.iter().flat_map(|index| index.sort.iter().copied()));
        sort.any(|key| key.name() == name)
    }

    /// The index with this name.
    ///
    /// # Panics
    ///
    /// If there is none. In a constant, that is a compile error. The derive has reported a mistake
    /// in a schema without fields.
    #[track_caller]
    pub(super) const fn index(&self, name: &str) -> &'static IndexSchema {
        let mut rest = self.indexes;
        while let [index, others @ ..] = rest {
            if equal(index.name.as_bytes(), name.as_bytes()) {
                return index;
            }
            rest = others;
        }
        assert!(self.own_fields().is_empty(), "a handle needs an index of the record's schema");
        &NO_INDEX
    }

    /// The key attributes of all indexes.
    pub(crate) fn index_keys(&self) -> impl Iterator<Item = KeyAttribute> + use<> {
        self.indexes.iter().flat_map(IndexSchema::keys)
    }

    /// The attributes that the templates of indexes make of a record, by name: see
    /// [`made_names`](Self::made_names). `value` returns the record's values. An index without a
    /// value for one of its fields has none.
    ///
    /// Of the values, those that `is_new` are checked, also fields that are keys: DynamoDB refuses
    /// the write of any other. An index whose key cannot be made of the old ones has none.
    pub(crate) fn index_values<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
        is_new: impl Fn(&str) -> bool,
    ) -> Result<IndexKeys, KeyError> {
        let mut values = IndexKeys::new();
        if self.indexes.is_empty() {
            return Ok(values);
        }
        let names = self.made_names();
        for index in self.indexes {
            let mut made = Vec::new();
            let mut is_complete = true;
            for key in index.keys() {
                let is_absent = |part| match (key, value(part)) {
                    (_, None) => true,
                    (KeyAttribute::Template(_), Some(value)) => *value == AttributeValue::Null,
                    (KeyAttribute::Field(_), Some(_)) => false,
                };
                if key.parts().any(is_absent) {
                    is_complete = false;
                    continue;
                }
                match key.value(self, &value) {
                    Ok(value) if names.contains(key.name()) => {
                        made.push((key.name(), value.into_owned()));
                    }
                    Ok(_) => {}
                    Err(error) if key.parts().any(&is_new) => return Err(error),
                    Err(_) => is_complete = false,
                }
            }
            if is_complete {
                values.extend(made);
            }
        }
        Ok(values)
    }

    /// The key attributes of the table, or of one of its indexes.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    pub(crate) fn query_key(&self, index: Option<&IndexSchema>) -> QueryKey {
        let mut own = self.keys();
        let partition: Vec<_> = own.next().into_iter().collect();
        match index {
            None => QueryKey { partition, sort: own.collect() },
            Some(index) if index.is_local => QueryKey { partition, sort: index.sort.to_vec() },
            Some(index) => {
                QueryKey { partition: index.partition.to_vec(), sort: index.sort.to_vec() }
            }
        }
    }

    /// The attributes that an index holds beside its own key and that of the table; `None` if it
    /// holds all.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
    pub(crate) fn included(&self, index: &IndexSchema) -> Option<BTreeSet<&'static str>> {
        let included = match index.carries {
            Carries::All => return None,
            Carries::Keys => return Some(BTreeSet::new()),
            Carries::Some(included) => included,
        };
        let decides = |field: &&FieldSchema| field.is_context() || field.is_ttl();
        let parts = self.key_parts().into_iter().chain(parts_of(index.keys()));
        let fields = included.iter().copied().chain(parts);
        let fields =
            fields.filter_map(|name| self.field(name)).chain(self.fields().filter(decides));
        let mut names: BTreeSet<_> = fields.flat_map(FieldSchema::names).collect();
        // Without one it holds nothing; a newer program may have sealed the record.
        names.insert(self.envelope());
        for key in self.keys().chain(index.keys()) {
            names.remove(key.name());
        }
        Some(names)
    }

    /// The value of a field that a load would use.
    pub(crate) fn read_value<'a>(
        &self,
        name: &str,
        stored: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Option<&'a AttributeValue> {
        match self.field(name) {
            Some(field) => field.names().filter_map(stored).last(),
            None => stored(name),
        }
    }
}

#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
impl QueryKey {
    pub(crate) fn all(&self) -> impl Iterator<Item = KeyAttribute> {
        self.partition.iter().chain(&self.sort).copied()
    }

    /// The fields that a caller gives for the partition.
    pub(crate) fn partition_parts(&self) -> Vec<&'static str> {
        parts_of(self.partition.iter().copied())
    }

    /// The fields of the whole key, with which those of the partition begin.
    pub(crate) fn parts(&self) -> Vec<&'static str> {
        parts_of(self.all())
    }

    /// Returns whether a stored item's own fields make its key attributes. Older programs leave
    /// those of an index as they were.
    pub(crate) fn is_made_by<'a>(
        &self,
        schema: &RecordSchema,
        stored: impl Fn(&str) -> Option<&'a AttributeValue> + Copy,
    ) -> bool {
        let read = |name: &str| schema.read_value(name, stored);
        self.all().all(|key| {
            let made = match key {
                KeyAttribute::Field(name) => read(name).map(Cow::Borrowed),
                KeyAttribute::Template(template) => template.render(read).ok().map(Cow::Owned),
            };
            made.is_some() && made.as_deref() == stored(key.name())
        })
    }
}

#[cfg(test)]
mod tests;
