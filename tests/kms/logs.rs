//! The SDK logs answers at TRACE, and those of KMS hold data keys.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use envelope_runtime::KmsKeyProvider;
use envelope_runtime::key::KeyProvider;
use envelope_tests::{Reaction, Secrets};

use crate::hints::{Keys, load, request};
use crate::listening;

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Said {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn t21_no_data_key_is_logged_when_one_is_made_or_unwrapped() {
    // The data key of 32 times `k`, as KMS answers it.
    const DATA_KEY: &str = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let body = format!(
        r#"{{"KeyId":"{}","Plaintext":"{DATA_KEY}","CiphertextBlob":"d3JhcA=="}}"#,
        keys.own
    );
    let (kms, _) = keys.backend.scripted_kms(move |_| Reaction::Answer(200, body.clone()));
    let provider = KmsKeyProvider::new(kms, &keys.own);
    let said = Said::default();
    let to = said.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || to.clone())
        .finish();
    let _listening = listening::listen(subscriber);

    provider.generate(&request("users")).await.unwrap();
    load(&provider, [own]).await.unwrap();
    // A question whose answer holds no data key is logged as ever.
    provider.resolve().await.unwrap();
    tracing::info!("the test was heard");

    let said = said.take();
    assert!(String::from_utf8_lossy(&said).contains("the test was heard"));
    assert_eq!(Secrets::default().with("data key", &[b'k'; 32]).find(&said), [""; 0]);
}
