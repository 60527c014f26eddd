//! Attributes → typed options with their places. A mistake is noted and parsing goes on.

mod serde;
mod suggest;

pub(crate) use suggest::nearest;

use proc_macro2::{Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, LitInt, LitStr, Meta, Path, Token};

use crate::case::RenameRule;
use crate::ctxt::Ctxt;
use crate::symbol;

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Spanning<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// The options of a struct.
#[derive(Default)]
pub(crate) struct StructOptions {
    pub(crate) table: Option<Spanning<String>>,
    /// `table` was given; what is wrong with it was reported.
    pub(crate) table_given: bool,
    pub(crate) envelope: Option<Spanning<String>>,
    pub(crate) partition_key: Option<Spanning<String>>,
    pub(crate) partition_key_name: Option<Spanning<String>>,
    pub(crate) sort_key: Option<Spanning<String>>,
    pub(crate) sort_key_name: Option<Spanning<String>>,
    pub(crate) krate: Option<Path>,
    pub(crate) plaintext_only: Option<Span>,
    pub(crate) debug: Option<Span>,
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) default: Option<DefaultValue>,
}

/// The options of a field.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) roles: Vec<Spanning<RoleName>>,
    /// From `#[envelope(…)]`, which goes before serde's.
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
    pub(crate) version: Option<Span>,
    pub(crate) ttl: Option<Span>,
    pub(crate) created_at: Option<Span>,
    pub(crate) updated_at: Option<Span>,
    pub(crate) serialize_with: Option<ExprPath>,
    pub(crate) deserialize_with: Option<ExprPath>,
    pub(crate) serde_serialize_with: Option<ExprPath>,
    pub(crate) serde_deserialize_with: Option<ExprPath>,
}

/// A field attribute that says what the field is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleName {
    PartitionKey,
    SortKey,
    Encrypted,
    Authenticated,
}

/// Where the value of an absent attribute comes from.
#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// `Default::default()`.
    Trait,
    /// A function without arguments.
    Function(ExprPath),
}

impl RoleName {
    pub(crate) fn is_key(self) -> bool {
        matches!(self, Self::PartitionKey | Self::SortKey)
    }

