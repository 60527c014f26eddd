//! A write, separate from sending it: sealed once, the same bytes each time it is sent.

use crate::attribute::AttributeValue;
use crate::envelope::Item;
use crate::expression::Expression;
use crate::record::{RecordSchema, RequestKey};

/// A write that is ready to be sent: `W` is an [`Item`] to put, the text of an update expression
/// (`None` changes nothing), `()` for a deletion, or any of them.
#[derive(Clone)]
pub(super) struct Prepared<W = Write> {
    pub(super) schema: RecordSchema,
    /// The physical table.
    pub(super) table: String,
    pub(super) key: RequestKey,
    pub(super) write: W,
    pub(super) condition: Expression,
    /// The envelope that the write leaves. No other write leaves the same one.
    pub(super) ours: Option<AttributeValue>,
    pub(super) twice: Twice,
}

/// The change of the item under the key.
#[derive(Clone)]
pub(super) enum Write {
    Put(Item),
    Update(Option<String>),
    Delete,
}

impl<W> Prepared<W> {
    /// Takes the change out, for another one.
    pub(super) fn apart(self) -> (Prepared<()>, W) {
        let Self { schema, table, key, write, condition, ours, twice } = self;
        (Prepared { schema, table, key, write: (), condition, ours, twice }, write)
    }

    pub(super) fn map<V>(self, write: impl FnOnce(W) -> V) -> Prepared<V> {
        let (prepared, own) = self.apart();
        prepared.with(write(own))
    }
}

impl Prepared<()> {
    pub(super) fn with<V>(self, write: V) -> Prepared<V> {
        let Self { schema, table, key, write: (), condition, ours, twice } = self;
        Prepared { schema, table, key, write, condition, ours, twice }
    }
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
