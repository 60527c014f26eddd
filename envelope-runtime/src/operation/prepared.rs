//! A write apart from where it is sent: sealed once, the same bytes each time it goes out.

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
    /// The envelope that it leaves: no other write leaves the same.
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
    /// The same, as if it had come later.
    Same,
    /// None: its condition holds only of the state before it.
    Refused,
    /// Another one, or the same over what another writer has written in between: it is sent once.
    Else,
}
