//! An entry of each kind of index follows the record: it leaves its old place, and is alone at the
//! new one.

use envelope_runtime::EnvelopeRecord;

use super::Design;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "crates",
    index(by_field(partition = "state", sort = "rank", unprotected_partition)),
    index(by_option(partition = "carrier", unprotected_partition)),
    index(by_owner(
        name = "GSI1",
        partition_key = "OWNER#{owner}",
        sort_key = "{shelf}#{rank:03}"
    )),
    index(lent(name = "GSI2", partition_key = "LENT", sort_key = "{lent_to}")),
    index(by_lot(
        name = "GSI3",
        partition_key = "LOT#{lot}",
        partition_key_name = "LOT",
        sort_key = "{shelf}"
    )),
    index(lot_by_rank(
        name = "GSI4",
        partition_key = "LOT#{lot}",
        partition_key_name = "LOT",
        sort = "rank"
    )),
    index(by_rank(name = "LSI1", local, sort = "rank")),
    index(by_shelf(name = "LSI2", local, sort_key = "S#{shelf}"))
)]
struct Crate {
    #[partition_key]
    site: String,
    #[sort_key]
    id: u64,
    state: String,
    rank: u64,
    carrier: Option<String>,
    #[authenticated]
    owner: String,
    shelf: String,
    lent_to: Option<String>,
    #[authenticated]
    lot: String,
    #[encrypted]
    content: String,
}

fn one(id: u64) -> Crate {
    Crate {
        site: "s".into(),
        id,
        state: "new".into(),
        rank: 1,
        carrier: Some("post".into()),
        owner: "ann".into(),
        shelf: "a".into(),
        lent_to: Some("bob".into()),
        lot: "7".into(),
        content: "c".into(),
    }
}

const INDEXES: [(&str, [&str; 2]); 8] = [
    ("by_field", ["state", "rank"]),
    ("by_option", ["carrier", "site"]),
    ("GSI1", ["GSI1PK", "GSI1SK"]),
    ("GSI2", ["GSI2PK", "GSI2SK"]),
    ("GSI3", ["LOT", "GSI3SK"]),
    ("GSI4", ["LOT", "rank"]),
    ("LSI1", ["site", "rank"]),
    ("LSI2", ["site", "LSI2SK"]),
];

