//! Models of people: to-do item, user profile, session token, API key, chat message.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use chrono::{DateTime, NaiveDate, Utc};
use envelope_runtime::EnvelopeRecord;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Table;
use super::by_hand::{b, item, l, m, n, null, s, ss};
use super::dynomite::{Attribute, dynomite_enums, dynomite_structs};
use crate::support::Stored;

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
enum Priority {
    Low,
    High,
}

#[derive(EnvelopeRecord, Serialize, Clone, Debug, PartialEq)]
#[envelope(table = "todos")]
struct Todo {
    #[partition_key]
    owner: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    text: String,
    #[encrypted]
    priority: Priority,
    done: bool,
    due: Option<DateTime<Utc>>,
    tags: Vec<String>,
}

dynomite_enums!(Priority);
dynomite_structs!(Todo { owner, number, text, priority, done, due, tags });

/// Leaves out what is `None`.
fn todo_by_hand(todo: &Todo) -> Stored {
    let mut stored = item([
        ("owner", s(&todo.owner)),
        ("number", n(todo.number)),
        ("text", s(&todo.text)),
        ("priority", s(if todo.priority == Priority::High { "High" } else { "Low" })),
        ("done", Sdk::Bool(todo.done)),
        ("tags", l(todo.tags.iter().map(s))),
    ]);
    if let Some(due) = todo.due {
        stored.insert("due".into(), s(due.to_rfc3339()));
    }
    stored
}

#[tokio::test]
async fn a_todo_item() {
    let (owner, text) = ("u-1".into(), "call the bank".into());
    let tags = vec!["home".into(), "bank".into()];
    let (priority, due) = (Priority::High, Some(time(1_800_000_000)));
    let due_item = Todo { owner, number: 7, text, priority, done: false, due, tags };
    let priority = Priority::Low;
    let someday = Todo { due: None, priority, tags: vec![], done: true, ..due_item.clone() };

    let table = Table::of(due_item).await;
    table.adopts_from_serde_dynamo(&[]).await;
    // The offset `+00:00` becomes `Z`.
    table.adopts_from_hand(todo_by_hand(&table.model), &["due: S to S"]).await;
    table.adopts_from_dynomite(&["due: S to S"]).await;

    let table = Table::of(someday).await;
    table.adopts_from_serde_dynamo(&["due: NULL to absent"]).await;
    table.adopts_from_hand(todo_by_hand(&table.model), &[]).await;
    table.adopts_from_dynomite(&["due: NULL to absent"]).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Address {
    street: String,
    city: String,
    flat: Option<u32>,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "profiles")]
#[serde(rename_all = "camelCase")]
struct Profile {
    #[partition_key]
    #[envelope(key = "S")]
    user_id: Uuid,
    #[encrypted]
    email: String,
    #[encrypted]
    phone: Option<String>,
    #[encrypted]
    birthday: NaiveDate,
    #[encrypted]
    address: Address,
    #[authenticated]
    role: String,
    display_name: Option<String>,
    logins: u32,
}

// dynomite has no dates without a time: programs store them as text.
impl Attribute for NaiveDate {
    fn to_attr(&self) -> Sdk {
        s(self)
    }
}

dynomite_structs!(
    Address { street, city, flat }
    Profile {
        user_id: "userId", email, phone, birthday, address, role,
        display_name: "displayName", logins
    }
);

/// Writes NULL for what is `None`.
fn profile_by_hand(profile: &Profile) -> Stored {
    let Address { street, city, flat } = &profile.address;
    let address = [("street", s(street)), ("city", s(city)), ("flat", flat.map_or(null(), n))];
    item([
        ("userId", s(profile.user_id)),
        ("email", s(&profile.email)),
        ("phone", profile.phone.as_ref().map_or(null(), s)),
        ("birthday", s(profile.birthday.format("%Y-%m-%d"))),
        ("address", m(address)),
        ("role", s(&profile.role)),
        ("displayName", profile.display_name.as_ref().map_or(null(), s)),
        ("logins", n(profile.logins)),
    ])
}

#[tokio::test]
async fn a_user_profile() {
    let profile = Profile {
        user_id: Uuid::from_u128(0xA1B2),
        email: "zoe@example.com".into(),
        phone: None,
        birthday: NaiveDate::from_ymd_opt(1990, 2, 28).unwrap(),
        address: Address { street: "1 Main St".into(), city: "Ulm".into(), flat: None },
        role: "member".into(),
        display_name: None,
        logins: 12,
    };

    let table = Table::of(profile).await;
    let changed = &["displayName: NULL to absent"];
    table.adopts_from_serde_dynamo(changed).await;
    table.adopts_from_hand(profile_by_hand(&table.model), changed).await;
    table.adopts_from_dynomite(changed).await;
}

