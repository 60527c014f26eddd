//! Rules of a whole schema, at compile time: the derive sees one struct, and not what is flattened
//! into it.

use super::{FieldRole, FieldSchema, RecordSchema};

/// More names than an item within DynamoDB's limits is likely to have.
const MAX_NAMES: usize = 1024;
/// Limits of the envelope.
const MAX_ENCRYPTED: usize = 255;
const MAX_AUTHENTICATED: usize = 64;

impl RecordSchema {
    /// Refuses a schema whose parts do not fit together: names that stand twice, too many protected
    /// attributes, none, or some in a record that is plaintext only.
    ///
    /// # Panics
    ///
    /// When the schema breaks a rule. In a constant that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn checked(self) -> Self {
        let mut seen = Seen { names: [""; MAX_NAMES], count: 0, encrypted: 0, authenticated: 0 };
        seen.name(self.envelope());
        let [partition_key, sort_key] = self.templates();
        if let Some(template) = partition_key {
            seen.name(template.name());
        }
        if let Some(template) = sort_key {
            seen.name(template.name());
        }
        seen.group(self.own_fields());
        assert!(
            seen.encrypted <= MAX_ENCRYPTED,
            "a record has at most 255 encrypted fields, with those flattened into it: split it"
        );
        assert!(
            seen.authenticated <= MAX_AUTHENTICATED,
            "a record has at most 64 authenticated fields, with those flattened into it: split it"
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

/// What was met so far.
struct Seen {
    names: [&'static str; MAX_NAMES],
    count: usize,
    encrypted: usize,
    authenticated: usize,
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
        let aliases = field.alias_names();
        let mut index = 0;
        while index < aliases.len() {
            self.name(aliases[index]);
            index += 1;
        }
        if matches!(field.role(), FieldRole::Encrypted) {
            self.encrypted += 1;
        } else if field.is_authenticated() {
            self.authenticated += 1;
        }
    }

    #[track_caller]
    const fn name(&mut self, name: &'static str) {
        assert!(self.count < MAX_NAMES, "a record has at most 1,024 names: split it");
        let mut index = 0;
        while index < self.count {
            if equal(self.names[index].as_bytes(), name.as_bytes()) {
                twice(name);
            }
            index += 1;
        }
        self.names[self.count] = name;
        self.count += 1;
    }
}

#[expect(clippy::indexing_slicing, reason = "constants cannot iterate, and bounds are checked")]
const fn equal(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

/// Constants cannot format, so the message is put together by hand.
#[track_caller]
#[expect(clippy::panic, reason = "a panic of a constant is a compile error")]
const fn twice(name: &str) -> ! {
    const TEXT: &[u8] = b"` is the name of two attributes, one of them flattened into the record: \
                          rename one of the fields";
    let mut message = [0; 512];
    let (quote, rest) = message.split_at_mut(1);
    quote.copy_from_slice(b"`");
    let (start, rest) = rest.split_at_mut(if name.len() < 256 { name.len() } else { 256 });
    start.copy_from_slice(name.as_bytes().split_at(start.len()).0);
    let (text, _) = rest.split_at_mut(TEXT.len());
    text.copy_from_slice(TEXT);
    let length = 1 + start.len() + TEXT.len();
    match std::str::from_utf8(message.split_at(length).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("two attributes have one name: rename one of the fields"),
    }
}
