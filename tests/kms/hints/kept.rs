//! Readers that keep data keys, among forged records.

use std::sync::Arc;
use std::time::Duration;

use envelope_runtime::KmsKeyProvider;
use envelope_runtime::error::{DataKeyError, DataKeyErrorKind};
use envelope_runtime::key::{Cache, Cached, EncryptedDataKey, KeyProvider};
use tokio::task::JoinSet;
use tokio::time::advance;

use super::{Keys, counts, hinted, pass, request, without_describe};
use envelope_tests::Reaction;

type Reader = Arc<Cached<KmsKeyProvider>>;

async fn load(reader: &Reader, copy: EncryptedDataKey) -> Result<(), DataKeyError> {
    reader.decrypt(&copy.into(), &request("users")).await.map(drop)
}

/// A thousand forged wrapped keys: under hints of the attacker's own key, as its wrapped keys and
/// under the reader's hint, and garbage under the reader's hint.
async fn forged(keys: &Keys) -> Vec<EncryptedDataKey> {
    let own = keys.copy(&keys.own).await;
    let foreign = keys.foreign_copies(40).await;
    let garbage = |number: u32| [own.wrapped(), &number.to_be_bytes()].concat();
    (0..1_000_u32)
        .map(|number| {
            let foreign = &foreign[usize::try_from(number).unwrap() % foreign.len()];
            match number % 3 {
                0 => hinted(*foreign.hint(), &garbage(number)),
                1 => hinted(*own.hint(), &garbage(number)),
                _ => hinted(*own.hint(), foreign.wrapped()),
            }
        })
        .collect()
}

#[tokio::test]
async fn t24_a_thousand_forged_records_cost_a_bounded_number_of_calls_and_own_ones_load() {
    let keys = Keys::new().await;
    let forged = forged(&keys).await;
    let mut own = Vec::new();
    for _ in 0..100 {
        own.push(keys.copy(&keys.own).await);
    }
    for name in keys.names() {
        let (provider, script) = keys.reader(&name, pass);
        provider.resolve().await.unwrap();
        let reader: Reader = Arc::new(provider.cached(Cache::entries(200)));
        counts(&script);

        let mut loads = JoinSet::new();
        for (number, copy) in forged.iter().enumerate() {
            let (forged, genuine) = (copy.clone(), own[number % own.len()].clone());
            let reader = Arc::clone(&reader);
            loads.spawn(async move {
                load(&reader, forged).await.unwrap_err();
                load(&reader, genuine).await.unwrap();
            });
        }
        loads.join_all().await;

        // One for each data key of its own. Of the 667 under its own hint, one for each that
        // differs: all garbage, and 40 wrapped keys of the attacker's, since those are known again.
        let (decrypts, describes) = counts(&script);
        let of_own = 100 + 333 + 40;
        // By alias, an attacker's hint makes it ask once a minute where the alias leads.
        assert_eq!((decrypts, describes), (of_own, usize::from(name == keys.alias)), "{name}");

        for _ in 0..3 {
            for copy in &forged {
                load(&reader, copy.clone()).await.unwrap_err();
            }
        }
        assert_eq!(counts(&script), (0, 0), "{name}");
        assert_eq!(reader.keys_alive(), 100);
        // The next minute, they are asked about again.
        advance(Duration::from_secs(61)).await;
        load(&reader, forged[1].clone()).await.unwrap_err();
        assert_eq!(counts(&script).0, 1, "{name}");
    }
}

/// A reader that does not know its ARN yet cannot tell its own records from others.
#[tokio::test]
async fn t24_a_cold_reader_that_keeps_data_keys_asks_no_more_about_foreign_records() {
    let keys = Keys::new().await;
    let foreign = keys.foreign_copies(40).await;
    let own = keys.copy(&keys.own).await;
    for name in &keys.names()[1..] {
        let (provider, script) = keys.reader(name, pass);
        let reader: Reader = Arc::new(provider.cached(Cache::entries(10)));
        for copy in &foreign {
            load(&reader, copy.clone()).await.unwrap_err();
        }

        load(&reader, own.clone()).await.unwrap();
        load(&reader, own.clone()).await.unwrap();

        let (decrypts, describes) = counts(&script);
        assert_eq!(decrypts, 8 + 1, "{name}");
        assert!(describes <= 2, "{name}: {describes}");
    }
}

