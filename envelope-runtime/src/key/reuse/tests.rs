use std::sync::Weak;

use super::*;
use crate::key::played::{Caller, Gated, TestClock, answered, in_every_order, play};
use crate::key::{DataKeyError, DataKeyErrorKind, EncryptionContext};
use crate::{LocalKeyProvider, testing};

const SECOND: Duration = Duration::from_secs(1);

fn context(tenant: &str) -> EncryptionContext {
    EncryptionContext::new("users", [("tenant", tenant.to_owned())])
}

pub(super) fn request(bytes: u64) -> DataKeyRequest {
    DataKeyRequest::new(context("t-1")).sealing(bytes)
}

pub(super) type Saved = Result<GeneratedDataKey, DataKeyError>;

pub(super) fn save(provider: &Reused<Gated>, request: &DataKeyRequest) -> Caller<Saved> {
    let (provider, request) = (provider.clone(), request.clone());
    Box::pin(async move { provider.generate(&request).await })
}

fn saved(provider: &Reused<Gated>, request: &DataKeyRequest) -> Saved {
    answered(provider.inner(), provider.generate(request))
}

#[test]
fn records_of_one_context_share_a_data_key_and_those_of_another_do_not() {
    let provider = Gated::new().reuse(Reuse::records(3));
    let other = DataKeyRequest::new(context("t-2"));

    let keys: Vec<_> = (0..3).map(|_| saved(&provider, &request(1)).unwrap()).collect();
    let others = saved(&provider, &other).unwrap();

    assert!(keys.iter().all(|key| key.reference() == keys[0].reference()));
    assert_ne!(keys[0].reference(), others.reference());
    assert_ne!(keys[0].reference(), saved(&provider, &request(1)).unwrap().reference());
    assert_eq!(provider.inner().calls(), 3);
}

#[test]
fn the_age_counts_from_the_answer_by_the_clock_that_says_more() {
    let clock = TestClock::new();
    let limits = Reuse::records(100).for_at_most(60 * SECOND).clock(clock.clone());
    let provider = Gated::new().reuse(limits);
    let first = request(0);
    let mut save = provider.generate(&first);
    let polled = save.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    assert!(polled.is_pending());
    // KMS takes its time; the age begins with its answer.
    clock.advance(50 * SECOND, 50 * SECOND);
    answered(provider.inner(), save).unwrap();

    clock.advance(59 * SECOND, 59 * SECOND);
    saved(&provider, &request(0)).unwrap();
    assert_eq!((provider.inner().calls(), provider.keys_alive()), (1, 1));
    for (calls, (wall, monotonic)) in [(2, (1, 0)), (3, (60, 0)), (4, (0, 60))] {
        clock.advance(wall * SECOND, monotonic * SECOND);
        assert_eq!(provider.keys_alive(), 0);
        saved(&provider, &request(0)).unwrap();
        assert_eq!(provider.inner().calls(), calls);
    }
    clock.set_back(SECOND);
    saved(&provider, &request(0)).unwrap();
    assert_eq!(provider.inner().calls(), 5);
}

#[test]
fn limits_that_allow_no_second_record_give_each_its_own_data_key() {
    for limits in [Reuse::records(0), Reuse::records(1)] {
        let provider = Gated::new().reuse(limits);
        let keys: Vec<_> = (0..3).map(|_| saved(&provider, &request(1)).unwrap()).collect();

        assert_eq!(provider.inner().calls(), 3);
        assert_eq!(provider.keys_alive(), 0);
        assert!(provider.is_current(keys[0].reference(), &request(1)));
    }
    let no_time = Gated::new().reuse(Reuse::records(9).for_at_most(Duration::ZERO));
    in_every_order(|order| {
        let callers = (0..2).map(|_| save(&no_time, &request(1))).collect();
        let before = no_time.inner().calls();
        let saved = play(order, no_time.inner(), callers, 0);
        assert!(saved.into_iter().all(|saved| saved.unwrap().is_ok()));
        assert_eq!(no_time.inner().calls() - before, 2);
    });
}

