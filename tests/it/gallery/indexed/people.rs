//! People: who belongs to what, who follows whom, who is logged in.

use envelope_runtime::{EnvelopeRecord, Keys};

use super::{Design, is, is_text, texts};
use crate::support::{binary, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "school",
    partition_key = "STUDENT#{student}",
    sort_key = "COURSE#{course}",
    index(inverted(
        name = "INVERTED",
        partition_key = "COURSE#{course}",
        partition_key_name = "SK",
        sort_key = "STUDENT#{student}",
        sort_key_name = "PK"
    ))
)]
struct Enrolment {
    student: String,
    course: String,
    #[encrypted]
    grade: u8,
}

#[tokio::test]
async fn both_sides_of_a_many_to_many_relation() {
    let design = Design::new::<Enrolment>().await;
    let enrolment = |student: &str, course: &str| Enrolment {
        student: student.into(),
        course: course.into(),
        grade: 1,
    };
    let [ann, bob] = [enrolment("ann", "maths"), enrolment("bob", "maths")];
    design.save([bob.clone(), ann.clone(), enrolment("ann", "art")]).await;

    let of_course = || design.store.query_index(Enrolment::INDEXES.inverted, "maths");
    assert_eq!(of_course().all().await.unwrap(), [ann, bob.clone()]);
    assert_eq!(of_course().sort(|s| s.begins_with("b")).all().await.unwrap(), [bob]);
    let courses = design.store.query::<Enrolment>("ann").all().await.unwrap();
    assert_eq!(texts(&courses, |enrolment| enrolment.course.clone()), ["art", "maths"]);

    let found = design.found("INVERTED", [is_text("SK", "COURSE#maths")], "PK").await;
    assert_eq!(found, ["STUDENT#ann", "STUDENT#bob"]);
    // The index has no attributes of its own.
    let key = [("PK".to_owned(), string("STUDENT#bob")), ("SK".into(), string("COURSE#maths"))];
    assert_eq!(design.world.stored_at(key).await.len(), 6);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "graph",
    partition_key = "NODE#{from}",
    sort_key = "{kind}#{to}",
    index(incoming(name = "GSI1", partition_key = "NODE#{to}", sort_key = "{kind}#{from}"))
)]
struct Edge {
    from: String,
    kind: String,
    to: String,
    #[encrypted]
    note: String,
}

