//! The model of a record. Parsing builds it, and checks and expansion only read it.

mod hashed;
mod index;
mod projection;

use proc_macro2::Span;
use syn::{Data, DeriveInput, ExprPath, Fields, Generics, Ident, Path, Type};

use crate::attr::{DefaultValue, FieldOptions, RoleName, Spanning, StructOptions};
use crate::ctxt::Ctxt;
use crate::template::Template;
use crate::written::{self, KeyType};

pub(crate) use index::{Index, Side};
pub(crate) use projection::{ProjectedField, Projection};

/// The maximum number of template parts in a key, as in the runtime.
pub(crate) const MAX_KEY_PARTS: usize = 6;

/// The trait to derive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `EnvelopeRecord`.
    Record,
    /// `EnvelopeFields`: the fields of a struct to flatten.
    Fields,
}

/// A struct to expand.
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) fields: Vec<Field>,
    /// The partition key, if it is made of fields.
    pub(crate) partition_key: Option<Template>,
    pub(crate) sort_key: Option<Template>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) options: StructOptions,
}

/// A field of the struct.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The attribute's name.
    pub(crate) name: String,
    /// The place of mistakes about the name.
    pub(crate) name_span: Span,
    pub(crate) role: Role,
    pub(crate) shape: Shape,
    pub(crate) default: Option<DefaultValue>,
    /// The attribute of the field's hash, if a key is made of it.
    hash: Option<String>,
    pub(crate) options: FieldOptions,
}

/// The role of a field in storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    PartitionKey,
    SortKey,
    Plain,
    Authenticated,
    Encrypted,
    /// Not stored.
    Skipped,
    /// Stored as the attributes of its struct.
    Flattened,
    /// Holds the attributes that no other field has.
    CatchAll,
}

/// The form of a field as an attribute value.
#[expect(clippy::large_enum_variant, reason = "there is one for each field of a struct")]
pub(crate) enum Shape {
    Serde,
    Bytes,
    OptionalBytes,
    /// A DynamoDB set.
    Set,
    /// Through functions. A missing one falls back to serde.
    With {
        serialize: Option<ExprPath>,
        deserialize: Option<ExprPath>,
    },
}

