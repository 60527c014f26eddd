//! The limits in every order of concurrent callers.

use std::collections::BTreeMap;

use super::tests::{request, save};
use super::*;
use crate::key::played::{Gated, answered, in_every_order, play};
use crate::key::{DataKeyErrorKind, EncryptionContext};

/// The number of records, and of bytes, that each data key sealed.
fn shares<'a>(
    saved: impl IntoIterator<Item = (&'a GeneratedDataKey, u64)>,
) -> BTreeMap<String, (u64, u64)> {
    let mut shares = BTreeMap::new();
    for (generated, bytes) in saved {
        let name = format!("{:?}", generated.reference());
        let (records, sum) = shares.entry(name).or_default();
        (*records, *sum) = (*records + 1, *sum + bytes);
    }
    shares
}

#[test]
fn t07_in_every_order_of_callers_a_data_key_seals_at_most_its_number_of_records() {
    for (callers, records) in [(3, 2), (4, 3)] {
        let orders = in_every_order(|order| {
            let gated = Gated::new();
            let provider = gated.clone().reuse(Reuse::records(records));
            let callers = (0..callers).map(|_| save(&provider, &request(1))).collect();

            let saved = play(order, &gated, callers, 0);

            let saved: Vec<_> = saved.into_iter().map(|saved| saved.unwrap().unwrap()).collect();
            let shares = shares(saved.iter().map(|generated| (generated, 1)));
            assert!(shares.values().all(|(sealed, _)| *sealed <= records), "{shares:?}");
            // And no call more than that takes.
            let needed = u64::try_from(saved.len()).unwrap().div_ceil(records);
            assert_eq!(u64::try_from(gated.calls()).unwrap(), needed);
            assert_eq!(shares.len(), gated.calls());
        });
        assert!(orders > 10, "{orders}");
    }
}

#[test]
fn t23_a_caller_that_leaves_does_not_stop_the_others_and_lends_no_record_to_them() {
    for leave in [1, 2] {
        let orders = in_every_order(|order| {
            let gated = Gated::new();
            let provider = gated.clone().reuse(Reuse::records(2));
            let callers = (0..3).map(|_| save(&provider, &request(1))).collect();

            let saved = play(order, &gated, callers, leave);

            assert!(saved.iter().skip(leave).all(Option::is_some));
            let saved: Vec<_> = saved.into_iter().flatten().map(Result::unwrap).collect();
            let shares = shares(saved.iter().map(|generated| (generated, 1)));
            assert!(shares.values().all(|(sealed, _)| *sealed <= 2), "{shares:?}");
        });
        assert!(orders > 100, "{orders}");
    }
}

#[test]
fn t07_in_every_order_of_callers_a_data_key_seals_at_most_its_number_of_bytes() {
    let orders = in_every_order(|order| {
        let gated = Gated::new();
        let provider = gated.clone().reuse(Reuse::records(100).bytes(10));
        let bytes = [6, 4, 5];
        let callers = bytes.iter().map(|bytes| save(&provider, &request(*bytes))).collect();

        let saved = play(order, &gated, callers, 0);

        let saved: Vec<_> = saved.into_iter().map(|saved| saved.unwrap().unwrap()).collect();
        let shares = shares(saved.iter().zip(bytes));
        assert!(shares.values().all(|share| share.1 <= 10), "{shares:?}");
    });
    assert!(orders > 100, "{orders}");
}

#[test]
fn in_every_order_a_failed_call_fails_those_who_wait_and_is_made_once() {
    in_every_order(|order| {
        let gated = Gated::new();
        gated.refuse(DataKeyErrorKind::Throttled);
        let provider = gated.clone().reuse(Reuse::records(2));
        let callers = (0..3).map(|_| save(&provider, &request(1))).collect();

        let saved = play(order, &gated, callers, 0);

        let kinds = saved.into_iter().map(|saved| saved.unwrap().unwrap_err().kind());
        assert!(kinds.into_iter().all(|kind| kind == DataKeyErrorKind::Throttled));
        assert_eq!(provider.keys_alive(), 0);
    });
}

/// Another context's call began before the refusal, and is answered after it.
#[test]
fn t07_a_refusal_ends_also_the_data_keys_that_are_being_made() {
    for (kind, is_kept) in
        [(DataKeyErrorKind::Disabled, false), (DataKeyErrorKind::AccessDenied, true)]
    {
        let provider = Gated::new().reuse(Reuse::records(10));
        let (one, other) = (request(1), DataKeyRequest::new(EncryptionContext::new("orders", [])));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let mut refused = provider.generate(&one);
        assert!(refused.as_mut().poll(&mut cx).is_pending());
        let mut earlier = provider.generate(&other);
        assert!(earlier.as_mut().poll(&mut cx).is_pending());
        provider.inner().answer_all();
        provider.inner().refuse(kind);
        assert!(answered(provider.inner(), refused).is_err());
        provider.inner().refuse(None);

        answered(provider.inner(), earlier).unwrap();

        assert_eq!(provider.keys_alive(), usize::from(is_kept), "{kind:?}");
    }
}
