const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub tenant_id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub r#type: _envelope::Attribute<__Record, _envelope::kind::Key, Kind>,
        pub number: _envelope::Attribute<__Record, _envelope::kind::Key, u32>,
        pub payload: _envelope::Attribute<__Record, _envelope::kind::Encrypted, String>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Order
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Parts<(String,), (_envelope::Unsorted<Kind>, u32)>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
                "app",
                &[
                    _envelope::FieldSchema::new("tenantId", _envelope::FieldRole::Plain),
                    _envelope::FieldSchema::new("type", _envelope::FieldRole::Plain),
                    _envelope::FieldSchema::new("number", _envelope::FieldRole::Plain),
                    _envelope::FieldSchema::new(
                        "payload",
                        _envelope::FieldRole::Encrypted,
                    ),
                ],
            )
            .partition_key(
                _envelope::KeyTemplate::new(
                    "PK",
                    &[
                        _envelope::KeyPiece::text("TENANT#"),
                        _envelope::KeyPiece::part("tenantId"),
                    ],
                ),
            )
            .sort_key(
                _envelope::KeyTemplate::new(
                    "sort",
                    &[
                        _envelope::KeyPiece::text("ORDER#"),
                        _envelope::KeyPiece::part("type"),
                        _envelope::KeyPiece::text("#"),
                        _envelope::KeyPiece::number("number", 8u8),
                    ],
                ),
            );
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            tenant_id: _envelope::Attribute::new(
                "tenantId",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            r#type: _envelope::Attribute::new(
                "type",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            number: _envelope::Attribute::new(
                "number",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            payload: _envelope::Attribute::new(
                "payload",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                tenant_id: handles.tenant_id.read(fields)?,
                r#type: handles.r#type.read(fields)?,
                number: handles.number.read(fields)?,
                payload: handles.payload.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Order
    where
        Self: ::core::marker::Send,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            (&self.tenant_id, &self.r#type, &self.number)
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
            fields.write(&self.tenant_id, __EnvelopeStored::encode)?;
            fields.write(&self.r#type, __EnvelopeStored::encode)?;
            fields.write(&self.number, __EnvelopeStored::encode)?;
            fields.write(&self.payload, __EnvelopeStored::encode)?;
            ::core::result::Result::Ok(())
        }
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
    const _: () = {
        use _envelope::nested::Otherwise as _;
        const _: () = ::core::assert!(
            ! _envelope::nested::Fields:: < Kind > ::PROTECTS && !
            _envelope::nested::Record:: < Kind > ::PROTECTS,
            "`type` would store the `#[encrypted]` fields of its struct in plaintext: mark it `#[encrypted]`, or add `#[envelope(flatten)]`"
        );
    };
};
