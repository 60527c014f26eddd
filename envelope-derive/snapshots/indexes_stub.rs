::core::compile_error! {
    "an index names `state`, no such field"
}
::core::compile_error! {
    "index `by_day` is declared twice: remove one"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub day: _envelope::Attribute<__Record, _envelope::kind::Authenticated, u16>,
        pub at: _envelope::Attribute<__Record, _envelope::kind::Plaintext, u64>,
        pub address: _envelope::Attribute<__Record, _envelope::kind::Encrypted, String>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Order
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new("id", |_, _| loop {}, |_| loop {}),
            day: _envelope::Attribute::new("day", |_, _| loop {}, |_| loop {}),
            at: _envelope::Attribute::new("at", |_, _| loop {}, |_| loop {}),
            address: _envelope::Attribute::new("address", |_, _| loop {}, |_| loop {}),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Order
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
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeIndexes
    where
        Order: ::core::marker::Send,
    {
        pub by_status: _envelope::Index<
            Order,
            _envelope::Simple<::std::string::String>,
            Order,
        >,
        pub by_day: _envelope::Index<
            Order,
            _envelope::Composite<u16, u64>,
            _envelope::Keys<Order>,
        >,
    }
    #[automatically_derived]
    impl Order
    where
        Order: ::core::marker::Send,
    {
        /// The indexes of the record's table, for `store.query_index(…)`.
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        pub const INDEXES: __EnvelopeIndexes = __EnvelopeIndexes {
            by_status: _envelope::Index::new("by_status"),
            by_day: _envelope::Index::new("by_day"),
        };
    }
    #[automatically_derived]
    impl _envelope::Unversioned for Order
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for Order
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::OwnSortKey for Order
    where
        Self: ::core::marker::Send,
    {}
};
