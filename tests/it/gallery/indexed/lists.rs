//! Records of unusual shapes in an index: in plaintext, flattened, with attributes of others, with
//! a version.

use envelope_runtime::{AttributeValue, EnvelopeFields, EnvelopeRecord, OtherAttributes};
use serde::{Deserialize, Serialize};

use super::{Design, is_text, number, texts};
use crate::support::string;

#[derive(EnvelopeRecord, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[envelope(
    table = "zones",
    plaintext_only,
    index(by_country(name = "GSI1", partition_key = "COUNTRY#{country}", sort_key = "{city}"))
)]
struct Zone {
    #[partition_key]
    postcode: String,
    country: String,
    city: Option<String>,
}

#[tokio::test]
async fn plaintext_records_by_country_and_city() {
    let design = Design::new::<Zone>().await;
    let zone = |postcode: &str, city: Option<&str>| Zone {
        postcode: postcode.into(),
        country: "DE".into(),
        city: city.map(Into::into),
    };
    let zones = [zone("20095", Some("Hamburg")), zone("10115", Some("Berlin")), zone("0", None)];
    design.save(zones).await;
    let germany = || design.store.query_index(Zone::INDEXES.by_country, "DE");

    assert_eq!(germany().first().await.unwrap(), Some(zone("10115", Some("Berlin"))));
    assert_eq!(germany().sort(|s| s.begins_with("H")).count().await.unwrap(), 1);
    let found = design.found("GSI1", [is_text("GSI1PK", "COUNTRY#DE")], "GSI1SK").await;
    assert_eq!(found, ["Berlin", "Hamburg"]);
    assert_eq!(design.usage.kms_calls(), 0);
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct Audit {
    author: String,
    #[encrypted]
    reason: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "assets",
    index(by_site(name = "GSI1", partition_key = "SITE#{site}", sort_key = "{serial:08}"))
)]
struct Asset {
    #[partition_key]
    serial: u32,
    #[authenticated]
    site: String,
    #[envelope(flatten)]
    audit: Audit,
    #[envelope(version)]
    revision: u64,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[tokio::test]
async fn records_with_flattened_and_foreign_attributes() {
    let design = Design::new::<Asset>().await;
    let mut others = OtherAttributes::default();
    others.insert("colour", AttributeValue::S("red".into()));
    others.insert_encrypted("pin", AttributeValue::S("0000".into()));
    let audit = Audit { author: "ann".into(), reason: "new".into() };
    let asset = Asset { serial: 7, site: "b1".into(), audit, revision: 0, others };
    let saved = design.store.put(&asset).await.unwrap().into_inner();
    let of_site = |site: &'static str| design.store.query_index(Asset::INDEXES.by_site, site);

    let found = of_site("b1").all().await.unwrap();
    assert_eq!(found, [saved]);
    // The key of the index is no attribute of others.
    assert_eq!(found[0].others.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["colour", "pin"]);

    let [mut asset] = <[Asset; 1]>::try_from(found).unwrap();
    asset.site = "b2".into();
    asset = design.store.put(&asset).await.unwrap().into_inner();
    assert_eq!(of_site("b1").count().await.unwrap(), 0);
    let moved = of_site("b2").all().await.unwrap();
    assert_eq!((moved[0].revision, &moved[0].others), (2, &asset.others));
    let condition = [is_text("GSI1PK", "SITE#b2"), is_text("GSI1SK", "00000007")];
    assert_eq!(design.found("GSI1", condition, "revision").await, ["2"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "pages",
    index(by_views(partition = "site", sort = "views")),
    index(by_revision(partition = "site", sort = "revision"))
)]
struct Page {
    #[partition_key]
    url: String,
    #[authenticated]
    site: String,
    views: u64,
    #[envelope(version)]
    revision: u64,
    #[encrypted]
    notes: String,
}

/// A key by a field alone follows what DynamoDB counts.
#[tokio::test]
async fn pages_by_a_counter_and_by_their_version() {
    let design = Design::new::<Page>().await;
    let page = |url: &str, views| Page {
        url: url.into(),
        site: "blog".into(),
        views,
        revision: 0,
        notes: "n".into(),
    };
    design.save([page("/a", 5), page("/b", 9)]).await;
    design.store.update::<Page>("/a").add(|f| f.views, 10).await.unwrap();

    let most = design.store.query_index(Page::INDEXES.by_views, "blog").reverse();
    assert_eq!(texts(&most.all().await.unwrap(), |page| page.views), ["15", "9"]);
    let newest = design.store.query_index(Page::INDEXES.by_revision, "blog").reverse();
    assert_eq!(newest.first().await.unwrap().unwrap().url, "/a");
    let condition = [is_text("site", "blog"), ("views", ">", number(9))];
    assert_eq!(design.found("by_views", condition, "url").await, ["/a"]);
    let condition = [("site", "=", string("blog")), ("revision", "=", number(2))];
    assert_eq!(design.found("by_revision", condition, "url").await, ["/a"]);
}
