//! The request that creates a table.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexDescription,
    KeySchemaElement, KeyType as KeyRole, LocalSecondaryIndex, LocalSecondaryIndexDescription,
    Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType, SseSpecification,
    SseType, StreamSpecification, StreamViewType, TableDescription,
};

use super::settings::{AtRest, Settings, Units};
use crate::record::{IndexSchema, KeyAttribute, KeyType, QueryKey, RecordSchema};

/// The attributes, the key and the indexes of a table for some record types.
struct Keys {
    definitions: Vec<AttributeDefinition>,
    key: Vec<KeySchemaElement>,
    indexes: Vec<Index>,
}

struct Index {
    name: &'static str,
    is_local: bool,
    key: Vec<KeySchemaElement>,
    projection: Projection,
}

impl Keys {
    fn of(schemas: &[RecordSchema]) -> Result<Self, BuildError> {
        let types = schemas.iter().flat_map(|schema| {
            let keys = schema.keys().chain(schema.index_keys());
            keys.filter_map(|key| schema.type_of_key(key))
        });
        let mut seen = BTreeSet::new();
        let definitions = types.filter(|(name, _)| seen.insert(*name)).map(|(name, key_type)| {
            let scalar = match key_type {
                KeyType::S => ScalarAttributeType::S,
                KeyType::N => ScalarAttributeType::N,
                KeyType::B => ScalarAttributeType::B,
            };
            AttributeDefinition::builder().attribute_name(name).attribute_type(scalar).build()
        });
        let definitions = definitions.collect::<Result<_, _>>()?;
        let key = match schemas.first() {
            Some(schema) => key_schema(&schema.query_key(None))?,
            None => Vec::new(),
        };
        let mut indexes: Vec<Index> = Vec::new();
        for schema in schemas {
            for index in schema.all_indexes() {
                if !indexes.iter().any(|other| other.name == index.name()) {
                    indexes.push(Index {
                        name: index.name(),
                        is_local: index.is_local(),
                        key: key_schema(&schema.query_key(Some(index)))?,
                        projection: projection(schemas, index),
                    });
                }
            }
        }
        Ok(Self { definitions, key, indexes })
    }
}

/// The table that these record types would get, as DynamoDB would describe it.
pub(super) fn description(schemas: &[RecordSchema]) -> Result<TableDescription, BuildError> {
    let Keys { definitions, key, indexes } = Keys::of(schemas)?;
    let mut table = TableDescription::builder();
    table = table.set_attribute_definitions(Some(definitions)).set_key_schema(Some(key));
    for Index { name, is_local, key, projection } in indexes {
        table = if is_local {
            let index = LocalSecondaryIndexDescription::builder().index_name(name);
            let index = index.set_key_schema(Some(key)).projection(projection);
            table.local_secondary_indexes(index.build())
        } else {
            let index = GlobalSecondaryIndexDescription::builder().index_name(name);
            let index = index.set_key_schema(Some(key)).projection(projection);
            table.global_secondary_indexes(index.build())
        };
    }
    Ok(table.build())
}

/// Fills in a request for the table of some record types. Provisioned if `units` are given.
pub(super) fn define(
    mut request: CreateTableFluentBuilder,
    schemas: &[RecordSchema],
    settings: &Settings,
    units: Option<Units>,
) -> Result<CreateTableFluentBuilder, BuildError> {
    let Keys { definitions, key, indexes } = Keys::of(schemas)?;
    request = request.set_attribute_definitions(Some(definitions)).set_key_schema(Some(key));
    let throughput = units.map(|units| {
        ProvisionedThroughput::builder()
            .read_capacity_units(units.read.into())
            .write_capacity_units(units.write.into())
            .build()
    });
    let throughput = throughput.transpose()?;
    for Index { name, is_local, key, projection } in indexes {
        request = if is_local {
            let index = LocalSecondaryIndex::builder().index_name(name);
            let index = index.set_key_schema(Some(key)).projection(projection);
            request.local_secondary_indexes(index.build()?)
        } else {
            let index = GlobalSecondaryIndex::builder().index_name(name);
            let index = index.set_key_schema(Some(key)).projection(projection);
            let index = index.set_provisioned_throughput(throughput.clone());
            request.global_secondary_indexes(index.build()?)
        };
    }
    request = match throughput {
        Some(throughput) => {
            request.billing_mode(BillingMode::Provisioned).provisioned_throughput(throughput)
        }
        None => request.billing_mode(BillingMode::PayPerRequest),
    };
    let by_kms = SseSpecification::builder().enabled(true).sse_type(SseType::Kms);
    request = match &settings.at_rest {
        // Without a specification, the key is one that AWS owns.
        Some(AtRest::AwsOwned) => request,
        Some(AtRest::Customer(key)) => {
            request.sse_specification(by_kms.kms_master_key_id(key).build())
        }
        Some(AtRest::AwsManaged) | None => request.sse_specification(by_kms.build()),
    };
    if let Some(view) = settings.stream {
        let view = StreamViewType::from(view.name());
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view);
        request = request.stream_specification(stream.build()?);
    }
    if settings.deletion_protection {
        request = request.deletion_protection_enabled(true);
    }
    Ok(request)
}

fn key_schema(key: &QueryKey) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |key: &KeyAttribute, role| {
        KeySchemaElement::builder().attribute_name(key.name()).key_type(role).build()
    };
    let partition = key.partition.iter().map(|key| element(key, KeyRole::Hash));
    partition.chain(key.sort.iter().map(|key| element(key, KeyRole::Range))).collect()
}

/// The attributes that an index holds: those that any of its record types needs.
fn projection(schemas: &[RecordSchema], index: &IndexSchema) -> Projection {
    let mut held = Some(BTreeSet::new());
    for schema in schemas {
        let own = schema.all_indexes().iter().filter(|other| other.name() == index.name());
        for other in own {
            held = match (held, schema.included(other)) {
                (Some(held), Some(included)) => Some(&held | &included),
                _ => None,
            };
        }
    }
    let projection = Projection::builder();
    match held {
        None => projection.projection_type(ProjectionType::All),
        Some(held) if held.is_empty() => projection.projection_type(ProjectionType::KeysOnly),
        Some(held) => {
            let held = held.into_iter().map(str::to_owned).collect();
            projection.projection_type(ProjectionType::Include).set_non_key_attributes(Some(held))
        }
    }
    .build()
}
