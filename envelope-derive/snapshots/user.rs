const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub non_sensitive_stuff: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            String,
        >,
        pub sensitive_stuff: _envelope::Attribute<
            __Record,
            _envelope::kind::Encrypted,
            String,
        >,
        pub address: _envelope::Attribute<
            __Record,
            _envelope::kind::Encrypted,
            Option<Address>,
        >,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for User
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
            "users",
            &[
                _envelope::FieldSchema::new("id", _envelope::FieldRole::PartitionKey)
                    .key_type(_envelope::KeyType::S),
                _envelope::FieldSchema::new(
                    "non_sensitive_stuff",
                    _envelope::FieldRole::Plain,
                ),
                _envelope::FieldSchema::new(
                    "sensitive_stuff",
                    _envelope::FieldRole::Encrypted,
                ),
                _envelope::FieldSchema::new("address", _envelope::FieldRole::Encrypted),
            ],
        );
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new(
                "id",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            non_sensitive_stuff: _envelope::Attribute::new(
                "non_sensitive_stuff",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            sensitive_stuff: _envelope::Attribute::new(
                "sensitive_stuff",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            address: _envelope::Attribute::new(
                "address",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                id: handles.id.read(fields)?,
                non_sensitive_stuff: handles.non_sensitive_stuff.read(fields)?,
                sensitive_stuff: handles.sensitive_stuff.read(fields)?,
                address: handles.address.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for User
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
            ::core::result::Result::Ok(())
        }
        fn write_fields(
            &self,
            fields: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            fields.write(&self.id, __EnvelopeStored::encode)?;
            fields.write(&self.non_sensitive_stuff, __EnvelopeStored::encode)?;
            fields.write(&self.sensitive_stuff, __EnvelopeStored::encode)?;
            fields.write(&self.address, __EnvelopeStored::encode)?;
            ::core::result::Result::Ok(())
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
};
