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
    counts: Arc<KeyCounts>,
}

/// The cost of an operation's data keys.
#[derive(Debug, Default)]
pub(crate) struct KeyCounts {
    calls: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl DataKeyRequest {
    /// A request of no operation, for tests of a provider. It seals nothing.
    #[must_use]
    pub fn new(context: EncryptionContext) -> Self {
        Self::counting(context, 0, Arc::default())
    }

    /// A request of an operation that seals up to this many bytes.
    pub(crate) fn counting(
        context: EncryptionContext,
        plaintext_len: u64,
        counts: Arc<KeyCounts>,
    ) -> Self {
        Self { context, plaintext_len, counts }
    }

    /// The same request for an operation that seals up to this many bytes.
    #[must_use]
    pub fn sealing(&self, plaintext_len: u64) -> Self {
        Self { plaintext_len, ..self.clone() }
    }

    /// The same request, whose costs are counted by themselves.
    #[cfg(feature = "aws")]
    pub(crate) fn apart(&self) -> Self {
        Self { counts: Arc::default(), ..self.clone() }
    }

    /// Adds the costs of a request that was counted by itself, and returns its number of calls.
    #[cfg(feature = "aws")]
    pub(crate) fn add(&self, apart: &Self) -> u64 {
        let calls = apart.counts.calls();
        self.counts.calls.fetch_add(calls, Ordering::Relaxed);
        self.counts.hits.fetch_add(apart.counts.hits(), Ordering::Relaxed);
        self.counts.misses.fetch_add(apart.counts.misses(), Ordering::Relaxed);
        calls
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
    /// kept answer.
    pub fn count_call(&self) {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer that a provider had kept.
    pub fn count_hit(&self) {
        self.counts.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request for which a provider that keeps answers had none.
    pub fn count_miss(&self) {
        self.counts.misses.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "a store tells them"))]
impl KeyCounts {
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    pub(crate) fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "aws")]
    #[test]
    fn what_was_counted_by_itself_can_be_added() {
        let request = DataKeyRequest::new(EncryptionContext::new("users", []));
        request.count_call();
        let apart = request.apart();
        apart.count_call();
        apart.count_call();
        apart.count_hit();
        apart.count_miss();

        assert_eq!(request.counts.calls(), 1);
        assert_eq!(request.add(&apart), 2);
        let counts = &request.counts;
        assert_eq!((counts.calls(), counts.hits(), counts.misses()), (3, 1, 1));
    }

    #[test]
    fn the_calls_hits_and_misses_of_a_request_and_its_clones_are_counted_for_one_operation() {
        let counts = Arc::new(KeyCounts::default());
        let context = EncryptionContext::new("users", []);
        let request = DataKeyRequest::counting(context.clone(), 0, Arc::clone(&counts));

        request.count_call();
        request.clone().count_call();
        request.sealing(7).count_call();
        request.count_hit();
        request.clone().count_hit();
        request.count_miss();

        assert_eq!((counts.calls(), counts.hits(), counts.misses()), (3, 2, 1));
        assert_eq!(request.context(), &context);
        assert_eq!((request.plaintext_len(), request.sealing(7).plaintext_len()), (0, 7));
    }
}
