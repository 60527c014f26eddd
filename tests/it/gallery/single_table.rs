//! Several record types in one table.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use envelope_runtime::{EnvelopeFields, EnvelopeRecord};
use serde::Serialize;
use uuid::Uuid;

use super::{check, check_with_serde};

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "app")]
struct Entity {
    #[partition_key]
    #[envelope(rename = "PK")]
    tenant: String,
    #[sort_key]
    #[envelope(rename = "SK")]
    path: String,
    #[envelope(rename = "GSI1PK")]
    by_state: Option<String>,
    #[encrypted]
    r#type: Cow<'static, str>,
    #[encrypted]
    body: Box<(BTreeMap<String, Option<i128>>, u8)>,
    #[envelope(set)]
    labels: Vec<String>,
}

#[tokio::test]
async fn an_entity_whose_keys_are_written_by_hand() {
    let entity = Entity {
        tenant: "TENANT#1".into(),
        path: "USER#00042".into(),
        by_state: Some("STATE#open".into()),
        r#type: Cow::Borrowed("user"),
        body: Box::new((
            [("wide".into(), Some(i128::MIN / 1000)), ("none".into(), None)].into(),
            1,
        )),
        labels: vec!["a".into(), "b".into()],
    };
    check(entity).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{id}", sort_key = "TENANT")]
struct Tenant {
    id: Uuid,
    #[encrypted]
    billing: String,
    plan: Option<String>,
}

#[tokio::test]
async fn a_tenant_under_a_constant_sort_key() {
    check_with_serde(Tenant { id: Uuid::nil(), billing: "DE00".into(), plan: None }).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(
    table = "app",
    partition_key = "TENANT#{tenant}",
    sort_key = "JOINED#{joined}#MEMBER#{number:06}",
    partition_key_name = "pk",
    sort_key_name = "sk"
)]
#[serde(rename_all = "camelCase")]
struct Member {
    #[envelope(context)]
    tenant: Uuid,
    joined: NaiveDate,
    number: u32,
    #[encrypted]
    full_name: String,
}

#[tokio::test]
async fn a_member_under_a_key_of_three_fields() {
    let joined = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let full_name = "Zoë".into();
    check_with_serde(Member { tenant: Uuid::nil(), joined, number: 7, full_name }).await;
}

#[derive(EnvelopeFields, Debug, PartialEq)]
struct Article {
    title: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "BLOG#{blog}", sort_key = "POST#{number:020}")]
struct Post<T> {
    blog: String,
    number: u64,
    kind: String,
    #[envelope(flatten)]
    body: T,
}

#[tokio::test]
async fn a_post_whose_content_is_a_parameter() {
    let body = Article { title: "t".into(), text: "x".into() };
    check(Post { blog: "b".into(), number: u64::MAX, kind: "article".into(), body }).await;
}
