//! The vectors of format version 1, in `tests/vectors/v1`: each is opened, and sealed again to the
//! same bytes, or refused for the reason that it states. They are frozen: `SHA256SUMS` holds their
//! hashes. `WRITE_VECTORS=1` adds the files of new cases; it never changes one.

mod cases;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Once;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::context::ExpectedContext;
use super::header::{Header, HeaderError};
use super::opening::{Asked, Opening};
use super::seal::Plan;
use super::{Item, OpenError, OpenErrorKind, Windows};
use crate::attribute::{AttributeValue, Number, unwiped};
use crate::key::{DataKey, Scope};
use crate::record::{FieldRole, FieldSchema, RecordSchema};

/// One file.
struct Vector {
    about: String,
    schema: RecordSchema,
    data_key: [u8; 32],
    context: BTreeMap<String, String>,
    item: Item,
    expected: Expected,
}

enum Expected {
    /// The values of the schema's fields, by name; and whether sealing them yields the item's
    /// bytes.
    Opens { values: Item, seals: bool },
    /// The name of the reason.
    Refused(String),
}

impl Vector {
    fn expected_context(&self) -> ExpectedContext {
        let given = Scope::new(self.context.clone());
        super::expected_context(&self.schema, |_| None, &given).unwrap()
    }

    fn open(&self) -> Result<Item, OpenError> {
        let opening = Opening::new(
            self.schema,
            self.item.clone(),
            Asked::ItemsOwn,
            &self.expected_context(),
            Windows::of_fields(0),
        )?;
        let verified = opening.verified(&DataKey::new(self.data_key))?;
        let (values, _) = verified.into_values()?;
        let values = self.schema.fields().zip(values.fields);
        let value = |(field, value): (&FieldSchema, Option<_>)| {
            Some((field.name().to_owned(), unwiped(value?)))
        };
        Ok(values.filter_map(value).collect())
    }

    /// Seals the values with the salt, the nonces and the key reference of the item.
    fn seal(&self, values: &Item) -> Item {
        let fields = self.schema.fields().map(|field| values.attribute(field.name()).cloned());
        let plan = Plan::of(self.schema, fields.collect());
        let header = self.header();
        let mut random = header.salt.to_vec();
        random.extend(header.sealed.iter().flat_map(|entry| entry.nonce));
        plan.seal(&DataKey::new(self.data_key), header.reference, &random).unwrap()
    }

    fn header(&self) -> Header {
        let Some(AttributeValue::B(bytes)) = self.item.attribute(self.schema.envelope()) else {
            panic!("{}", self.about)
        };
        Header::decode(bytes).unwrap()
    }

    fn check(&self, file: &str) {
        match (&self.expected, self.open()) {
            (Expected::Opens { values, seals }, Ok(opened)) => {
                assert!(opened == *values, "{file} opens to other values");
                assert!(!seals || self.seal(values) == self.item, "{file} seals to other bytes");
            }
            (Expected::Refused(reason), Err(error)) => {
                assert_eq!(reason_of(error.kind()), reason, "{file}");
            }
            (Expected::Opens { .. }, Err(error)) => panic!("{file}: {error}"),
            (Expected::Refused(_), Ok(_)) => panic!("{file} opens"),
        }
    }

    fn to_json(&self) -> Value {
        let names = |chosen: &dyn Fn(&FieldSchema) -> bool| -> Vec<_> {
            let fields = self.schema.fields().filter(|field| chosen(field));
            let mut names: Vec<_> = fields.map(FieldSchema::name).collect();
            names.sort_unstable();
            names
        };
        let mut json = json!({
            "about": self.about,
            "schema": {
                "table": self.schema.table(),
                "envelope": self.schema.envelope(),
                "keys": self.schema.key_names().collect::<Vec<_>>(),
                "sealed": names(&|field| field.role() == FieldRole::Encrypted),
                "authenticated": names(&|field| field.role() == FieldRole::Authenticated),
                "context": names(&|field| field.is_context()),
                "plain": names(&|field| {
                    field.role() == FieldRole::Plain && !field.is_context()
                }),
            },
            "data_key": HEXLOWER.encode(&self.data_key),
            "context": self.context,
            "item": item_to_json(&self.item),
        });
        match &self.expected {
            Expected::Opens { values, seals } => {
                json["values"] = item_to_json(values);
                json["seals"] = json!(seals);
            }
            Expected::Refused(reason) => json["refused"] = json!(reason),
        }
        json
    }

