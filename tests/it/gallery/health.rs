//! A hospital.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use envelope_runtime::EnvelopeRecord;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{check, check_in_scope, check_with_serde};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Allergy(String);

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "patients")]
struct Patient {
    #[partition_key]
    #[envelope(context)]
    clinic: String,
    #[sort_key]
    id: u64,
    #[encrypted]
    name: (String, String),
    #[encrypted]
    born: NaiveDate,
    #[encrypted]
    #[envelope(set)]
    allergies: BTreeSet<Allergy>,
    #[encrypted]
    measurements: BTreeMap<NaiveDate, [f32; 3]>,
    ward: Option<u8>,
}

#[tokio::test]
async fn a_patient() {
    let day = NaiveDate::from_ymd_opt(1970, 2, 28).unwrap();
    let patient = Patient {
        clinic: "clinic-7".into(),
        id: u64::MAX,
        name: ("Zoë".into(), "O'Neil".into()),
        born: day,
        allergies: [Allergy("nuts".into()), Allergy("dust".into())].into(),
        measurements: [(day, [36.6, 0.1, -1e-7])].into(),
        ward: Some(3),
    };
    check_with_serde(patient).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Dose {
    amount: Decimal,
    unit: Unit,
    times: Vec<NaiveTime>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Mg,
    Ml,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "prescriptions")]
struct Prescription {
    #[partition_key]
    patient: u64,
    #[sort_key]
    issued: i64,
    #[encrypted]
    drug: String,
    #[encrypted]
    dose: Option<Dose>,
    #[authenticated]
    repeats: u8,
    stock: BTreeMap<Unit, u32>,
}

#[tokio::test]
async fn a_prescription_with_and_without_a_dose() {
    let times = vec![NaiveTime::from_hms_opt(8, 0, 0).unwrap(), NaiveTime::MIN];
    let dose = Dose { amount: "2.5".parse().unwrap(), unit: Unit::Mg, times };
    for (issued, dose) in [(i64::MIN, Some(dose)), (0, None)] {
        let stock = [(Unit::Mg, 1), (Unit::Ml, u32::MAX)].into();
        let drug = "amoxicillin".into();
        check_with_serde(Prescription { patient: 1, issued, drug, dose, repeats: 2, stock }).await;
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
enum Finding {
    Number(f64),
    Range { low: f64, high: f64 },
    Words(Vec<String>),
    Flag(bool),
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "lab_results")]
struct LabResult {
    #[partition_key]
    sample: String,
    #[encrypted]
    findings: BTreeMap<String, Finding>,
    #[encrypted]
    scan: Vec<u8>,
    #[encrypted]
    checksum: [u8; 4],
    #[authenticated]
    released_by: Option<String>,
}

#[tokio::test]
async fn a_lab_result() {
    let findings = [
        ("hb".into(), Finding::Number(14.1)),
        ("na".into(), Finding::Range { low: 135.0, high: 145.5 }),
        ("culture".into(), Finding::Words(vec!["none".into()])),
        ("fasting".into(), Finding::Flag(false)),
    ];
    let (sample, scan) = ("s".into(), vec![0; 5000]);
    let checksum = [1, 2, 3, 4];
    let findings = findings.into();
    check_with_serde(LabResult { sample, findings, scan, checksum, released_by: None }).await;
}

mod minutes {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(length: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(length.as_secs() / 60)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_secs(60 * u64::deserialize(from)?))
    }
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "appointments", envelope = "#sealed")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Appointment {
    #[partition_key]
    doctor: String,
    #[sort_key]
    #[envelope(key = "S")]
    at: DateTime<FixedOffset>,
    #[encrypted]
    reason: String,
    #[serde(with = "minutes")]
    length: std::time::Duration,
    #[serde(default)]
    cancelled: bool,
    #[serde(skip)]
    loaded_from_cache: bool,
}

#[tokio::test]
async fn an_appointment() {
    let appointment = Appointment {
        doctor: "d".into(),
        at: DateTime::parse_from_rfc3339("2026-11-23T20:00:00+01:00").unwrap(),
        reason: "checkup".into(),
        length: std::time::Duration::from_mins(30),
        cancelled: false,
        loaded_from_cache: false,
    };
    check_with_serde(appointment).await;
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "consents")]
struct Consent {
    #[partition_key]
    patient: u64,
    #[sort_key]
    study: String,
    #[authenticated]
    given: bool,
    #[authenticated]
    #[envelope(since = 2, rename = "granted_until")]
    until: Option<NaiveDate>,
    #[authenticated]
    #[envelope(context)]
    site: String,
}

#[tokio::test]
async fn a_consent_that_is_authenticated_and_not_sealed() {
    let (study, site) = ("s".to_owned(), "ulm".to_owned());
    let consent = Consent { patient: 1, study, given: true, until: None, site };
    check_in_scope(consent, [("site", "ulm")]).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "beds")]
struct Bed {
    #[partition_key]
    ward: u8,
    #[sort_key]
    number: u8,
    #[encrypted]
    occupant: Option<u64>,
    #[encrypted]
    unit_like: (),
    free_since: Option<()>,
}

#[tokio::test]
async fn a_bed_with_and_without_an_occupant() {
    for occupant in [None, Some(1)] {
        check(Bed { ward: 0, number: 1, occupant, unit_like: (), free_since: None }).await;
    }
}
