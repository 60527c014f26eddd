use std::sync::Weak;
use std::task::{Context, Waker};

use super::*;
use crate::key::played::{Caller, Gated, TestClock, answered, in_every_order, play};
use crate::key::{
    DataKeyError, DataKeyErrorKind, EncryptedDataKey, EncryptionContext, KeyCounts, ProviderId,
};
use crate::{LocalKeyProvider, testing};

const SECOND: Duration = Duration::from_secs(1);

type Loaded = Result<Arc<DataKey>, DataKeyError>;

fn request(tenant: &str) -> DataKeyRequest {
    DataKeyRequest::new(EncryptionContext::new("users", [("tenant", tenant.to_owned())]))
}

/// Another record's data key for each call.
fn wrapped(gated: &Gated, request: &DataKeyRequest) -> KeyReference {
    answered(gated, gated.local.generate(request)).unwrap().reference().clone()
}

fn load(
    provider: &Cached<Gated>,
    reference: &KeyReference,
    request: &DataKeyRequest,
) -> Caller<Loaded> {
    let (provider, reference, request) = (provider.clone(), reference.clone(), request.clone());
    Box::pin(async move { provider.decrypt(&reference, &request).await })
}

fn loaded(provider: &Cached<Gated>, reference: &KeyReference, request: &DataKeyRequest) -> Loaded {
    answered(provider.inner(), provider.decrypt(reference, request))
}

/// The wrapped key with its last byte altered.
fn garbage(reference: &KeyReference, byte: u8) -> KeyReference {
    let KeyReference::Wrapped(copies) = reference else { panic!() };
    let mut wrapped = copies[0].wrapped().to_vec();
    *wrapped.last_mut().unwrap() ^= byte;
    EncryptedDataKey::new(copies[0].provider(), *copies[0].hint(), wrapped).unwrap().into()
}

#[test]
fn in_every_order_concurrent_loads_of_a_data_key_make_one_call() {
    for leave in [0, 2] {
        let orders = in_every_order(|order| {
            let gated = Gated::new();
            let request = request("t-1");
            let reference = wrapped(&gated, &request);
            let provider = gated.clone().cached(Cache::entries(10));
            let callers = (0..3).map(|_| load(&provider, &reference, &request)).collect();

            let loaded = play(order, &gated, callers, leave);

            assert!(loaded.iter().skip(leave).all(Option::is_some));
            assert!(loaded.into_iter().flatten().all(|loaded| loaded.is_ok()));
            // A call that was given up by all who waited for it is made again.
            assert!(gated.calls() == 1 || (leave > 0 && gated.calls() <= 1 + leave));
        });
        assert!(orders > 10, "{orders}");
    }
}

/// Polled once, a load waits for the call that it has made.
#[test]
fn t23_a_call_goes_on_when_the_load_that_began_it_is_dropped() {
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    let provider = gated.clone().cached(Cache::entries(10));
    let mut cx = Context::from_waker(Waker::noop());
    let mut first = load(&provider, &reference, &request);
    let mut second = load(&provider, &reference, &request);
    assert!(
        first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending()
    );

    drop(first);
    assert!(answered(&gated, second).is_ok());

    assert_eq!(gated.calls(), 1);
    assert!(loaded(&provider, &reference, &request).is_ok());
    assert_eq!(gated.calls(), 1);
}

#[test]
fn t07_a_data_key_answers_for_its_own_context_and_reference_alone() {
    let gated = Gated::new();
    let own = request("t-1");
    let reference = wrapped(&gated, &own);
    let provider = gated.clone().cached(Cache::entries(10));
    let key = loaded(&provider, &reference, &own).unwrap();
    assert!(Arc::ptr_eq(&key, &loaded(&provider, &reference, &own).unwrap()));
    assert_eq!(gated.calls(), 1);

    let error = loaded(&provider, &reference, &request("t-2")).unwrap_err();
    assert_eq!((error.kind(), gated.calls()), (DataKeyErrorKind::Mismatch, 2));
    let other_table = DataKeyRequest::new(EncryptionContext::new("orders", []));
    assert!(loaded(&provider, &reference, &other_table).is_err());
    assert_eq!(gated.calls(), 3);
    let KeyReference::Wrapped(copies) = &reference else { panic!() };
    let hint = EncryptedDataKey::new(ProviderId::LOCAL, [9; 8], copies[0].wrapped()).unwrap();
    assert!(loaded(&provider, &hint.into(), &own).is_err());
    assert_eq!(gated.calls(), 4);
    assert!(Arc::ptr_eq(&key, &loaded(&provider, &reference, &own).unwrap()));
}

