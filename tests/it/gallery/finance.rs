//! A bank.

use std::num::NonZeroU32;

use envelope_runtime::EnvelopeRecord;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::Date;

use super::{check, check_with_serde};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Iban(String);

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "accounts")]
struct Account {
    #[partition_key]
    #[envelope(key = "S")]
    iban: Iban,
    #[encrypted]
    holder: String,
    #[encrypted]
    balance: i128,
    #[authenticated]
    limit: u128,
    interest: Decimal,
    branch: NonZeroU32,
    opened: Date,
}

#[tokio::test]
async fn an_account_with_numbers_of_38_digits() {
    let account = Account {
        iban: Iban("DE00".into()),
        holder: "zoë".into(),
        balance: -(10_i128.pow(38)) + 1,
        limit: 10_u128.pow(38) - 1,
        interest: "0.0000000000000000000000000001".parse().unwrap(),
        branch: NonZeroU32::MAX,
        opened: Date::from_ordinal_date(2026, 327).unwrap(),
    };
    // serde_dynamo has no 128-bit integers.
    check(account).await;
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Purpose {
    Text { text: String },
    Reference { number: u64, check: char },
    None,
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "transfers")]
struct Transfer {
    #[partition_key]
    #[envelope(key = "S")]
    from: Iban,
    #[sort_key]
    sequence: i64,
    #[encrypted]
    to: (Iban, String),
    #[encrypted]
    amount: Decimal,
    #[encrypted]
    purpose: Purpose,
    currency: [char; 3],
    booked: Option<Result<u32, String>>,
}

#[tokio::test]
async fn a_transfer_in_each_form() {
    let text = Purpose::Text { text: "rent".into() };
    for (sequence, purpose, booked) in [
        (-1, text, None),
        (0, Purpose::Reference { number: 7, check: 'X' }, Some(Ok(1))),
        (i64::MAX, Purpose::None, Some(Err("late".into()))),
    ] {
        let (from, to) = (Iban("DE00".into()), (Iban("FR00".into()), "Zoé".into()));
        let (amount, currency) = (Decimal::MAX, ['E', 'U', 'R']);
        check_with_serde(Transfer { from, sequence, to, amount, purpose, currency, booked }).await;
    }
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "ledger")]
struct LedgerEntry {
    #[partition_key]
    day: i32,
    #[sort_key]
    #[envelope(key = "S")]
    amount: Decimal,
    #[encrypted]
    text: String,
    #[encrypted]
    halves: Vec<Half>,
    #[authenticated]
    balanced: bool,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Half(Iban, f64, Option<Box<Half>>);

#[tokio::test]
async fn a_ledger_entry_with_a_fraction_as_its_sort_key() {
    let inner = Half(Iban("a".into()), 0.0, None);
    let halves = vec![Half(Iban("b".into()), -1.5, Some(inner.into()))];
    let amount = "-0.05".parse::<Decimal>().unwrap();
    let text = String::new();
    check_with_serde(LedgerEntry { day: i32::MIN, amount, text, halves, balanced: false }).await;
}

#[derive(EnvelopeRecord, Serialize, Debug, PartialEq)]
#[envelope(table = "tax_records")]
struct TaxRecord {
    #[partition_key]
    #[envelope(context)]
    office: u16,
    #[sort_key]
    file: Vec<u8>,
    #[encrypted]
    identification: String,
    #[encrypted]
    years: std::collections::VecDeque<(u16, Decimal)>,
    #[serde(skip)]
    _removed: (),
}

#[tokio::test]
async fn a_tax_record_whose_context_is_a_number() {
    let years = [(2025, Decimal::ONE), (2026, Decimal::ZERO)].into();
    let identification = "02476291358".into();
    let file = b"\x00\xFF".to_vec();
    check_with_serde(TaxRecord { office: 42, file, identification, years, _removed: () }).await;
}
