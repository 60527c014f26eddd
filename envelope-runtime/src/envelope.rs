//! Record ⇄ item: which attributes are sealed, the header `_envelope`, the record tag.
//!
//! `FORMAT.md` is the normative text.

#[cfg(test)]
mod commitment;
mod context;
mod draft;
mod error;
#[cfg(test)]
mod fixed;
#[cfg(any(test, fuzzing))]
mod forge;
mod hashed;
mod header;
mod identity;
mod item;
#[cfg(test)]
mod known_answer;
mod loaded;
#[cfg(feature = "aws")]
mod narrow;
mod opening;
mod plaintext;
#[cfg(test)]
mod properties;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "written for DynamoDB only"))]
mod rewrite;
mod seal;
mod unsealed;
#[cfg(test)]
mod vectors;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "written for DynamoDB only"))]
mod verified;
mod window;

pub use context::{ContextError, ContextErrorKind};
pub(crate) use context::{ExpectedContext, context_of_record, expected_context};
#[cfg(feature = "aws")]
pub(crate) use context::{is_of_other_scope, refuse_foreign_key, refuse_unknown};
pub use error::{OpenError, OpenErrorKind, SealError, SealErrorKind};
#[cfg(fuzzing)]
pub use forge::Forgery;
#[cfg(fuzzing)]
pub use header::reencode_header;
pub use item::Item;
pub use loaded::{Envelope, Loaded};
#[cfg(feature = "aws")]
pub(crate) use narrow::authenticates_more;
#[cfg(feature = "aws")]
pub(crate) use opening::makes_its_key;
pub(crate) use opening::{Asked, Opening, plain_core};
pub(crate) use plaintext::plaintext_values;
#[cfg(feature = "aws")]
pub(crate) use plaintext::{parts_of_key, refuse_protected};
#[cfg(feature = "aws")]
pub(crate) use rewrite::{Rewrite, RewriteError};
pub(crate) use seal::Plan;
pub(crate) use unsealed::Unsealed;
#[cfg(feature = "aws")]
pub(crate) use verified::{Verified, listed, listed_names, protection, unlisted};
pub(crate) use window::{Accepted, Windows};

use crate::crypto::{MacKey, SealKey};
use crate::key::DataKey;

/// The format version that this crate writes.
const VERSION: u8 = 1;
/// AES-256-GCM, HKDF-SHA-256, HMAC-SHA-256.
const SUITE: u8 = 1;
/// The first bytes of every envelope of this version.
#[cfg(feature = "aws")]
pub(crate) const FIRST_BYTES: [u8; 2] = [VERSION, SUITE];
/// The length of the salt, in bytes.
const SALT_LEN: usize = 16;

/// The keys of one record, derived from its data key and salt. Wiped on drop.
struct RecordKeys {
    content: SealKey,
    mac: MacKey,
}

impl RecordKeys {
    /// On the heap, so that moving them leaves no copy.
    fn derive(data_key: &DataKey, salt: &[u8; SALT_LEN]) -> Box<Self> {
        let info = |label: &'static [u8]| [b"envelope/1 ", label, &[VERSION, SUITE], salt];
        let mut key = data_key.prk().expand(&info(b"content"));
        let content = SealKey::new(&key);
        data_key.prk().expand_into(&info(b"mac"), &mut key);
        Box::new(Self { content, mac: MacKey::new(&key) })
    }
}
