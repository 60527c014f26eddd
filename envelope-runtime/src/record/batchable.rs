//! Records that can be written without a condition.

use super::{Decrypt, EnvelopeRecord, Unversioned};

/// A record that a batch can write. Batches have no conditions, so it has no
/// `#[envelope(version)]`, and is not `plaintext_only`. Every other record is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written in a batch, which has no conditions",
    label = "is versioned or `plaintext_only`",
    note = "a batch would overwrite another writer's version, or what another struct protects, unseen",
    note = "write it with `store.put(…)`, `store.delete…(…)` or in a `store.transaction()`, or say \
            `.put_unconditionally(…)` or `.delete_unconditionally(…)` in the batch"
)]
pub trait Batchable: EnvelopeRecord {}

#[diagnostic::do_not_recommend]
impl<R: Unversioned<Needs = Decrypt>> Batchable for R {}