    fn from_json(json: &Value) -> Self {
        let text = |json: &Value| json.as_str().unwrap().to_owned();
        let leak = |json: &Value| -> &'static str { text(json).leak() };
        let schema = &json["schema"];
        let listed = |list: &str| schema[list].as_array().unwrap().iter().map(leak);
        let mut keys = listed("keys").zip([FieldRole::PartitionKey, FieldRole::SortKey]);
        let context: Vec<_> = listed("context").collect();
        let mark = |name: &'static str, role| {
            let field = FieldSchema::new(name, role);
            if context.contains(&name) { field.context() } else { field }
        };
        let mut fields: Vec<_> = keys.by_ref().map(|(name, role)| mark(name, role)).collect();
        fields.extend(listed("sealed").map(|name| mark(name, FieldRole::Encrypted)));
        fields.extend(listed("authenticated").map(|name| mark(name, FieldRole::Authenticated)));
        fields.extend(listed("plain").map(|name| mark(name, FieldRole::Plain)));
        for name in &context {
            if !fields.iter().any(|field| field.name() == *name) {
                fields.push(mark(name, FieldRole::Plain));
            }
        }
        let data_key = HEXLOWER.decode(text(&json["data_key"]).as_bytes()).unwrap();
        let context = json["context"].as_object().unwrap();
        Self {
            about: text(&json["about"]),
            schema: RecordSchema::new(leak(&schema["table"]), fields.leak())
                .envelope_name(leak(&schema["envelope"])),
            data_key: data_key.try_into().unwrap(),
            context: context.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            item: item_from_json(&json["item"]),
            expected: match json.get("refused") {
                Some(reason) => Expected::Refused(text(reason)),
                None => Expected::Opens {
                    values: item_from_json(&json["values"]),
                    seals: json["seals"].as_bool().unwrap(),
                },
            },
        }
    }
}

fn reason_of(kind: OpenErrorKind) -> &'static str {
    match kind {
        OpenErrorKind::NoEnvelope => "no envelope",
        OpenErrorKind::MalformedEnvelope => "malformed envelope",
        OpenErrorKind::UnsupportedVersion(_) => "unsupported version",
        OpenErrorKind::UnsupportedSuite(_) => "unsupported suite",
        OpenErrorKind::OtherContext => "other context",
        OpenErrorKind::Tampered | OpenErrorKind::Incomplete => "tampered",
        OpenErrorKind::NotSealed => "not sealed",
        OpenErrorKind::NotAuthenticated => "not authenticated",
        OpenErrorKind::Sealed => "sealed",
        OpenErrorKind::TooDeep => "too deep",
        other => panic!("{other:?}"),
    }
}

fn item_to_json(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.to_owned(), to_json(value))).collect::<Map<_, _>>().into()
}

fn item_from_json(json: &Value) -> Item {
    let entries = json.as_object().unwrap().iter();
    entries.map(|(name, value)| (name.clone(), from_json(value))).collect()
}

/// The JSON form of the DynamoDB API.
fn to_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Null => json!({ "NULL": true }),
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number.as_str() }),
        AttributeValue::B(bytes) => json!({ "B": BASE64.encode(bytes) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::M(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), to_json(value)));
            json!({ "M": entries.collect::<Map<_, _>>() })
        }
        AttributeValue::L(list) => json!({ "L": list.iter().map(to_json).collect::<Vec<_>>() }),
        AttributeValue::Ss(set) => json!({ "SS": set }),
        AttributeValue::Ns(set) => {
            json!({ "NS": set.iter().map(Number::as_str).collect::<Vec<_>>() })
        }
        AttributeValue::Bs(set) => {
            json!({ "BS": set.iter().map(|bytes| BASE64.encode(bytes)).collect::<Vec<_>>() })
        }
    }
}

