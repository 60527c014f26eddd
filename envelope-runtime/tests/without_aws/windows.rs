//! Items without an envelope, which an opener accepts until a date.

use std::time::{Duration, SystemTime};

use envelope_runtime::{AttributeValue, Item, Opener, Sealer, Until};

use super::{New, Patient, local, ready};

/// The item of a program without encryption.
fn plaintext(id: &str) -> Item {
    let pairs = [("id", id), ("clinic", "c-1"), ("ssn", "078-05-1120")];
    let text = |text: &str| AttributeValue::S(text.to_owned());
    pairs.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

#[test]
fn an_opener_accepts_items_without_an_envelope_of_one_record_type_until_a_date() {
    let clock = |hours| move || SystemTime::UNIX_EPOCH + Duration::from_hours(hours);
    // 2027-03-01 is 501,072 hours after the beginning of 1970.
    let window = |hours| {
        let opener = Opener::new(local()).clock(clock(hours));
        opener.accept_unsealed::<Patient>(Until::date(2027, 3, 1)).scoped([("clinic", "c-1")])
    };
    let open = window(501_071);

    let loaded = ready(open.open::<Patient>(plaintext("p-1"))).unwrap();
    assert!(loaded.was_unsealed() && loaded.envelope().is_none());
    assert_eq!(loaded.ssn, "078-05-1120");
    let sealed = ready(Sealer::new(local()).seal(&*loaded)).unwrap();
    assert!(!ready(open.open::<Patient>(sealed)).unwrap().was_unsealed());

    let refused = |opener: &Opener| match ready(opener.open::<Patient>(plaintext("p-1"))) {
        Err(error) => error.is_unsealed(),
        Ok(_) => false,
    };
    assert!(refused(&window(501_072)));
    assert!(refused(&Opener::new(local()).scoped([("clinic", "c-1")])));
    assert!(ready(open.open::<New>(plaintext("p-1"))).is_err_and(|error| error.is_unsealed()));
    let other = open.scoped([("clinic", "c-2")]);
    assert!(ready(other.open::<Patient>(plaintext("p-1"))).is_err());
}
