//! Changes single attributes of a record, plaintext and sealed, also under conditions, on emulators
//! in this process. Prints the cost of each operation.

use std::error::Error;

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store, Usage};
use envelope_tests::Backend;

#[derive(EnvelopeRecord, Clone, Debug)]
#[envelope(table = "users")]
struct User {
    #[partition_key]
    id: String,
    status: String,
    logins: u64,
    tags: Vec<String>,
    #[authenticated]
    role: String,
    #[encrypted]
    email: String,
    #[encrypted]
    phone: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let store = Store::new(backend.dynamodb, KmsKeyProvider::new(backend.kms, key));
    store.create_table::<User>().await?;

    let user = User {
        id: "foobar".into(),
        status: "new".into(),
        logins: 0,
        tags: Vec::new(),
        role: "patient".into(),
        email: "zoe@example.com".into(),
        phone: Some("+31 20 1234".into()),
    };
    let usage = Usage::default();
    store.measured(&usage).create(&user).await?;
    report("create", &usage);

    // Plaintext attributes only.
    let usage = Usage::default();
    let update = store.measured(&usage).update::<User>("foobar");
    let update = update.set(|f| f.status, "active").add(|f| f.logins, 1);
    update.append(|f| f.tags, vec!["beta".to_owned()]).await?;
    report("set, add and append", &usage);

    // An encrypted attribute. The others are left unchanged.
    let usage = Usage::default();
    let update = store.measured(&usage).update::<User>("foobar");
    update.seal(|f| f.email, "new@example.com").await?;
    report("seal", &usage);

    // All kinds in one write, under a condition, returning the new record.
    let update = store.update::<User>("foobar").seal(|f| f.phone, None).set(|f| f.role, "doctor");
    let update = update.condition(|f| f.status.eq("active").and(f.phone.exists()));
    let user = update.return_new().await?;
    println!("\n{user:#?}\n");

    // Updates that cannot apply are refused, and nothing is written.
    let refused = store.update::<User>("foobar").set(|f| f.status, "closed");
    match refused.condition(|f| f.logins.gt(100)).await {
        Err(error) if error.is_conflict() => println!("Refused: {error}"),
        other => return Err(format!("not refused: {other:?}").into()),
    }
    match store.update::<User>("nobody").set(|f| f.status, "closed").await {
        Err(error) if error.is_not_found() => println!("Refused: {error}"),
        other => return Err(format!("not refused: {other:?}").into()),
    }
    Ok(())
}

fn report(what: &str, usage: &Usage) {
    println!(
        "{what}: {} requests to DynamoDB, {} calls to KMS, {} write units",
        usage.requests(),
        usage.kms_calls(),
        usage.write_units()
    );
}
