::core::compile_error! {
    "an enum is not a record: store it in a field of a struct, or derive on a struct for each variant"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[automatically_derived]
    impl _envelope::Readable for Shape {
        type Key = _envelope::Simple<::std::string::String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        type Attributes = ();
        const ATTRIBUTES: () = ();
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Shape {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            ::std::string::String::new()
        }
        type Saved = ();
        fn saved(
            &self,
            _: _envelope::Now,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
        fn write_fields(
            &self,
            _: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::Unversioned for Shape {}
    #[automatically_derived]
    impl _envelope::HasTable for Shape {}
    #[automatically_derived]
    impl _envelope::OwnSortKey for Shape {}
};
::core::compile_error! {
    "no partition key: mark one field `#[partition_key]`"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub sort: _envelope::Attribute<__Record, _envelope::kind::Key, u64>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Simple
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<::std::string::String>;
        type Of = Self;
        type Needs = _envelope::NoKey;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            sort: _envelope::Attribute::new("sort", |_, _| loop {}, |_| loop {}),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Simple
    where
        Self: ::core::marker::Send,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            ::std::string::String::new()
        }
        type Saved = ();
        fn saved(
            &self,
            _: _envelope::Now,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
        fn write_fields(
            &self,
            _: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::Unversioned for Simple
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for Simple
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::OwnSortKey for Simple
    where
        Self: ::core::marker::Send,
    {}
};
::core::compile_error! {
    "no table: add `#[envelope(table = \"…\")]` with the logical table name"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, Uuid>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Keyed
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<Uuid>;
        type Of = Self;
        type Needs = _envelope::NoKey;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new("id", |_, _| loop {}, |_| loop {}),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Keyed
    where
        Self: ::core::marker::Send,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            &self.id
        }
        type Saved = ();
        fn saved(
            &self,
            _: _envelope::Now,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
        fn write_fields(
            &self,
            _: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::Unversioned for Keyed
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for Keyed
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::OwnSortKey for Keyed
    where
        Self: ::core::marker::Send,
    {}
};
::core::compile_error! {
    "key template uses `{contact}`, a flattened struct: name a field of the record itself"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Flattened
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<::std::string::String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Flattened
    where
        Self: ::core::marker::Send,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            ::std::string::String::new()
        }
        type Saved = ();
        fn saved(
            &self,
            _: _envelope::Now,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
        fn write_fields(
            &self,
            _: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::Unversioned for Flattened
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for Flattened
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::OwnSortKey for Flattened
    where
        Self: ::core::marker::Send,
    {}
};
::core::compile_error! {
    "an enum cannot be flattened: store it in a field of its own, without `flatten`"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[automatically_derived]
    impl _envelope::EnvelopeFields for Shape {
        const FIELDS: &'static [_envelope::FieldSchema] = &[];
        type Attributes<__Record> = ();
        fn write_fields(
            &self,
            _: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
};
