//! An identity provider.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use envelope_runtime::{AttributeValue, EnvelopeRecord, OtherAttributes};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{check, check_with_serde};

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "sessions")]
struct Session {
    #[partition_key]
    id: [u8; 16],
    #[encrypted]
    token: Zeroizing<String>,
    #[encrypted]
    #[envelope(bytes)]
    secret: Secret,
    #[encrypted]
    data: serde_json::Value,
    expires: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Secret(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

#[tokio::test]
async fn a_session() {
    let session = Session {
        id: [0xFE; 16],
        token: Zeroizing::new("t0ken".into()),
        secret: vec![1, 2, 3].into(),
        data: serde_json::json!({ "cart": [1, -2.5, null, { "x": true }], "big": u64::MAX }),
        expires: 1_800_000_000,
    };
    check(session).await;
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "credentials")]
struct Credential {
    #[partition_key]
    #[envelope(key = "S")]
    user: Uuid,
    #[encrypted]
    #[envelope(with = envelope_runtime::secret)]
    password: SecretString,
    #[encrypted]
    #[serde(with = "envelope_runtime::secret")]
    recovery: Option<SecretString>,
    #[encrypted]
    #[envelope(with = envelope_runtime::secret)]
    pin: SecretBox<[u8; 4]>,
}

impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        let recovery = |of: &Self| of.recovery.as_ref().map(|code| code.expose_secret().to_owned());
        self.user == other.user
            && self.password.expose_secret() == other.password.expose_secret()
            && recovery(self) == recovery(other)
            && self.pin.expose_secret() == other.pin.expose_secret()
    }
}

#[tokio::test]
async fn a_credential_of_secrecys_types() {
    for recovery in [None, Some(SecretString::from("r3covery"))] {
        let (password, pin) = ("correct horse".into(), SecretBox::new(Box::new([1, 2, 3, 4])));
        check(Credential { user: Uuid::from_u128(9), password, recovery, pin }).await;
    }
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "api_keys")]
struct ApiKey {
    #[partition_key]
    digest: [u8; 32],
    #[encrypted]
    owner: String,
    #[envelope(set)]
    scopes: BTreeSet<Scope>,
    #[encrypted]
    #[envelope(set)]
    allowed: Option<BTreeSet<IpAddr>>,
    #[envelope(bytes)]
    salt: Salt,
}

type Salt = [u8; 8];

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Read,
    Write,
}

#[tokio::test]
async fn an_api_key_with_sets() {
    let both = [Scope::Read, Scope::Write].into();
    let addresses = Some(["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()].into());
    for (scopes, allowed) in [(both, addresses), (BTreeSet::new(), None)] {
        let owner = "zoë".into();
        check(ApiKey { digest: [7; 32], owner, scopes, allowed, salt: [0; 8] }).await;
    }
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "profiles")]
struct Profile {
    #[partition_key]
    #[envelope(key = "S")]
    user: Uuid,
    #[encrypted]
    #[envelope(alias = "mail")]
    email: String,
    #[envelope(default = english)]
    language: Cow<'static, str>,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

fn english() -> Cow<'static, str> {
    Cow::Borrowed("en")
}

#[tokio::test]
async fn a_profile_that_keeps_what_it_does_not_know() {
    let mut others = OtherAttributes::default();
    others.insert("theme", AttributeValue::S("dark".into()));
    others.insert("flags", AttributeValue::L(vec![AttributeValue::Bool(true)]));
    let email = "zoe@example.com".into();
    check(Profile { user: Uuid::from_u128(3), email, language: "de".into(), others }).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "oauth_tokens")]
struct OAuthToken {
    #[partition_key]
    #[envelope(key = "S")]
    #[serde(rename = "sub")]
    subject: Subject,
    #[encrypted]
    access: String,
    #[encrypted]
    refresh: Option<String>,
    #[encrypted]
    claims: serde_json::Map<String, serde_json::Value>,
    #[serde(rename = "exp")]
    expires: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(transparent)]
struct Subject {
    id: String,
}

#[tokio::test]
async fn an_oauth_token() {
    let claims = serde_json::json!({ "iss": "us", "aud": ["a", "b"], "n": { "deep": [[[]]] } });
    let serde_json::Value::Object(claims) = claims else { unreachable!() };
    let (subject, access) = (Subject { id: "s".into() }, "a".into());
    let token =
        OAuthToken { subject, access, refresh: None, claims, expires: u64::MAX, client: None };
    check_with_serde(token).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "invitations")]
struct Invitation<'a> {
    #[partition_key]
    code: String,
    #[encrypted]
    email: String,
    by: std::marker::PhantomData<&'static str>,
    #[envelope(skip)]
    rendered: Option<&'a str>,
}

#[tokio::test]
async fn an_invitation_with_a_lifetime() {
    let (code, email) = ("i".into(), "zoe@example.com".into());
    let by = std::marker::PhantomData;
    check(Invitation { code, email, by, rendered: None }).await;
}
