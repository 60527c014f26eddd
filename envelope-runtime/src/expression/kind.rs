//! The kind of an attribute, in the type of its handle: the compiler checks which operations it
//! allows.

use std::marker::PhantomData;

/// An ordinary attribute.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plaintext;

/// An `#[authenticated]` attribute: in plaintext, and covered by the record tag.
#[derive(Debug)]
#[non_exhaustive]
pub struct Authenticated;

/// An `#[encrypted]` attribute, of which DynamoDB stores only ciphertext.
#[derive(Debug)]
#[non_exhaustive]
pub struct Encrypted;

/// A part of the record's key.
#[derive(Debug)]
#[non_exhaustive]
pub struct Key;

/// An `#[encrypted]` attribute whose hash is the record's key, or a part of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Hashed;

/// A part of the encryption context.
#[derive(Debug)]
#[non_exhaustive]
pub struct Context;

/// The record's version, which every write counts up.
#[derive(Debug)]
#[non_exhaustive]
pub struct Version;

/// An attribute of kind `K` that is read by the field's `with` module, which may not handle an
/// absent attribute.
#[derive(Debug)]
pub struct Converted<K>(PhantomData<fn() -> K>);

/// An attribute of kind `K` of which a template makes the key of an index.
#[derive(Debug)]
pub struct IndexPart<K>(PhantomData<fn() -> K>);

/// An attribute whose stored value DynamoDB can compare: any that is not `#[encrypted]`.
#[diagnostic::on_unimplemented(
    message = "DynamoDB cannot compare an #[encrypted] attribute: it stores only ciphertext",
    label = "needs a plaintext attribute",
    note = "`exists()` and `not_exists()` work on encrypted attributes too; load the record to compare values"
)]
pub trait Comparable {}

/// An attribute whose stored value DynamoDB can measure: any that is not `#[encrypted]`.
#[diagnostic::on_unimplemented(
    message = "the size of an #[encrypted] attribute is that of its ciphertext",
    label = "needs a plaintext attribute",
    note = "load the record to measure its value; `exists()` and `not_exists()` work on encrypted attributes too"
)]
pub trait Measurable {}

/// An attribute that is stored in plaintext and can therefore be set.
#[diagnostic::on_unimplemented(
    message = "`.set()` would write plaintext into an #[encrypted] field",
    label = "needs a plaintext attribute",
    note = "use `.seal(|f| …, value)`"
)]
pub trait Settable {}

/// An attribute that an update may seal: an `#[encrypted]` one.
#[diagnostic::on_unimplemented(
    message = "`.seal()` is for #[encrypted] attributes, and this one is stored in plaintext",
    label = "needs an #[encrypted] attribute",
    note = "use `.set(|f| …, value)`, or mark the field #[encrypted]"
)]
pub trait Sealable {}

/// An attribute that is stored in plaintext, so that its entries can be set.
#[diagnostic::on_unimplemented(
    message = "`.set_entry()` would write plaintext into an #[encrypted] field",
    label = "needs a plaintext attribute",
    note = "use `.seal_entry(|f| …, name, value)`"
)]
pub trait EntriesSettable {}

/// An attribute whose entries an update may seal: an `#[encrypted]` one.
#[diagnostic::on_unimplemented(
    message = "`.seal_entry()` is for #[encrypted] attributes, and this one is stored in plaintext",
    label = "needs an #[encrypted] attribute",
    note = "use `.set_entry(|f| …, name, value)`, or mark the field #[encrypted]"
)]
pub trait EntriesSealable {}

/// An attribute that is stored in plaintext and can therefore be added to.
#[diagnostic::on_unimplemented(
    message = "no arithmetic on ciphertext: DynamoDB cannot add to an #[encrypted] attribute",
    label = "needs a plaintext attribute",
    note = "load the record, and `.seal()` the new value"
)]
pub trait Summable {
    /// True if the field's `with` module reads it, which may not handle an absent attribute.
    #[doc(hidden)]
    const IS_CONVERTED: bool = false;
}

