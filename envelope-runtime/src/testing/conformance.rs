//! Conformance checks for key providers.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::key::{
    DataKey, DataKeyErrorKind, DataKeyRequest, EncryptedDataKey, EncryptionContext, Full,
    KeyProvider, KeyReference, ProviderId,
};

/// A rule of [`KeyProvider`] that a provider breaks.
#[derive(Clone, Debug)]
pub struct ConformanceError {
    rule: &'static str,
    found: String,
}

impl fmt::Display for ConformanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key provider {}; this one {}", self.rule, self.found)
    }
}

impl std::error::Error for ConformanceError {}

/// Checks that a key provider obeys the rules of [`KeyProvider`], whether it talks to a key service
/// or keeps the keys that another provider returned.
///
/// It makes about fifty calls, for the logical tables `conformance` and `conformance-2`. A provider
/// may return one data key twice for one encryption context, but never for two.
///
/// ```
/// use envelope_runtime::{LocalKeyProvider, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::conforms(&LocalKeyProvider::insecure_ephemeral()?).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ConformanceError`] names the first broken rule.
pub async fn conforms<P>(provider: &P) -> Result<(), ConformanceError>
where
    P: KeyProvider<Capability = Full> + ?Sized,
{
    let request = |table, pairs: &[(&'static str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| (*name, (*value).to_owned()));
        DataKeyRequest::new(EncryptionContext::new(table, pairs))
    };
    let own = request("conformance", &[("tenant", "a/b"), ("ward", "c")]);
    let others = [
        ("another table", request("conformance-2", &[("tenant", "a/b"), ("ward", "c")])),
        ("another value", request("conformance", &[("tenant", "a/x"), ("ward", "c")])),
        ("a pair less", request("conformance", &[("tenant", "a/b")])),
        ("the same values under other names", request("conformance", &[("t", "a/b"), ("w", "c")])),
        ("values exchanged", request("conformance", &[("tenant", "c"), ("ward", "a/b")])),
        (
            "the same text in other parts",
            request("conformance", &[("tenant", "a"), ("ward", "b/c")]),
        ),
        // Not after a comma: emulators of KMS join the pairs with commas themselves.
        ("a name within a value", request("conformance", &[("tenant", "a/b;ward=c")])),
    ];

    let rule = "generates a data key";
    let made = provider.generate(&own.sealing(1)).await.map_err(|error| broken(rule, &error))?;
    let (data_key, reference) = (made.data_key(), made.reference());
    let check = Check { provider, data_key };

    let rule = "treats a data key that it has just generated as current";
    if !provider.is_current(reference, &own.sealing(1)) {
        return Err(broken(rule, &"does not"));
    }
    check.opens("unwraps what it wrapped", reference, &own).await?;
    check.opens("unwraps it as often as it is asked", reference, &own).await?;
    let rule = "accepts the reference of a data key that it has unwrapped";
    if !provider.accepts(reference) {
        return Err(broken(rule, &"does not"));
    }
    for (what, request) in &others {
        let rule = "binds a data key to its whole encryption context";
        let mismatch = DataKeyErrorKind::Mismatch;
        // Concurrently, since requests in flight at the same time may be treated as one.
        let refuses = check.refuses(rule, what, reference, request, mismatch);
        let opens = check.opens("answers two requests at once", reference, &own);
        let (own_opens, other_refuses) = both(opens, refuses).await;
        other_refuses.and(own_opens)?;
        let (made, again) = both(provider.generate(request), provider.generate(&own)).await;
        let made = made.map_err(|error| broken(rule, &error))?;
        again.map_err(|error| broken(rule, &error))?;
        if made.data_key().is(data_key) {
            return Err(broken(rule, &format_args!("returns the same data key for {what}")));
        }
        check.with(made.data_key()).opens(rule, made.reference(), request).await?;
    }

    let rule = "refuses a reference of another kind";
    let custom = ProviderId::custom(0x7E);
    match reference {
        KeyReference::Wrapped(copies) => {
            let unsupported = DataKeyErrorKind::Unsupported;
            let row = KeyReference::KeyTable(vec![1; KeyReference::MAX_KEY_ID_LEN]);
            check.refuses(rule, "a row of a key table", &row, &own, unsupported).await?;
            for copy in copies {
                check.altered(copy, &own).await?;
            }
            let foreign = |bytes| custom.and_then(|id| EncryptedDataKey::new(id, [9; 8], bytes));
            let foreign: Vec<_> = foreign(b"another's".to_vec()).into_iter().collect();
            let rule = "refuses copies of other providers alone";
            let alone = KeyReference::Wrapped(foreign.clone());
            let unknown = DataKeyErrorKind::UnknownKey;
            check.refuses(rule, "one", &alone, &own, unknown).await?;
            let all = KeyReference::Wrapped(foreign.iter().chain(copies).cloned().collect());
            check.opens("finds its own copy among others", &all, &own).await?;
        }
        KeyReference::KeyTable(_) => {
            let unknown = DataKeyErrorKind::UnknownKey;
            let none = KeyReference::Wrapped(Vec::new());
            check.refuses(rule, "no copy", &none, &own, unknown).await?;
        }
    }
    check.opens("unwraps a data key whatever else it has refused", reference, &own).await?;
    provider.clear();
    match provider.keys_alive() {
        0 => Ok(()),
        kept => Err(broken("keeps no data key after `clear`", &format_args!("keeps {kept}"))),
    }
}

/// The provider, and the data key that it generated.
struct Check<'a, P: ?Sized> {
    provider: &'a P,
    data_key: &'a Arc<DataKey>,
}

