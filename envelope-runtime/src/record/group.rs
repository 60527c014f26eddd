//! Structs whose fields become attributes of the record that they are flattened into.

use std::fmt;

use super::{FieldError, FieldReader, FieldSchema, FieldWriter};

/// A struct whose fields become attributes of a record, through `#[envelope(flatten)]`.
///
/// Implement it with `#[derive(EnvelopeFields)]`. Its fields may be `#[encrypted]` and
/// `#[authenticated]`; the key belongs to the record.
///
/// ```
/// use envelope_runtime::{
///     AttributeValue, EnvelopeFields, EnvelopeRecord, LocalKeyProvider, Sealer,
/// };
///
/// #[derive(EnvelopeFields)]
/// struct Contact {
///     country: String,
///     #[encrypted]
///     phone: String,
/// }
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "users")]
/// struct User {
///     #[partition_key]
///     id: String,
///     #[envelope(flatten)]
///     contact: Contact,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let contact = Contact { country: "DE".into(), phone: "+49 89 1234".into() };
/// let user = User { id: "foobar".into(), contact };
///
/// let item = Sealer::new(LocalKeyProvider::insecure_ephemeral()?).seal(&user).await?;
/// assert_eq!(item.attribute("country"), Some(&AttributeValue::S("DE".into())));
/// assert!(matches!(item.attribute("phone"), Some(AttributeValue::B(_))));
/// # Ok(())
/// # }
/// ```
///
/// Two fields of one record that map to the same attribute are a compile error, wherever they are
/// declared. If the flattened type is a type parameter, `cargo build` reports it and `cargo check`
/// does not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be flattened into a record",
    label = "its fields are not known as attributes",
    note = "put `#[derive(EnvelopeFields)]` on the struct, or mark it `#[encrypted]` instead of `flatten` \
            to store it as one attribute"
)]
pub trait EnvelopeFields: Sized {
    /// The handles of the attributes, as attributes of the record `R`.
    type Attributes<R>: Handles;

    /// The attributes and their roles.
    const FIELDS: &'static [FieldSchema];

    /// Writes every stored field, in the schema's order.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if a field holds a value that DynamoDB cannot store.
    fn write_fields(&self, fields: &mut FieldWriter) -> Result<(), FieldError>;

    /// Reads every stored field, in the schema's order.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if a stored value does not fit its field.
    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError>;
}

/// The handles of a struct's attributes, as a constant for any record. They are `Copy`, so that
/// constants can take one of them.
pub trait Handles: Copy {
    /// All handles.
    const ALL: Self;
}

/// For a struct without attributes.
impl Handles for () {
    const ALL: Self = ();
}

/// A struct whose `Debug` hides encrypted fields, through `#[envelope(debug)]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the `Debug` of `{Self}` may print encrypted fields",
    label = "flattened into a struct with `#[envelope(debug)]`",
    note = "put `#[envelope(debug)]` on `{Self}` too, in place of `#[derive(Debug)]`"
)]
pub trait RedactedDebug: fmt::Debug {}

/// The field of a flattened struct, for `Debug`.
#[doc(hidden)]
pub fn redacted<T: RedactedDebug>(group: &T) -> &dyn fmt::Debug {
    group
}