    fn parse(path: &Path) -> Option<Self> {
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

impl StructOptions {
    pub(crate) fn parse(cx: &Ctxt, attributes: &[Attribute]) -> Self {
        let mut options = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident(symbol::ENVELOPE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.envelope_option(cx, &meta)));
            } else if attribute.path().is_ident(symbol::SERDE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.serde_option(cx, &meta)));
            } else if let Some(role) = RoleName::parse(attribute.path()) {
                cx.error(
                    attribute.path().span(),
                    format!("`#[{}]` belongs on a field of the struct", role.name()),
                );
            }
        }
        options
    }

    /// The runtime crate, by its own name unless the user says where it is.
    pub(crate) fn crate_path(&self) -> Path {
        self.krate.clone().unwrap_or_else(|| syn::parse_quote!(::envelope_runtime))
    }

    fn envelope_option(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        const KNOWN: [&str; 9] = [
            symbol::TABLE,
            symbol::ENVELOPE,
            symbol::PARTITION_KEY,
            symbol::PARTITION_KEY_NAME,
            symbol::SORT_KEY,
            symbol::SORT_KEY_NAME,
            symbol::CRATE,
            symbol::PLAINTEXT_ONLY,
            symbol::DEBUG,
        ];
        if meta.path.is_ident(symbol::TABLE) {
            self.table_given = true;
            set(cx, meta, &mut self.table, text(meta)?);
        } else if meta.path.is_ident(symbol::ENVELOPE) {
            set(cx, meta, &mut self.envelope, text(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION_KEY) {
            set(cx, meta, &mut self.partition_key, text(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION_KEY_NAME) {
            set(cx, meta, &mut self.partition_key_name, text(meta)?);
        } else if meta.path.is_ident(symbol::SORT_KEY) {
            set(cx, meta, &mut self.sort_key, text(meta)?);
        } else if meta.path.is_ident(symbol::SORT_KEY_NAME) {
            set(cx, meta, &mut self.sort_key_name, text(meta)?);
        } else if meta.path.is_ident(symbol::PLAINTEXT_ONLY) {
            set(cx, meta, &mut self.plaintext_only, meta.path.span());
        } else if meta.path.is_ident(symbol::DEBUG) {
            set(cx, meta, &mut self.debug, meta.path.span());
        } else if meta.path.is_ident(symbol::CRATE) {
            set(cx, meta, &mut self.krate, path(meta)?);
        } else {
            let meant = suggest::unknown_option(cx, meta, "struct", &KNOWN)?;
            self.table_given |= meant.as_deref() == Some(symbol::TABLE);
        }
        Ok(())
    }
}

impl FieldOptions {
    pub(crate) fn parse(cx: &Ctxt, attributes: &[Attribute]) -> Self {
        let mut options = Self::default();
        for attribute in attributes {
            if let Some(role) = RoleName::parse(attribute.path()) {
                options.role(cx, role, attribute);
            } else if attribute.path().is_ident(symbol::ENVELOPE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.envelope_option(cx, &meta)));
            } else if attribute.path().is_ident(symbol::SERDE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.serde_option(cx, &meta)));
            }
        }
        options
    }

    fn role(&mut self, cx: &Ctxt, role: RoleName, attribute: &Attribute) {
        let name = role.name();
        if !matches!(attribute.meta, Meta::Path(_)) {
            cx.error(
                attribute.path().span(),
                format!(
                    "`#[{name}]` takes no arguments: put options beside it, in `#[envelope(…)]`"
                ),
            );
        }
        if self.roles.iter().any(|other| other.value == role) {
            cx.error(attribute.path().span(), format!("`#[{name}]` is given twice: remove one"));
        } else {
            self.roles.push(Spanning { value: role, span: attribute.path().span() });
        }
    }

    fn envelope_option(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        const KNOWN: [&str; 15] = [
            symbol::RENAME,
            symbol::ALIAS,
            symbol::FLATTEN,
            symbol::CATCH_ALL,
            symbol::SKIP,
            symbol::DEFAULT,
            symbol::BYTES,
            symbol::SET,
            symbol::WITH,
            symbol::CONTEXT,
            symbol::SINCE,
            symbol::VERSION,
            symbol::TTL,
            symbol::CREATED_AT,
            symbol::UPDATED_AT,
        ];
        if meta.path.is_ident(symbol::RENAME) {
            set(cx, meta, &mut self.rename, text(meta)?);
        } else if meta.path.is_ident(symbol::ALIAS) {
            self.aliases.push(text(meta)?);
        } else if meta.path.is_ident(symbol::FLATTEN) {
            set(cx, meta, &mut self.flatten, meta.path.span());
        } else if meta.path.is_ident(symbol::CATCH_ALL) {
            set(cx, meta, &mut self.catch_all, meta.path.span());
        } else if meta.path.is_ident(symbol::SKIP) {
            set(cx, meta, &mut self.skip, meta.path.span());
        } else if meta.path.is_ident(symbol::DEFAULT) {
            set(cx, meta, &mut self.default, default_value(meta)?);
        } else if meta.path.is_ident(symbol::BYTES) {
            set(cx, meta, &mut self.bytes, meta.path.span());
        } else if meta.path.is_ident(symbol::SET) {
            set(cx, meta, &mut self.set, meta.path.span());
        } else if meta.path.is_ident(symbol::WITH) {
            let module = function(meta)?;
            set(cx, meta, &mut self.serialize_with, member(&module, "serialize"));
            self.deserialize_with = Some(member(&module, "deserialize"));
        } else if meta.path.is_ident(symbol::CONTEXT) {
            set(cx, meta, &mut self.context, meta.path.span());
        } else if meta.path.is_ident(symbol::SINCE) {
            let number: LitInt = meta.value()?.parse()?;
            let value = number.base10_parse()?;
            set(cx, meta, &mut self.since, Spanning { value, span: meta.path.span() });
        } else if meta.path.is_ident(symbol::VERSION) {
            set(cx, meta, &mut self.version, meta.path.span());
        } else if meta.path.is_ident(symbol::TTL) {
            set(cx, meta, &mut self.ttl, meta.path.span());
        } else if meta.path.is_ident(symbol::CREATED_AT) {
            set(cx, meta, &mut self.created_at, meta.path.span());
        } else if meta.path.is_ident(symbol::UPDATED_AT) {
            set(cx, meta, &mut self.updated_at, meta.path.span());
        } else if let Some(role) = RoleName::parse(&meta.path) {
            let name = role.name();
            cx.error(meta.path.span(), format!("`{name}` is an attribute of its own: `#[{name}]`"));
            skip_value(meta)?;
        } else {
            suggest::unknown_option(cx, meta, "field", &KNOWN)?;
        }
        Ok(())
    }
}

fn set<T>(cx: &Ctxt, meta: &ParseNestedMeta<'_>, slot: &mut Option<T>, value: T) {
    if slot.is_some() {
        cx.error(meta.path.span(), format!("`{}` is given twice: remove one", name_of(&meta.path)));
    }
    *slot = Some(value);
}

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<Spanning<String>> {
    let literal: LitStr = meta.value()?.parse()?;
    Ok(Spanning { value: literal.value(), span: literal.span() })
}

/// A path, bare or in a string as serde writes it.
fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let value = meta.value()?;
    if value.peek(LitStr) {
        value.parse::<LitStr>()?.parse_with(Path::parse_mod_style)
    } else {
        value.call(Path::parse_mod_style)
    }
}

fn function(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    let value = meta.value()?;
    if value.peek(LitStr) { value.parse::<LitStr>()?.parse() } else { value.parse() }
}

fn default_value(meta: &ParseNestedMeta<'_>) -> syn::Result<DefaultValue> {
    if meta.input.peek(Token![=]) {
        function(meta).map(DefaultValue::Function)
    } else {
        Ok(DefaultValue::Trait)
    }
}

/// Skips ` = value` or `(…)` behind an option, so that the options after it are read.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.step(|cursor| {
            cursor
                .token_tree()
                .map_or_else(|| Err(cursor.error("expected a value")), |(_, rest)| Ok(((), rest)))
        })?;
    }
    Ok(())
}

/// A function in the module of a `with`.
fn member(module: &ExprPath, name: &str) -> ExprPath {
    let mut path = module.clone();
    path.path.segments.push(syn::Ident::new(name, Span::call_site()).into());
    path
}

fn name_of(path: &Path) -> String {
    let tokens: TokenStream = quote::quote!(#path);
    tokens.to_string().replace(' ', "")
}