#[test]
fn an_update_stays_under_the_running_data_key_alone_and_its_bytes_count() {
    let provider = Gated::new().reuse(Reuse::records(2).bytes(10));
    let old = saved(&provider, &request(10)).unwrap();
    let new = saved(&provider, &request(4)).unwrap();

    assert!(!provider.is_current(old.reference(), &request(1)));
    assert!(!provider.is_current(new.reference(), &DataKeyRequest::new(context("t-2"))));
    assert!(provider.is_current(new.reference(), &request(5)));
    assert!(!provider.is_current(new.reference(), &request(2)));
    assert!(provider.is_current(new.reference(), &request(1)));
    assert!(!provider.is_current(new.reference(), &request(1)));
    // Records are counted when they are saved.
    let provider = Gated::new().reuse(Reuse::records(2));
    let key = saved(&provider, &request(1)).unwrap();
    saved(&provider, &request(1)).unwrap();
    assert!(provider.is_current(key.reference(), &request(1)));
    provider.inner().current(false);
    assert!(!provider.is_current(key.reference(), &request(1)));
}

#[test]
fn t07_an_update_does_not_stay_under_a_data_key_that_is_too_old() {
    let clock = TestClock::new();
    let provider = Gated::new().reuse(Reuse::records(10).clock(clock.clone()));
    let key = saved(&provider, &request(1)).unwrap();
    assert!(provider.is_current(key.reference(), &request(1)));

    clock.advance(300 * SECOND, Duration::ZERO);

    assert!(!provider.is_current(key.reference(), &request(1)));
}

#[test]
fn t07_a_data_key_that_may_be_too_old_seals_no_further_record() {
    let clock = TestClock::new();
    let provider = Gated::new().reuse(Reuse::records(10).clock(clock.clone()));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    for (wall, monotonic) in [(300, 0), (0, 300)] {
        let one = request(1);
        let (mut save, mut waiting) = (provider.generate(&one), provider.generate(&one));
        assert!(save.as_mut().poll(&mut cx).is_pending());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        provider.inner().answer_all();
        clock.advance(wall * SECOND, monotonic * SECOND);
        let saved = answered(provider.inner(), save).unwrap();

        assert_eq!(provider.keys_alive(), 0);
        // Who waited for it gets another one.
        let other = answered(provider.inner(), waiting).unwrap();
        assert_ne!(saved.reference(), other.reference());
        provider.clear();
    }
}

/// One that waited for the call, and sees its answer after the age.
#[test]
fn t07_a_caller_that_comes_too_late_for_the_data_key_it_waited_for_takes_another() {
    let clock = TestClock::new();
    let provider = Gated::new().reuse(Reuse::records(10).clock(clock.clone()));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let one = request(1);
    let (mut first, mut second) = (provider.generate(&one), provider.generate(&one));
    assert!(
        first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending()
    );
    let first = answered(provider.inner(), first).unwrap();

    clock.advance(300 * SECOND, 300 * SECOND);
    let second = answered(provider.inner(), second).unwrap();

    assert_ne!(first.reference(), second.reference());
    assert_eq!(provider.inner().calls(), 2);
}

#[test]
fn callers_wait_for_one_call_each_however_many_there_are() {
    for limits in [Reuse::records(10), Reuse::records(1_000).bytes(10)] {
        let provider = Gated::new().reuse(limits);
        let one = request(1);
        let mut saves: Vec<_> = (0..200).map(|_| provider.generate(&one)).collect();
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        for save in &mut saves {
            assert!(save.as_mut().poll(&mut cx).is_pending());
        }

        provider.inner().answer_all();

        assert!(saves.iter_mut().all(|save| save.as_mut().poll(&mut cx).is_ready()));
        assert_eq!(provider.inner().calls(), 20);
    }
}

#[test]
fn a_record_with_more_bytes_than_a_data_key_may_seal_leaves_the_running_one_alone() {
    let provider = Gated::new().reuse(Reuse::records(10).bytes(10));
    let running = saved(&provider, &request(1)).unwrap();

    let own = saved(&provider, &request(11)).unwrap();

    assert_ne!(own.reference(), running.reference());
    assert_eq!(saved(&provider, &request(9)).unwrap().reference(), running.reference());
}

