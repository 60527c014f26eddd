//! The encryption context: public pairs that KMS authenticates and `CloudTrail` logs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::IndexSecret;

/// The
/// [encryption context](https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html)
/// of a data key: names and values that must match when the key is unwrapped.
///
/// That of a record always holds `envelope:table` (the logical table name) and `envelope:format`
/// (`1`), and the record's `#[envelope(context)]` fields. It never holds the record's key, because
/// `CloudTrail` logs the context in plaintext. An [`IndexSecret`](crate::IndexSecret) has a context
/// of its own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EncryptionContext(Vec<(Text, Text)>);

/// Most texts of a context are in the schema.
type Text = Cow<'static, str>;

impl EncryptionContext {
    /// The context of a record of the logical table `table`, for tests of a provider.
    pub fn new<'a>(table: &str, fields: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned().into(), value.into()));
        Self::of(table.to_owned().into(), fields)
    }

    pub(crate) fn of(table: Text, fields: impl Iterator<Item = (Text, Text)>) -> Self {
        let own = [("envelope:format".into(), "1".into()), ("envelope:table".into(), table)];
        let mut pairs: Vec<(Text, Text)> = Vec::with_capacity(own.len() + fields.size_hint().0);
        pairs.extend(own);
        // Behind ours, so that no field replaces them.
        pairs.extend(fields);
        pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
        pairs.dedup_by(|(later, _), (first, _)| later == first);
        Self(pairs)
    }

    /// The context of an index secret.
    pub(crate) fn of_secret(name: &str) -> Self {
        Self(vec![
            ("envelope:purpose".into(), "lookup".into()),
            ("envelope:secret".into(), name.to_owned().into()),
        ])
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value under a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }
}

impl fmt::Debug for EncryptionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Pairs<'a>(&'a EncryptionContext);

        impl fmt::Debug for Pairs<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_map().entries(self.0.iter()).finish()
            }
        }

        f.debug_tuple("EncryptionContext").field(&Pairs(self)).finish()
    }
}

/// The values of context fields that a caller supplies, by attribute name, and the secret of hashed
/// keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pairs: BTreeMap<String, String>,
    secret: Option<IndexSecret>,
}

impl Scope {
    pub(crate) fn new<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { pairs: pairs.collect(), secret: None }
    }

    pub(crate) fn set_secret(&mut self, secret: IndexSecret) {
        self.secret = Some(secret);
    }

    /// Adds the values of another scope.
    pub(crate) fn extend(&mut self, other: Self) {
        self.pairs.extend(other.pairs);
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.pairs.get(name).map(String::as_str)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.keys().map(String::as_str)
    }

    pub(crate) fn secret(&self) -> Option<&IndexSecret> {
        self.secret.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_takes_the_place_of_table_or_format() {
        let fields = [("tenant", "t-1"), ("envelope:table", "x"), ("envelope:format", "9")];
        let context =
            EncryptionContext::new("users", fields.map(|(name, value)| (name, value.to_owned())));

        let pairs: Vec<_> = context.iter().collect();
        let expected = [("envelope:format", "1"), ("envelope:table", "users"), ("tenant", "t-1")];
        assert_eq!(pairs, expected);
        assert_eq!(context.value("tenant"), Some("t-1"));
        assert_eq!(context.value("other"), None);
    }

    #[test]
    fn a_context_is_its_pairs() {
        let context = EncryptionContext::new("users", []);

        assert_eq!(context, EncryptionContext::new("users", []));
        assert_ne!(context, EncryptionContext::new("orders", []));
        let text = r#"EncryptionContext({"envelope:format": "1", "envelope:table": "users"})"#;
        assert_eq!(format!("{context:?}"), text);
    }

    #[test]
    fn what_is_given_later_goes_before() {
        let mut pairs = Scope::new([("tenant", "t-1"), ("ward", "3")]);
        pairs.extend(Scope::new([("ward", "4")]));

        assert_eq!(pairs.names().collect::<Vec<_>>(), ["tenant", "ward"]);
        assert_eq!((pairs.value("tenant"), pairs.value("ward")), (Some("t-1"), Some("4")));
    }
}