#[derive(EnvelopeRecord, Serialize, Clone, Debug, PartialEq)]
#[envelope(table = "sessions")]
struct Session {
    #[partition_key]
    id: String,
    #[encrypted]
    token: String,
    #[encrypted]
    nonce: Vec<u8>,
    #[authenticated]
    user: Uuid,
    #[envelope(created_at)]
    created: Option<u64>,
    #[envelope(ttl)]
    expires: u64,
}

dynomite_structs!(Session { id, token, nonce, user, created, expires });

#[tokio::test]
async fn a_session_token() {
    let (id, token, nonce) = ("s-1".into(), "t0ken".into(), vec![0, 127, 255]);
    let (user, created) = (Uuid::from_u128(7), Some(1_790_000_000));
    let session = Session { id, token, nonce, user, created, expires: 1_800_000_000 };
    let by_hand = item([
        ("id", s("s-1")),
        ("token", s("t0ken")),
        ("nonce", b(&[0, 127, 255])),
        ("user", s("00000000-0000-0000-0000-000000000007")),
        ("created", n(1_790_000_000_u64)),
        ("expires", n(1_800_000_000_u64)),
    ]);

    let table = Table::of(session).await;
    table.adopts_from_serde_dynamo(&[]).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(&[]).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "api_keys")]
struct ApiKey {
    #[partition_key]
    prefix: String,
    #[authenticated]
    digest: Vec<u8>,
    #[encrypted]
    owner: String,
    #[authenticated]
    #[envelope(set)]
    scopes: BTreeSet<String>,
    last_used: Option<u64>,
    revoked: bool,
}

dynomite_structs!(ApiKey { prefix, digest, owner, scopes, last_used, revoked });

#[tokio::test]
async fn an_api_key() {
    let scopes = ["read".to_owned(), "write".to_owned()].into();
    let (prefix, owner) = ("ak_7".into(), "zoë".into());
    let digest = vec![9; 32];
    let key = ApiKey { prefix, digest, owner, scopes, last_used: None, revoked: false };
    let by_hand = item([
        ("prefix", s("ak_7")),
        ("digest", b(&[9; 32])),
        ("owner", s("zoë")),
        ("scopes", ss(["write", "read"])),
        ("revoked", Sdk::Bool(false)),
    ]);

    let table = Table::of(key).await;
    // serde knows neither bytes nor sets.
    let changed = &["digest: L to B", "last_used: NULL to absent", "scopes: L to SS"];
    table.adopts_from_serde_dynamo(changed).await;
    table.adopts_from_hand(by_hand, &[]).await;
    table.adopts_from_dynomite(&["last_used: NULL to absent"]).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Attachment {
    name: String,
    size: u32,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "messages")]
struct Message {
    #[partition_key]
    room: String,
    #[sort_key]
    id: String,
    #[encrypted]
    body: String,
    #[encrypted]
    attachments: Vec<Attachment>,
    #[authenticated]
    author: String,
    mentions: Vec<String>,
    reactions: BTreeMap<String, u32>,
    edited: Option<u64>,
}

dynomite_structs!(
    Attachment { name, size }
    Message { room, id, body, attachments, author, mentions, reactions, edited }
);

#[tokio::test]
async fn a_chat_message() {
    let attachments = vec![Attachment { name: "a.png".into(), size: 700 }];
    let message = Message {
        room: "r-1".into(),
        id: "01JD0000000000000000000000".into(),
        body: "see you at 8".into(),
        attachments,
        author: "zoe".into(),
        mentions: vec!["ann".into(), "ben".into()],
        reactions: [("👍".to_owned(), 2)].into(),
        edited: Some(1_790_000_000),
    };
    let attachment = m([("name", s("a.png")), ("size", n(700))]);
    let by_hand = item([
        ("room", s("r-1")),
        ("id", s("01JD0000000000000000000000")),
        ("body", s("see you at 8")),
        ("attachments", l([attachment])),
        ("author", s("zoe")),
        ("mentions", ss(["ben", "ann"])),
        ("reactions", m([("👍", n(2))])),
        ("edited", n(1_790_000_000_u64)),
    ]);

    let table = Table::of(message).await;
    table.adopts_from_serde_dynamo(&[]).await;
    // `#[envelope(set)]` would keep it a set.
    table.adopts_from_hand(by_hand, &["mentions: SS to L"]).await;
    table.adopts_from_dynomite(&[]).await;
}
