//! Records by time: the latest, those of an hour, of a range, of a queue; and those that expire.

use std::time::{Duration, SystemTime};

use envelope_runtime::EnvelopeRecord;

use super::{Design, is, is_text, number};
use crate::support::string;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "samples", index(by_device(partition = "device", sort = "at")))]
struct Sample {
    #[partition_key]
    id: u64,
    #[authenticated]
    device: String,
    at: i64,
    #[encrypted]
    degrees: f64,
}

#[tokio::test]
async fn the_latest_sample_of_a_device() {
    let design = Design::new::<Sample>().await;
    let sample = |id, device: &str, at| Sample { id, device: device.into(), at, degrees: 36.5 };
    design.save([sample(1, "d-1", -5), sample(2, "d-1", 30), sample(3, "d-2", 40)]).await;
    let of_one = || design.store.query_index(Sample::INDEXES.by_device, "d-1");

    assert_eq!(of_one().reverse().first().await.unwrap(), Some(sample(2, "d-1", 30)));
    assert_eq!(of_one().first().await.unwrap(), Some(sample(1, "d-1", -5)));
    let condition = [is_text("device", "d-1"), ("at", "<", number(31))];
    assert_eq!(design.found("by_device", condition, "at").await, ["-5", "30"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "ticks",
    index(by_hour(name = "GSI1", partition_key = "HOUR#{hour}", sort_key = "{at:010}"))
)]
struct Tick {
    #[partition_key]
    id: String,
    #[authenticated]
    hour: String,
    at: u64,
    #[encrypted]
    body: String,
}

#[tokio::test]
async fn ticks_of_two_hours_in_order() {
    let design = Design::new::<Tick>().await;
    let tick = |at: u64| Tick {
        id: format!("t{at}"),
        hour: format!("2026-11-26T{:02}", at / 3600),
        at,
        body: "x".into(),
    };
    design.save([7300, 3700, 3601, 7199, 9].map(tick)).await;

    let mut found = Vec::new();
    for hour in ["2026-11-26T01", "2026-11-26T02"] {
        let query = design.store.query_index(Tick::INDEXES.by_hour, hour);
        found.extend(query.sort(|s| s.ge(3700)).all().await.unwrap());
    }
    assert_eq!(found, [3700, 7199, 7300].map(tick));
    let hour = is_text("GSI1PK", "HOUR#2026-11-26T01");
    let found = design.found("GSI1", [hour, ("GSI1SK", ">=", string("0000003700"))], "at").await;
    assert_eq!(found, ["3700", "7199"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "bookings", index(of_room(partition = "room", sort = "from")))]
struct Booking {
    #[partition_key]
    guest: String,
    #[sort_key]
    number: u16,
    #[authenticated]
    room: String,
    from: String,
    #[encrypted]
    passport: String,
}

#[tokio::test]
async fn bookings_of_a_room_in_a_range_of_days() {
    let design = Design::new::<Booking>().await;
    let days = ["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"];
    let booking = |number: u16| Booking {
        guest: format!("g{number}"),
        number,
        room: "101".into(),
        from: days[usize::from(number)].into(),
        passport: "X".into(),
    };
    design.save((0..4).map(booking)).await;
    let of_room = || design.store.query_index(Booking::INDEXES.of_room, "101");

    let november = of_room().sort(|s| s.between("2026-11-01", "2026-11-30")).all().await.unwrap();
    assert_eq!(november, [1, 2].map(booking));
    let begun = of_room().sort(|s| s.begins_with("2026-11-")).all().await.unwrap();
    assert_eq!(begun, november);
    let begins = ("from", "begins_with", string("2026-11"));
    let found = design.found("of_room", [is_text("room", "101"), begins], "guest").await;
    assert_eq!(found, ["g1", "g2"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "jobs",
    index(waiting(partition = "queue", sort = "waits_since", unprotected_partition))
)]
struct Job {
    #[partition_key]
    id: String,
    queue: String,
    /// Absent while somebody works on it.
    waits_since: Option<u64>,
    #[encrypted]
    payload: String,
}

#[tokio::test]
async fn a_queue_whose_oldest_job_is_taken() {
    let design = Design::new::<Job>().await;
    let job = |id: &str, waits_since| Job {
        id: id.into(),
        queue: "mail".into(),
        waits_since,
        payload: format!("payload of {id}"),
    };
    design.save([job("new", Some(20)), job("old", Some(10)), job("taken", None)]).await;
    let waiting = || design.store.query_index(Job::INDEXES.waiting, "mail");

    let mut taken = Vec::new();
    while let Some(job) = waiting().first().await.unwrap() {
        let update = design.store.update::<Job>(&job.id).remove(|f| f.waits_since);
        update.condition(|f| f.waits_since.eq(job.waits_since)).await.unwrap();
        taken.push(job.id);
    }

    assert_eq!(taken, ["old", "new"]);
    assert!(design.entries("waiting", ["id"]).await.is_empty());
    design.store.update::<Job>("old").set(|f| f.waits_since, 30).await.unwrap();
    let condition = [is_text("queue", "mail"), is("waits_since", number(30))];
    assert_eq!(design.found("waiting", condition, "id").await, ["old"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "baskets", index(of_owner(partition = "owner", sort = "until")))]
struct Basket {
    #[partition_key]
    id: u64,
    #[authenticated]
    owner: String,
    #[envelope(ttl)]
    until: Option<u64>,
    #[encrypted]
    goods: Vec<String>,
}

#[tokio::test]
async fn baskets_that_have_not_expired() {
    let design = Design::new::<Basket>().await;
    let basket = |id, until| Basket { id, owner: "ann".into(), until, goods: vec!["tea".into()] };
    let at = |seconds| {
        design.store.clone().clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    for (id, until) in [(1, Some(2_000_000_000)), (2, Some(2_000_000_100)), (3, None)] {
        at(1_900_000_000).put(&basket(id, until)).await.unwrap();
    }

    let store = at(2_000_000_050);
    let of_ann = || store.query_index(Basket::INDEXES.of_owner, "ann");
    assert_eq!(of_ann().all().await.unwrap(), [basket(2, Some(2_000_000_100))]);
    assert_eq!(of_ann().count().await.unwrap(), 1);
    assert_eq!(design.usage.expired_items(), 2);
    // DynamoDB deletes them later.
    let found = design.found("of_owner", [is_text("owner", "ann")], "until").await;
    assert_eq!(found, ["2000000000", "2000000100"]);
}
