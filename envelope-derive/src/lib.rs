//! The derive macro of `envelope-runtime`, which re-exports it. Depend on that crate, not on this.

mod attr;
mod case;
mod check;
#[cfg(test)]
mod compile_fail;
mod ctxt;
mod expand;
mod model;
mod symbol;
mod template;
mod written;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use ctxt::Ctxt;
use model::{Kind, Projection, Record};

/// Implements `EnvelopeRecord`: the struct is saved to and loaded from DynamoDB, with its
/// `#[encrypted]` fields sealed.
///
/// The struct has named fields, and each field's type implements serde's `Serialize` and
/// `Deserialize`; the struct itself need not. `Vec<u8>`, `[u8; N]`, `Box<[u8]>` and `Option`s of
/// them are stored as Binary; `None` is an absent attribute.
///
/// # Field attributes
///
/// They take no arguments.
///
/// | attribute | meaning |
/// | --- | --- |
/// | `#[partition_key]` | the table's partition key: S, N or B, in plaintext |
/// | `#[sort_key]` | the table's sort key: S, N or B, in plaintext |
/// | `#[encrypted]` | sealed with AES-256-GCM under the record's data key |
/// | `#[authenticated]` | in plaintext, and covered by the record tag |
///
/// # Options of the struct, in `#[envelope(…)]`
///
/// | option | meaning |
/// | --- | --- |
/// | `table = "users"` | the logical table name, sealed into every record; required |
/// | `envelope = "_env"` | the reserved attribute's name instead of `_envelope` |
/// | `partition_key = "TENANT#{tenant_id}"` | a [key template](#key-templates), stored as S |
/// | `sort_key = "ORDER#{number:08}"` | a key template for the sort key |
/// | `partition_key_name`, `sort_key_name` | the templates' attributes; `PK` and `SK` by default |
/// | `index(by_status(…))` | an [index](#indexes) of the table; may be repeated |
/// | `plaintext_only` | nothing of the record is protected: no envelope, no KMS call |
/// | `debug` | a `Debug` that shows `[REDACTED]` for each encrypted field |
/// | `crate = path` | the path where `envelope_runtime` is re-exported |
///
/// The `Debug` of the option `debug` shows all other fields with their own `Debug`.
///
/// # Options of a field, in `#[envelope(…)]`
///
/// | option | meaning | | --- | --- | | `rename = "name"` | the attribute's name | | `alias =
/// "name"` | an older name, under which the field is read too; may be repeated | | `flatten` | the
/// fields of the struct in it are attributes of the record | | `catch_all` | an `OtherAttributes`
/// with the item's attributes that belong to no other field | | `skip` | not stored; the field's
/// `Default` on load | | `default`, `default = path` | the value when the attribute is absent | |
/// `bytes` | stored as Binary | | `set` | a collection stored as a set of strings, numbers or bytes
/// | | `with = module` | as serde's: stored through the module's `serialize` and `deserialize` | |
/// `context` | part of the KMS encryption context, which `CloudTrail` logs; also authenticated | |
/// `since = 3` | beside `#[authenticated]`: also accepts items written before it was | |
/// `unsealed_until = "2027-03-01"` | beside `#[encrypted]`: until that day, also accepts values
/// written before it was | | `version` | an integer that every write increments | | `ttl` | the
/// time at which the record expires, in seconds since 1970 | | `created_at` | an `Option` of a
/// time; `None` becomes the time of the save | | `updated_at` | a time, or an `Option` of one: the
/// time of the last save or update | | `key = "S"` | beside a key of the table or of an index: its
/// type there, if the field's does not show it |
///
/// - `alias`: the newest name comes first.
/// - `flatten`: the struct derives [`EnvelopeFields`](macro@EnvelopeFields).
/// - `catch_all`: a save stores each attribute again with the protection that it had.
/// - `bytes`: any type with `AsRef<[u8]>` and `TryFrom<Vec<u8>>`, or an `Option` of one.
/// - `set`: an empty set is an absent attribute, and an absent attribute an empty set (`None` in an
///   `Option`), whatever the struct's default.
/// - `since`: any number that you choose. Remove the option when all items are rewritten.
/// - `unsealed_until`: a day, at the beginning of which (UTC) the window closes, at most 366 days
///   from now. Remove the option later: until then each write lists the field if it has no value.
/// - `version`: a save overwrites only the version that was loaded; 0 stands for a new record.
/// - `ttl`: an integer or an `Option` of one, or `with` a module that stores seconds. Expired
///   records are not loaded.
/// - `key`: `"S"`, `"N"` or `"B"`, for `create_table` and `verify_table`. Strings, integers and
///   bytes need no option. A newtype, a UUID or an enum does, because the derive sees only its
///   name.
///
/// A time is an integer (seconds since 1970) or any type with `From<SystemTime>`, such as chrono's
/// `DateTime<Utc>`. A record with a version or a time that is filled in implements `Clone`: a save
/// fills in a clone, stores it and returns it.
///
/// # Key templates
///
/// Templates are for tables that hold several record types. `{field}` stands for a field's value,
/// which is also stored as a separate attribute. A load takes the fields that the templates name,
/// each once, in their order: `Order::load(&store, ("t-1", 42))`. An item whose attributes do not
/// match its key is rejected.
///
/// - Text must not be empty, nor contain a character that is next to a `{field}` in the template,
///   such as the `#`; otherwise two records could have one key.
/// - A number is padded with zeros to the given digits (`{number:010}`), so that keys sort as
///   numbers do. It must be whole and at least 0, and may not have more digits. `{number:0}` leaves
///   any number unchanged.
/// - Give each record type of a table a distinct text at the start of its sort key or its partition
///   key; otherwise records of two types can have one key.
/// - A different template, or different digits, make different keys: records are not found under
///   their old ones.
/// - `{{` and `}}` stand for braces. A template uses a field's Rust name. A key has at most 6
///   fields.
///
/// # Indexes
///
/// `index(by_customer(partition = "customer", sort = "placed_at"))` declares a global secondary
/// index. Its word names the handle, `Order::INDEXES.by_customer`, for `store.query_index(…)`.
///
/// | option | meaning | | --- | --- | | `name = "GSI1"` | the name of the index in `DynamoDB`; the
/// word by default | | `partition = "field"`, `sort = "field"` | fields that are the key; up to
/// four of each, in `[…]` | | `partition_key = "…"`, `sort_key = "…"` | [templates](#key-templates)
/// instead of fields | | `partition_key_name`, `sort_key_name` | their attributes; `GSI1PK` and
/// `GSI1SK` for `GSI1` | | `local` | a local index, whose partition key is the table's | | `project
/// = all`, `keys`, `include("field", …)` | what the index holds; `all` by default | |
/// `unprotected_partition` | the partition decides nothing: its fields need no protection |
///
/// - Each field of a partition is a key, a part of the table's key, a `context` field or
///   `#[authenticated]`. Otherwise whoever may write to the table could put a record into another
///   partition, such as an order of somebody else into "my orders". `unprotected_partition` says
///   that the partition is a mere grouping.
/// - The attributes of templates are no fields: saves and updates write them. An update that sets a
///   field of a template reads the item first. `add`, `subtract` and `append` do not compile on it.
/// - A record whose field is `None` is not in the index.
/// - A program that does not know the index leaves the attributes of its templates as they were, or
///   drops them. Until every program knows the index, and every record was saved by one, the index
///   is incomplete.
/// - `keys` and `include` give `Keys`, or projections that
///   are `plaintext_only`; `.load()` reads whole records behind them.
///
/// # serde
///
/// If `#[envelope(…)]` and `#[serde(…)]` disagree about a field, `#[envelope(…)]` takes precedence.
/// A field's name, for example, may differ between DynamoDB and the struct's JSON.
///
/// Honoured on the struct and its fields: `rename`, `rename_all`, `alias`, `default`, `skip`,
/// `with`, `serialize_with`, `deserialize_with` and `skip_serializing_if = "Option::is_none"`. Any
/// other serde attribute that would change what is stored is a compile error. If a default other
/// than `None` stands for an absent attribute, `None` is stored as NULL.
///
/// `deny_unknown_fields` has no effect: an item may hold attributes that the struct does not know.
///
/// # Limits
///
/// At least one field is encrypted or authenticated, or the record is `plaintext_only`; at most 255
/// are encrypted and 64 authenticated.
/// Names have up to 255 bytes. The type of a key field must be as visible as the struct, because it
/// is part of the record's `Key`. A record borrows nothing: a lifetime parameter, which only a
/// skipped field can use, is `'static` wherever the struct is a record. It is `Send`: use `Arc` in
/// place of `Rc`.
#[proc_macro_derive(
    EnvelopeRecord,
    attributes(partition_key, sort_key, encrypted, authenticated, envelope, serde)
)]
pub fn derive_envelope_record(input: TokenStream) -> TokenStream {
    derive(Kind::Record, &parse_macro_input!(input as DeriveInput)).into()
}

