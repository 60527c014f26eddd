//! Keys that are resolved, and aliases that are repointed.

use std::sync::Arc;
use std::time::Duration;

use envelope_runtime::error::DataKeyErrorKind;
use envelope_tests::{Attempt, Reaction};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};

use super::{Keys, NOT_ASKED, UNKNOWN, counts, kind, load, pass, without_describe};

#[tokio::test]
async fn a_key_that_was_resolved_is_known_before_the_first_load() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let foreign = keys.foreign_copies(20).await;
    for (name, (describes, again)) in keys.names().iter().zip([(0, 0), (1, 0), (1, 1)]) {
        let (provider, script) = keys.reader(name, pass);

        assert_eq!(provider.resolve().await.unwrap(), keys.own);
        assert_eq!(counts(&script), (0, describes), "{name}");

        for copy in foreign.clone() {
            load(&provider, [copy]).await.unwrap_err();
        }
        assert_eq!(counts(&script), (0, again), "{name}");
        load(&provider, [own.clone()]).await.unwrap();
        assert_eq!(counts(&script), (1, 0), "{name}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_resolved_says_why_and_is_of_use_nevertheless() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let (prefix, id) = keys.own.split_once("key/").unwrap();
    let other = format!("{prefix}key/00000000-0000-0000-0000-000000000000");
    let described = |arn: &str| {
        let body = format!(r#"{{"KeyMetadata":{{"KeyId":"k","Arn":"{arn}"}}}}"#);
        Reaction::Answer(200, body)
    };
    for (name, reaction, expected) in [
        (id, Reaction::error("AccessDeniedException"), DataKeyErrorKind::AccessDenied),
        (&keys.alias, Reaction::error("NotFoundException"), DataKeyErrorKind::NotFound),
        (&keys.alias, Reaction::Refused, DataKeyErrorKind::Network),
        (&keys.alias, described("no ARN"), DataKeyErrorKind::InvalidAnswer),
        (id, described(&other), DataKeyErrorKind::WrongKey),
    ] {
        let (provider, script) = keys.reader(name, move |_| reaction.clone());

        let error = provider.resolve().await.unwrap_err();

        assert_eq!((error.kind(), error.key()), (expected, name));
        script.react(pass);
        load(&provider, [own.clone()]).await.unwrap();
    }
    let (provider, _) = keys.reader("alias/", pass);
    let error = provider.resolve().await.unwrap_err();
    assert_eq!(error.kind(), DataKeyErrorKind::Configuration);
}

#[tokio::test]
async fn t26_a_repointed_alias_is_followed_at_once_and_back() {
    let keys = Keys::new().await;
    let (old, new) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [old.clone()]).await.unwrap();
    let _ = script.take();

    for (to, record, other) in
        [(&keys.foreign, &new, &old), (&keys.own, &old, &new), (&keys.foreign, &new, &old)]
    {
        keys.repoint(to).await;
        load(&provider, [record.clone()]).await.unwrap();
        assert_eq!(counts(&script), (1, 1));
        load(&provider, [record.clone()]).await.unwrap();
        assert_eq!(counts(&script), (1, 0));
        // If a record has a copy for each key, the right one is used.
        load(&provider, [other.clone(), record.clone()]).await.unwrap();
        assert_eq!(counts(&script), (1, 0));
    }
}

/// The same if the copy under the alias's previous key is tried first.
#[tokio::test]
async fn t26_a_repointed_alias_is_followed_where_a_record_has_a_copy_for_each_key() {
    let keys = Keys::new().await;
    let (old, new) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [old.clone()]).await.unwrap();
    keys.repoint(&keys.foreign).await;
    let _ = script.take();

    load(&provider, [old, new]).await.unwrap();

    assert_eq!(counts(&script), (2, 1));
}

#[tokio::test]
async fn t26_a_record_that_a_repoint_does_not_explain_costs_one_question() {
    let keys = Keys::new().await;
    let third = keys.backend.create_kms_key().await;
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [keys.copy(&keys.own).await]).await.unwrap();
    keys.repoint(&third).await;
    let _ = script.take();

    assert_eq!(kind(&provider, [keys.copy(&keys.foreign).await]).await, UNKNOWN);

    assert_eq!(counts(&script), (0, 1));
}

#[tokio::test]
async fn t26_many_loads_after_a_repoint_ask_once_what_the_alias_leads_to() {
    let keys = Keys::new().await;
    let (old, new) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    let slow = |_: &Attempt| Reaction::Pass.after(Duration::from_millis(50));
    let (provider, script) = keys.reader(&keys.alias, slow);
    load(&provider, [old]).await.unwrap();
    let _ = script.take();
    keys.repoint(&keys.foreign).await;
    let provider = Arc::new(provider);

    let mut loads = JoinSet::new();
    for _ in 0..50 {
        let (provider, new) = (Arc::clone(&provider), new.clone());
        loads.spawn(async move { kind(&provider, [new]).await });
    }

    assert_eq!(loads.join_all().await, vec![None; 50]);
    assert_eq!(counts(&script), (50, 1));
}

