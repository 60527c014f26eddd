//! A provider that keeps data keys, around one that reuses them.

use std::sync::Arc;
use std::task::{Context, Waker};

use super::played::{Gated, answered};
use super::{Cache, DataKeyErrorKind, DataKeyRequest, EncryptionContext, Full, KeyProvider, Reuse};

fn request() -> DataKeyRequest {
    DataKeyRequest::new(EncryptionContext::new("users", []))
}

#[test]
fn t07_all_data_keys_of_a_stack_of_providers_are_cleared_and_counted() {
    let gated = Gated::new();
    let provider = gated.clone().reuse(Reuse::records(10)).cached(Cache::entries(10));
    let request = request();
    let made = answered(&gated, provider.generate(&request)).unwrap();
    answered(&gated, provider.decrypt(made.reference(), &request)).unwrap();
    let behind: Arc<dyn KeyProvider<Capability = Full>> = Arc::new(provider.clone());
    assert_eq!((provider.keys_alive(), behind.keys_alive(), gated.keys_alive()), (2, 2, 0));

    Arc::new(behind).clear();

    assert_eq!(provider.keys_alive(), 0);
    gated.refuse(DataKeyErrorKind::Disabled);
    assert!(answered(&gated, provider.generate(&request)).is_err());
    assert!(answered(&gated, provider.decrypt(made.reference(), &request)).is_err());
    gated.clear();
}

/// One of those who wait is not polled again, as a stream that is not asked for more.
#[test]
fn a_provider_that_panics_fails_those_who_wait_and_is_asked_again_by_the_next() {
    let gated = Gated::new();
    let provider = gated.clone().reuse(Reuse::records(9)).cached(Cache::entries(9));
    let request = request();
    let wrapped = answered(&gated, gated.local.generate(&request)).unwrap();
    let reference = wrapped.reference().clone();
    let mut cx = Context::from_waker(Waker::noop());
    let mut waits = (provider.decrypt(&reference, &request), provider.generate(&request));
    assert!(waits.0.as_mut().poll(&mut cx).is_pending());
    assert!(waits.1.as_mut().poll(&mut cx).is_pending());

    gated.panic(true);
    let error = answered(&gated, provider.decrypt(&reference, &request)).unwrap_err();
    assert_eq!(error.kind(), DataKeyErrorKind::Other);
    let error = answered(&gated, provider.generate(&request)).unwrap_err();
    assert_eq!(error.kind(), DataKeyErrorKind::Other);

    gated.panic(false);
    assert!(answered(&gated, provider.decrypt(&reference, &request)).is_ok());
    assert!(answered(&gated, provider.generate(&request)).is_ok());
    assert!(answered(&gated, waits.0).is_err());
}

#[test]
fn the_other_way_round_they_are_cleared_and_counted_too() {
    let gated = Gated::new();
    let provider = gated.clone().cached(Cache::entries(10)).reuse(Reuse::records(10));
    let request = request();
    let made = answered(&gated, provider.generate(&request)).unwrap();
    answered(&gated, provider.decrypt(made.reference(), &request)).unwrap();
    assert_eq!(provider.keys_alive(), 2);

    provider.clear();

    assert_eq!(provider.keys_alive(), 0);
}