/// The keys of a crate in each index, as `partition sort`; `None` if it is not there.
type Places = [Option<&'static str>; 8];

const BEFORE: Places = [
    Some("new 1"),
    Some("post s"),
    Some("OWNER#ann a#001"),
    Some("LENT bob"),
    Some("LOT#7 a"),
    Some("LOT#7 1"),
    Some("s 1"),
    Some("s S#a"),
];

/// The places before, with some of them changed.
fn but<const N: usize>(changes: [(usize, Option<&'static str>); N]) -> Places {
    let mut places = BEFORE;
    for (index, place) in changes {
        places[index] = place;
    }
    places
}

/// Two crates, of which the second stays where it is.
async fn crates() -> Design {
    let design = Design::new::<Crate>().await;
    design.save([one(1), one(2)]).await;
    assert_at(&design, BEFORE, "saved").await;
    design
}

async fn assert_at(design: &Design, places: Places, what: &str) {
    for (((index, [partition, sort]), place), stays) in INDEXES.into_iter().zip(places).zip(BEFORE)
    {
        let entries = design.entries(index, ["id", partition, sort]).await;
        let entries: Vec<_> = entries.iter().map(|entry| entry.join(" ")).collect();
        let moved = place.map(|place| format!("1 {place}")).into_iter();
        let expected: Vec<_> = moved.chain(stays.map(|stays| format!("2 {stays}"))).collect();
        assert_eq!(entries, expected, "{what}: {index}");
    }
}

/// Each change by a put of the whole record.
#[tokio::test]
async fn a_put_moves_the_entry() {
    let design = crates().await;
    let lot = [(4, Some("LOT#8 a")), (5, Some("LOT#8 1"))];
    for (changed, places) in [
        (Crate { state: "old".into(), ..one(1) }, but([(0, Some("old 1"))])),
        (Crate { carrier: None, ..one(1) }, but([(1, None)])),
        (Crate { owner: "eve".into(), ..one(1) }, but([(2, Some("OWNER#eve a#001"))])),
        (Crate { lent_to: None, ..one(1) }, but([(3, None)])),
        (Crate { lent_to: Some("eve".into()), ..one(1) }, but([(3, Some("LENT eve"))])),
        (Crate { lot: "8".into(), ..one(1) }, but(lot)),
        (
            Crate { shelf: "b".into(), ..one(1) },
            but([(2, Some("OWNER#ann b#001")), (4, Some("LOT#7 b")), (7, Some("s S#b"))]),
        ),
        (
            Crate { rank: 20, ..one(1) },
            but([
                (0, Some("new 20")),
                (2, Some("OWNER#ann a#020")),
                (5, Some("LOT#7 20")),
                (6, Some("s 20")),
            ]),
        ),
        (one(1), BEFORE),
    ] {
        design.store.put(&changed).await.unwrap();
        assert_at(&design, places, &format!("{changed:?}")).await;
        let read = design.store.get::<Crate>(("s", 1)).consistent().await.unwrap();
        assert_eq!(read, Some(changed));
    }
}

/// Each change by an update of one field, and back.
#[tokio::test]
async fn an_update_moves_the_entry() {
    let design = crates().await;
    let update = || design.store.update::<Crate>(("s", 1));
    macro_rules! moves {
        ($field:ident, $value:expr, $before:expr, $places:expr) => {{
            update().set(|f| f.$field, $value).await.unwrap();
            assert_at(&design, but($places), stringify!($field)).await;
            update().set(|f| f.$field, $before).await.unwrap();
            assert_at(&design, BEFORE, concat!(stringify!($field), ", back")).await;
        }};
    }

    moves!(state, "old", "new", [(0, Some("old 1"))]);
    moves!(carrier, "van", "post", [(1, Some("van s"))]);
    moves!(owner, "eve", "ann", [(2, Some("OWNER#eve a#001"))]);
    moves!(lent_to, "eve", "bob", [(3, Some("LENT eve"))]);
    moves!(lot, "8", "7", [(4, Some("LOT#8 a")), (5, Some("LOT#8 1"))]);
    let shelf = [(2, Some("OWNER#ann b#001")), (4, Some("LOT#7 b")), (7, Some("s S#b"))];
    moves!(shelf, "b", "a", shelf);
    let rank = [
        (0, Some("new 20")),
        (2, Some("OWNER#ann a#020")),
        (5, Some("LOT#7 20")),
        (6, Some("s 20")),
    ];
    moves!(rank, 20, 1, rank);
}

#[tokio::test]
async fn a_removed_value_takes_the_entry_out() {
    let design = crates().await;
    let update = || design.store.update::<Crate>(("s", 1));

    update().remove(|f| f.carrier).await.unwrap();
    assert_at(&design, but([(1, None)]), "carrier").await;
    update().remove(|f| f.lent_to).await.unwrap();
    assert_at(&design, but([(1, None), (3, None)]), "lent_to").await;
    update().set(|f| f.lent_to, "eve").set(|f| f.carrier, "van").await.unwrap();
    assert_at(&design, but([(1, Some("van s")), (3, Some("LENT eve"))]), "both").await;

    update().remove(|f| f.lent_to).await.unwrap();
    update().set_if_absent(|f| f.lent_to, "zoe").await.unwrap();
    update().set_if_absent(|f| f.lent_to, "eve").await.unwrap();
    assert_at(&design, but([(1, Some("van s")), (3, Some("LENT zoe"))]), "if absent").await;

    design.store.delete::<Crate>(("s", 1)).await.unwrap();
    assert_at(&design, [None; 8], "deleted").await;
}