#[tokio::test]
async fn edges_of_an_adjacency_list_in_both_directions() {
    let design = Design::new::<Edge>().await;
    let edge = |from: &str, kind: &str, to: &str| Edge {
        from: from.into(),
        kind: kind.into(),
        to: to.into(),
        note: format!("{from}-{to}"),
    };
    let edges =
        [("a", "KNOWS", "b"), ("c", "KNOWS", "b"), ("a", "LIKES", "b"), ("b", "KNOWS", "a")];
    design.save(edges.map(|(from, kind, to)| edge(from, kind, to))).await;

    let to_b = || design.store.query_index(Edge::INDEXES.incoming, "b");
    let known = to_b().sort(|s| s.eq(("KNOWS",))).all().await.unwrap();
    assert_eq!(known, [edge("a", "KNOWS", "b"), edge("c", "KNOWS", "b")]);
    assert_eq!(to_b().count().await.unwrap(), 3);
    let from_b = design.store.query::<Edge>("b").all().await.unwrap();
    assert_eq!(from_b, [edge("b", "KNOWS", "a")]);

    let known = ("GSI1SK", "begins_with", string("KNOWS#"));
    let found = design.found("GSI1", [is_text("GSI1PK", "NODE#b"), known], "GSI1SK").await;
    assert_eq!(found, ["KNOWS#a", "KNOWS#c"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "logins",
    index(by_user(partition = "user", sort = "started", project = keys))
)]
struct Login {
    #[partition_key]
    token: [u8; 2],
    #[authenticated]
    user: String,
    started: u64,
    #[encrypted]
    address: String,
}

/// An index of keys alone.
#[tokio::test]
async fn all_logins_of_a_user_are_ended_by_their_keys() {
    let design = Design::new::<Login>().await;
    let login = |token, user: &str, started| Login {
        token,
        user: user.into(),
        started,
        address: "::1".into(),
    };
    let logins = [login([1, 1], "ann", 20), login([2, 2], "ann", 10), login([3, 3], "bob", 5)];
    design.save(logins).await;
    let of_ann = || design.store.query_index(Login::INDEXES.by_user, "ann");

    let found = design.found("by_user", [is_text("user", "ann")], "token").await;
    assert_eq!(found, ["[2, 2]", "[1, 1]"]);
    let before = design.usage.kms_calls();
    let keys: Vec<_> = of_ann().all().await.unwrap().into_iter().map(Keys::into_key).collect();
    assert_eq!(keys, [[2, 2], [1, 1]]);
    assert_eq!(design.usage.kms_calls(), before);
    let newest = of_ann().load().reverse().first().await.unwrap();
    assert_eq!(newest, Some(login([1, 1], "ann", 20)));

    for token in keys {
        design.store.delete::<Login>(token).await.unwrap();
    }
    assert_eq!(of_ann().count().await.unwrap(), 0);
    assert_eq!(design.entries("by_user", ["user", "token"]).await, [["bob", "[3, 3]"]]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "contacts", index(by_email(partition = "email_digest")))]
struct Contact {
    #[partition_key]
    id: u64,
    #[authenticated]
    email_digest: Vec<u8>,
    #[encrypted]
    email: String,
}

#[tokio::test]
async fn the_one_contact_with_a_digest() {
    let design = Design::new::<Contact>().await;
    let contact = |id, digest: &[u8], email: &str| Contact {
        id,
        email_digest: digest.into(),
        email: email.into(),
    };
    let zoe = contact(1, &[0, 255], "zoe@example.com");
    design.save([zoe.clone(), contact(2, &[0], "ann@example.com")]).await;

    let by_email =
        |digest: &'static [u8]| design.store.query_index(Contact::INDEXES.by_email, digest);
    assert_eq!(by_email(&[0, 255]).one().await.unwrap(), Some(zoe));
    assert_eq!(by_email(&[1]).one().await.unwrap(), None);
    let condition = [is("email_digest", binary([0, 255]))];
    assert_eq!(design.found("by_email", condition, "id").await, ["1"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "scores",
    index(leaders(
        name = "GSI1",
        partition_key = "GAME#{game}",
        sort_key = "{points:010}#{player}"
    ))
)]
struct Score {
    #[partition_key]
    player: String,
    #[sort_key]
    game: String,
    points: u32,
    #[encrypted]
    replay: Vec<u8>,
}

#[tokio::test]
async fn the_leaders_of_a_game_page_by_page() {
    let design = Design::new::<Score>().await;
    let score = |player: u32| Score {
        player: format!("p{player}"),
        game: "go".into(),
        points: player * player % 11,
        replay: vec![1],
    };
    design.save((1..=7).map(score)).await;
    let leaders = || design.store.query_index(Score::INDEXES.leaders, "go").reverse();
    // By points and, with the same points, by name.
    let expected = ["p3", "p7", "p4", "p2", "p6", "p5", "p1"];

    let (mut pages, mut next) = (Vec::new(), None);
    loop {
        let page = leaders().take(3).after(next).page().await.unwrap();
        pages.push(texts(&page.items, |score| score.player.clone()));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(pages.concat(), expected);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    let above = leaders().sort(|s| s.ge((4,))).all().await.unwrap();
    assert_eq!(texts(&above, |score| score.points), ["9", "5", "5", "4"]);

    let found = design.found("GSI1", [is_text("GSI1PK", "GAME#go")], "GSI1SK").await;
    assert_eq!((found[0].as_str(), found[6].as_str()), ("0000000001#p1", "0000000009#p3"));
    let five = is_text("GSI1SK", "0000000005#p4");
    let found = design.found("GSI1", [is_text("GSI1PK", "GAME#go"), five], "points").await;
    assert_eq!(found, ["5"]);
}
