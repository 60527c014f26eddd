//! The model of keys that are hashes of fields.

use syn::Ident;

use super::{Field, Record, Role, plain};
use crate::attr::{FieldOptions, HashedOptions, RoleName, StructOptions};

impl Record {
    /// The field with this name in a key template.
    pub(crate) fn part(&self, name: &str) -> Option<&Field> {
        let with =
            |is: fn(&Field) -> String| self.fields.iter().find(move |field| is(field) == name);
        with(Field::part_name).or_else(|| with(Field::plain_ident))
    }

    /// The fields that are the partition key or the sort key, or whose hashes are.
    pub(crate) fn keys(&self, role: Role) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.key_role() == Some(role))
    }
}

impl Field {
    /// The field's name in key templates: that of its hash, if it has one.
    pub(crate) fn part_name(&self) -> String {
        let name = self.plain_ident();
        if self.hash.is_some() { format!("{name}_hash") } else { name }
    }

    /// The options of the field's hash and its attribute, if it has one.
    pub(crate) fn hashed(&self) -> Option<(&HashedOptions, &str)> {
        self.options.hashed.as_ref().zip(self.hash.as_deref())
    }

    /// The attribute of the field as a key or a part of one.
    pub(crate) fn key_attribute(&self) -> &str {
        self.hash.as_deref().unwrap_or(&self.name)
    }

    /// The role of the field, or of its hash, in the key.
    pub(crate) fn key_role(&self) -> Option<Role> {
        if self.hash.is_none() {
            return Some(self.role).filter(|role| role.is_key());
        }
        let mut roles = self.options.roles.iter();
        roles.find_map(|role| match role.value {
            RoleName::PartitionKey => Some(Role::PartitionKey),
            RoleName::SortKey => Some(Role::SortKey),
            RoleName::Encrypted | RoleName::Authenticated => None,
        })
    }
}

/// The attribute of a field's hash, if the field has one: as it is given, or named after the field.
pub(super) fn attribute(
    options: &FieldOptions,
    role: Role,
    ident: &Ident,
    renamed: Option<&String>,
    container: &StructOptions,
) -> Option<String> {
    let hashed = options.hashed.as_ref().filter(|_| role == Role::Encrypted)?;
    let hash = format!("{}_hash", plain(ident));
    let usual = match (renamed, container.rename_all) {
        (Some(name), _) => format!("{name}_hash"),
        (None, Some(case)) => case.apply(&hash),
        (None, None) => hash,
    };
    Some(hashed.name.as_ref().map_or(usual, |name| name.value.clone()))
}
