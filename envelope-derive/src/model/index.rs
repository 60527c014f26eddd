//! The model of an index.

use proc_macro2::Span;
use syn::Ident;

use super::{Field, Record, plain};
use crate::attr::{IndexOptions, Project, Spanning};
use crate::ctxt::Ctxt;
use crate::template::Template;

/// An index of the record's table.
pub(crate) struct Index {
    /// The name of its handle.
    pub(crate) word: Ident,
    /// Its name in DynamoDB.
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) partition: Side,
    pub(crate) sort: Side,
    pub(crate) project: Project,
    pub(crate) options: IndexOptions,
}

/// The partition key or the sort key of an index.
pub(crate) enum Side {
    None,
    /// Names of fields; each field is one attribute of the key.
    Fields(Vec<Spanning<String>>),
    Template(Template),
}

impl Index {
    pub(super) fn new(cx: &Ctxt, mut options: IndexOptions) -> Self {
        let word = options.word.clone();
        let (name, name_span) = match &options.name {
            Some(name) => (name.value.clone(), name.span),
            None => (plain(&word), word.span()),
        };
        let side = |fields: Option<Vec<Spanning<String>>>, template, attribute, usual: &str| {
            let usual = format!("{name}{usual}");
            match (super::template(cx, template, attribute, &usual), fields) {
                (Some(template), _) => Side::Template(template),
                (None, Some(fields)) => Side::Fields(fields),
                (None, None) => Side::None,
            }
        };
        let partition = side(
            options.partition.clone(),
            options.partition_key.clone(),
            &mut options.partition_key_name,
            "PK",
        );
        let sort =
            side(options.sort.clone(), options.sort_key.clone(), &mut options.sort_key_name, "SK");
        let project = options.project.as_ref().map_or(Project::All, |it| it.value.clone());
        Self { word, name, name_span, partition, sort, project, options }
    }

    pub(crate) fn is_local(&self) -> bool {
        self.options.local.is_some()
    }

    /// Returns whether it holds whole records.
    pub(crate) fn holds_all(&self) -> bool {
        matches!(self.project, Project::All)
    }

    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        [&self.partition, &self.sort].into_iter().filter_map(Side::template)
    }

    /// The names of all fields that make its own key.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.partition.parts().chain(self.sort.parts())
    }
}

impl Side {
    pub(crate) fn template(&self) -> Option<&Template> {
        match self {
            Self::Template(template) => Some(template),
            Self::None | Self::Fields(_) => None,
        }
    }

    /// The fields that are attributes of the key.
    pub(crate) fn fields(&self) -> &[Spanning<String>] {
        match self {
            Self::Fields(fields) => fields,
            Self::None | Self::Template(_) => &[],
        }
    }

    /// Its attributes, and the places where they are named.
    pub(crate) fn names<'a>(&'a self, record: &'a Record) -> Vec<(&'a str, Span)> {
        let template = self.template().map(|it| (it.name.as_str(), it.name_span));
        let fields = self
            .fields()
            .iter()
            .filter_map(|field| Some((record.part(&field.value)?.name.as_str(), field.span)));
        template.into_iter().chain(fields).collect()
    }

    /// The names of the fields that make it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        let fields = self.fields().iter().map(|field| field.value.as_str());
        fields.chain(self.template().into_iter().flat_map(Template::parts))
    }
}

impl Record {
    /// Returns whether the field is a key attribute of an index.
    pub(crate) fn is_index_key(&self, field: &Field) -> bool {
        let name = field.plain_ident();
        let sides = self.indexes.iter().flat_map(|index| [&index.partition, &index.sort]);
        sides.flat_map(Side::fields).any(|key| key.value == name)
    }

    /// Returns whether a template makes the key of an index of the field.
    pub(crate) fn is_index_part(&self, field: &Field) -> bool {
        let name = field.plain_ident();
        let templates = self.indexes.iter().flat_map(Index::templates);
        templates.flat_map(Template::parts).any(|part| part == name)
    }
}
