//! Saves a record with sealed fields to DynamoDB, shows what is stored, and loads it back.
//!
//! Without arguments it runs against emulators in this process. With `--table` and `--kms-key` it
//! runs against AWS, with the Region and credentials of your environment: it writes two items under
//! unique ids and deletes them again.

use std::error::Error;
use std::process::ExitCode;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sdk_dynamodb::types::AttributeValue;
use clap::Parser;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
use envelope_tests::Backend;

#[derive(EnvelopeRecord)]
#[envelope(table = "users", debug)] // a `Debug` that does not print encrypted fields
struct User {
    #[partition_key]
    id: String,
    plan: String,
    #[encrypted]
    ssn: String,
    #[encrypted]
    phones: Vec<String>,
}

/// Saves a record with sealed fields to DynamoDB, shows what is stored, and loads it back.
#[derive(Parser)]
struct Arguments {
    /// A DynamoDB table in AWS whose partition key is the string `id`; default: an emulator.
    #[arg(long, requires = "kms_key", value_name = "NAME")]
    table: Option<String>,
    /// A KMS key in AWS: its ARN, id, alias (`alias/…`) or alias ARN.
    #[arg(long, requires = "table", value_name = "ID")]
    kms_key: Option<String>,
}

/// The store that the walk uses, and what it needs to look behind it.
struct Place {
    store: Store,
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
    id: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    match (arguments.table, arguments.kms_key) {
        (Some(table), Some(kms_key)) => walk(in_aws(table, kms_key).await?).await,
        _ => walk(in_process().await?).await,
    }
}

async fn in_process() -> Result<Place, Box<dyn Error>> {
    println!("Emulators of DynamoDB and KMS run in this process; nothing leaves it.\n");
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let provider = KmsKeyProvider::new(backend.kms.clone(), backend.create_alias(&key).await);
    let table = "users-dev".to_owned();
    let store = Store::new(backend.dynamodb.clone(), provider).map_table::<User>(&table);
    store.create_table::<User>().await?;
    println!("Created table `{table}`, encrypted at rest.");
    Ok(Place { store, dynamodb: backend.dynamodb, table, id: "foobar".into() })
}

async fn in_aws(table: String, kms_key: String) -> Result<Place, Box<dyn Error>> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    if config.region().is_none() {
        return Err("no AWS Region: set AWS_REGION, or `region` in your AWS profile".into());
    }
    let credentials = config.credentials_provider().ok_or("no AWS credentials are configured")?;
    if credentials.provide_credentials().await.is_err() {
        return Err("no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
                    AWS_SECRET_ACCESS_KEY, or run where a role provides them"
            .into());
    }
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    let provider = KmsKeyProvider::new(aws_sdk_kms::Client::new(&config), kms_key);
    let store = Store::new(dynamodb.clone(), provider).map_table::<User>(&table);
    let id = format!("envelope-quickstart-{}", std::process::id());
    Ok(Place { store, dynamodb, table, id })
}

async fn walk(place: Place) -> Result<(), Box<dyn Error>> {
    let Place { store, dynamodb, table, id } = place;
    let user = User {
        id: id.clone(),
        plan: "free".into(),
        ssn: "078-05-1120".into(),
        phones: vec!["+31 20 123 4567".into()],
    };

    user.save(&store).await?;
    println!("Saved a user. DynamoDB stores:");
    let key = AttributeValue::S(id.clone());
    let stored = dynamodb.get_item().table_name(&table).key("id", key).consistent_read(true);
    let mut item = stored.send().await?.item.ok_or("the item was not stored")?;
    let mut names: Vec<_> = item.keys().cloned().collect();
    names.sort();
    for name in names {
        println!("  {name:10} {}", shown(&item[&name]));
    }

    let loaded = User::load(&store, &id).consistent().await?.ok_or("the user was not found")?;
    println!(
        "\nLoaded it back:\n  {loaded:?}\n  ssn and phones: {} {:?}",
        loaded.ssn, loaded.phones
    );

    let missing = User::load(&store, format!("{id}-missing")).await?;
    println!("\nLoading a missing id returns:\n  {missing:?}");

    // An attacker with write access to the table copies the whole item under another id.
    let copy = format!("{id}-attacker");
    item.insert("id".into(), AttributeValue::S(copy.clone()));
    dynamodb.put_item().table_name(&table).set_item(Some(item)).send().await?;
    match User::load(&store, &copy).consistent().await {
        Err(error) => {
            println!("\nThe same ciphertext copied onto another record is refused:\n  {error}");
        }
        Ok(_) => return Err("a copied item was opened".into()),
    }

    User::delete(&store, copy).await?;
    User::delete(&store, id).await?;
    Ok(())
}

/// Formats a stored value, shortening long bytes.
fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => format!("S  {text:?}"),
        AttributeValue::B(bytes) => {
            let bytes = bytes.as_ref();
            let start = bytes.first_chunk().map_or(0, |start| u128::from_be_bytes(*start));
            format!("B  {start:032x}… ({} bytes)", bytes.len())
        }
        other => format!("{other:?}"),
    }
}
