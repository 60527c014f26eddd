//! The records that the tests save.

use std::collections::BTreeSet;

use envelope_runtime::EnvelopeRecord;

/// Has a field of each kind.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct Account {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) logins: u64,
    pub(crate) nickname: Option<String>,
    #[envelope(default)]
    pub(crate) tags: Vec<String>,
    #[envelope(set)]
    pub(crate) groups: BTreeSet<String>,
    #[authenticated]
    pub(crate) role: String,
    #[authenticated]
    pub(crate) ward: Option<u8>,
    #[encrypted]
    pub(crate) ssn: String,
    #[encrypted]
    pub(crate) email: Option<String>,
}

pub(crate) fn account() -> Account {
    Account {
        id: "a-1".into(),
        status: "new".into(),
        logins: 3,
        nickname: None,
        tags: vec!["x".into()],
        groups: BTreeSet::new(),
        role: "patient".into(),
        ward: None,
        ssn: "078-05-1120".into(),
        email: Some("zoe@example.com".into()),
    }
}

/// Has a version that DynamoDB increments, and a TTL.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct Document {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) title: String,
    #[encrypted]
    pub(crate) text: String,
    #[envelope(version)]
    pub(crate) version: u8,
    #[envelope(ttl)]
    pub(crate) expires: Option<u64>,
}

pub(crate) fn document() -> Document {
    Document {
        id: "d-1".into(),
        title: "first".into(),
        text: "secret".into(),
        version: 0,
        expires: None,
    }
}

/// Has a version that the record tag covers.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct Chart {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) title: String,
    #[encrypted]
    pub(crate) text: String,
    #[authenticated]
    #[envelope(version)]
    pub(crate) version: u8,
}

pub(crate) fn chart() -> Chart {
    Chart { id: "c-1".into(), title: "first".into(), text: "secret".into(), version: 0 }
}

/// Protects nothing.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users", plaintext_only)]
pub(crate) struct Note {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) status: Option<String>,
}

pub(crate) fn note() -> Note {
    Note { id: "a-1".into(), text: "x".into(), status: None }
}

/// Treats as plaintext the attributes that an [`Account`] protects.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct Careless {
    #[partition_key]
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    pub(crate) ward: Option<u8>,
    #[encrypted]
    pub(crate) ssn: String,
}

/// Has attributes that an [`Account`] stores under other names.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub(crate) struct Renamed {
    #[partition_key]
    pub(crate) id: String,
    #[envelope(alias = "status")]
    pub(crate) state: String,
    #[envelope(alias = "logins")]
    pub(crate) count: u64,
    #[encrypted]
    pub(crate) ssn: String,
}

/// Has a context field that is not part of the key.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "people")]
pub(crate) struct Person {
    #[partition_key]
    pub(crate) id: String,
    #[envelope(context)]
    pub(crate) tenant: String,
    pub(crate) nickname: String,
    #[encrypted]
    pub(crate) ssn: String,
}

pub(crate) fn person() -> Person {
    Person {
        id: "p-1".into(),
        tenant: "7".into(),
        nickname: "zoë".into(),
        ssn: "078-05-1120".into(),
    }
}
