//! Changes, and their plan by the schema.

use super::EntryChanges;
use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind, ValueSerializer, Wiped};
use crate::expression::{Node, Placeholders};
use crate::record::{
    FieldError, FieldSchema, KeyAttribute, KeyError, KeyErrorKind, Now, RecordSchema, check_ttl,
};

/// The changes of an update, as they were requested.
#[derive(Default)]
pub(crate) struct Changes {
    pub(super) list: Vec<(&'static str, Result<Change, ConvertError>)>,
    pub(super) condition: Option<Node>,
}

/// The change of one attribute.
#[derive(Debug)]
pub(crate) enum Change {
    /// Sets a value, or removes the attribute if the value is absent.
    Set(Option<Wiped>),
    SetIfAbsent(Wiped),
    Remove,
    Add(Wiped),
    /// Takes elements out of a set.
    Delete(Wiped),
    Append(Wiped),
    /// Sets and removes entries of a map.
    Entries(EntryChanges),
}

/// The changes of an update, sorted by the schema.
pub(crate) struct UpdatePlan {
    /// Changes of attributes that the envelope does not cover.
    pub(crate) plain: Vec<(&'static FieldSchema, Change)>,
    /// Changes of encrypted and authenticated attributes.
    pub(crate) protected: Vec<(&'static FieldSchema, Change)>,
    pub(crate) condition: Option<Node>,
    /// The version that the stored record must have.
    pub(crate) version: Option<u64>,
}

impl Changes {
    /// Sorts the changes by the schema, and adds the fields that the library fills in. The version
    /// is left to the request.
    pub(crate) fn plan(
        self,
        schema: &RecordSchema,
        version: Option<u64>,
        now: Now,
    ) -> Result<UpdatePlan, FieldError> {
        let Self { list, condition } = self;
        // The condition's values are checked before any request.
        if let Some(condition) = &condition {
            Placeholders::default().condition(schema, condition.clone())?;
        }
        let mut plan = UpdatePlan { plain: Vec::new(), protected: Vec::new(), condition, version };
        for (name, change) in list {
            let error = |error| FieldError::new(schema, name, error);
            let change = change.map_err(error)?;
            // A derived handle always has a field; a hand-written one may have none.
            let field =
                schema.field(name).ok_or(error(ConvertError::new(ConvertErrorKind::NoField)))?;
            let change = match (change, plan.entries_of(field)) {
                (Change::Entries(others), Some(entries)) => {
                    entries.add(others).map_err(error)?;
                    continue;
                }
                (change, _) => change,
            };
            if plan.changes(field) {
                return Err(error(ConvertError::new(ConvertErrorKind::ChangedTwice)));
            }
            if let (true, Change::Set(Some(value)) | Change::SetIfAbsent(value)) =
                (field.is_ttl(), &change)
            {
                check_ttl(Some(value)).map_err(error)?;
            }
            plan.add(field, change);
        }
        for field in schema.fields() {
            if let Some(stamp) = field.stamp()
                && !plan.changes(field)
            {
                let value = stamp(now, ValueSerializer::new(false));
                let value = value.map_err(|error| FieldError::new(schema, field.name(), error))?;
                plan.add(field, Change::Set(value));
            }
        }
        Ok(plan)
    }
}

impl UpdatePlan {
    fn changes(&self, field: &FieldSchema) -> bool {
        self.changes_name(field.name())
    }

    /// Returns whether the update changes the field that is stored under `name`.
    pub(crate) fn changes_name(&self, name: &str) -> bool {
        self.change_of(name).is_some()
    }

    /// The changes of entries of the field that are planned so far.
    fn entries_of(&mut self, field: &FieldSchema) -> Option<&mut EntryChanges> {
        let mut changed = self.plain.iter_mut().chain(&mut self.protected);
        changed.find_map(|(other, change)| match change {
            Change::Entries(entries) if other.name() == field.name() => Some(entries),
            _ => None,
        })
    }

    fn change_of(&self, name: &str) -> Option<&Change> {
        let mut changed = self.plain.iter().chain(&self.protected);
        changed.find_map(|(field, change)| (field.name() == name).then_some(change))
    }

    /// The value of a field after the update, given the stored one.
    pub(crate) fn value_after<'a>(
        &'a self,
        name: &str,
        stored: Option<&'a AttributeValue>,
    ) -> Option<&'a AttributeValue> {
        match self.change_of(name) {
            Some(Change::Set(value)) => value.as_deref(),
            Some(Change::SetIfAbsent(value)) => stored.or(Some(&**value)),
            Some(Change::Remove) => None,
            // Sums are refused where they would matter.
            Some(Change::Add(_) | Change::Delete(_) | Change::Append(_) | Change::Entries(_))
            | None => stored,
        }
    }