impl<P: KeyProvider + ?Sized> Check<'_, P> {
    async fn opens(
        &self,
        rule: &'static str,
        reference: &KeyReference,
        request: &DataKeyRequest,
    ) -> Result<(), ConformanceError> {
        match self.provider.decrypt(reference, request).await {
            Ok(data_key) if data_key.is(self.data_key) => Ok(()),
            Ok(_) => Err(broken(rule, &"returns another data key")),
            Err(error) => Err(broken(rule, &error)),
        }
    }

    async fn refuses(
        &self,
        rule: &'static str,
        what: &str,
        reference: &KeyReference,
        request: &DataKeyRequest,
        kind: DataKeyErrorKind,
    ) -> Result<(), ConformanceError> {
        match self.provider.decrypt(reference, request).await {
            Err(error) if error.kind() == kind => Ok(()),
            Err(error) => {
                let found = error.kind();
                Err(broken(rule, &format_args!("reports {found:?} instead of {kind:?} for {what}")))
            }
            Ok(_) => Err(broken(rule, &format_args!("unwraps {what}"))),
        }
    }

    /// Checks that a wrapped key is authenticated, to its end.
    async fn altered(
        &self,
        copy: &EncryptedDataKey,
        request: &DataKeyRequest,
    ) -> Result<(), ConformanceError> {
        let mut flipped = copy.wrapped().to_vec();
        let Some(last) = flipped.last_mut() else { return Ok(()) };
        *last ^= 1;
        let mut cut = copy.wrapped().to_vec();
        cut.pop();
        for bytes in [flipped, cut] {
            let Some(copy) = EncryptedDataKey::new(copy.provider(), *copy.hint(), bytes) else {
                continue;
            };
            let rule = "refuses a wrapped key that was altered or cut";
            let mismatch = DataKeyErrorKind::Mismatch;
            self.refuses(rule, "one", &copy.into(), request, mismatch).await?;
        }
        Ok(())
    }
}

impl<'a, P: KeyProvider + ?Sized> Check<'a, P> {
    fn with(&self, data_key: &'a Arc<DataKey>) -> Self {
        Self { provider: self.provider, data_key }
    }
}