fn from_json(json: &Value) -> AttributeValue {
    let (name, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| Number::parse(value.as_str().unwrap()).unwrap();
    let bytes = |value: &Value| BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let list = || value.as_array().unwrap().iter();
    match name.as_str() {
        "NULL" => AttributeValue::Null,
        "S" => AttributeValue::S(text(value)),
        "N" => AttributeValue::N(number(value)),
        "B" => AttributeValue::B(bytes(value)),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "M" => {
            let entries = value.as_object().unwrap().iter();
            AttributeValue::M(entries.map(|(key, value)| (key.clone(), from_json(value))).collect())
        }
        "L" => AttributeValue::L(list().map(from_json).collect()),
        "SS" => AttributeValue::Ss(list().map(text).collect()),
        "NS" => AttributeValue::Ns(list().map(number).collect()),
        "BS" => AttributeValue::Bs(list().map(bytes).collect()),
        other => panic!("{other}"),
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/v1")
}

/// The names of the files, without `.json`, and their texts.
fn files() -> BTreeMap<String, String> {
    if std::env::var_os("WRITE_VECTORS").is_some() {
        WRITE.call_once(write_missing);
    }
    read_files()
}

fn read_files() -> BTreeMap<String, String> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let vectors =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    vectors.map(read).collect()
}

static WRITE: Once = Once::new();

fn write_missing() {
    for (name, vector) in cases::all() {
        let path = folder().join(format!("{name}.json"));
        if !path.exists() {
            let text = serde_json::to_string_pretty(&vector.to_json()).unwrap();
            fs::write(path, text + "\n").unwrap();
        }
    }
    let frozen = frozen();
    let sums = read_files().into_iter().map(|(name, text)| {
        let hash = frozen.get(&name).cloned().unwrap_or_else(|| hash(&text));
        format!("{hash}  {name}.json\n")
    });
    fs::write(folder().join("SHA256SUMS"), sums.collect::<String>()).unwrap();
}

/// The hashes that were written when a vector was added, in the form of `sha256sum`.
fn frozen() -> BTreeMap<String, String> {
    let sums = fs::read_to_string(folder().join("SHA256SUMS")).unwrap_or_default();
    let lines =
        sums.lines().map(|line| line.strip_suffix(".json").unwrap().split_once("  ").unwrap());
    lines.map(|(hash, name)| (name.to_owned(), hash.to_owned())).collect()
}

fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

#[test]
fn t28_every_vector_opens_to_its_values_or_is_refused_for_its_reason() {
    let files = files();
    for (name, text) in &files {
        let json = serde_json::from_str(text).unwrap();
        let vector = Vector::from_json(&json);
        vector.check(name);
        assert_eq!(vector.to_json(), json, "{name}");
    }
    assert_eq!(files.len(), cases::all().len(), "a vector is missing, or has no case");
}

#[test]
fn t28_a_vector_that_was_ever_added_is_there_unchanged() {
    let files = files();
    let hashes: BTreeMap<_, _> =
        files.iter().map(|(name, text)| (name.clone(), hash(text))).collect();

    assert_eq!(hashes, frozen());
}

/// The cases still produce the bytes that were written.
#[test]
fn every_case_makes_the_bytes_of_its_vector() {
    let files = files();
    for (name, vector) in cases::all() {
        let json: Value = serde_json::from_str(&files[name]).unwrap();
        assert_eq!(vector.to_json(), json, "{name}");
    }
}

/// Returns whether the header's decoder finds the bytes malformed, for the negative cases.
fn is_malformed(bytes: &[u8]) -> bool {
    Header::decode(bytes) == Err(HeaderError::Malformed)
}
