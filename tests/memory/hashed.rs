//! The values of hashed keys, which a caller gives and a record holds.

use std::mem;

use envelope_runtime::{EnvelopeRecord, IndexSecret, KmsKeyProvider, Store};
use envelope_tests::{Backend, Secrets, unique_table};

use crate::assert_wiped;
use crate::spy::freed_by;
use crate::store::{block_on, runtime};

const EMAIL: &str = "canary.of.a.hashed.key@example.com";
const PHONE: &str = "canary-of-a-hashed-phone";
const SECRET: [u8; 32] = *b"the index secret of these tests.";

#[derive(EnvelopeRecord)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    #[envelope(hashed)]
    email: String,
    #[sort_key]
    #[envelope(hashed(hex))]
    phone: String,
    visits: u32,
}

async fn store() -> Store {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let provider = KmsKeyProvider::new(backend.kms.clone(), key);
    let secret = data_encoding::HEXLOWER.encode(&SECRET);
    let secret = IndexSecret::from_hex("tests", secret.leak()).unwrap();
    let store = Store::new(backend.dynamodb.clone(), provider).map_table::<Member>(unique_table());
    let store = store.index_secret(secret);
    store.create_table::<Member>().await.unwrap();
    store
}

#[test]
fn t22_keys_that_are_hashed_leave_no_value() {
    let runtime = runtime();
    let store = runtime.block_on(store());
    let member = Member { email: EMAIL.into(), phone: PHONE.into(), visits: 1 };
    let secrets = Secrets::default().with("email", EMAIL.as_bytes());
    let secrets = secrets.with("phone", PHONE.as_bytes()).with("secret", &SECRET);

    let ((), freed) = freed_by(|| {
        block_on(&runtime, async {
            store.create(&member).await.unwrap();
            mem::forget(store.get::<Member>((EMAIL, PHONE)).await.unwrap().unwrap());
            let query = store.query::<Member>(EMAIL).sort(|s| s.eq(PHONE));
            mem::forget(query.all().await.unwrap());
            mem::forget(store.batch_get::<Member>([(EMAIL, PHONE)]).await.unwrap());
            store.update::<Member>((EMAIL, PHONE)).add(|f| f.visits, 1).await.unwrap();
            store.delete::<Member>((EMAIL, PHONE)).await.unwrap();
            assert!(store.get::<Member>((EMAIL, "")).await.is_err());
        });
    });

    assert_wiped(&freed, &secrets);
    mem::forget(member);
}
