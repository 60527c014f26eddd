//! Compile-time rules for a whole schema: the derive sees one struct, and not those flattened into
//! it.

use super::schema::find;
use super::{FieldRole, FieldSchema, KeyAttribute, RecordSchema};
use crate::limits::{MAX_AUTHENTICATED, MAX_LISTS, MAX_SEALED};

/// More names than an item within DynamoDB's limits is likely to have.
const MAX_NAMES: usize = 1024;

impl RecordSchema {
    /// Refuses a schema whose parts do not fit together: duplicate names, too many protected
    /// attributes, none at all, or some in a plaintext-only record.
    ///
    /// # Panics
    ///
    /// If the schema breaks a rule. In a constant, that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn checked(self) -> Self {
        let mut seen =
            Seen { names: [""; MAX_NAMES], count: 0, encrypted: 0, authenticated: 0, lists: 0 };
        seen.name(self.envelope());
        let [partition_key, sort_key] = self.key_attributes();
        // A field that is a key is counted with the fields.
        if let Some(KeyAttribute::Template(template)) = partition_key {
            seen.name(template.name());
        }
        if let Some(KeyAttribute::Template(template)) = sort_key {
            seen.name(template.name());
        }
        let own = seen.count;
        seen.group(self.own_fields());
        hashes(self.own_fields(), self.own_fields());
        let mut indexes = self.all_indexes();
        while let [index, others @ ..] = indexes {
            let [partition, sort] = index.sides();
            seen.index_keys(partition, own, self.own_fields());
            seen.index_keys(sort, own, self.own_fields());
            indexes = others;
        }
        assert!(
            seen.encrypted <= MAX_SEALED,
            "a record has at most 255 encrypted fields, with those flattened into it: split it"
        );
        assert!(
            seen.authenticated <= MAX_AUTHENTICATED,
            "a record has at most 64 authenticated fields, with those flattened into it: split it"
        );
        assert!(
            seen.lists <= MAX_LISTS,
            "the names of the protected fields, with those flattened into the record, are too long for \
             the envelope: use fewer or shorter names"
        );
        let protects = seen.encrypted + seen.authenticated > 0;
        assert!(
            protects || self.is_plaintext_only(),
            "no field is `#[encrypted]`, of the record or flattened into it: mark what must not \
             leak, or say `#[envelope(plaintext_only)]` if that is meant"
        );
        assert!(
            !(protects && self.is_plaintext_only()),
            "`plaintext_only` on a record into which protected fields are flattened: remove it"
        );
        self
    }
}

/// The names and counts so far.
struct Seen {
    names: [&'static str; MAX_NAMES],
    count: usize,
    encrypted: usize,
    authenticated: usize,
    /// The length of the envelope's lists, in bytes.
    lists: usize,
}

#[expect(clippy::indexing_slicing, reason = "constants cannot iterate, and bounds are checked")]
impl Seen {
    #[track_caller]
    const fn group(&mut self, fields: &'static [FieldSchema]) {
        let mut index = 0;
        while index < fields.len() {
            let field = &fields[index];
            match field.members() {
                Some(group) => self.group(group),
                None => self.field(field),
            }
            index += 1;
        }
    }

    #[track_caller]
    const fn field(&mut self, field: &FieldSchema) {
        self.name(field.name());
        if matches!(field.role(), FieldRole::Encrypted) {
            self.encrypted += 1;
            self.lists += 13 + field.name().len();
        }
        let is_listed = field.is_authenticated() || field.is_listed_if_absent();
        if is_listed {
            self.authenticated(field.name());
        }
        let aliases = field.alias_names();
        let mut index = 0;
        while index < aliases.len() {
            self.name(aliases[index]);
            if is_listed {
                self.authenticated(aliases[index]);
            }
            index += 1;
        }
    }

    /// Refuses key attributes of an index that are no plaintext field, or made of none, or that a
    /// template makes under the name of a field. The first `own` names are the envelope's and the
    /// keys', which an index may share.
    #[track_caller]
    const fn index_keys(
        &self,
        keys: &'static [KeyAttribute],
        own: usize,
        fields: &'static [FieldSchema],
    ) {
        let mut rest = keys;
        while let [key, others @ ..] = rest {
            match key {
                KeyAttribute::Field(name) => index_part(fields, name),
                KeyAttribute::Template(template) => {
                    self.free(template.name(), own);
                    let mut pieces = template.pieces();
                    while let [piece, behind @ ..] = pieces {
                        if let Some(part) = piece.attribute() {
                            index_part(fields, part);
                        }
                        pieces = behind;
                    }
                }
            }
            rest = others;
        }
    }