impl Record {
    /// Parses a derive's input. If it is not a struct with named fields, that is reported, and only
    /// the path of the runtime crate is returned.
    pub(crate) fn from_syn(cx: &Ctxt, kind: Kind, input: &DeriveInput) -> Result<Self, Path> {
        let mut options = StructOptions::parse(cx, &input.attrs);
        let message = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => {
                    let fields = fields.named.iter();
                    let fields = fields.filter_map(|field| Field::from_syn(cx, &options, field));
                    return Ok(Self {
                        kind,
                        ident: input.ident.clone(),
                        generics: input.generics.clone(),
                        fields: fields.collect(),
                        partition_key: template(
                            cx,
                            options.partition_key.take(),
                            &mut options.partition_key_name,
                            "PK",
                        ),
                        sort_key: template(
                            cx,
                            options.sort_key.take(),
                            &mut options.sort_key_name,
                            "SK",
                        ),
                        indexes: std::mem::take(&mut options.indexes)
                            .into_iter()
                            .map(|index| Index::new(cx, index))
                            .collect(),
                        options,
                    });
                }
                _ => "a record needs named fields: write `struct … { … }`",
            },
            Data::Enum(_) if kind == Kind::Fields => {
                "an enum cannot be flattened: store it in a field of its own, without `flatten`"
            }
            Data::Enum(_) => {
                "an enum is not a record: store it in a field of a struct, or derive on a struct \
                 for each variant"
            }
            Data::Union(_) => "a union is not a record: use a struct",
        };
        cx.error(input.ident.span(), message);
        Err(options.crate_path())
    }

    /// The logical table name, which a check has made sure of.
    pub(crate) fn table(&self) -> &str {
        self.options.table.as_ref().map_or("", |table| &table.value)
    }

    /// The reserved attribute's name, if it is not the default.
    pub(crate) fn envelope(&self) -> Option<&str> {
        self.options.envelope.as_ref().map(|envelope| envelope.value.as_str())
    }

    /// The struct's name in Rust.
    pub(crate) fn plain_ident(&self) -> String {
        plain(&self.ident)
    }

    /// The path of the runtime crate.
    pub(crate) fn krate(&self) -> Path {
        self.options.crate_path()
    }

    /// The fields that are stored, in the order in which they are written and read.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.role != Role::Skipped)
    }

    /// The fields that are attributes themselves.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Field> {
        self.stored().filter(|field| !matches!(field.role, Role::Flattened | Role::CatchAll))
    }

    /// The stored fields that the schema lists: all but the catch-all.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Field> {
        self.stored().filter(|field| field.role != Role::CatchAll)
    }

    /// The key templates, the partition key's first.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.partition_key.iter().chain(&self.sort_key)
    }

    /// Returns whether a key template names the field.
    pub(crate) fn is_part(&self, field: &Field) -> bool {
        let name = field.part_name();
        self.templates().flat_map(Template::parts).any(|part| part == name)
    }

    /// The fields that make the key, each once, in their order.
    pub(crate) fn key_fields(&self) -> Vec<&Field> {
        let (mut key, sort) = self.split_key();
        key.extend(sort);
        key
    }

    /// The fields that make the partition key, and those that the sort key adds.
    pub(crate) fn split_key(&self) -> (Vec<&Field>, Vec<&Field>) {
        let fields = |template: &Option<Template>, role| -> Vec<&Field> {
            let fields: Vec<&Field> = match template {
                Some(template) => template.parts().filter_map(|part| self.part(part)).collect(),
                None => self.keys(role).take(1).collect(),
            };
            let mut once: Vec<&Field> = Vec::new();
            for field in fields {
                if !once.iter().any(|other| other.ident == field.ident) {
                    once.push(field);
                }
            }
            once
        };
        let partition = fields(&self.partition_key, Role::PartitionKey);
        let mut sort = fields(&self.sort_key, Role::SortKey);
        sort.retain(|field| !partition.iter().any(|other| other.ident == field.ident));
        (partition, sort)
    }

    /// Returns whether a field of the record is a flattened struct.
    pub(crate) fn flattens(&self) -> bool {
        self.with_role(Role::Flattened).next().is_some()
    }

    /// Returns whether the field is a key attribute of the table or of an index.
    pub(crate) fn is_key(&self, field: &Field) -> bool {
        field.role.is_key() || self.is_index_key(field)
    }

    /// Returns whether the type of each key attribute is known. A template makes text.
    pub(crate) fn has_key_types(&self) -> bool {
        self.fields.iter().filter(|field| self.is_key(field)).all(|key| key.key_type().is_some())
    }

    /// Returns whether an absent attribute stands for a value other than `None`, so that `None` is
    /// stored as NULL.
    pub(crate) fn has_value_if_absent(&self, field: &Field) -> bool {
        let has_value = match (&field.default, &self.options.default) {
            (Some(DefaultValue::Function(_)), _) | (None, Some(_)) => true,
            (Some(DefaultValue::Trait), _) | (None, None) => false,
        };
        has_value && !field.role.is_key() && !matches!(field.shape, Shape::Set)
    }

    /// The attribute of the table's partition key.
    pub(crate) fn partition_attribute(&self) -> Option<&str> {
        let field = || self.keys(Role::PartitionKey).next().map(Field::key_attribute);
        self.partition_key.as_ref().map(|template| template.name.as_str()).or_else(field)
    }

    /// Returns whether a save fills in fields of the record.
    pub(crate) fn is_filled_in(&self) -> bool {
        self.fields.iter().any(Field::is_filled_in)
    }

    /// The fields that have a role.
    pub(crate) fn with_role(&self, role: Role) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.role == role)
    }
}

impl Field {
    fn from_syn(cx: &Ctxt, container: &StructOptions, field: &syn::Field) -> Option<Self> {
        let ident = field.ident.clone()?;
        let mut options = FieldOptions::parse(cx, &field.attrs);
        let role = Role::of(&options);
        let given_name = options.rename.clone().or_else(|| options.serde_rename.clone());
        let is_renamed = given_name.is_some();
        let (name, name_span) = match (given_name, container.rename_all) {
            (Some(rename), _) => (rename.value, rename.span),
            (None, Some(case)) => (case.apply(&plain(&ident)), ident.span()),
            (None, None) => (plain(&ident), ident.span()),
        };
        let shape = Shape::of(&mut options, &field.ty);
        let default = options.default.take().or_else(|| options.serde_default.take());
        let hash =
            hashed::attribute(&options, role, &ident, is_renamed.then_some(&name), container);
        let ty = field.ty.clone();
        Some(Self { ident, ty, name, name_span, role, shape, default, hash, options })
    }

