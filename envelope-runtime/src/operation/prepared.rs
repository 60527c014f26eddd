//! A write, separate from sending it: sealed once, the same bytes each time it is sent.

use crate::attribute::AttributeValue;
use crate::envelope::Item;
use crate::expression::Expression;
use crate::record::{RecordSchema, RequestKey};

/// A write that is ready to be sent.
pub(super) struct Prepared {
    pub(super) schema: RecordSchema,
    /// The physical table.
    pub(super) table: String,
    pub(super) key: RequestKey,
    pub(super) write: Write,
    pub(super) condition: Expression,
    /// The envelope that the write leaves. No other write leaves the same one.
    pub(super) ours: Option<AttributeValue>,
    pub(super) twice: Twice,
}

/// The change of the item under the key.
pub(super) enum Write {
    Put(Item),
    /// The text of an update expression; `None` changes nothing.
    Update(Option<String>),
    Delete,
}

/// The effect of a write that is done a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twice {
    /// The same effect, as if the write had come later.
    Same,
    /// No effect: the condition holds only for the state before the write.
    Refused,
    /// Another effect, or the same one over what another writer wrote in between. The write is sent
    /// once.
    Else,
}
