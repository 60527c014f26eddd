//! A projection: some fields of a record, which are read without the others.

use std::collections::BTreeSet;

use super::check::say;
use super::schema::{Fields, Projected, Reads, find};
use super::{
    EnvelopeRecord, FieldRole, FieldSchema, Keys, NoKey, OwnedKey, Readable, RecordSchema,
};

/// An expression has at most 4096 bytes, and the placeholder of a name takes 8 of them.
pub(crate) const MAX_FETCHED: usize = 512;

/// A type with some, or all, of the fields of the record `R`.
///
/// The derive [`EnvelopeProjection`](macro@crate::EnvelopeProjection) implements it for the record
/// that it names. A record is a projection of itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection of `{R}`",
    label = "not a projection of `{R}`",
    note = "put `#[derive(EnvelopeProjection)]` with `#[envelope(of = …)]` on a struct, and name `{R}` \
            there"
)]
pub trait ProjectionOf<R>: Readable {}

#[diagnostic::do_not_recommend]
impl<R: EnvelopeRecord> ProjectionOf<R> for R {}

/// What a query that gives out `Self` can be narrowed to.
#[diagnostic::on_unimplemented(
    message = "a query of `{Self}` does not read `{Q}`",
    label = "not a projection of what the query reads",
    note = "put `#[derive(EnvelopeProjection)]` on a struct, and name the record in its `of = …`",
    note = "an index that includes some attributes serves projections of them that are `plaintext_only`; \
            `.load()` reads whole records behind it, and behind an index of keys"
)]
pub trait Narrows<Q> {}

#[diagnostic::do_not_recommend]
impl<R: EnvelopeRecord, Q: ProjectionOf<R>> Narrows<Q> for R {}

#[diagnostic::do_not_recommend]
impl<R: EnvelopeRecord, Q: ProjectionOf<R> + Readable<Needs = NoKey>> Narrows<Q> for Keys<R> where
    R::Key: OwnedKey
{
}

/// The fields of a projection's schema. Only at the top of a constant may they depend on type
/// parameters.
#[doc(hidden)]
pub trait ProjectedFields {
    /// The record's fields that are read, in order.
    const FIELDS: &'static [FieldSchema];
}

/// A type that a projection's field may have: that of the record's field.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the record's field is a `{Self}`, and the projection's a `{T}`",
    label = "has another type in the record",
    note = "a projection's fields have the types of the record's"
)]
pub trait SameAs<T> {
    /// The value.
    fn same(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> SameAs<T> for T {
    fn same(self) -> T {
        self
    }
}

impl RecordSchema {
    /// The schema of a projection: key, context and envelope are the record's, and `fields` are
    /// read, in this order. They are the record's own: see [`projected`](Self::projected).
    #[must_use]
    pub const fn project(self, fields: &'static [FieldSchema]) -> Self {
        self.narrowed(Some(Projected { fields, reads: Reads::Verified }))
    }

    /// The same for a projection that is `plaintext_only`: the record tag is not verified, and no
    /// data key is requested.
    ///
    /// # Panics
    ///
    /// If a field is protected. In a constant, that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn project_plaintext(self, fields: &'static [FieldSchema]) -> Self {
        all_unprotected(fields);
        self.narrowed(Some(Projected { fields, reads: Reads::Plaintext }))
    }

    /// The schema of the record's key alone.
    pub(crate) const fn keys_only(self) -> Self {
        self.narrowed(Some(Projected { fields: &[], reads: Reads::Key }))
    }

    /// The record's field that is stored under `name`.
    ///
    /// # Panics
    ///
    /// If the record has no such field. In a constant, that is a compile error.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a panic in a constant is a compile error")]
    pub const fn projected(&self, name: &str) -> FieldSchema {
        match find(self.own_fields(), name) {
            Some(field) => field,
            // The record's derive has reported a mistake.
            None if self.own_fields().is_empty() => FieldSchema::new("", FieldRole::Plain),
            None => panic!("a projection reads fields of its record"),
        }
    }

    /// The fields that are read, in order: all of a record, or those of a projection.
    pub(crate) fn read(&self) -> Fields {
        match self.projection() {
            Some(projected) => Fields::of(projected.fields),
            None => self.each_field(),
        }
    }

    /// The fields of the record that a projection does not read.
    pub(crate) fn not_read(&self) -> impl Iterator<Item = &'static FieldSchema> {
        let (schema, is_narrow) = (*self, self.projection().is_some());
        let is_read =
            move |field: &&FieldSchema| schema.read().any(|read| read.name() == field.name());
        self.fields().filter(move |field| is_narrow && !is_read(field))
    }

    /// Returns whether reading requests no data key.
    pub(crate) const fn is_read_without_key(&self) -> bool {
        match self.projection() {
            Some(Projected { reads: Reads::Plaintext | Reads::Key, .. }) => true,
            _ => self.is_plaintext_only(),
        }
    }

    /// Returns whether the key alone is read.
    pub(crate) const fn is_key_alone(&self) -> bool {
        matches!(self.projection(), Some(Projected { reads: Reads::Key, .. }))
    }

