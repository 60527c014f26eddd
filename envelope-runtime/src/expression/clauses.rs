//! The text of an update: its SET, REMOVE, ADD and DELETE clauses.

use super::{Change, Placeholders};
use crate::attribute::{AttributeValue, Number, unwiped};
use crate::record::FieldSchema;

/// The clauses of an
/// [update expression](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html).
#[derive(Default)]
pub(crate) struct Clauses {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    delete: Vec<String>,
}

impl Clauses {
    pub(crate) fn set(&mut self, to: &mut Placeholders, name: &str, value: AttributeValue) {
        let (name, value) = (to.name(name), to.value(value));
        self.set.push(format!("{name} = {value}"));
    }

    pub(crate) fn remove(&mut self, to: &mut Placeholders, name: &str) {
        self.remove.push(to.name(name));
    }

    /// Adds 1 to a number.
    pub(crate) fn count_up(&mut self, to: &mut Placeholders, name: &str) {
        self.add(to, name, AttributeValue::N(Number::from(1_u8)));
    }

    fn add(&mut self, to: &mut Placeholders, name: &str, value: AttributeValue) {
        let (name, value) = (to.name(name), to.value(value));
        self.add.push(format!("{name} {value}"));
    }

    /// Adds the change of a plaintext attribute; `is_null` if it is stored as NULL, or if a map is
    /// absent. If it is replaced, values under older names are removed.
    pub(crate) fn change(
        &mut self,
        to: &mut Placeholders,
        field: &FieldSchema,
        change: &Change,
        is_null: bool,
    ) {
        let name = field.name();
        match change {
            // DynamoDB adds to an absent attribute but not to NULL, which counts as absent here.
            Change::Add(value) | Change::Append(value) if is_null => {
                self.set(to, name, (**value).clone());
            }
            Change::Delete(_) if is_null => {}
            Change::Entries(entries) if is_null => {
                if let Some(map) = entries.made() {
                    self.set(to, name, unwiped(map));
                }
            }
            Change::Entries(entries) => {
                for (entry, value) in entries.iter() {
                    let path = format!("{}.{}", to.name(name), to.name(entry));
                    match value {
                        Some(value) => {
                            let value = to.value(value.clone());
                            self.set.push(format!("{path} = {value}"));
                        }
                        None => self.remove.push(path),
                    }
                }
            }
            Change::Set(Some(value)) => self.set(to, name, (**value).clone()),
            Change::Set(None) | Change::Remove => self.remove(to, name),
            Change::SetIfAbsent(value) => {
                let (name, value) = (to.name(name), to.value((**value).clone()));
                self.set.push(format!("{name} = if_not_exists({name}, {value})"));
            }
            Change::Add(value) => self.add(to, name, (**value).clone()),
            Change::Delete(value) => {
                let (name, value) = (to.name(name), to.value((**value).clone()));
                self.delete.push(format!("{name} {value}"));
            }
            Change::Append(value) => {
                let (name, value) = (to.name(name), to.value((**value).clone()));
                let empty = to.value(AttributeValue::L(Vec::new()));
                self.set
                    .push(format!("{name} = list_append(if_not_exists({name}, {empty}), {value})"));
            }
        }
        if let Change::Set(_) | Change::Remove = change {
            for older in field.names().skip(1) {
                self.remove(to, older);
            }
        }
    }

    /// The whole text; `None` if nothing changes.
    pub(crate) fn text(self) -> Option<String> {
        let clauses = [
            ("SET", self.set),
            ("REMOVE", self.remove),
            ("ADD", self.add),
            ("DELETE", self.delete),
        ];
        let clauses: Vec<_> = clauses
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }
}
