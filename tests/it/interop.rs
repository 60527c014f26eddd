//! Items for the reader in `tests/interop`, as DynamoDB returns them on the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use data_encoding::HEXLOWER;
use envelope_runtime::EnvelopeRecord;
use envelope_runtime::key::KeyReference;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::World;

#[derive(EnvelopeRecord)]
#[envelope(table = "visits")]
struct Visit {
    #[partition_key]
    #[envelope(context)]
    clinic: String,
    #[sort_key]
    number: u64,
    #[envelope(context)]
    region: u32,
    #[encrypted]
    ssn: String,
    #[encrypted]
    weight: f64,
    #[encrypted]
    findings: BTreeMap<String, Finding>,
    #[encrypted]
    #[envelope(bytes)]
    scan: Vec<u8>,
    #[encrypted]
    #[envelope(set)]
    codes: BTreeSet<i32>,
    #[encrypted]
    email: Option<String>,
    #[authenticated]
    role: String,
    #[authenticated]
    doses: Vec<f32>,
    #[authenticated]
    referred_by: Option<String>,
    note: String,
}

#[derive(Serialize, Deserialize)]
enum Finding {
    None,
    Text(String),
    Measured { value: i64, verified: bool },
}

/// The body of an answer.
#[derive(Clone, Debug, Default)]
struct Answer(Arc<Mutex<Vec<u8>>>);

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "Answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().ok_or("a body in memory")?;
        self.0.lock().unwrap().extend_from_slice(body);
        Ok(())
    }
}

async fn item_on_the_wire(world: &World, key: [(String, AttributeValue); 2]) -> Value {
    let answer = Answer::default();
    let call = world.backend.dynamodb.get_item().table_name(&world.table).consistent_read(true);
    let call = call.set_key(Some(key.into())).customize().interceptor(answer.clone());
    call.send().await.unwrap();
    let body: Value = serde_json::from_slice(&answer.0.lock().unwrap()).unwrap();
    body["Item"].clone()
}

/// Writes everything that a second program needs to open the item, and the values that it must
/// find.
#[tokio::test]
async fn a_fresh_item_is_left_for_the_second_reader() {
    let keys = [("clinic", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Visit>(&world.table);
    let visit = Visit {
        clinic: "clinic-7".into(),
        number: 42,
        region: 9,
        ssn: "078-05-1120".into(),
        weight: 70.25,
        findings: [
            ("none".to_owned(), Finding::None),
            ("text".to_owned(), Finding::Text("zoë".into())),
            ("pulse".to_owned(), Finding::Measured { value: -3, verified: true }),
        ]
        .into(),
        scan: vec![0, 127, 255],
        codes: [-2, 10, 9].into(),
        email: None,
        role: "patient".into(),
        doses: vec![0.5, 12.0],
        referred_by: None,
        note: "follow-up".into(),
    };
    store.scoped([("region", "9")]).put(&visit).await.unwrap();

    let call = store.get::<Visit>(("clinic-7", 42)).context([("region", "9")]);
    let loaded = call.with_envelope().await.unwrap().unwrap();
    let KeyReference::Wrapped(copies) = loaded.envelope().unwrap().key_reference() else {
        panic!("no wrapped key")
    };
    let context = world.requests.take().last().unwrap().context().unwrap().clone();
    let call = world.backend.kms.decrypt().key_id(&world.key);
    let call = call.set_encryption_context(Some(context.clone().into_iter().collect()));
    let answer = call.ciphertext_blob(Blob::new(copies[0].wrapped())).send().await.unwrap();
    let data_key = HEXLOWER.encode(answer.plaintext.unwrap().as_ref());
    let key = [
        ("clinic".to_owned(), AttributeValue::S("clinic-7".into())),
        ("number".to_owned(), AttributeValue::N("42".into())),
    ];
    let fresh = json!({
        "about": "written by the library, and read back from DynamoDB",
        "schema": {
            "table": "visits",
            "envelope": "_envelope",
            "keys": ["clinic", "number"],
            "sealed": ["codes", "email", "findings", "scan", "ssn", "weight"],
            "authenticated": ["doses", "referred_by", "role"],
            "context": ["clinic", "region"],
            "plain": ["note"],
        },
        "data_key": data_key,
        "context": { "clinic": "clinic-7", "region": "9" },
        "kms_key": world.key,
        "encryption_context": context,
        "item": item_on_the_wire(&world, key).await,
        "values": {
            "clinic": { "S": "clinic-7" },
            "number": { "N": "42" },
            "region": { "N": "9" },
            "ssn": { "S": "078-05-1120" },
            "weight": { "N": "70.25" },
            "findings": { "M": {
                "none": { "S": "None" },
                "text": { "M": { "Text": { "S": "zoë" } } },
                "pulse": { "M": { "Measured": { "M": {
                    "value": { "N": "-3" },
                    "verified": { "BOOL": true },
                } } } },
            } },
            "scan": { "B": "AH//" },
            "codes": { "NS": ["-2", "9", "10"] },
            "role": { "S": "patient" },
            "doses": { "L": [{ "N": "0.5" }, { "N": "12" }] },
            "note": { "S": "follow-up" },
        },
    });

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fresh");
    let back_end = match std::env::var_os("ENVELOPE_TEST_DYNAMODB_URL") {
        Some(_) => "second-back-end.json",
        None => "in-process.json",
    };
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(back_end), serde_json::to_string_pretty(&fresh).unwrap()).unwrap();
}