    /// The attributes that a projection fetches, under all their names: what it reads, the key and
    /// its parts, the envelope, and all that the record tag, the context or the TTL need. `None` if
    /// the whole item is fetched: by a record, or because the names are too many for an expression.
    pub(crate) fn fetched(&self) -> Option<BTreeSet<&'static str>> {
        self.projection()?;
        if self.is_key_alone() {
            return Some(self.deciding());
        }
        let is_verified = !self.is_read_without_key();
        let needed = self.fields().filter(|field| {
            let is_covered = field.is_authenticated() || field.is_listed_if_absent();
            (is_verified && is_covered) || field.is_context() || field.is_ttl()
        });
        let fields = needed.chain(self.read()).flat_map(FieldSchema::names);
        let others = self.key_names().chain(self.key_parts()).chain([self.envelope()]);
        let names: BTreeSet<_> = fields.chain(others).collect();
        (names.len() <= MAX_FETCHED).then_some(names)
    }

    /// The attributes that decide whether an item is given out, before anything is opened: the key
    /// and its parts, the context and the TTL.
    pub(crate) fn deciding(&self) -> BTreeSet<&'static str> {
        let fields = self.fields().filter(|field| field.is_context() || field.is_ttl());
        let fields = fields.flat_map(FieldSchema::names);
        self.key_names().chain(self.key_parts()).chain(fields).collect()
    }

    /// The schema without the projection, for fetching a whole item.
    pub(crate) const fn whole(self) -> Self {
        self.narrowed(None)
    }
}

impl FieldSchema {
    /// The field, as part of a `plaintext_only` projection.
    ///
    /// # Panics
    ///
    /// If it is protected, or a field of its struct is. In a constant, that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn unprotected(self) -> Self {
        if let Some(group) = self.members() {
            all_unprotected(group);
        } else if self.is_protected() {
            say(
                self.name(),
                "` is protected, and a `plaintext_only` projection verifies and opens nothing: remove \
                 the field, or `plaintext_only`",
            );
        }
        self
    }
}

#[track_caller]
const fn all_unprotected(fields: &'static [FieldSchema]) {
    let mut rest = fields;
    while let [field, others @ ..] = rest {
        let _ = field.unprotected();
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &[FieldSchema] = &[
        FieldSchema::new("phone", FieldRole::Encrypted),
        FieldSchema::new("city", FieldRole::Plain),
    ];
    const FIELDS: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey).context(),
        FieldSchema::new("tenant", FieldRole::Plain).context(),
        FieldSchema::group(GROUP),
        FieldSchema::new("role", FieldRole::Authenticated).aliases(&["position"]),
    ];
    const SCHEMA: RecordSchema = RecordSchema::new("users", FIELDS);

    fn names(fields: impl Iterator<Item = &'static FieldSchema>) -> Vec<&'static str> {
        fields.map(FieldSchema::name).collect()
    }

    /// The message of the panic, which is the compile error.
    fn refusal<T>(run: impl FnOnce() -> T + std::panic::UnwindSafe) -> Option<String> {
        let panic = std::panic::catch_unwind(run).err()?;
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
    }

    #[test]
    fn a_projection_has_the_records_own_fields() {
        assert_eq!(SCHEMA.projected("city").name(), "city");
        assert_eq!(SCHEMA.projected("role").alias_names(), ["position"]);
        let unknown = refusal(|| SCHEMA.projected("position"));
        assert_eq!(unknown.unwrap(), "a projection reads fields of its record");

        let projection = SCHEMA.project(&GROUP[1..]);
        assert_eq!(names(projection.read()), ["city"]);
        assert_eq!(names(projection.not_read()), ["id", "tenant", "phone", "role"]);
        assert_eq!(names(projection.fields()), names(SCHEMA.fields()));
        assert_eq!(names(SCHEMA.not_read()), [""; 0]);
        let fetched = ["_envelope", "city", "id", "position", "role", "tenant"];
        assert!(projection.fetched().unwrap().into_iter().eq(fetched));
        assert!(SCHEMA.fetched().is_none() && projection.whole().fetched().is_none());
    }

    #[test]
    fn a_protected_field_is_in_no_projection_of_plaintext() {
        assert!(SCHEMA.project_plaintext(&GROUP[1..]).is_read_without_key());
        assert!(SCHEMA.project_plaintext(&FIELDS[..1]).is_read_without_key());
        assert!(!SCHEMA.project(&GROUP[1..]).is_read_without_key());
        for (fields, name) in [
            (GROUP, "phone"),
            (&FIELDS[1..2], "tenant"),
            (&FIELDS[2..3], "phone"),
            (FIELDS, "tenant"),
        ] {
            let text = refusal(|| SCHEMA.project_plaintext(fields)).unwrap();
            assert!(text.starts_with(&format!("`{name}` is protected, and a")), "{text}");
        }
    }

    /// DynamoDB refuses a longer expression.
    #[test]
    fn what_has_too_many_names_for_an_expression_is_fetched_whole() {
        let many = |count: usize| {
            let name = |index| &*format!("x{index}").leak();
            let fields = (0..count).map(|index| FieldSchema::new(name(index), FieldRole::Plain));
            SCHEMA.project(fields.collect::<Vec<_>>().leak())
        };
        // With the key, the context, the envelope and both names of the role.
        assert_eq!(many(507).fetched().map(|names| names.len()), Some(512));
        assert!(many(508).fetched().is_none());
        assert!(", #n511".len() * 512 < 4096);
    }
}
