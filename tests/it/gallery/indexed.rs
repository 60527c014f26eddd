//! Query shapes of single-table designs. Each answer is compared with DynamoDB's own answer to a
//! query whose attribute names and values are written by hand.

mod finding;
mod lists;
mod moved;
mod people;
mod shared;
mod shop;
mod tenants;
mod time;

use std::collections::HashMap;
use std::fmt::Debug;

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::schema::HasTable;
use envelope_runtime::{EnvelopeRecord, Store, Usage};

use crate::support::{Stored, World, string};

/// A table that the library made, and its store.
pub(crate) struct Design {
    pub(crate) world: World,
    pub(crate) store: Store,
    pub(crate) usage: Usage,
}

impl Design {
    pub(crate) async fn new<R: HasTable>() -> Self {
        let mut world = World::new().await;
        world.table = super::table::<R>(&world).await;
        Self::on::<R>(world)
    }

    /// Records that `R` does not know may be in the same table, if they name it alike.
    pub(crate) fn on<R: EnvelopeRecord>(world: World) -> Self {
        let usage = Usage::default();
        let store = world.store.clone().map_table::<R>(&world.table).measured(&usage);
        Self { world, store, usage }
    }

    pub(crate) async fn save<R: EnvelopeRecord>(&self, records: impl IntoIterator<Item = R>) {
        for record in records {
            self.store.put(&record).await.unwrap();
        }
    }

    /// One attribute of the entries that DynamoDB returns for a condition on the keys of an index.
    pub(crate) async fn found<const N: usize>(
        &self,
        index: &str,
        condition: [(&str, &str, Sdk); N],
        attribute: &str,
    ) -> Vec<String> {
        let mut query = self.world.backend.dynamodb.query();
        let mut texts = Vec::new();
        for (place, (name, comparison, value)) in condition.into_iter().enumerate() {
            texts.push(match comparison {
                "begins_with" => format!("begins_with(#{place}, :{place})"),
                comparison => format!("#{place} {comparison} :{place}"),
            });
            query = query
                .expression_attribute_names(format!("#{place}"), name)
                .expression_attribute_values(format!(":{place}"), value);
        }
        let query = query.table_name(&self.world.table).index_name(index);
        let answer = query.key_condition_expression(texts.join(" AND ")).send().await.unwrap();
        answer.items().iter().map(|item| shown(item, attribute)).collect()
    }

    /// The given attributes of all entries of an index, sorted.
    pub(crate) async fn entries<const N: usize>(
        &self,
        index: &str,
        attributes: [&str; N],
    ) -> Vec<[String; N]> {
        let scan = self.world.backend.dynamodb.scan().table_name(&self.world.table);
        let answer = scan.index_name(index).send().await.unwrap();
        let entry = |item: &Stored| attributes.map(|name| shown(item, name));
        let mut entries: Vec<_> = answer.items().iter().map(entry).collect();
        entries.sort();
        entries
    }
}

/// The text of an attribute.
fn shown(item: &HashMap<String, Sdk>, name: &str) -> String {
    match &item[name] {
        Sdk::S(text) | Sdk::N(text) => text.clone(),
        Sdk::B(bytes) => format!("{:?}", bytes.as_ref()),
        other => panic!("{name}: {other:?}"),
    }
}

pub(crate) fn number(number: u64) -> Sdk {
    Sdk::N(number.to_string())
}

pub(crate) fn is(name: &str, value: Sdk) -> (&str, &str, Sdk) {
    (name, "=", value)
}

/// A condition on a text attribute.
pub(crate) fn is_text<'a>(name: &'a str, text: &str) -> (&'a str, &'a str, Sdk) {
    is(name, string(text))
}

/// What `part` takes of each record, as text.
pub(crate) fn texts<R, T: ToString>(records: &[R], part: impl Fn(&R) -> T) -> Vec<String>
where
    R: Debug,
{
    records.iter().map(|record| part(record).to_string()).collect()
}
