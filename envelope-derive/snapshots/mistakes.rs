::core::compile_error! {
    "no table: add `#[envelope(table = \"…\")]` with the logical table name"
}
::core::compile_error! {
    "no partition key: mark one field `#[partition_key]`"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub ssn: _envelope::Attribute<__Record, _envelope::kind::Encrypted, String>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for User
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<::std::string::String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            ssn: _envelope::Attribute::new("ssn", |_, _| loop {}, |_| loop {}),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for User
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
    impl _envelope::Unversioned for User
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for User
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::OwnSortKey for User
    where
        Self: ::core::marker::Send,
    {}
};