#[tokio::test]
async fn t07_a_repointed_alias_is_followed_and_data_keys_of_the_old_key_are_kept_no_longer() {
    let keys = Keys::new().await;
    let old = keys.copy(&keys.own).await;
    let (provider, script) = keys.reader(&keys.alias, pass);
    let reader: Reader = Arc::new(provider.cached(Cache::entries(10)));
    load(&reader, old.clone()).await.unwrap();
    load(&reader, old.clone()).await.unwrap();
    assert_eq!(counts(&script), (1, 0));

    let new_key = keys.backend.create_kms_key().await;
    keys.repoint(&new_key).await;
    load(&reader, keys.copy(&new_key).await).await.unwrap();

    let error = load(&reader, old).await.unwrap_err();
    assert_eq!(error.kind(), DataKeyErrorKind::UnknownKey);
}

/// Whoever writes the table can write a record's own wrapped key under any hint.
#[tokio::test]
async fn t24_a_genuine_data_key_under_a_forged_hint_is_asked_about_once_a_minute() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let (provider, script) = keys.reader(&keys.alias, without_describe);
    let reader: Reader = Arc::new(provider.cached(Cache::entries(10)));
    load(&reader, own.clone()).await.unwrap();
    counts(&script);

    for _ in 0..200 {
        load(&reader, hinted([9; 8], own.wrapped())).await.unwrap_err();
        load(&reader, own.clone()).await.unwrap();
    }

    assert_eq!(counts(&script), (1, 1));
    advance(Duration::from_secs(61)).await;
    load(&reader, hinted([9; 8], own.wrapped())).await.unwrap_err();
    assert_eq!(counts(&script).0, 1);
}

/// Of all who wait for one call, each gets its error, and the next load makes another call.
#[tokio::test]
async fn t33_an_outage_fails_those_who_wait_at_once_and_is_not_remembered() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let down = Reaction::Answer(503, String::new()).after(Duration::from_millis(100));
    let (provider, script) = keys.reader(&keys.own, move |_| down.clone());
    let reader: Reader = Arc::new(provider.cached(Cache::entries(10)));

    let mut loads = JoinSet::new();
    for _ in 0..100 {
        let (reader, own) = (Arc::clone(&reader), own.clone());
        loads.spawn(async move { load(&reader, own).await.unwrap_err() });
    }
    let errors = loads.join_all().await;
    assert!(errors.iter().all(|error| error.kind() == DataKeyErrorKind::Service));
    assert!(errors.iter().all(DataKeyError::is_retryable));
    assert_eq!(counts(&script), (1, 0));

    script.react(pass);
    load(&reader, own).await.unwrap();
    assert_eq!(counts(&script), (1, 0));
}

#[tokio::test]
async fn t33_a_call_that_is_never_answered_ends_at_the_deadline() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    for (deadline, seconds) in [(None, 30), (Some(Duration::from_secs(7)), 7)] {
        let (provider, script) = keys.reader(&keys.own, |_| Reaction::Hang);
        let provider = match deadline {
            Some(deadline) => provider.deadline(deadline),
            None => provider,
        };
        let reader: Reader = Arc::new(provider.cached(Cache::entries(10)));
        let start = tokio::time::Instant::now();

        let error = load(&reader, own.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (DataKeyErrorKind::Network, true));
        assert_eq!(start.elapsed().as_secs(), seconds);
        let error = reader.generate(&request("users")).await.unwrap_err();
        assert_eq!(error.kind(), DataKeyErrorKind::Network);
        assert_eq!(start.elapsed().as_secs(), 2 * seconds);
        drop(script.take());
    }
    let (provider, _) = keys.reader(&keys.alias, |_| Reaction::Hang);
    assert_eq!(provider.resolve().await.unwrap_err().kind(), DataKeyErrorKind::Network);
}
