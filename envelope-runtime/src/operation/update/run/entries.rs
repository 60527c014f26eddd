//! Maps of which an update changes single entries. DynamoDB does so only if the map is there, and
//! otherwise rejects the whole request as malformed.

use super::{Nulls, Running};
use crate::attribute::AttributeValue;
use crate::envelope::Item;
use crate::expression::{Comparison, Node, not_a_map};
use crate::key::{Allows, CanEncrypt};
use crate::operation::error::UpdateError;
use crate::record::{EnvelopeRecord, FieldError, FieldSchema};

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
    fn maps(&self) -> impl Iterator<Item = &'static str> {
        self.plan.mapped().map(FieldSchema::name)
    }

    /// Of the plaintext maps whose entries change, those that are absent or NULL.
    pub(super) fn missing_maps(&self, stored: &Item) -> impl Iterator<Item = &'static str> {
        self.maps()
            .filter(|name| matches!(stored.attribute(name), None | Some(AttributeValue::Null)))
    }

    /// The conditions that exactly the maps in `missing` are absent or NULL, and that the others
    /// are maps.
    pub(super) fn maps_are(&self, missing: &Nulls) -> impl Iterator<Item = Node> {
        self.maps().map(|name| {
            if missing.contains(name) {
                let null = Node::Compare(name, Comparison::Equal, Ok(AttributeValue::Null));
                Node::either(Node::NotExists(name), null)
            } else {
                Node::IsMap(name)
            }
        })
    }

    /// Refuses a stored value that is no map. A load would refuse it too.
    pub(super) fn check_maps(&self, stored: &Item) -> Result<(), UpdateError> {
        for name in self.maps() {
            match stored.attribute(name) {
                None | Some(AttributeValue::Null | AttributeValue::M(_)) => {}
                Some(other) => {
                    let error = FieldError::new(&self.schema, name, not_a_map(other));
                    return Err(UpdateError::Field(error));
                }
            }
        }
        Ok(())
    }
}
