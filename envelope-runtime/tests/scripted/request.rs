//! A request as DynamoDB receives it, with names and values filled into its expressions.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::Value;

use crate::table::Stored;

/// Bytes from this length on are not shown: they are sealed, and differ each time.
const LONG: usize = 16;

/// A request that was sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operation: String,
    pub(crate) body: Value,
    /// The envelope that was stored when the request arrived.
    envelope: Option<Value>,
}

impl Request {
    /// DynamoDB refuses placeholders that no expression names.
    pub(crate) fn new(operation: String, body: Value, stored: Option<&Stored>) -> Self {
        let envelope = stored.and_then(|item| item.get("_envelope")).cloned();
        Self { operation, body, envelope }.checked()
    }

    fn checked(self) -> Self {
        let request = self;
        let mut used = BTreeSet::new();
        for expression in [
            "ConditionExpression",
            "FilterExpression",
            "KeyConditionExpression",
            "ProjectionExpression",
            "UpdateExpression",
        ] {
            used.extend(words(request.text(expression)));
        }
        for list in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
            for (placeholder, _) in request.body[list].as_object().into_iter().flatten() {
                assert!(used.contains(placeholder.as_str()), "{placeholder}: {request:?}");
            }
        }
        request
    }

    /// A part of the request, as a request of its own.
    pub(crate) fn part(&self, operation: &str, body: Value) -> Self {
        let envelope = self.envelope.clone();
        Self { operation: operation.to_owned(), body, envelope }.checked()
    }

    /// The condition; empty if there is none.
    pub(crate) fn condition(&self) -> String {
        self.resolved("ConditionExpression")
    }

    /// The names of the attributes that are fetched; `None` if all are.
    pub(crate) fn fetched(&self) -> Option<Vec<&str>> {
        let text = self.body["ProjectionExpression"].as_str()?;
        Some(text.split(", ").map(|placeholder| self.name(placeholder)).collect())
    }

    /// The changes of an update; empty if there are none.
    pub(crate) fn update(&self) -> String {
        self.resolved("UpdateExpression")
    }

    fn text(&self, expression: &str) -> &str {
        self.body[expression].as_str().unwrap_or_default()
    }

    fn resolved(&self, expression: &str) -> String {
        let text = self.text(expression);
        let mut resolved = text.to_owned();
        // The longest first, since `:v1` begins `:v10`.
        let mut placeholders: Vec<_> = words(text).filter(|word| is_placeholder(word)).collect();
        placeholders.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in placeholders {
            let meant = match word.as_bytes() {
                [b'#', ..] => self.name(word).to_owned(),
                _ => self.shown(self.value(word)),
            };
            resolved = resolved.replace(word, &meant);
        }
        resolved
    }

    /// The name behind a placeholder.
    pub(crate) fn name(&self, placeholder: &str) -> &str {
        self.body["ExpressionAttributeNames"][placeholder].as_str().unwrap()
    }

    /// The value behind a placeholder.
    pub(crate) fn value(&self, placeholder: &str) -> &Value {
        let value = &self.body["ExpressionAttributeValues"][placeholder];
        assert!(!value.is_null(), "{placeholder}: {self:?}");
        value
    }

    fn shown(&self, value: &Value) -> String {
        let (kind, inner) = value.as_object().unwrap().iter().next().unwrap();
        match (kind.as_str(), inner.as_str()) {
            _ if self.envelope.as_ref() == Some(value) => "<the stored envelope>".into(),
            ("S", Some(text)) => format!("'{text}'"),
            ("N", Some(text)) => text.into(),
            ("NULL", _) => "NULL".into(),
            ("M", _) => format!("M({})", inner.as_object().unwrap().len()),
            ("B", Some(text)) => {
                let bytes = BASE64.decode(text.as_bytes()).unwrap();
                if bytes.len() < LONG {
                    format!("b'{}'", bytes.escape_ascii())
                } else {
                    "<bytes>".into()
                }
            }
            _ => inner.to_string(),
        }
    }
}

fn is_placeholder(word: &str) -> bool {
    word.starts_with(['#', ':'])
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '(', ')', '.']).filter(|word| !word.is_empty())
}
