//! The derive's output uses absolute paths only.

use envelope_runtime as elsewhere;

/// Nothing of the prelude, and the runtime under another name.
#[allow(dead_code, reason = "it only has to compile")]
mod bare {
    #![no_implicit_prelude]

    #[derive(super::elsewhere::EnvelopeRecord)]
    #[envelope(table = "bare", debug, crate = super::elsewhere)]
    struct Bare<T>
    where
        T: ::core::clone::Clone,
    {
        #[partition_key]
        id: ::std::string::String,
        #[sort_key]
        r#type: u32,
        #[encrypted]
        secret: ::std::option::Option<::std::vec::Vec<u8>>,
        #[encrypted]
        generic: T,
        #[authenticated]
        #[envelope(default)]
        role: ::std::string::String,
        #[envelope(skip)]
        skipped: bool,
    }

    #[derive(super::elsewhere::EnvelopeProjection)]
    #[envelope(of = Bare<T>, debug, crate = super::elsewhere)]
    struct Shown<T>
    where
        T: ::core::clone::Clone,
    {
        id: ::std::string::String,
        r#type: u32,
        secret: ::std::option::Option<::std::vec::Vec<u8>>,
        generic: T,
        role: ::std::string::String,
    }

    #[derive(super::elsewhere::EnvelopeProjection)]
    #[envelope(plaintext_only, of = Bare<u8>, crate = super::elsewhere)]
    struct Type {
        r#type: u32,
    }
}

/// Names that the generated code uses itself.
#[allow(dead_code, reason = "it only has to compile")]
mod clashes {
    use envelope_runtime::EnvelopeRecord;

    struct Result;
    struct Ok;
    struct Simple;
    struct FieldWriter;

    #[derive(EnvelopeRecord)]
    #[envelope(table = "clashes")]
    struct Clashes {
        #[partition_key]
        fields: String,
        #[encrypted]
        value: String,
        _envelope_like: u8,
        record: Record,
        others: Vec<Fields>,
        attributes: Attributes,
        attribute: Attribute,
    }

    #[derive(envelope_runtime::EnvelopeProjection)]
    #[envelope(of = Clashes)]
    struct Shown {
        fields: String,
        value: String,
        _envelope_like: u8,
        record: Record,
        others: Vec<Fields>,
        attributes: Attributes,
        attribute: Attribute,
    }

    /// Functions with the names of the generated code's parameters.
    #[derive(EnvelopeRecord)]
    #[envelope(table = "clashes")]
    struct Functions {
        #[partition_key]
        id: String,
        #[encrypted]
        #[serde(serialize_with = "value", deserialize_with = "from")]
        first: String,
        #[encrypted]
        #[serde(serialize_with = "to", deserialize_with = "from")]
        second: String,
    }

    fn value<S: serde::Serializer>(text: &str, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    fn to<S: serde::Serializer>(text: &str, to: S) -> std::result::Result<S::Ok, S::Error> {
        value(text, to)
    }

    fn from<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<String, D::Error> {
        serde::Deserialize::deserialize(from)
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Record;
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Fields;
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Attribute;

    #[derive(serde::Serialize, serde::Deserialize, EnvelopeRecord)]
    #[envelope(table = "clashes", plaintext_only)]
    struct Attributes {
        #[partition_key]
        attributes: String,
    }
}

/// A record whose types come from a macro.
macro_rules! record {
    ($name:ident, $field:ident) => {
        #[derive(envelope_runtime::EnvelopeRecord)]
        #[envelope(table = "from_macro")]
        #[allow(dead_code, reason = "it only has to compile")]
        struct $name {
            #[partition_key]
            $field: String,
            #[encrypted]
            secret: Option<String>,
        }
    };
}

record!(FromMacro, id);
