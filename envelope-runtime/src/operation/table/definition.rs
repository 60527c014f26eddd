//! The request that creates a table.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType as KeyRole, ProvisionedThroughput,
    ScalarAttributeType, SseSpecification, SseType, StreamSpecification, StreamViewType,
};

use super::settings::{AtRest, Settings, Units};
use crate::record::{KeyType, RecordSchema};

/// Fills in a request for the table of a record. Provisioned if `units` are given.
pub(super) fn define(
    mut request: CreateTableFluentBuilder,
    schema: &RecordSchema,
    settings: &Settings,
    units: Option<Units>,
) -> Result<CreateTableFluentBuilder, BuildError> {
    for ((name, key_type), role) in schema.key_types().zip([KeyRole::Hash, KeyRole::Range]) {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(role).build()?;
        let scalar = match key_type {
            KeyType::S => ScalarAttributeType::S,
            KeyType::N => ScalarAttributeType::N,
            KeyType::B => ScalarAttributeType::B,
        };
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(scalar);
        request = request.key_schema(key).attribute_definitions(definition.build()?);
    }
    request = match units {
        Some(units) => {
            let throughput = ProvisionedThroughput::builder()
                .read_capacity_units(units.read.into())
                .write_capacity_units(units.write.into());
            request
                .billing_mode(BillingMode::Provisioned)
                .provisioned_throughput(throughput.build()?)
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
