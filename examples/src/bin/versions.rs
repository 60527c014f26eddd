//! Two programs change one record, and the slower one gets a conflict. Then a record expires. Runs
//! on emulators in this process.

use std::error::Error;
use std::time::{Duration, SystemTime};

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Opener, SaveError, Store};
use envelope_tests::Backend;

#[derive(EnvelopeRecord, Clone, Debug)]
#[envelope(table = "documents")]
struct Document {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[envelope(version)]
    version: u64,
    #[envelope(created_at)]
    created: Option<u64>,
    #[envelope(updated_at)]
    updated: u64,
    #[envelope(ttl)]
    expires: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let provider = KmsKeyProvider::new(backend.kms.clone(), &key);
    let store = Store::new(backend.dynamodb, provider);
    store.create_table::<Document>().await?; // and DynamoDB deletes expired documents

    let new = Document {
        id: "d-1".into(),
        text: "first".into(),
        version: 0, // not stored yet
        created: None,
        updated: 0,
        expires: None,
    };
    let saved = store.put(&new).await?.into_inner();
    println!("Saved: version {}, created at {:?}", saved.version, saved.created);

    // Both start from the same version.
    let mine = Document { text: "mine".into(), ..saved.clone() };
    let theirs = Document { text: "theirs".into(), ..saved };
    let _ = store.put(&theirs).await?;
    let error = match store.put(&mine).await {
        Err(SaveError::Version(error)) => error,
        other => return Err(format!("not refused: {other:?}").into()),
    };
    println!("Refused: {error}");

    // The error holds the stored item, still sealed: decide, then save over that version.
    let stored = error.stored().ok_or("nothing is stored")?.clone();
    let opener = Opener::new(KmsKeyProvider::new(backend.kms, &key));
    let stored = opener.open::<Document>(stored).await?.into_record();
    let merged = Document { text: format!("{} and mine", stored.text), ..stored };
    let saved = store.put(&merged).await?;
    println!("Merged: {:?}, version {}", saved.text, saved.version);

    // Updates increment the version too, and depend on it only if given one.
    store.update::<Document>("d-1").version(saved.version).seal(|f| f.text, "sealed again").await?;
    let stale = store.delete_version::<Document>("d-1", saved.version).await;
    println!("Refused: {}", stale.err().ok_or("a stale version was deleted")?);

    // An expired record counts as absent, though DynamoDB may take some days to delete it.
    let now = SystemTime::now();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    store.update::<Document>("d-1").set(|f| f.expires, seconds + 3600).await?;
    let later = store.clone().clock(move || now + Duration::from_hours(2));
    println!("In two hours: {:?}", later.get::<Document>("d-1").await?);
    store.delete_any_version::<Document>("d-1").await?;
    Ok(())
}
