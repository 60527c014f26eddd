const _: () = {
    use my::runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record, T: Clone>
    where
        T: Debug,
        T: my::runtime::__private::Serialize,
        T: my::runtime::__private::DeserializeOwned,
        T: ::core::default::Default,
    {
        pub tenant_id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub number: _envelope::Attribute<__Record, _envelope::kind::Key, Vec<u8>>,
        pub state: _envelope::Attribute<
            __Record,
            _envelope::kind::Authenticated,
            String,
        >,
        pub payload: _envelope::Attribute<__Record, _envelope::kind::Encrypted, T>,
        pub photo: _envelope::Attribute<
            __Record,
            _envelope::kind::Encrypted,
            Option<Vec<u8>>,
        >,
        pub placed_at: _envelope::Attribute<
            __Record,
            _envelope::kind::Converted<_envelope::kind::Plaintext>,
            Time,
        >,
        pub r#type: _envelope::Attribute<__Record, _envelope::kind::Plaintext, [u8; 4]>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record, T)>,
    }
    #[automatically_derived]
    impl<T: Clone> _envelope::Readable for Order<T>
    where
        T: Debug,
        T: my::runtime::__private::Serialize,
        T: my::runtime::__private::DeserializeOwned,
        T: ::core::default::Default,
        Self: ::core::marker::Send,
        Self: 'static,
    {
        type Key = _envelope::Composite<String, _envelope::Bytes>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
                "orders",
                &[
                    _envelope::FieldSchema::new(
                            "tenantId",
                            _envelope::FieldRole::PartitionKey,
                        )
                        .key_type(_envelope::KeyType::S)
                        .context(),
                    _envelope::FieldSchema::new("SK", _envelope::FieldRole::SortKey)
                        .key_type(_envelope::KeyType::B),
                    _envelope::FieldSchema::new(
                            "state",
                            _envelope::FieldRole::Authenticated,
                        )
                        .since(3u32),
                    _envelope::FieldSchema::new(
                        "payload",
                        _envelope::FieldRole::Encrypted,
                    ),
                    _envelope::FieldSchema::new(
                        "photo",
                        _envelope::FieldRole::Encrypted,
                    ),
                    _envelope::FieldSchema::new("placedAt", _envelope::FieldRole::Plain),
                    _envelope::FieldSchema::new("type", _envelope::FieldRole::Plain)
                        .null(),
                ],
            )
            .envelope_name("_env");
        type Attributes = __EnvelopeAttributes<Self, T>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            tenant_id: _envelope::Attribute::new(
                "tenantId",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            number: _envelope::Attribute::new(
                "SK",
                _envelope::encode_bytes,
                _envelope::decode_vec,
            ),
            state: _envelope::Attribute::new(
                "state",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            payload: _envelope::Attribute::new(
                "payload",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            photo: _envelope::Attribute::<
                _,
                _,
                Option<Vec<u8>>,
            >::new(
                    "photo",
                    _envelope::encode_optional_bytes,
                    _envelope::decode_optional_vec,
                )
                .or_else(|| <Option<Vec<u8>> as ::core::default::Default>::default()),
            placed_at: _envelope::Attribute::<
                _,
                _,
                Time,
            >::new(
                    "placedAt",
                    |value, to| time::serde::rfc3339::serialize(value, to),
                    |from| time::serde::rfc3339::deserialize(from),
                )
                .converted(),
            r#type: _envelope::Attribute::<
                _,
                _,
                [u8; 4],
            >::new("type", _envelope::encode_bytes, _envelope::decode_array)
                .or_else(|| one()),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                tenant_id: handles.tenant_id.read(fields)?,
                number: handles.number.read(fields)?,
                state: handles.state.read(fields)?,
                payload: handles.payload.read(fields)?,
                photo: handles.photo.read(fields)?,
                placed_at: handles.placed_at.read(fields)?,
                r#type: handles.r#type.read(fields)?,
                cache: <T as ::core::default::Default>::default(),
            })
        }
    }
    #[automatically_derived]
    impl<T: Clone> _envelope::EnvelopeRecord for Order<T>
    where
        T: Debug,
        T: my::runtime::__private::Serialize,
        T: my::runtime::__private::DeserializeOwned,
        T: ::core::default::Default,
        Self: ::core::marker::Send,
        Self: 'static,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            (&self.tenant_id, &self.number)
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
            fields.write(&self.number, _envelope::encode_bytes)?;
            fields.write(&self.state, __EnvelopeStored::encode)?;
            fields.write(&self.payload, __EnvelopeStored::encode)?;
            fields.write(&self.photo, _envelope::encode_optional_bytes)?;
            fields
                .write(
                    &self.placed_at,
                    |value, to| time::serde::rfc3339::serialize(value, to),
                )?;
            fields.write(&self.r#type, _envelope::encode_bytes)?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl<T: Clone> _envelope::Unversioned for Order<T>
    where
        T: Debug,
        T: my::runtime::__private::Serialize,
        T: my::runtime::__private::DeserializeOwned,
        T: ::core::default::Default,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
    #[automatically_derived]
    impl<T: Clone> _envelope::ContextInKey for Order<T>
    where
        T: Debug,
        T: my::runtime::__private::Serialize,
        T: my::runtime::__private::DeserializeOwned,
        T: ::core::default::Default,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
    #[automatically_derived]
    impl<T: Clone> _envelope::HasTable for Order<T>
    where
        T: Debug,
        T: my::runtime::__private::Serialize,
        T: my::runtime::__private::DeserializeOwned,
        T: ::core::default::Default,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
    #[automatically_derived]
    impl<T: Clone> ::core::fmt::Debug for Order<T>
    where
        T: Debug,
        T: ::core::fmt::Debug,
    {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("Order")
                .field("tenant_id", &self.tenant_id)
                .field("number", &self.number)
                .field("state", &self.state)
                .field("payload", &::core::format_args!("[REDACTED]"))
                .field("photo", &::core::format_args!("[REDACTED]"))
                .field("placed_at", &self.placed_at)
                .field("type", &self.r#type)
                .field("cache", &self.cache)
                .finish()
        }
    }
    #[automatically_derived]
    impl<T: Clone> _envelope::RedactedDebug for Order<T>
    where
        T: Debug,
        T: ::core::fmt::Debug,
    {}
};