/// A load that waits for the answer of another load does not treat its end as an answer.
#[tokio::test]
async fn t26_a_load_that_is_given_up_leaves_the_question_to_those_that_wait() {
    let keys = Keys::new().await;
    let (old, new) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [old]).await.unwrap();
    keys.repoint(&keys.foreign).await;
    let _ = script.take();
    script.react(|attempt| match attempt.number {
        0 => Reaction::Hang,
        _ => Reaction::Pass.after(Duration::from_millis(50)),
    });
    let provider = Arc::new(provider);
    let asks = tokio::spawn({
        let (provider, new) = (Arc::clone(&provider), new.clone());
        async move { kind(&provider, [new]).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(counts(&script), (0, 1));
    let mut waiting = JoinSet::new();
    for _ in 0..10 {
        let (provider, new) = (Arc::clone(&provider), new.clone());
        waiting.spawn(async move { kind(&provider, [new]).await });
    }
    script.react(|_| Reaction::Pass.after(Duration::from_millis(50)));
    tokio::time::sleep(Duration::from_millis(1)).await;

    asks.abort();

    assert_eq!(waiting.join_all().await, vec![None; 10]);
    assert_eq!(counts(&script), (10, 1));
}

/// They get the answer, rather than hear that nobody was asked.
#[tokio::test]
async fn t26_an_answer_counts_for_all_loads_that_waited_for_it() {
    let keys = Keys::new().await;
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [keys.copy(&keys.own).await]).await.unwrap();
    let _ = script.take();
    script.react(|_| Reaction::Pass.after(Duration::from_millis(50)));
    let provider = Arc::new(provider);
    let mut loads = JoinSet::new();
    for copy in keys.foreign_copies(10).await {
        let provider = Arc::clone(&provider);
        loads.spawn(async move { kind(&provider, [copy]).await });
    }

    assert_eq!(loads.join_all().await, vec![UNKNOWN; 10]);
    assert_eq!(counts(&script), (0, 1));
}

#[tokio::test]
async fn t26_foreign_records_delay_a_repointed_alias_by_a_minute_at_most() {
    let keys = Keys::new().await;
    let third = keys.backend.create_kms_key().await;
    let (own, new) = (keys.copy(&keys.own).await, keys.copy(&third).await);
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [own.clone()]).await.unwrap();
    let foreign = keys.foreign_copies(20).await;
    for (number, copy) in foreign.into_iter().enumerate() {
        let expected = if number == 0 { UNKNOWN } else { NOT_ASKED };
        assert_eq!(kind(&provider, [copy]).await, expected);
    }
    assert_eq!(counts(&script), (1, 1));

    keys.repoint(&third).await;
    assert_eq!(kind(&provider, [new.clone()]).await, NOT_ASKED);
    assert_eq!(counts(&script), (0, 0));

    advance(Duration::from_mins(1)).await;
    load(&provider, [new]).await.unwrap();
    assert_eq!(counts(&script), (1, 1));
    // Nor was the key of the old records ever in doubt: they need `accept` by now.
    assert_eq!(kind(&provider, [own]).await, UNKNOWN);
}

#[tokio::test]
async fn t26_a_repointed_alias_is_followed_without_describe_key_whatever_others_plant() {
    let keys = Keys::new().await;
    let third = keys.backend.create_kms_key().await;
    let (own, new) = (keys.copy(&keys.own).await, keys.copy(&third).await);
    let (provider, script) = keys.reader(&keys.alias, without_describe);
    load(&provider, [own.clone()]).await.unwrap();
    for copy in keys.foreign_copies(8).await {
        assert_eq!(kind(&provider, [copy]).await, UNKNOWN);
    }
    // The denial is remembered for a minute too.
    assert_eq!(counts(&script), (9, 1));
    load(&provider, [own]).await.unwrap();
    assert_eq!(counts(&script), (1, 0));
    keys.repoint(&third).await;

    let start = Instant::now();
    load(&provider, [new]).await.unwrap();

    assert_eq!((start.elapsed().as_secs(), counts(&script)), (1, (1, 0)));
}

#[tokio::test]
async fn t26_an_alias_that_could_not_be_asked_is_asked_again() {
    let keys = Keys::new().await;
    let (own, new) = (keys.copy(&keys.own).await, keys.copy(&keys.foreign).await);
    let (provider, script) = keys.reader(&keys.alias, pass);
    load(&provider, [own]).await.unwrap();
    keys.repoint(&keys.foreign).await;

    script.react(|_| Reaction::error("ThrottlingException"));
    let error = load(&provider, [new.clone()]).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (DataKeyErrorKind::Throttled, true));

    script.react(pass);
    load(&provider, [new]).await.unwrap();
}

#[tokio::test]
async fn t24_an_altered_copy_of_the_own_key_ends_the_load_and_no_other_copy_is_asked_about() {
    let keys = Keys::new().await;
    let own = keys.copy(&keys.own).await;
    let foreign = keys.copy(&keys.foreign).await;
    let (provider, script) = keys.reader(&keys.alias, pass);
    provider.resolve().await.unwrap();
    script.react(|_| Reaction::error("InvalidCiphertextException"));
    let _ = script.take();

    let kind = kind(&provider, [own, foreign]).await;

    assert_eq!((kind, counts(&script)), (Some(DataKeyErrorKind::Mismatch), (1, 0)));
}