    /// The place of mistakes about the field.
    pub(crate) fn span(&self) -> Span {
        self.ident.span()
    }

    /// The field's name in Rust, which key templates use.
    pub(crate) fn plain_ident(&self) -> String {
        plain(&self.ident)
    }

    /// Returns whether the field is part of the encryption context.
    pub(crate) fn is_context(&self) -> bool {
        self.options.context.is_some()
    }

    /// The type of the field's attribute as a key, if the field's type as written or the option
    /// `key` says it.
    pub(crate) fn key_type(&self) -> Option<KeyType> {
        let given = || self.options.key.as_ref().and_then(|key| KeyType::parse(&key.value));
        self.written_key_type().or_else(given)
    }

    /// The type of the field's attribute as a key, if the field's type as written says it.
    pub(crate) fn written_key_type(&self) -> Option<KeyType> {
        // The key of an index may be an Option: without a value, the record is not in it.
        let ty = written::required(&self.ty);
        match self.shape {
            Shape::Bytes | Shape::OptionalBytes => Some(KeyType::B),
            Shape::Serde if written::is_text(ty) => Some(KeyType::S),
            Shape::Serde if written::integer(ty).is_some() => Some(KeyType::N),
            _ => None,
        }
    }

    /// Returns whether a save fills in the field.
    pub(crate) fn is_filled_in(&self) -> bool {
        let options = &self.options;
        options.version.or(options.created_at).or(options.updated_at).is_some()
    }
}

impl Shape {
    /// The shape given by the options, or else by the type as written. Our options take precedence
    /// over serde's.
    fn of(options: &mut FieldOptions, ty: &Type) -> Self {
        let is_optional = written::optional(ty).is_some();
        let bytes = || if is_optional { Self::OptionalBytes } else { Self::Bytes };
        if let Some(serialize) = options.serialize_with.take() {
            let deserialize = options.deserialize_with.take();
            return Self::With { serialize: Some(serialize), deserialize };
        }
        if options.bytes.is_some() {
            return bytes();
        }
        if options.set.is_some() {
            return Self::Set;
        }
        let serialize = options.serde_serialize_with.take();
        let deserialize = options.serde_deserialize_with.take();
        if serialize.is_some() || deserialize.is_some() {
            Self::With { serialize, deserialize }
        } else if written::is_bytes(written::required(ty)) {
            bytes()
        } else {
            Self::Serde
        }
    }

    /// Returns whether the field is stored through `envelope_runtime::secret`.
    pub(crate) fn is_secret(&self) -> bool {
        let Self::With { serialize: Some(function), .. } = self else { return false };
        let names: Vec<_> =
            function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        matches!(names.as_slice(), [.., krate, module, _] if krate == "envelope_runtime" && module == "secret")
    }
}

impl Role {
    /// The first of a field's role attributes. A check makes sure that it is the only one.
    fn of(options: &FieldOptions) -> Self {
        if options.flatten.is_some() {
            return Self::Flattened;
        }
        if options.catch_all.is_some() {
            return Self::CatchAll;
        }
        if options.skip.is_some() || options.serde_skip.is_some() {
            return Self::Skipped;
        }
        if options.hashed.is_some() {
            return Self::Encrypted;
        }
        match options.roles.first().map(|role| role.value) {
            Some(RoleName::PartitionKey) => Self::PartitionKey,
            Some(RoleName::SortKey) => Self::SortKey,
            Some(RoleName::Encrypted) => Self::Encrypted,
            Some(RoleName::Authenticated) => Self::Authenticated,
            None => Self::Plain,
        }
    }

    /// Returns whether the field is the partition key or the sort key.
    pub(crate) fn is_key(self) -> bool {
        matches!(self, Self::PartitionKey | Self::SortKey)
    }
}

/// The key template, if there is one. Its attribute has the given name, or else the default one.
fn template(
    cx: &Ctxt,
    text: Option<Spanning<String>>,
    name: &mut Option<Spanning<String>>,
    usual: &str,
) -> Option<Template> {
    let text = text?;
    let usual = Spanning { value: usual.to_owned(), span: text.span };
    Some(Template::parse(cx, &text, name.take().unwrap_or(usual)))
}

fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}
