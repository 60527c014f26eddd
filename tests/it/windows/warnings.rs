//! Windows that are too long, and the warnings before one closes.

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError, QueryError, Until, UpdateError};

use super::events::{Fields, Warnings};
use super::{DAY, END, OPEN, UNTIL, at, opened, world};
use crate::support::User;

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "users")]
struct Long {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(unsealed_until = "2028-03-02")]
    ssn: String,
}

/// A leap year later.
const LONGEST: Until = Until::date(2028, 3, 1);

#[tokio::test]
async fn a_window_of_more_than_a_leap_year_is_an_error_of_the_first_record_that_is_read() {
    let world = world().await;
    world.store.put(&User::new("u-2")).await.unwrap();
    let long = |seconds, until| at(&world.store, seconds).accept_unsealed::<User>(until);

    for id in ["u-1", "u-2"] {
        let store = long(END, Until::date(2028, 3, 2));
        let error = store.get::<User>(id).await.unwrap_err();
        assert_eq!(error.attribute(), Some("_envelope"));
        assert!(!error.is_unsealed() && !error.is_tampered(), "{error}");
        assert!(error.to_string().contains("a date that is nearer"), "{error}");
        let LoadError::Open(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), OpenErrorKind::WindowTooLong);
        let error = store.update::<User>(id).seal(|f| f.ssn, "x").await.unwrap_err();
        let UpdateError::Open(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), OpenErrorKind::WindowTooLong);
        let error = store.batch_get::<User>([id]).await.unwrap_err();
        assert!(matches!(error, QueryError::Item(_)), "{error}");

        assert!(long(END, LONGEST).get::<User>(id).await.is_ok(), "{id}");
        assert!(long(END - 1, LONGEST).get::<User>(id).await.is_err(), "{id}");
        assert!(long(END + DAY, Until::date(2028, 3, 2)).get::<User>(id).await.is_ok(), "{id}");
    }
    // No record, no error.
    assert!(long(END, Until::date(9999, 12, 31)).get::<User>("u-3").await.unwrap().is_none());
}

#[tokio::test]
async fn a_window_of_a_field_is_no_longer() {
    let world = world().await;
    let record = Long { id: "l".into(), ssn: "1".into() };
    at(&world.store, END).put(&record).await.unwrap();

    let error = at(&world.store, END).get::<Long>("l").await.unwrap_err();
    assert_eq!(error.attribute(), Some("ssn"));
    assert!(
        matches!(error, LoadError::Open(error) if error.kind() == OpenErrorKind::WindowTooLong)
    );
    assert!(at(&world.store, END + DAY).get::<Long>("l").await.unwrap().is_some());
}

/// Takes the warnings that a window is about to close: the attributes and the days left.
#[track_caller]
fn closing(warnings: &Warnings) -> Vec<(String, u64)> {
    let closes = |warning: &Fields| warning["message"].contains("about to close");
    let closing = warnings.take().into_iter().filter(closes).map(|warning| {
        let names: Vec<_> = warning.keys().copied().collect();
        assert_eq!(names, ["attribute", "days_left", "message", "table", "until"]);
        assert_eq!(warning["table"], "users");
        (warning["attribute"].clone(), warning["days_left"].parse().unwrap())
    });
    closing.collect()
}

#[tokio::test]
async fn in_its_last_days_a_window_warns_once_a_day_for_a_store_and_its_clones() {
    let world = world().await;
    let (warnings, _listening) = Warnings::listen();
    let store = opened(&world, OPEN);
    let envelope = |days| vec![("_envelope".to_owned(), days)];

    for (seconds, expected) in [
        (OPEN, vec![]),
        (END - 14 * DAY - 1, vec![]),
        (END - 14 * DAY, envelope(14)),
        (END - 14 * DAY + 1, vec![]),
        (END - 13 * DAY - 1, vec![]),
        (END - 13 * DAY, envelope(13)),
        (END - DAY - 1, envelope(2)),
        (END - DAY, envelope(1)),
        (END - 1, vec![]),
        (END, vec![]),
    ] {
        let today = at(&store, seconds);
        let _ = today.get::<User>("u-1").await;
        let _ = today.clone().scoped([("tenant", "t")]).batch_get::<User>(["u-1"]).await;
        assert_eq!(closing(&warnings), expected, "{} left", i128::from(END) - i128::from(seconds));
    }

    // Another store, as of another process.
    let other = world.store_over(world.backend.dynamodb.clone());
    let other = at(&other, END - 1).accept_unsealed::<User>(UNTIL);
    let _ = other.get::<User>("u-1").await;
    let mut first = warnings.take();
    assert!(!format!("{first:?}").contains("078-05"), "{first:?}");
    first.retain(|warning| warning["message"].contains("about to close"));
    let until: Vec<_> = first.iter().map(|warning| warning["until"].as_str()).collect();
    assert_eq!(until, ["2027-03-01"]);
}

#[tokio::test]
async fn the_warning_does_not_depend_on_what_is_stored() {
    let world = world().await;
    world.store.put(&User::new("u-1")).await.unwrap();
    let (warnings, _listening) = Warnings::listen();

    let store = opened(&world, END - DAY);
    store.get::<User>("u-1").await.unwrap().unwrap();

    assert_eq!(closing(&warnings), [("_envelope".to_owned(), 1)]);
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Note {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(unsealed_until = "2027-03-01")]
    nickname: String,
}

#[tokio::test]
async fn a_window_of_a_field_warns_by_the_name_of_its_attribute() {
    let world = world().await;
    let (warnings, _listening) = Warnings::listen();
    let store = at(&world.store, END - DAY).accept_unsealed::<Note>(UNTIL);

    for _ in 0..2 {
        store.get::<Note>("u-1").await.unwrap().unwrap();
    }

    let expected = [("_envelope".to_owned(), 1), ("nickname".to_owned(), 1)];
    assert_eq!(closing(&warnings), expected);
}

#[tokio::test]
async fn windows_of_two_types_of_one_table_do_not_warn_in_turns() {
    let world = world().await;
    let (warnings, _listening) = Warnings::listen();
    let store = at(&world.store, END - 5 * DAY).accept_unsealed::<User>(UNTIL);
    let store = store.accept_unsealed::<Note>(Until::date(2027, 3, 3));

    for _ in 0..3 {
        store.get::<User>("u-1").await.unwrap().unwrap();
        store.get::<Note>("u-1").await.unwrap().unwrap();
    }

    let expected = [("_envelope", 5), ("_envelope", 7), ("nickname", 5)];
    assert_eq!(closing(&warnings), expected.map(|(name, days)| (name.to_owned(), days)));
}
