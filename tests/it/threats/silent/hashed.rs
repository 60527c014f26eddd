//! The values of hashed keys, through every verb and every refusal.

use envelope_runtime::{EnvelopeRecord, IndexSecret, Keys, KmsKeyProvider, Store};
use envelope_tests::{Backend, Secrets, unique_table};
use futures_util::TryStreamExt as _;

use super::canary;
use super::said::{Said, listen};

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "members", debug)]
struct Member {
    #[partition_key]
    #[envelope(hashed(hex, trim, lowercase, nfc))]
    email: String,
    #[sort_key]
    #[envelope(hashed(hex))]
    phone: String,
    visits: u32,
    #[encrypted]
    name: String,
}

fn member() -> Member {
    let (email, phone) = (canary("mail address"), canary("phone"));
    Member { email, phone, visits: 1, name: canary("name") }
}

fn key() -> (String, String) {
    (canary("mail address"), canary("phone"))
}

/// The values, and as they are normalised.
fn secrets() -> Secrets {
    let secrets = Secrets::default().with("email", canary("mail address").as_bytes());
    let secrets = secrets.with("normal form", canary("mail address").to_lowercase().as_bytes());
    secrets.with("phone", canary("phone").as_bytes()).with("name", canary("name").as_bytes())
}

async fn every_verb(store: &Store, said: &Said) {
    store.create(&member()).await.unwrap();
    let loaded = store.get::<Member>(key()).with_envelope().await.unwrap().unwrap();
    said.debug(&loaded);
    store.put(&member()).await.unwrap();
    store.replace(&member()).await.unwrap();
    store.update::<Member>(key()).add(|f| f.visits, 1).await.unwrap();
    store.update::<Member>(key()).seal(|f| f.name, canary("name")).await.unwrap();
    let query = || store.query::<Member>(canary("mail address")).sort(|s| s.eq(canary("phone")));
    said.debug(&query());
    said.debug(&query().into_request().unwrap());
    assert_eq!(query().all().await.unwrap().len(), 1);
    let keys = store.query::<Keys<Member>>(canary("mail address")).all().await.unwrap();
    said.debug(&keys);
    let scanned: Vec<Member> = store.scan().stream().try_collect().await.unwrap();
    said.debug(&scanned);
    said.debug(&store.batch_get::<Member>([key()]).await.unwrap());
    store.batch_write().put(&member()).await.unwrap();
    store.transaction().delete::<Member>(key()).await.unwrap();
    store.create(&member()).await.unwrap();
    store.delete_whole_partition::<Member>(canary("mail address")).await.unwrap();
}

#[tokio::test]
async fn t21_the_value_of_a_hashed_key_is_said_nowhere() {
    let backend = Backend::start().await;
    let kms_key = backend.create_kms_key().await;
    let provider = KmsKeyProvider::new(backend.kms.clone(), &kms_key);
    let text = IndexSecret::generate(&provider, "tests").await.unwrap();
    let secret = IndexSecret::unwrap(&provider, &text).await.unwrap();
    let second = IndexSecret::from_hex("second", &"02".repeat(32)).unwrap();
    let without = Store::new(backend.dynamodb.clone(), provider);
    let without = without.map_table::<Member>(unique_table());
    let store = without.clone().index_secret(secret.clone());
    store.create_table::<Member>().await.unwrap();

    let said = Said::default();
    let listening = listen(&said);
    every_verb(&store, &said).await;
    said.debug(&secret);
    store.create(&member()).await.unwrap();
    said.failure(store.create(&member()).await);
    said.failure(store.replace(&Member { phone: canary("other"), ..member() }).await);
    for (email, phone) in [(canary("mail address"), ""), (canary("mail address") + "\u{378}", "1")]
    {
        said.failure(store.get::<Member>((email.as_str(), phone)).await);
        said.failure(store.delete::<Member>((email.as_str(), phone)).await);
    }
    // A copy into another table, one that has it already, and one without its secret.
    let other = store.clone().map_table::<Member>(unique_table()).index_secret(second);
    other.create_table::<Member>().await.unwrap();
    let copied = store.migrate_into::<Member, Member>(&other, |member| member).await.unwrap();
    assert!(copied.is_complete() && copied.changed == 1, "{copied:?}");
    said.debug(&copied);
    other.update::<Member>(key()).seal(|f| f.name, canary("name")).await.unwrap();
    let spelled = |member: Member| Member { email: member.email.to_lowercase(), ..member };
    let taken = store.migrate_into::<Member, Member>(&other, spelled).await.unwrap();
    assert_eq!(taken.failed, 1);
    said.debug(&taken);
    said.failure(store.migrate_into::<Member, Member>(&without, |member| member).await);
    said.failure(store.migrate_one_into::<Member, Member>(key(), &without, |one| one).await);
    said.failure(without.put(&member()).await);
    said.failure(without.get::<Member>(key()).await);
    said.failure(without.query::<Member>(canary("mail address")).all().await);
    said.failure(without.batch_get::<Member>([key()]).await);
    said.failure(without.transaction().create(&member()).await);
    drop(listening);

    said.assert_silent(&secrets(), 10_000);
}