    #[track_caller]
    const fn free(&self, name: &'static str, own: usize) {
        let mut index = 0;
        while index < self.count {
            let is_shared = index > 0 && index < own;
            if !is_shared && equal(self.names[index].as_bytes(), name.as_bytes()) {
                say(
                    name,
                    "` is a field, or the envelope, and made by the template of an index: name the \
                     template's attribute with `partition_key_name` or `sort_key_name`",
                );
            }
            index += 1;
        }
    }

    const fn authenticated(&mut self, name: &str) {
        self.authenticated += 1;
        self.lists += 1 + name.len();
    }

    #[track_caller]
    const fn name(&mut self, name: &'static str) {
        assert!(self.count < MAX_NAMES, "a record has at most 1,024 names: split it");
        let mut index = 0;
        while index < self.count {
            if equal(self.names[index].as_bytes(), name.as_bytes()) {
                say(
                    name,
                    "` is the name of two attributes, with those flattened into the record and its \
                     envelope: rename one",
                );
            }
            index += 1;
        }
        self.names[self.count] = name;
        self.count += 1;
    }
}

/// Refuses a hash that protects something other than an encrypted field, or is itself protected.
#[track_caller]
const fn hashes(fields: &'static [FieldSchema], all: &'static [FieldSchema]) {
    let mut rest = fields;
    while let [field, others @ ..] = rest {
        if let Some(group) = field.members() {
            hashes(group, all);
        }
        if let Some(of) = field.hashed() {
            let is_sealed = match find(all, of.attribute) {
                Some(value) => matches!(value.role(), FieldRole::Encrypted),
                None => false,
            };
            let is_stored_only = field.is_key() || matches!(field.role(), FieldRole::Plain);
            if !is_sealed || !is_stored_only || field.is_context() {
                say(
                    field.name(),
                    "` is a hash: make it a key, or a plaintext field of which the key is made, and no \
                     context, and the field that it is of `#[encrypted]`",
                );
            }
        }
        rest = others;
    }
}

/// Refuses the part of an index's key that is no plaintext field, or a hash.
#[track_caller]
const fn index_part(fields: &'static [FieldSchema], name: &'static str) {
    match find(fields, name) {
        Some(field)
            if !matches!(field.role(), FieldRole::Encrypted) && field.hashed().is_none() => {}
        _ => say(name, "` is in the key of an index, and no plaintext field"),
    }
}

#[expect(clippy::indexing_slicing, reason = "constants cannot iterate, and bounds are checked")]
pub(super) const fn equal(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

/// Panics with a quoted name and a text. Constants cannot format, so the message is assembled by
/// hand.
#[track_caller]
#[expect(clippy::panic, reason = "a panic in a constant is a compile error")]
pub(super) const fn say(name: &str, text: &str) -> ! {
    let mut message = [0; 512];
    let (quote, rest) = message.split_at_mut(1);
    quote.copy_from_slice(b"`");
    let (start, rest) = rest.split_at_mut(if name.len() < 256 { name.len() } else { 256 });
    start.copy_from_slice(name.as_bytes().split_at(start.len()).0);
    let (end, _) = rest.split_at_mut(text.len());
    end.copy_from_slice(text.as_bytes());
    let length = 1 + start.len() + text.len();
    match std::str::from_utf8(message.split_at(length).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("a name in the schema breaks a rule"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{IndexSchema, KeyPiece, KeyTemplate, Normalization};

    fn schema(inner: Vec<FieldSchema>) -> RecordSchema {
        let fields = vec![
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("ssn", FieldRole::Encrypted).aliases(&["old_ssn"]),
            FieldSchema::group(inner.leak()),
        ];
        RecordSchema::new("users", fields.leak())
    }

    /// The message of the panic, which is the compile error.
    fn refusal(schema: RecordSchema) -> Option<String> {
        let panic = std::panic::catch_unwind(|| schema.checked()).err()?;
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
    }

    fn named(name: &'static str) -> Vec<FieldSchema> {
        vec![FieldSchema::new(name, FieldRole::Plain)]
    }

    #[test]
    fn a_name_stands_once_whatever_it_names() {
        const SORT: KeyTemplate = KeyTemplate::new("SK", &[KeyPiece::text("x")]);
        let schemas = |name| schema(named(name)).sort_key(SORT);
        assert_eq!(refusal(schemas("other")), None);
        for name in ["id", "ssn", "old_ssn", "_envelope", "SK"] {
            let text = refusal(schemas(name)).unwrap();
            assert!(text.starts_with(&format!("`{name}` is the name of two")), "{text}");
        }
        let alias = FieldSchema::new("other", FieldRole::Plain).aliases(&["ssn"]);
        assert!(refusal(schema(vec![alias])).is_some());
        let nested = vec![FieldSchema::group(named("ssn").leak())];
        assert!(refusal(schema(nested)).is_some());
        assert_eq!(refusal(schemas("_envelope").envelope_name("_env")), None);
    }

    #[test]
    fn the_key_of_an_index_is_plaintext_and_under_a_name_of_its_own() {
        const TEXT: &[KeyPiece] = &[KeyPiece::text("x")];
        const CITY: KeyTemplate =
            KeyTemplate::new("GSI1PK", &[KeyPiece::text("CITY#"), KeyPiece::part("city")]);
        const SORT: KeyTemplate = KeyTemplate::new("SK", &[KeyPiece::text("x")]);
        let indexed = |name, keys: Vec<KeyAttribute>| {
            let index = IndexSchema::global("index", keys.leak(), &[]);
            refusal(schema(named(name)).sort_key(SORT).indexes(vec![index].leak()))
        };
        let made = |name| KeyAttribute::Template(KeyTemplate::new(name, TEXT));
        assert_eq!(indexed("city", vec![KeyAttribute::Template(CITY)]), None);
        assert_eq!(indexed("city", vec![KeyAttribute::Field("city"), made("SK")]), None);
        for (name, keys, refused) in [
            ("GSI1PK", vec![KeyAttribute::Template(CITY)], "`GSI1PK` is a field, or"),
            ("city", vec![made("_envelope")], "`_envelope` is a field, or"),
            ("city", vec![made("old_ssn")], "`old_ssn` is a field, or"),
            ("city", vec![KeyAttribute::Field("town")], "`town` is in the key of an index, and no"),
            ("city", vec![KeyAttribute::Field("ssn")], "`ssn` is in the key of an index, and no"),
            (
                "town",
                vec![KeyAttribute::Template(CITY)],
                "`city` is in the key of an index, and no",
            ),
        ] {
            let text = indexed(name, keys).unwrap();
            assert!(text.starts_with(refused), "{text}");
        }
    }

    #[test]
    fn a_hash_is_of_an_encrypted_field_and_stands_for_it_in_the_key_alone() {
        const KEY: &[KeyAttribute] = &[KeyAttribute::Field("hash")];
        const INDEXES: &[IndexSchema] = &[IndexSchema::global("index", KEY, &[])];
        let hash = |role, of| FieldSchema::new("hash", role).hash_of(of, Normalization::NONE);
        let plain = FieldSchema::new("city", FieldRole::Plain);
        for role in [FieldRole::PartitionKey, FieldRole::SortKey, FieldRole::Plain] {
            assert_eq!(refusal(schema(vec![hash(role, "ssn")])), None);
        }
        for fields in [
            vec![hash(FieldRole::Plain, "none")],
            vec![plain, hash(FieldRole::SortKey, "city")],
            vec![hash(FieldRole::Encrypted, "ssn")],
            vec![hash(FieldRole::Authenticated, "ssn")],
            vec![hash(FieldRole::SortKey, "ssn").context()],
            vec![FieldSchema::group(vec![hash(FieldRole::Plain, "none")].leak())],
        ] {
            let text = refusal(schema(fields)).unwrap();
            assert!(text.starts_with("`hash` is a hash: "), "{text}");
        }
        let indexed = schema(vec![hash(FieldRole::Plain, "ssn")]).indexes(INDEXES);
        assert!(refusal(indexed).unwrap().contains("in the key of an index"));
    }

    #[test]
    fn the_limits_count_what_is_flattened() {
        let many = |count: usize, role, length: usize| {
            let name = |index| &*format!("{index:0>length$}").leak();
            schema((0..count).map(|index| FieldSchema::new(name(index), role)).collect())
        };
        for (fits, too_many, role) in
            [(254, 255, FieldRole::Encrypted), (64, 65, FieldRole::Authenticated)]
        {
            assert_eq!(refusal(many(fits, role, 5)), None);
            assert!(refusal(many(too_many, role, 5)).unwrap().contains("at most"));
        }
        assert!(refusal(many(200, FieldRole::Encrypted, 30)).unwrap().contains("too long"));
    }
}