#[test]
fn t07_what_the_provider_does_not_accept_any_more_is_asked_for_again() {
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    let forged = garbage(&reference, 1);
    let provider = gated.clone().cached(Cache::entries(10));
    loaded(&provider, &reference, &request).unwrap();
    loaded(&provider, &forged, &request).unwrap_err();
    assert_eq!((gated.calls(), provider.keys_alive()), (2, 1));

    gated.accept(false);
    loaded(&provider, &reference, &request).unwrap();
    loaded(&provider, &forged, &request).unwrap_err();
    assert_eq!((gated.calls(), provider.keys_alive()), (4, 0));

    // Nothing was kept of that either.
    gated.accept(true);
    loaded(&provider, &reference, &request).unwrap();
    loaded(&provider, &forged, &request).unwrap_err();
    assert_eq!((gated.calls(), provider.keys_alive()), (6, 1));
}

#[test]
fn t07_the_age_counts_from_the_answer_by_the_clock_that_says_more() {
    let clock = TestClock::new();
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    let limits = Cache::entries(10).for_at_most(60 * SECOND).clock(clock.clone());
    let provider = gated.clone().cached(limits);
    let mut load = provider.decrypt(&reference, &request);
    assert!(load.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    clock.advance(50 * SECOND, 50 * SECOND);
    answered(&gated, load).unwrap();

    clock.advance(59 * SECOND, 59 * SECOND);
    loaded(&provider, &reference, &request).unwrap();
    assert_eq!((gated.calls(), provider.keys_alive()), (1, 1));
    for (calls, (wall, monotonic)) in [(2, (1, 0)), (3, (60, 0)), (4, (0, 60))] {
        clock.advance(wall * SECOND, monotonic * SECOND);
        loaded(&provider, &reference, &request).unwrap();
        assert_eq!(gated.calls(), calls);
    }
    clock.set_back(SECOND);
    loaded(&provider, &reference, &request).unwrap();
    assert_eq!(gated.calls(), 5);
}

#[test]
fn t22_a_data_key_is_wiped_when_it_is_evicted_too_old_or_cleared() {
    let clock = TestClock::new();
    let gated = Gated::new();
    let request = request("t-1");
    let limits = |entries| Cache::entries(entries).for_at_most(80 * SECOND).clock(clock.clone());
    let provider = gated.clone().cached(limits(3));
    let of = |provider: &Cached<Gated>| -> Weak<DataKey> {
        Arc::downgrade(&loaded(provider, &wrapped(&gated, &request), &request).unwrap())
    };
    for entries in [0, 1, 2, 3, 100] {
        let provider = gated.clone().cached(limits(entries));
        let keys: Vec<_> = (0..3 * entries + 3).map(|_| of(&provider)).collect();
        let alive = keys.iter().filter(|key| key.upgrade().is_some()).count();
        assert_eq!((alive, provider.keys_alive()), (entries.max(1), entries.max(1)));
    }

    let cleared = of(&provider);
    provider.clone().clear();
    assert!(cleared.upgrade().is_none());
    // The next call wipes a data key that is too old, or at the latest that an eighth of the age
    // later.
    let old = of(&provider);
    clock.advance(79 * SECOND, 79 * SECOND);
    of(&provider);
    assert!(old.upgrade().is_some());
    clock.advance(10 * SECOND, 10 * SECOND);
    of(&provider);
    assert!(old.upgrade().is_none());
}

#[test]
fn t24_a_refusal_that_cannot_change_is_remembered_for_a_minute_and_others_are_not() {
    use DataKeyErrorKind as Kind;
    let clock = TestClock::new();
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    for (kind, remembered) in [
        (Kind::Mismatch, true),
        (Kind::UnknownKey, true),
        (Kind::AccessDenied, false),
        (Kind::Disabled, false),
        (Kind::NotFound, false),
        (Kind::Throttled, false),
        (Kind::Network, false),
        (Kind::Service, false),
        (Kind::NotAsked, false),
        (Kind::WrongKey, false),
        (Kind::ExpiredCredentials, false),
        (Kind::Clock, false),
        (Kind::Credentials, false),
        (Kind::Region, false),
        (Kind::Configuration, false),
        (Kind::Unsupported, false),
        (Kind::InvalidAnswer, false),
        (Kind::Other, false),
    ] {
        let provider = gated.clone().cached(Cache::entries(10).clock(clock.clone()));
        let asks = |makes: bool, kind: Option<Kind>| {
            let before = gated.calls();
            let error = loaded(&provider, &reference, &request).err();
            assert_eq!(error.map(|error| error.kind()), kind);
            assert_eq!(gated.calls() - before, usize::from(makes), "{kind:?}");
        };
        gated.refuse(kind);
        asks(true, Some(kind));
        gated.refuse(None);
        if !remembered {
            asks(true, None);
            continue;
        }
        clock.advance(59 * SECOND, 59 * SECOND);
        asks(false, Some(kind));
        clock.advance(SECOND, Duration::ZERO);
        asks(true, None);
    }
}

#[test]
fn t24_forged_data_keys_are_asked_about_once_and_displace_no_data_key() {
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    let provider = gated.clone().cached(Cache::entries(2));
    loaded(&provider, &reference, &request).unwrap();
    let KeyReference::Wrapped(copies) = &reference else { panic!() };
    let forged: Vec<KeyReference> = (0..4_000_u32)
        .map(|number| {
            let wrapped = [copies[0].wrapped(), &number.to_be_bytes()].concat();
            EncryptedDataKey::new(ProviderId::LOCAL, *copies[0].hint(), wrapped).unwrap().into()
        })
        .collect();

    for _ in 0..3 {
        for forged in &forged {
            assert!(loaded(&provider, forged, &request).is_err());
        }
        loaded(&provider, &reference, &request).unwrap();
    }

    assert_eq!((gated.calls(), provider.keys_alive()), (4_001, 1));
    // The memory for them is bounded.
    for number in 4_000..9_000_u32 {
        let wrapped = [copies[0].wrapped(), &number.to_be_bytes()].concat();
        let forged = EncryptedDataKey::new(ProviderId::LOCAL, *copies[0].hint(), wrapped).unwrap();
        assert!(loaded(&provider, &forged.into(), &request).is_err());
    }
    assert_eq!(provider.shared.kept().refusals(), 4_096);
    loaded(&provider, &reference, &request).unwrap();
}

/// A process may be frozen between KMS's answer and the moment at which it sees it.
#[test]
fn t07_an_answer_that_may_be_too_old_is_not_kept() {
    let clock = TestClock::new();
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    let limits = Cache::entries(10).for_at_most(60 * SECOND).clock(clock.clone());
    let provider = gated.clone().cached(limits);
    for (wall, monotonic) in [(60, 0), (0, 60)] {
        let mut load = provider.decrypt(&reference, &request);
        assert!(load.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        gated.answer_all();
        clock.advance(wall * SECOND, monotonic * SECOND);
        answered(&gated, load).unwrap();

        assert_eq!(provider.keys_alive(), 0);
    }
}

#[test]
fn t22_saves_wipe_kept_data_keys_that_are_too_old() {
    let clock = TestClock::new();
    let gated = Gated::new();
    let request = request("t-1");
    let provider = gated.clone().cached(Cache::entries(10).clock(clock.clone()));
    let key = Arc::downgrade(&loaded(&provider, &wrapped(&gated, &request), &request).unwrap());

    clock.advance(400 * SECOND, 400 * SECOND);
    answered(&gated, provider.generate(&request)).unwrap();

    assert!(key.upgrade().is_none());
}

#[test]
fn the_answer_of_a_call_in_progress_when_all_is_cleared_is_not_kept() {
    let gated = Gated::new();
    let request = request("t-1");
    let reference = wrapped(&gated, &request);
    let provider = gated.clone().cached(Cache::entries(10));
    let mut first = provider.decrypt(&reference, &request);
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());

    provider.clear();
    answered(&gated, first).unwrap();
    assert_eq!(provider.keys_alive(), 0);
    loaded(&provider, &garbage(&reference, 1), &request).unwrap_err();
    provider.clear();
    loaded(&provider, &garbage(&reference, 1), &request).unwrap_err();

    assert_eq!(gated.calls(), 3);
}

#[test]
fn loads_of_kept_data_keys_and_remembered_refusals_are_hits_and_others_misses() {
    let gated = Gated::new();
    let counts = Arc::new(KeyCounts::default());
    let context = request("t-1").context().clone();
    let request = DataKeyRequest::counting(context, 0, Arc::clone(&counts));
    let reference = wrapped(&gated, &request);
    let provider = gated.clone().cached(Cache::entries(10));

    for reference in [&reference, &garbage(&reference, 1)] {
        for _ in 0..3 {
            let _ = loaded(&provider, reference, &request);
        }
    }

    assert_eq!((counts.calls(), counts.hits(), counts.misses()), (2, 4, 2));
}

#[test]
fn saves_and_questions_about_keys_are_passed_on() {
    let gated = Gated::new();
    let provider = gated.clone().cached(Cache::entries(10));
    let request = request("t-1");

    let made = answered(&gated, provider.generate(&request)).unwrap();
    assert_eq!(gated.calls(), 1);
    for is in [false, true] {
        gated.accept(is);
        gated.current(is);
        assert_eq!(provider.accepts(made.reference()), is);
        assert_eq!(provider.is_current(made.reference(), &request), is);
    }
}

#[tokio::test]
async fn it_conforms_and_tells_its_limits() {
    let local = LocalKeyProvider::insecure_ephemeral().unwrap();
    let provider = local.reuse(crate::key::Reuse::records(10)).cached(Cache::entries(10));
    testing::conforms(&provider).await.unwrap();

    assert_eq!(format!("{provider:?}"), "Cached { .. }");
    let limits = format!("{:?}", Cache::entries(10).for_at_most(SECOND));
    assert_eq!(limits, "Cache { entries: 10, age: 1s, .. }");
}
