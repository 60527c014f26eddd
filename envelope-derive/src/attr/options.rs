//! The options of a struct and of its fields, as data.

use proc_macro2::Span;
use syn::{ExprPath, Ident, Path};

use super::HashedOptions;
use crate::case::RenameRule;
use crate::symbol;

/// A value and its place in the user's code.
#[derive(Clone)]
pub(crate) struct Spanning<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// The options of a struct.
#[derive(Default)]
pub(crate) struct StructOptions {
    pub(crate) table: Option<Spanning<String>>,
    /// `table` was given. A mistake in it has been reported.
    pub(crate) table_given: bool,
    pub(crate) envelope: Option<Spanning<String>>,
    pub(crate) partition_key: Option<Spanning<String>>,
    pub(crate) partition_key_name: Option<Spanning<String>>,
    pub(crate) sort_key: Option<Spanning<String>>,
    pub(crate) sort_key_name: Option<Spanning<String>>,
    pub(crate) indexes: Vec<IndexOptions>,
    pub(crate) krate: Option<Path>,
    pub(crate) plaintext_only: Option<Span>,
    pub(crate) debug: Option<Span>,
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) default: Option<DefaultValue>,
}

/// The options of one index.
pub(crate) struct IndexOptions {
    /// The name of its handle.
    pub(crate) word: Ident,
    pub(crate) name: Option<Spanning<String>>,
    /// Names of fields.
    pub(crate) partition: Option<Vec<Spanning<String>>>,
    pub(crate) sort: Option<Vec<Spanning<String>>>,
    pub(crate) partition_key: Option<Spanning<String>>,
    pub(crate) partition_key_name: Option<Spanning<String>>,
    pub(crate) sort_key: Option<Spanning<String>>,
    pub(crate) sort_key_name: Option<Spanning<String>>,
    pub(crate) local: Option<Span>,
    pub(crate) unprotected_partition: Option<Span>,
    pub(crate) project: Option<Spanning<Project>>,
}

/// The attributes that an index holds beside the keys.
#[derive(Clone)]
pub(crate) enum Project {
    All,
    Keys,
    /// Names of fields.
    Include(Vec<Spanning<String>>),
}

/// The options of a field.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) roles: Vec<Spanning<RoleName>>,
    /// From `#[envelope(…)]`, which takes precedence over serde's.
    pub(crate) rename: Option<Spanning<String>>,
    pub(crate) serde_rename: Option<Spanning<String>>,
    pub(crate) aliases: Vec<Spanning<String>>,
    pub(crate) flatten: Option<Span>,
    pub(crate) serde_flatten: Option<Span>,
    pub(crate) catch_all: Option<Span>,
    pub(crate) skip: Option<Span>,
    pub(crate) serde_skip: Option<Span>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) serde_default: Option<DefaultValue>,
    pub(crate) bytes: Option<Span>,
    pub(crate) set: Option<Span>,
    pub(crate) context: Option<Span>,
    pub(crate) since: Option<Spanning<u32>>,
    /// The date as it is written.
    pub(crate) unsealed_until: Option<Spanning<String>>,
    pub(crate) version: Option<Span>,
    pub(crate) ttl: Option<Span>,
    pub(crate) created_at: Option<Span>,
    pub(crate) updated_at: Option<Span>,
    /// The type of a key attribute.
    pub(crate) key: Option<Spanning<String>>,
    /// A key that is stored as a hash of the field.
    pub(crate) hashed: Option<HashedOptions>,
    pub(crate) serialize_with: Option<ExprPath>,
    pub(crate) deserialize_with: Option<ExprPath>,
    pub(crate) serde_serialize_with: Option<ExprPath>,
    pub(crate) serde_deserialize_with: Option<ExprPath>,
}

/// A field attribute that gives the field its role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleName {
    PartitionKey,
    SortKey,
    Encrypted,
    Authenticated,
}

/// The source of the value of an absent attribute.
#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// `Default::default()`.
    Trait,
    /// A function without arguments.
    Function(ExprPath),
}

impl StructOptions {
    /// The path of the runtime crate: its own name, unless the user gives another.
    pub(crate) fn crate_path(&self) -> Path {
        self.krate.clone().unwrap_or_else(|| syn::parse_quote!(::envelope_runtime))
    }
}

impl RoleName {
    pub(crate) fn is_key(self) -> bool {
        matches!(self, Self::PartitionKey | Self::SortKey)
    }

    pub(super) fn parse(path: &Path) -> Option<Self> {
        [Self::PartitionKey, Self::SortKey, Self::Encrypted, Self::Authenticated]
            .into_iter()
            .find(|role| path.is_ident(role.name()))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PartitionKey => symbol::PARTITION_KEY,
            Self::SortKey => symbol::SORT_KEY,
            Self::Encrypted => symbol::ENCRYPTED,
            Self::Authenticated => symbol::AUTHENTICATED,
        }
    }
}
