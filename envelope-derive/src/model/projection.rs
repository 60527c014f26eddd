//! The model of a projection.

use syn::{Data, DeriveInput, Fields, Generics, Ident, Path, Type};

use super::plain;
use crate::attr::{ProjectionOptions, projected_field};
use crate::ctxt::Ctxt;

/// A projection to expand. Everything about a field but its name and type is the record's.
pub(crate) struct Projection {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The record.
    pub(crate) of: Type,
    pub(crate) fields: Vec<ProjectedField>,
    pub(crate) options: ProjectionOptions,
}

/// A field of a projection.
pub(crate) struct ProjectedField {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The struct is flattened into the record, and is read whole.
    pub(crate) is_flattened: bool,
}

impl Projection {
    /// Parses a derive's input. `None` if that is no projection, which has been reported.
    pub(crate) fn from_syn(cx: &Ctxt, input: &DeriveInput) -> Option<Self> {
        let options = ProjectionOptions::parse(cx, &input.attrs);
        if options.of.is_none() && !options.of_given {
            cx.error(
                input.ident.span(),
                "no record: add `#[envelope(of = …)]` with the record whose fields these are",
            );
        }
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => Ok(&fields.named),
                _ => Err("a projection needs named fields: write `struct … { … }`"),
            },
            _ => Err("a projection is a struct with some fields of a record: use a struct"),
        };
        let fields = fields.map_err(|message| cx.error(input.ident.span(), message)).ok()?;
        let fields = fields.iter().filter_map(|field| {
            let is_flattened = projected_field(cx, &field.attrs).is_some();
            Some(ProjectedField { ident: field.ident.clone()?, ty: field.ty.clone(), is_flattened })
        });
        Some(Self {
            ident: input.ident.clone(),
            generics: input.generics.clone(),
            fields: fields.collect(),
            of: options.of.clone()?,
            options,
        })
    }

    /// The path of the runtime crate.
    pub(crate) fn krate(&self) -> Path {
        self.options.crate_path()
    }

    /// The struct's name in Rust.
    pub(crate) fn plain_ident(&self) -> String {
        plain(&self.ident)
    }
}

impl ProjectedField {
    /// The field's name in Rust.
    pub(crate) fn plain_ident(&self) -> String {
        plain(&self.ident)
    }
}