#[test]
fn a_new_data_key_of_one_of_64_contexts_takes_no_other_ones_place() {
    let provider = Gated::new().reuse(Reuse::records(2));
    let of = |number: usize| DataKeyRequest::new(context(&number.to_string()));
    for number in 0..64 {
        saved(&provider, &of(number)).unwrap();
    }

    // Used up, and made anew.
    saved(&provider, &of(5)).unwrap();
    saved(&provider, &of(5)).unwrap();

    assert_eq!(provider.keys_alive(), 64);
}

#[test]
fn t22_loads_wipe_data_keys_that_are_too_old() {
    let clock = TestClock::new();
    let provider = Gated::new().reuse(Reuse::records(10).clock(clock.clone()));
    let key = weak(&saved(&provider, &request(1)).unwrap());

    clock.advance(300 * SECOND, 300 * SECOND);
    let other = answered(provider.inner(), provider.inner().local.generate(&request(1))).unwrap();
    answered(provider.inner(), provider.decrypt(other.reference(), &request(1))).unwrap();

    assert!(key.upgrade().is_none());
}

/// The refusal of a call from before.
#[test]
fn t07_a_refusal_ends_the_running_data_key_also_if_all_was_cleared_meanwhile() {
    let provider = Gated::new().reuse(Reuse::records(10));
    let one = request(1);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut first = provider.generate(&one);
    assert!(first.as_mut().poll(&mut cx).is_pending());
    provider.clear();
    let mut second = provider.generate(&one);
    assert!(second.as_mut().poll(&mut cx).is_pending());
    provider.inner().answer_all();
    assert!(second.as_mut().poll(&mut cx).is_ready());
    assert_eq!(provider.keys_alive(), 1);

    provider.inner().refuse(DataKeyErrorKind::Disabled);
    assert!(answered(provider.inner(), first).is_err());

    assert_eq!(provider.keys_alive(), 0);
}

#[test]
fn questions_about_keys_are_passed_on() {
    let provider = Gated::new().reuse(Reuse::records(10));
    let key = saved(&provider, &request(1)).unwrap();
    for is in [false, true] {
        provider.inner().accept(is);
        assert_eq!(provider.accepts(key.reference()), is);
    }
}

#[test]
fn t26_a_data_key_of_a_key_that_is_no_longer_the_configured_one_is_not_used() {
    let provider = Gated::new().reuse(Reuse::records(10));
    let old = saved(&provider, &request(1)).unwrap();

    provider.inner().current(false);

    assert_ne!(saved(&provider, &request(1)).unwrap().reference(), old.reference());
}

#[test]
fn t07_a_refusal_ends_the_running_data_key_and_an_outage_does_not() {
    use DataKeyErrorKind as Kind;
    for (kind, own, others) in [
        (Kind::AccessDenied, true, false),
        (Kind::Disabled, true, true),
        (Kind::NotFound, true, true),
        (Kind::PendingDeletion, true, true),
        (Kind::InvalidState, true, true),
        (Kind::WrongKey, true, true),
        (Kind::Throttled, false, false),
        (Kind::Network, false, false),
        (Kind::Service, false, false),
        (Kind::ExpiredCredentials, false, false),
    ] {
        // A record with more bytes than are left needs a call, or one with more than a data key's.
        for bytes in [8, 11] {
            let provider = Gated::new().reuse(Reuse::records(10).bytes(10));
            let other = DataKeyRequest::new(context("t-2"));
            saved(&provider, &request(5)).unwrap();
            saved(&provider, &other).unwrap();

            provider.inner().refuse(kind);
            assert_eq!(saved(&provider, &request(bytes)).unwrap_err().kind(), kind);

            assert_eq!(saved(&provider, &request(1)).is_err(), own, "{kind:?}");
            assert_eq!(saved(&provider, &other).is_err(), others, "{kind:?}");
            provider.inner().refuse(None);
            saved(&provider, &request(8)).unwrap();
        }
    }
}

