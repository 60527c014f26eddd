//! A request to a key provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::EncryptionContext;

/// A request for a data key: the encryption context, and the operation's use of the key.
///
/// A clone counts its calls for the same operation, so a future that several callers share can keep
/// one.
#[derive(Clone, Debug)]
pub struct DataKeyRequest {
    context: EncryptionContext,
    plaintext_len: u64,
    calls: Arc<AtomicU64>,
}

impl DataKeyRequest {
    /// A request of no operation, for tests of a provider. It seals nothing.
    #[must_use]
    pub fn new(context: EncryptionContext) -> Self {
        Self { context, plaintext_len: 0, calls: Arc::default() }
    }

    /// A request of an operation that seals up to this many bytes.
    pub(crate) fn counting(
        context: EncryptionContext,
        plaintext_len: u64,
        calls: Arc<AtomicU64>,
    ) -> Self {
        Self { context, plaintext_len, calls }
    }

    /// The same request for an operation that seals up to this many bytes.
    #[must_use]
    pub fn sealing(&self, plaintext_len: u64) -> Self {
        Self { plaintext_len, ..self.clone() }
    }

    /// The encryption context that the wrapped key is bound to.
    #[must_use]
    pub fn context(&self) -> &EncryptionContext {
        &self.context
    }

    /// The maximum number of plaintext bytes that the operation seals under the data key; 0 if it
    /// only opens.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    /// Counts a call to a key service. A provider counts each call that it makes, and none for a
    /// cached answer.
    pub fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_a_request_and_its_clones_are_counted_for_one_operation() {
        let calls = Arc::new(AtomicU64::new(0));
        let context = EncryptionContext::new("users", []);
        let request = DataKeyRequest::counting(context.clone(), 0, Arc::clone(&calls));

        request.count_call();
        request.clone().count_call();
        request.sealing(7).count_call();

        assert_eq!(calls.load(Ordering::Relaxed), 3);
        assert_eq!(request.context(), &context);
        assert_eq!((request.plaintext_len(), request.sealing(7).plaintext_len()), (0, 7));
    }
}