/// Awaits two futures concurrently.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut from_a, mut from_b) = (None, None);
    poll_fn(|cx| {
        if from_a.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(cx)
        {
            from_a = Some(output);
        }
        if from_b.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(cx)
        {
            from_b = Some(output);
        }
        match (from_a.take(), from_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (from_a, from_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

fn broken(rule: &'static str, found: &dyn fmt::Display) -> ConformanceError {
    ConformanceError { rule, found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalKeyProvider;
    use crate::key::{GeneratedDataKey, KeyFuture};

    /// A fault of a provider.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fault {
        None,
        IgnoresTheContext,
        OneKeyForAll,
        TakesTheFirstCopy,
        IsNeverCurrent,
        AcceptsNothing,
        ClearsNothing,
        Forgets,
        SaysItOtherwise,
        /// Returns the same for all contexts whose values join to the same text.
        JoinsValues(&'static str),
        JoinsPairs,
    }

    struct Faulty {
        local: LocalKeyProvider,
        only: GeneratedDataKey,
        fault: Fault,
        unwrapped: std::sync::atomic::AtomicBool,
    }

    /// The context under which a pool that takes shortcuts stores a data key.
    fn joined(fault: Fault, context: &EncryptionContext) -> Option<EncryptionContext> {
        let text = match fault {
            Fault::JoinsValues(by) => {
                context.iter().map(|(_, value)| value).collect::<Vec<_>>().join(by)
            }
            Fault::JoinsPairs => {
                let pairs = context.iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join(";")
            }
            _ => return None,
        };
        Some(EncryptionContext::new("joined", [("text", text)]))
    }

    fn anywhere() -> DataKeyRequest {
        DataKeyRequest::new(EncryptionContext::new("anywhere", []))
    }

    impl Faulty {
        async fn new(fault: Fault) -> Self {
            let local = LocalKeyProvider::insecure_ephemeral().unwrap();
            let only = local.generate(&anywhere()).await.unwrap();
            Self { local, only, fault, unwrapped: false.into() }
        }

        async fn unwrap(
            &self,
            reference: &KeyReference,
            request: &DataKeyRequest,
        ) -> Result<Arc<DataKey>, crate::error::DataKeyError> {
            use std::sync::atomic::Ordering;
            let error = |kind| crate::error::DataKeyError::new(kind, "faulty");
            if self.fault == Fault::Forgets && self.unwrapped.swap(true, Ordering::Relaxed) {
                return Err(error(DataKeyErrorKind::UnknownKey));
            }
            if self.fault == Fault::OneKeyForAll && reference == self.only.reference() {
                let context = request.context();
                let is_its = context.value("tenant") == Some("a/b")
                    && context.value("ward") == Some("c")
                    && context.value("envelope:table") == Some("conformance");
                let answer = is_its.then(|| self.only.data_key().clone());
                return answer.ok_or_else(|| error(DataKeyErrorKind::Mismatch));
            }
            let first = match reference {
                KeyReference::Wrapped(copies) if self.fault == Fault::TakesTheFirstCopy => {
                    KeyReference::Wrapped(copies.first().cloned().into_iter().collect())
                }
                other => other.clone(),
            };
            let joined = joined(self.fault, request.context()).map(DataKeyRequest::new);
            let request = match self.fault {
                Fault::IgnoresTheContext => &anywhere(),
                _ => joined.as_ref().unwrap_or(request),
            };
            let unwrapped = self.local.decrypt(&first, request).await;
            unwrapped.map_err(|inner| match self.fault {
                Fault::SaysItOtherwise => error(DataKeyErrorKind::Other),
                _ => inner,
            })
        }
    }

    impl KeyProvider for Faulty {
        type Capability = Full;

        fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
            Box::pin(async move {
                match self.fault {
                    Fault::IgnoresTheContext => self.local.generate(&anywhere()).await,
                    Fault::OneKeyForAll => Ok(self.only.clone()),
                    fault => {
                        let joined = joined(fault, request.context()).map(DataKeyRequest::new);
                        self.local.generate(joined.as_ref().unwrap_or(request)).await
                    }
                }
            })
        }

        fn decrypt<'a>(
            &'a self,
            reference: &'a KeyReference,
            request: &'a DataKeyRequest,
        ) -> KeyFuture<'a, Arc<DataKey>> {
            Box::pin(self.unwrap(reference, request))
        }

        fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
            self.fault != Fault::IsNeverCurrent
        }

        fn keys_alive(&self) -> usize {
            usize::from(self.fault == Fault::ClearsNothing)
        }

        fn accepts(&self, reference: &KeyReference) -> bool {
            self.fault != Fault::AcceptsNothing && self.local.accepts(reference)
        }
    }

    #[tokio::test]
    async fn each_fault_is_named() {
        for (fault, text) in [
            (Fault::IgnoresTheContext, "whole encryption context; this one unwraps another table"),
            (Fault::OneKeyForAll, "the same data key for another table"),
            (Fault::TakesTheFirstCopy, "finds its own copy among others"),
            (Fault::IsNeverCurrent, "as current; this one does not"),
            (Fault::ClearsNothing, "after `clear`; this one keeps 1"),
            (Fault::AcceptsNothing, "that it has unwrapped; this one does not"),
            (Fault::Forgets, "as often as it is asked"),
            (Fault::JoinsValues(";"), "unwraps the same values under other names"),
            (Fault::JoinsValues("/"), "unwraps the same values under other names"),
            (Fault::JoinsPairs, "unwraps a name within a value"),
            (Fault::SaysItOtherwise, "reports Other instead of Mismatch for another table"),
        ] {
            let error = conforms(&Faulty::new(fault).await).await.unwrap_err().to_string();
            assert!(error.contains(text), "{fault:?}: {error}");
        }
        conforms(&Faulty::new(Fault::None).await).await.unwrap();
    }
}
