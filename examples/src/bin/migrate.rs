//! Seals the users of a table that holds data, with a progress bar: the program that runs once in a
//! migration. Copy it, and put your own record in.
//!
//! Without arguments it seals a thousand users in an emulator in this process. With `--table` and
//! `--kms-key` it seals those of a table in AWS: begin with `--dry-run`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use clap::Parser;
use envelope_runtime::key::{KeyProvider, Reuse};
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, MigrationReport, Store, Until};
use envelope_tests::Backend;
use indicatif::{ProgressBar, ProgressStyle};

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    plan: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    phone: Option<String>,
}

/// The day on which every program refuses what is not sealed.
const UNTIL: Until = Until::date(2027, 3, 1);
/// The records under one data key, which is kept for a minute at most.
const RECORDS: u64 = 1_000;

/// Seals the users of a table that holds data.
#[derive(Parser)]
struct Arguments {
    /// A DynamoDB table in AWS; default: an emulator with a thousand users.
    #[arg(long, requires = "kms_key", value_name = "NAME")]
    table: Option<String>,
    /// A KMS key in AWS: its ARN, id, alias (`alias/…`) or alias ARN.
    #[arg(long, requires = "table", value_name = "ID")]
    kms_key: Option<String>,
    /// Says what would be done, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Keeps the parts of the table that are done in this file, and goes on from it.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The number of parts of the table.
    #[arg(long, default_value_t = 64)]
    segments: u32,
    /// Reads no more than this many items per second.
    #[arg(long, value_name = "ITEMS")]
    rate: Option<u32>,
    /// Seals records too that turned up behind the migration. First find out who wrote them.
    #[arg(long, requires = "checkpoint")]
    accept_reappeared: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("migrate: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all users are sealed.
async fn run(arguments: Arguments) -> Result<bool, Box<dyn Error>> {
    let store = match (&arguments.table, &arguments.kms_key) {
        (Some(table), Some(kms_key)) => {
            let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
            let kms = KmsKeyProvider::new(aws_sdk_kms::Client::new(&config), kms_key.as_str());
            store(aws_sdk_dynamodb::Client::new(&config), kms).map_table::<User>(table)
        }
        _ => with_users().await?,
    };
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template(
        "{msg} {bar:40} {pos} of about {len} items, {eta}",
    )?);
    let progress = bar.clone();
    let mut migration =
        store.migrate::<User>().segments(arguments.segments).on_progress(move |progress_now| {
            let pass = ["sealing ", "checking"];
            progress.set_message(pass[usize::from(progress_now.pass > 1)]);
            progress.set_length(progress_now.estimated_items.max(progress_now.items_read));
            progress.set_position(progress_now.items_read);
        });
    if arguments.dry_run {
        migration = migration.dry_run();
    }
    if let Some(file) = arguments.checkpoint {
        migration = migration.checkpoint(file);
    }
    if let Some(rate) = arguments.rate {
        migration = migration.items_per_second(rate);
    }
    if arguments.accept_reappeared {
        migration = migration.accept_reappeared();
    }
    let report = migration.await?;
    bar.finish_and_clear();
    print(&report);
    Ok(report.is_complete())
}

fn store(dynamodb: aws_sdk_dynamodb::Client, kms: KmsKeyProvider) -> Store {
    let kms = kms.reuse(Reuse::records(RECORDS).for_at_most(Duration::from_mins(1)));
    Store::new(dynamodb, kms).accept_unsealed::<User>(UNTIL)
}

fn print(report: &MigrationReport) {
    let MigrationReport { records, changed, remaining, reappeared, failed, .. } = report;
    println!("{records} users, {changed} sealed by this run.");
    println!("{remaining} remain, of which {reappeared} have reappeared; {failed} have failed.");
    for field in &report.fields {
        let [sealed, unsealed, absent] = [field.sealed, field.unsealed, field.absent];
        println!("  {}: {sealed} sealed, {unsealed} not sealed, {absent} absent", field.attribute);
    }
    for item in &report.problems {
        // The text has no value. `item.key()` has the key, for a place that may hold it.
        println!("  {item}");
    }
}

/// A store over an emulator, with users as a program without encryption has left them. The clock
/// stands still in the window.
async fn with_users() -> Result<Store, Box<dyn Error>> {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let february = || SystemTime::UNIX_EPOCH + Duration::from_hours(500_400);
    let store = store(backend.dynamodb.clone(), KmsKeyProvider::new(backend.kms, key));
    let store = store.clock(february);
    store.create_table::<User>().await?;
    for number in 0..1_000 {
        let text = |text: String| AttributeValue::S(text);
        let put = backend.dynamodb.put_item().table_name("users");
        let put = put.item("id", text(format!("u-{number}"))).item("plan", text("free".into()));
        let put = put.item("ssn", text(format!("ssn of {number}")));
        put.item("phone", AttributeValue::Null(true)).send().await?;
    }
    Ok(store)
}