    /// Refuses new values that the keys of indexes cannot have. DynamoDB would refuse the whole
    /// update.
    pub(crate) fn check_index_keys(&self, schema: &RecordSchema) -> Result<(), KeyError> {
        let made = schema.made_parts();
        for (field, change) in self.plain.iter().chain(&self.protected) {
            let name = field.name();
            let is_partial = matches!(
                change,
                Change::Add(_) | Change::Delete(_) | Change::Append(_) | Change::Entries(_)
            );
            if is_partial && made.contains(&name) {
                return Err(KeyError::new(schema, name, KeyErrorKind::Summed));
            }
            let (Change::Set(Some(value)) | Change::SetIfAbsent(value)) = change else { continue };
            for key in schema.index_keys() {
                match (key, &**value) {
                    (KeyAttribute::Field(own), value) if own == name => key.check(schema, value)?,
                    // A template counts NULL as no value.
                    (KeyAttribute::Field(_), _)
                    | (KeyAttribute::Template(_), AttributeValue::Null) => {}
                    (KeyAttribute::Template(template), _) => {
                        let value = |part: &str| (part == name).then_some(&**value);
                        let part = template.last_part(name, value);
                        part.map_err(|(part, problem)| KeyError::new(schema, part, problem))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, field: &'static FieldSchema, change: Change) {
        let null = field.writes_null().then(|| Wiped::new(AttributeValue::Null));
        let change = match change {
            Change::Set(None) => null.map_or(Change::Remove, |null| Change::Set(Some(null))),
            change => change,
        };
        if field.is_protected() {
            self.protected.push((field, change));
        } else {
            self.plain.push((field, change));
        }
    }

    /// Returns whether the update changes anything that the record tag covers.
    pub(crate) fn protects(&self, schema: &RecordSchema) -> bool {
        !self.protected.is_empty() || schema.version().is_some_and(FieldSchema::is_protected)
    }

    /// Returns whether a second update has the same effect.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.summed().next().is_none()
    }

    /// Returns whether the update can be repeated although it may already have been done before
    /// another write.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.is_idempotent() && self.condition.is_none() && self.version.is_none()
    }

    /// The plaintext fields that DynamoDB adds to or takes from.
    pub(crate) fn summed(&self) -> impl Iterator<Item = &'static FieldSchema> {
        let summed = |(field, change): &(&'static FieldSchema, Change)| match change {
            Change::Add(_) | Change::Delete(_) | Change::Append(_) => Some(*field),
            _ => None,
        };
        self.plain.iter().filter_map(summed)
    }

    /// The plaintext fields whose entries change.
    pub(crate) fn mapped(&self) -> impl Iterator<Item = &'static FieldSchema> {
        let mapped = |(field, change): &(&'static FieldSchema, Change)| {
            matches!(change, Change::Entries(_)).then_some(*field)
        };
        self.plain.iter().filter_map(mapped)
    }

    /// Returns whether the update changes entries of maps that the record tag covers.
    pub(crate) fn opens_maps(&self) -> bool {
        self.protected.iter().any(|(_, change)| matches!(change, Change::Entries(_)))
    }

    /// The plaintext fields whose stored value matters to the change.
    pub(crate) fn added(&self) -> impl Iterator<Item = &'static FieldSchema> {
        let added = |(field, change): &(&'static FieldSchema, Change)| match change {
            Change::Set(_) | Change::Remove => None,
            _ => Some(*field),
        };
        self.plain.iter().filter_map(added)
    }
}
