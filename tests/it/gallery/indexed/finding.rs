//! Keys of types that the derive does not know, places, and records that are not read whole.

use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};
use serde::{Deserialize, Serialize};

use super::{Design, is, is_text, number, texts};
use crate::support::string;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "venues",
    index(near(partition_key = "CELL#{cell}", partition_key_name = "cellPK", sort = "geohash"))
)]
struct Venue {
    #[partition_key]
    id: String,
    #[authenticated]
    cell: String,
    geohash: String,
    #[encrypted]
    owner: String,
}

/// A template and a field make one key.
#[tokio::test]
async fn venues_of_a_cell_by_the_beginning_of_their_geohash() {
    let design = Design::new::<Venue>().await;
    let venue = |id: &str, geohash: &str| Venue {
        id: id.into(),
        cell: geohash[..3].into(),
        geohash: geohash.into(),
        owner: "zoë".into(),
    };
    let venues = [("gate", "u33db2m3"), ("zoo", "u33d8zv"), ("lake", "u33dc0f"), ("sea", "u3bk9")];
    design.save(venues.map(|(id, geohash)| venue(id, geohash))).await;
    let near = || design.store.query_index(Venue::INDEXES.near, "u33");

    let there = near().sort(|s| s.begins_with("u33db")).all().await.unwrap();
    assert_eq!(there, [venue("gate", "u33db2m3")]);
    let around = near().sort(|s| s.between("u33db", "u33dz")).all().await.unwrap();
    assert_eq!(texts(&around, |venue| venue.id.clone()), ["gate", "lake"]);
    let begins = ("geohash", "begins_with", string("u33d"));
    let found = design.found("near", [is_text("cellPK", "CELL#u33"), begins], "id").await;
    assert_eq!(found, ["zoo", "gate", "lake"]);
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    InTransit,
    Delivered,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Grams(u32);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Route(String);

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "parcels",
    index(by_phase(partition = "phase", sort = "weight")),
    index(by_route(name = "GSI1", partition_key = "{route}/{phase}", sort_key = "{weight:06}"))
)]
#[serde(rename_all = "camelCase")]
struct Parcel {
    #[partition_key]
    id: u64,
    #[authenticated]
    #[envelope(key = "S", rename = "ph")]
    phase: Phase,
    #[envelope(key = "N")]
    weight: Grams,
    #[authenticated]
    route: Route,
    #[encrypted]
    recipient: String,
}

#[tokio::test]
async fn parcels_by_an_enum_and_by_newtypes() {
    let design = Design::new::<Parcel>().await;
    let parcel = |id, phase, weight| Parcel {
        id,
        phase,
        weight: Grams(weight),
        route: Route("A1".into()),
        recipient: format!("r{id}"),
    };
    let heavy = parcel(1, Phase::InTransit, 10_000);
    let light = parcel(2, Phase::InTransit, 900);
    design.save([heavy.clone(), light.clone(), parcel(3, Phase::Delivered, 5)]).await;

    let moving = || design.store.query_index(Parcel::INDEXES.by_phase, Phase::InTransit);
    assert_eq!(moving().all().await.unwrap(), [light.clone(), heavy.clone()]);
    assert_eq!(moving().sort(|s| s.gt(Grams(900))).first().await.unwrap(), Some(heavy));
    let route = (Route("A1".into()), Phase::InTransit);
    let on_route = design.store.query_index(Parcel::INDEXES.by_route, route);
    assert_eq!(on_route.sort(|s| s.lt(Grams(10_000))).all().await.unwrap(), [light]);

    let condition = [is_text("ph", "in-transit"), ("weight", ">", number(900))];
    assert_eq!(design.found("by_phase", condition, "id").await, ["1"]);
    let condition = [is_text("GSI1PK", "A1/in-transit"), is_text("GSI1SK", "010000")];
    assert_eq!(design.found("GSI1", condition, "recipient").await.len(), 1);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "articles",
    index(by_topic(
        partition = "topic",
        sort = "published",
        project = include("title"),
        unprotected_partition
    ))
)]
struct Article {
    #[partition_key]
    slug: String,
    topic: String,
    published: u64,
    title: String,
    teaser: String,
    #[encrypted]
    draft: String,
}

#[derive(EnvelopeProjection, Clone, Debug, PartialEq)]
#[envelope(of = Article, plaintext_only)]
struct Headline {
    slug: String,
    title: String,
    published: u64,
}

/// An index of some attributes.
#[tokio::test]
async fn headlines_of_a_topic_without_the_articles() {
    let design = Design::new::<Article>().await;
    let article = |slug: &str, published| Article {
        slug: slug.into(),
        topic: "rust".into(),
        published,
        title: format!("On {slug}"),
        teaser: "…".into(),
        draft: "draft".into(),
    };
    design.save([article("traits", 9), article("async", 8)]).await;
    let of_topic = || design.store.query_index(Article::INDEXES.by_topic, "rust");

    let before = design.usage.kms_calls();
    let headlines: Vec<Headline> = of_topic().project().all().await.unwrap();
    let headline = |slug: &str, published| Headline {
        slug: slug.into(),
        title: format!("On {slug}"),
        published,
    };
    assert_eq!(headlines, [headline("async", 8), headline("traits", 9)]);
    assert_eq!(design.usage.kms_calls(), before);
    let whole = of_topic().load().reverse().take(1).all().await.unwrap();
    assert_eq!(whole, [article("traits", 9)]);

    assert_eq!(
        design.found("by_topic", [is_text("topic", "rust")], "title").await,
        ["On async", "On traits"]
    );
    let query = design.world.backend.dynamodb.scan().table_name(&design.world.table);
    let entries = query.index_name("by_topic").send().await.unwrap();
    let mut names: Vec<_> = entries.items()[0].keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["_envelope", "published", "slug", "title", "topic"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "recipes", index(by_cook(partition = "cook", sort = "minutes")))]
struct Recipe {
    #[partition_key]
    id: u64,
    #[authenticated]
    cook: String,
    minutes: u16,
    #[encrypted]
    secret: String,
    #[encrypted]
    steps: Vec<String>,
}

#[derive(EnvelopeProjection, Clone, Debug, PartialEq)]
#[envelope(of = Recipe)]
struct Secret {
    cook: String,
    secret: String,
}

#[tokio::test]
async fn sealed_values_alone_through_an_index() {
    let design = Design::new::<Recipe>().await;
    let recipe = |id: u64, minutes| Recipe {
        id,
        cook: "ann".into(),
        minutes,
        secret: format!("salt {id}"),
        steps: vec!["stir".into()],
    };
    design.save([recipe(1, 40), recipe(2, 15)]).await;

    let quick = design.store.query_index(Recipe::INDEXES.by_cook, "ann").sort(|s| s.le(30));
    let secrets: Vec<Secret> = quick.project().all().await.unwrap();
    assert_eq!(secrets, [Secret { cook: "ann".into(), secret: "salt 2".into() }]);
    let condition = [is_text("cook", "ann"), ("minutes", "<=", number(30))];
    assert_eq!(design.found("by_cook", condition, "id").await, ["2"]);
    assert_eq!(design.found("by_cook", [is("cook", string("bob"))], "id").await.len(), 0);
}
