//! The costs that the guide states, worked out again from the prices that it states.

#![allow(missing_docs, reason = "tests")]

/// Records saved, and loaded once each.
const RECORDS: u64 = 1_000_000;
/// Records under one data key, at most.
const RECORDS_A_KEY: u64 = 1_000;
/// The age of a data key, in minutes.
const AGE: u64 = 5;

/// Prices in millionths of a dollar for a million.
const KMS_CALLS: u64 = 3_000_000;
const WRITE_UNITS: u64 = 625_000;
const READ_UNITS: u64 = 125_000;
const INVOCATIONS: u64 = 200_000;
const GIGABYTE_SECONDS: u64 = 13_333_400;

/// Gigabyte-seconds of an invocation, in millionths: 20 ms with 256 MB.
const EACH: u64 = 20_000 / 4;

/// The guide's row of a policy: its calls to KMS, and its prices.
fn row(name: &str, calls: u64) -> String {
    let kms = calls * KMS_CALLS / 1_000_000;
    let dynamodb = RECORDS * (WRITE_UNITS + READ_UNITS) / 1_000_000;
    let seconds = 2 * RECORDS * EACH / 1_000_000;
    let lambda = 2 * RECORDS * INVOCATIONS / 1_000_000 + seconds * GIGABYTE_SECONDS / 1_000_000;
    let [kms, dynamodb, lambda, sum] =
        [kms, dynamodb, lambda, kms + dynamodb + lambda].map(dollars);
    format!("| {name} | {} | {kms} | {dynamodb} | {lambda} | {sum} |\n", grouped(calls))
}

/// The most calls of `processes` that live for `minutes`: for each process and age one new data key
/// more than the records need, and each data key unwrapped once.
fn most(processes: u64, minutes: u64) -> u64 {
    let ages = processes * minutes.div_ceil(AGE);
    let keys = RECORDS / RECORDS_A_KEY + ages;
    keys + (keys * ages).min(RECORDS)
}

fn dollars(millionths: u64) -> String {
    let cents = (millionths + 5_000) / 10_000;
    format!("${}.{:02}", cents / 100, cents % 100)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
}

#[test]
fn the_guide_states_the_costs_that_its_prices_make() {
    let guide = include_str!("../../../docs/guide/src/lambda.md");

    for row in [
        row("`single`", 2 * RECORDS),
        row("`shared`, at least", 2 * RECORDS / RECORDS_A_KEY),
        row("`shared`, 10 processes for 1 hour, at most", most(10, 60)),
        row("`shared`, 10 processes for 24 hours, at most", most(10, 24 * 60)),
    ] {
        assert!(guide.contains(&row), "the guide does not have:\n{row}");
    }
    for price in
        ["$0.03 for 10,000", "$0.625", "$0.125", "$0.20", "$0.0000133334", "20 ms", "256 MB"]
    {
        assert!(guide.contains(price), "the guide does not have: {price}");
    }
}