fn weak(generated: &GeneratedDataKey) -> Weak<DataKey> {
    Arc::downgrade(generated.data_key())
}

#[test]
fn t22_at_most_64_data_keys_are_kept_and_the_one_used_least_recently_is_wiped() {
    let provider = Gated::new().reuse(Reuse::records(1_000));
    let of = |number: usize| DataKeyRequest::new(context(&number.to_string()));
    let keys: Vec<_> =
        (0..64).map(|number| weak(&saved(&provider, &of(number)).unwrap())).collect();
    saved(&provider, &of(0)).unwrap();
    // An update uses a data key, too.
    let second = saved(&provider, &of(1)).unwrap().reference().clone();
    saved(&provider, &of(2)).unwrap();
    for number in (3..64).chain([0]) {
        saved(&provider, &of(number)).unwrap();
    }
    assert!(provider.is_current(&second, &of(1)));

    saved(&provider, &of(64)).unwrap();

    assert_eq!(provider.keys_alive(), 64);
    let alive: Vec<_> = keys.iter().map(|key| key.upgrade().is_some()).collect();
    assert!(alive[0] && alive[1] && !alive[2] && alive[3..].iter().all(|alive| *alive));
}

#[test]
fn t22_data_keys_are_wiped_when_they_are_replaced_too_old_or_cleared() {
    let clock = TestClock::new();
    let provider = Gated::new().reuse(Reuse::records(2).clock(clock.clone()));
    let used_up = weak(&saved(&provider, &request(1)).unwrap());
    saved(&provider, &request(1)).unwrap();
    let cleared = weak(&saved(&provider, &request(1)).unwrap());
    assert!(used_up.upgrade().is_none() && cleared.upgrade().is_some());

    let again = provider.clone();
    again.clear();
    assert!(cleared.upgrade().is_none());
    let old = weak(&saved(&provider, &request(1)).unwrap());
    clock.advance(300 * SECOND, 300 * SECOND);
    // Any later request wipes it, of whatever context.
    saved(&provider, &DataKeyRequest::new(context("t-2"))).unwrap();
    assert!(old.upgrade().is_none());
}

#[test]
fn a_call_in_progress_when_all_is_cleared_seals_one_record() {
    let provider = Gated::new().reuse(Reuse::records(10));
    let request = request(1);
    let mut first = provider.generate(&request);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());

    provider.clear();
    let first = answered(provider.inner(), first).unwrap();

    assert_eq!(provider.keys_alive(), 0);
    assert_ne!(first.reference(), saved(&provider, &request).unwrap().reference());
}

#[test]
fn saves_from_the_running_data_key_are_hits_and_those_that_wait_for_a_call_are_misses() {
    let counts = Arc::new(crate::key::KeyCounts::default());
    let request = DataKeyRequest::counting(context("t-1"), 1, Arc::clone(&counts));
    let provider = Gated::new().reuse(Reuse::records(2).bytes(2));
    in_every_order(|order| {
        provider.clear();
        let callers = (0..3).map(|_| save(&provider, &request)).collect();
        play(order, provider.inner(), callers, 0);
    });
    let orders = counts.calls() / 2;
    assert_eq!(counts.hits() + counts.misses(), 3 * orders);
    provider.clear();
    let before = (counts.hits(), counts.misses());

    for _ in 0..3 {
        saved(&provider, &request).unwrap();
    }
    saved(&provider, &request.sealing(3)).unwrap();

    assert_eq!((counts.hits() - before.0, counts.misses() - before.1), (1, 3));
}

#[tokio::test]
async fn it_conforms_and_tells_its_limits() {
    let local = LocalKeyProvider::insecure_ephemeral().unwrap();
    let provider = local.reuse(Reuse::records(10).bytes(1_000));
    testing::conforms(&provider).await.unwrap();

    assert_eq!(format!("{provider:?}"), "Reused { .. }");
    let limits = format!("{:?}", Reuse::records(10).for_at_most(SECOND).bytes(7));
    assert_eq!(limits, "Reuse { records: 10, bytes: 7, age: 1s, .. }");
}
