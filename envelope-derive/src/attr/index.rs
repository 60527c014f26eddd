//! The option `index(…)` of a record.

use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Token, bracketed, parenthesized};

use super::options::{IndexOptions, Project, Spanning};
use super::suggest;
use super::value::{set, skip_value, text};
use crate::ctxt::Ctxt;
use crate::symbol;

const KNOWN: [&str; 10] = [
    symbol::NAME,
    symbol::PARTITION,
    symbol::SORT,
    symbol::PARTITION_KEY,
    symbol::PARTITION_KEY_NAME,
    symbol::SORT_KEY,
    symbol::SORT_KEY_NAME,
    symbol::LOCAL,
    symbol::UNPROTECTED_PARTITION,
    symbol::PROJECT,
];

impl IndexOptions {
    fn new(word: Ident) -> Self {
        Self {
            word,
            name: None,
            partition: None,
            sort: None,
            partition_key: None,
            partition_key_name: None,
            sort_key: None,
            sort_key_name: None,
            local: None,
            unprotected_partition: None,
            project: None,
        }
    }

    /// Parses the contents of the parentheses: each index's word, followed by its options in
    /// parentheses. Without the word around them, clippy would report an option that two indexes
    /// share as a duplicated attribute.
    pub(super) fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Self>> {
        let mut indexes = Vec::new();
        let is_empty = |input: ParseStream<'_>| {
            let options;
            parenthesized!(options in input);
            Ok(options.is_empty())
        };
        if meta.input.fork().call(is_empty).unwrap_or(true) {
            cx.error(meta.path.span(), NO_WORD);
            skip_value(meta)?;
            return Ok(indexes);
        }
        meta.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().filter(|_| meta.input.peek(syn::token::Paren));
            let mut index = Self::new(word.cloned().ok_or_else(|| meta.error(NO_WORD))?);
            meta.parse_nested_meta(|meta| index.option(cx, &meta))?;
            indexes.push(index);
            Ok(())
        })?;
        Ok(indexes)
    }

    fn option(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident(symbol::NAME) {
            set(cx, meta, &mut self.name, text(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION) {
            set(cx, meta, &mut self.partition, fields(meta)?);
        } else if meta.path.is_ident(symbol::SORT) {
            set(cx, meta, &mut self.sort, fields(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION_KEY) {
            set(cx, meta, &mut self.partition_key, text(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION_KEY_NAME) {
            set(cx, meta, &mut self.partition_key_name, text(meta)?);
        } else if meta.path.is_ident(symbol::SORT_KEY) {
            set(cx, meta, &mut self.sort_key, text(meta)?);
        } else if meta.path.is_ident(symbol::SORT_KEY_NAME) {
            set(cx, meta, &mut self.sort_key_name, text(meta)?);
        } else if meta.path.is_ident(symbol::LOCAL) {
            set(cx, meta, &mut self.local, meta.path.span());
        } else if meta.path.is_ident(symbol::UNPROTECTED_PARTITION) {
            set(cx, meta, &mut self.unprotected_partition, meta.path.span());
        } else if meta.path.is_ident(symbol::PROJECT) {
            let value = project(meta)?;
            set(cx, meta, &mut self.project, Spanning { value, span: meta.path.span() });
        } else {
            suggest::unknown_option(cx, meta, "an index", &KNOWN)?;
        }
        Ok(())
    }
}

const NO_WORD: &str = "an index has a word by which it is queried, and its options behind the word: \
                       `index(by_status(partition = \"status\"))`";

fn named(literal: &LitStr) -> Spanning<String> {
    Spanning { value: literal.value(), span: literal.span() }
}

/// Reads the name of a field, or several in brackets.
fn fields(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Spanning<String>>> {
    let value = meta.value()?;
    if !value.peek(syn::token::Bracket) {
        return Ok(vec![named(&value.parse()?)]);
    }
    let names;
    bracketed!(names in value);
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&names)?;
    Ok(names.iter().map(named).collect())
}

fn project(meta: &ParseNestedMeta<'_>) -> syn::Result<Project> {
    let value = meta.value()?;
    let word: Ident = value.parse()?;
    if word == "all" {
        Ok(Project::All)
    } else if word == "keys" {
        Ok(Project::Keys)
    } else if word == "include" && value.peek(syn::token::Paren) {
        let names;
        parenthesized!(names in value);
        let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&names)?;
        Ok(Project::Include(names.iter().map(named).collect()))
    } else {
        let message = "an index holds `all`, `keys` or `include(\"field\", …)`";
        Err(syn::Error::new(word.span(), message))
    }
}
