//! The encryption context: public pairs that KMS authenticates and `CloudTrail` logs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The [encryption context](https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html)
/// of a data key: names and values that must be the same when the key is unwrapped.
///
/// It always holds `envelope:table` (the logical table name) and `envelope:format` (`1`), and the
/// record's `#[envelope(context)]` fields. It never holds the record's key, because `CloudTrail` logs
/// the context in plaintext.
#[derive(Clone)]
pub struct EncryptionContext {
    pairs: BTreeMap<String, String>,
    /// How often a key service was asked on behalf of the operation.
    calls: Arc<AtomicU64>,
}

impl EncryptionContext {
    /// The context of a record of the logical table `table`, for tests of a provider.
    pub fn new<'a>(table: &str, fields: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let mut pairs: BTreeMap<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        // Last, so that no field takes the place of these.
        pairs.insert("envelope:table".to_owned(), table.to_owned());
        pairs.insert("envelope:format".to_owned(), "1".to_owned());
        Self { pairs, calls: Arc::default() }
    }

    pub(crate) fn counting(mut self, calls: Arc<AtomicU64>) -> Self {
        self.calls = calls;
        self
    }

    /// Counts a call to a key service, for the operation that the context was made for. A provider counts
    /// each call that it makes, and nothing for an answer that it knew.
    pub fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value under a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs.get(name).map(String::as_str)
    }
}

/// By their pairs.
impl PartialEq for EncryptionContext {
    fn eq(&self, other: &Self) -> bool {
        self.pairs == other.pairs
    }
}

impl Eq for EncryptionContext {}

impl fmt::Debug for EncryptionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EncryptionContext").field(&self.pairs).finish()
    }
}

/// Values of context fields that a caller gives: attribute name and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextPairs(BTreeMap<String, String>);

impl ContextPairs {
    pub(crate) fn new<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
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
    fn calls_are_counted_for_the_operation_and_no_part_of_the_context() {
        let calls = Arc::new(AtomicU64::new(0));
        let context = EncryptionContext::new("users", []);
        let counting = context.clone().counting(Arc::clone(&calls));
        counting.count_call();
        counting.clone().count_call();

        assert_eq!(calls.load(Ordering::Relaxed), 2);
        assert_eq!(counting, context);
        assert_ne!(counting, EncryptionContext::new("orders", []));
        let text = r#"EncryptionContext({"envelope:format": "1", "envelope:table": "users"})"#;
        assert_eq!(format!("{counting:?}"), text);
    }

    #[test]
    fn what_is_given_later_goes_before() {
        let mut pairs = ContextPairs::new([("tenant", "t-1"), ("ward", "3")]);
        pairs.extend(ContextPairs::new([("ward", "4")]));

        assert_eq!(pairs.names().collect::<Vec<_>>(), ["tenant", "ward"]);
        assert_eq!((pairs.value("tenant"), pairs.value("ward")), (Some("t-1"), Some("4")));
    }
}