/// Implements `EnvelopeFields`: the struct's fields become attributes of each record that has the
/// struct in a field with `#[envelope(flatten)]`.
///
/// The attributes and options of the fields are those of [`EnvelopeRecord`](macro@EnvelopeRecord),
/// except for keys and `context`, which belong to the record itself. The struct has the options
/// `debug` and `crate`, and serde's `rename_all` and `default` are honoured.
#[proc_macro_derive(
    EnvelopeFields,
    attributes(partition_key, sort_key, encrypted, authenticated, envelope, serde)
)]
pub fn derive_envelope_fields(input: TokenStream) -> TokenStream {
    derive(Kind::Fields, &parse_macro_input!(input as DeriveInput)).into()
}

/// Implements `Readable` for a projection: a struct with some fields of a record, which is read
/// without the others.
///
/// ```ignore
/// use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "orders")]
/// struct Order {
///     #[partition_key]
///     tenant: String,
///     #[sort_key]
///     number: u64,
///     #[authenticated]
///     status: String,
///     #[encrypted]
///     address: String,
///     #[encrypted]
///     history: Vec<String>,
/// }
///
/// #[derive(EnvelopeProjection)]
/// #[envelope(of = Order)]
/// struct OrderCard {
///     number: u64,
///     status: String,
///     address: String,
/// }
/// ```
///
/// `store.get::<OrderCard>(("t-1", 42))` then reads it. A field has the name and the type of the
/// record's field in Rust. Everything else is the record's: the attribute's name, its older names,
/// its protection, its form and its default. Attributes of serde have no effect on what is read.
///
/// A projection can be read and not saved. It is verified as its record is: the record tag covers
/// all authenticated attributes, of which the projection fetches those that it does not show.
///
/// # Options of the struct, in `#[envelope(…)]`
///
/// | option | meaning |
/// | --- | --- |
/// | `of = Order` | the record; required |
/// | `plaintext_only` | no field is protected: no KMS call, and nothing is verified |
/// | `debug` | a `Debug` that shows `[REDACTED]` for each encrypted field |
/// | `crate = path` | the path where `envelope_runtime` is re-exported |
///
/// With `plaintext_only`, a protected field is a compile error, and an item whose envelope lists
/// one of the fields as sealed is refused. A store whose provider is encrypt-only can read it.
///
/// A field with `#[envelope(flatten)]` is a struct that the record flattens, and is read whole. A
/// projection of a generic record names it with its parameters, `of = Document<T>`, and repeats the
/// bounds of the record's derive that its own fields do not imply.
#[proc_macro_derive(
    EnvelopeProjection,
    attributes(partition_key, sort_key, encrypted, authenticated, envelope)
)]
pub fn derive_envelope_projection(input: TokenStream) -> TokenStream {
    projection(&parse_macro_input!(input as DeriveInput)).into()
}

fn projection(input: &DeriveInput) -> proc_macro2::TokenStream {
    let cx = Ctxt::new();
    let projection = Projection::from_syn(&cx, input);
    match (projection, cx.finish()) {
        (Some(projection), Ok(())) => expand::projection(&projection),
        (projection, errors) => {
            let none = || syn::Error::new(input.ident.span(), "not a projection");
            let errors = errors.err().unwrap_or_else(none);
            expand::projection_stub(projection.as_ref(), &errors)
        }
    }
}

/// Parses, checks and expands, or shows every mistake beside a stub.
fn derive(kind: Kind, input: &DeriveInput) -> proc_macro2::TokenStream {
    let cx = Ctxt::new();
    let record = Record::from_syn(&cx, kind, input);
    if let Ok(record) = &record {
        check::record(&cx, record);
    }
    match (record, cx.finish()) {
        (Ok(record), Ok(())) => expand::record(&record),
        (record, errors) => {
            let no_record = || syn::Error::new(input.ident.span(), "not a record");
            let errors = errors.err().unwrap_or_else(no_record);
            expand::stub(kind, input, record.as_ref(), &errors)
        }
    }
}