/// An attribute that the record tag does not cover.
#[diagnostic::on_unimplemented(
    message = "DynamoDB cannot add to an #[authenticated] attribute: the record tag covers its value",
    label = "needs an attribute without #[authenticated]",
    note = "load the record, and `.set()` the new value"
)]
pub trait Untagged {}

/// An attribute of which no template makes the key of an index.
#[diagnostic::on_unimplemented(
    message = "DynamoDB cannot add to a part of an index's key: the key would not follow",
    label = "a template makes the key of an index of this field",
    note = "load the record, and `.set()` the new value, which writes the key of the index too"
)]
pub trait NotIndexPart {}

/// An attribute whose absence a load accepts if its field is an `Option`.
#[diagnostic::on_unimplemented(
    message = "`.remove()` would leave the attribute absent, and the field's `with` may not accept that",
    label = "the field is read through a `with` module, and has no default",
    note = "use `.set(|f| …, None)`, or `.seal(|f| …, None)` for an #[encrypted] field; or give the field \
            a default"
)]
pub trait Removable {}

/// An attribute that is not part of the record's key.
#[diagnostic::on_unimplemented(
    message = "a key cannot be updated: it says which record this is",
    label = "part of the record's key",
    note = "save a record under the new key, and delete this one"
)]
pub trait NotKey {}

/// An attribute that is not part of the encryption context.
#[diagnostic::on_unimplemented(
    message = "an #[envelope(context)] attribute cannot be updated: the record's data key is bound to it",
    label = "part of the encryption context",
    note = "save the record again, in its new context"
)]
pub trait NotContext {}

/// An attribute that is not the version.
#[diagnostic::on_unimplemented(
    message = "a version cannot be updated: every write counts it up by itself",
    label = "the record's version",
    note = "remove this; `.version(n)` makes the update depend on it"
)]
pub trait NotVersion {}

macro_rules! implement {
    ($($capability:ident: $($kind:ident),*;)*) => {$(
        $(impl $capability for $kind {})*
        #[diagnostic::do_not_recommend]
        impl<K: $capability> $capability for Converted<K> {}
        #[diagnostic::do_not_recommend]
        impl<K: $capability> $capability for IndexPart<K> {}
    )*};
}

implement!(
    Comparable: Plaintext, Authenticated, Key, Context, Version;
    Measurable: Plaintext, Authenticated, Key, Context, Version;
    Settable: Plaintext, Authenticated, Key, Context, Version;
    Sealable: Encrypted, Hashed;
    EntriesSettable: Plaintext, Authenticated, Key, Context, Version;
    EntriesSealable: Encrypted, Hashed;
    Untagged: Plaintext, Encrypted, Hashed, Key, Context, Version;
    NotKey: Plaintext, Authenticated, Encrypted, Context, Version;
    NotContext: Plaintext, Authenticated, Encrypted, Hashed, Key, Version;
    NotVersion: Plaintext, Authenticated, Encrypted, Hashed, Key, Context;
);

impl Summable for Plaintext {}
impl Summable for Authenticated {}
impl Summable for Key {}
impl Summable for Context {}
impl Summable for Version {}

#[diagnostic::do_not_recommend]
impl<K: Summable> Summable for Converted<K> {
    const IS_CONVERTED: bool = true;
}

#[diagnostic::do_not_recommend]
impl<K: Summable> Summable for IndexPart<K> {}

impl NotIndexPart for Plaintext {}
impl NotIndexPart for Authenticated {}
impl NotIndexPart for Encrypted {}
impl NotIndexPart for Hashed {}
impl NotIndexPart for Key {}
impl NotIndexPart for Context {}
impl NotIndexPart for Version {}

#[diagnostic::do_not_recommend]
impl<K: NotIndexPart> NotIndexPart for Converted<K> {}

#[diagnostic::do_not_recommend]
impl<K: Removable> Removable for IndexPart<K> {}

impl Removable for Plaintext {}
impl Removable for Authenticated {}
impl Removable for Encrypted {}
impl Removable for Hashed {}
impl Removable for Key {}
impl Removable for Context {}
impl Removable for Version {}
