//! A process that is frozen for longer than the age of its data keys.

#![allow(missing_docs, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_lambda_example::{App, Policy, User, provider};
use envelope_runtime::Store;
use envelope_tests::{Backend, KmsRequests};
use serde_json::Value;

/// The function in this process, with a wall clock that the test moves. The monotonic clock stands
/// still meanwhile, as that of a frozen machine does.
struct Function {
    app: App,
    now: Arc<AtomicU64>,
    requests: KmsRequests,
}

impl Function {
    async fn with(policy: Policy) -> Self {
        let backend = Backend::in_process().await;
        let table = backend.create_table(&[("id", ScalarAttributeType::S)]).await;
        let key = backend.create_kms_key().await;
        let (kms, requests) = backend.recorded_kms();
        let now = Arc::new(AtomicU64::new(1_800_000_000));
        let wall = Arc::clone(&now);
        let clock =
            move || SystemTime::UNIX_EPOCH + Duration::from_secs(wall.load(Ordering::Relaxed));
        let keys = provider(&kms, &key, policy, clock);
        let store = Store::new(backend.dynamodb, keys).map_table::<User>(table);
        Self { app: App::new(store), now, requests }
    }

    /// Saves a user, and returns the number of calls to KMS.
    async fn save(&self) -> usize {
        self.invoke(include_str!("../events/save.json"), 204).await
    }

    /// Loads the user, and returns the number of calls to KMS.
    async fn load(&self) -> usize {
        self.invoke(include_str!("../events/load.json"), 200).await
    }

    async fn invoke(&self, event: &str, status: i64) -> usize {
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(self.app.invoke(event).await.unwrap().status_code, status);
        self.requests.take().len()
    }

    fn freeze(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_shared_data_key_is_not_used_after_five_minutes_of_frost() {
    let function = Function::with(Policy::Shared).await;
    assert_eq!((function.save().await, function.load().await), (1, 1));

    for frost in [300, 24 * 60 * 60] {
        function.freeze(299);
        assert_eq!((function.load().await, function.save().await), (0, 0));
        function.freeze(frost - 299);
        assert_eq!((function.load().await, function.save().await), (1, 1));
        // The data key of this save was not loaded yet.
        assert_eq!(function.load().await, 1);
    }
}

#[tokio::test]
async fn a_single_data_key_is_never_used_again() {
    let function = Function::with(Policy::Single).await;

    for _ in 0..3 {
        assert_eq!((function.save().await, function.load().await), (1, 1));
    }
}
