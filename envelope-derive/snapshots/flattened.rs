const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<'a, __Record, T, const N: usize>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {
        pub phone: _envelope::Attribute<
            __Record,
            _envelope::kind::Encrypted,
            Option<String>,
        >,
        pub email: _envelope::Attribute<__Record, _envelope::kind::Authenticated, T>,
        pub token: _envelope::Attribute<__Record, _envelope::kind::Encrypted, [u8; N]>,
        pub nonce: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<[u8; 4]>,
        >,
        pub photo: _envelope::Attribute<__Record, _envelope::kind::Plaintext, Vec<u8>>,
        pub hash: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<[u8; 4]>,
        >,
        pub blob: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<Vec<u8>>,
        >,
        pub icon: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<Box<[u8]>>,
        >,
        __generics: ::core::marker::PhantomData<fn() -> (__Record, &'a (), T)>,
    }
    #[automatically_derived]
    impl<'a, __Record, T, const N: usize> _envelope::Handles
    for __EnvelopeAttributes<'a, __Record, T, N>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {
        const ALL: Self = __EnvelopeAttributes {
            phone: _envelope::Attribute::new(
                "phone",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            email: _envelope::Attribute::new(
                "email",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            token: _envelope::Attribute::new(
                "token",
                _envelope::encode_bytes,
                _envelope::decode_array,
            ),
            nonce: _envelope::Attribute::<
                _,
                _,
                Option<[u8; 4]>,
            >::new(
                    "nonce",
                    _envelope::encode_optional_bytes,
                    _envelope::decode_optional_array,
                )
                .or_else(|| <Option<[u8; 4]> as ::core::default::Default>::default()),
            photo: _envelope::Attribute::<
                _,
                _,
                Vec<u8>,
            >::new("photo", _envelope::encode_bytes, _envelope::decode_vec)
                .or_else(|| <Vec<u8> as ::core::default::Default>::default()),
            hash: _envelope::Attribute::new(
                "hash",
                _envelope::encode_optional_bytes,
                _envelope::decode_optional_array,
            ),
            blob: _envelope::Attribute::new(
                "blob",
                _envelope::encode_optional_bytes,
                _envelope::decode_optional_vec,
            ),
            icon: _envelope::Attribute::<
                _,
                _,
                Option<Box<[u8]>>,
            >::new(
                    "icon",
                    _envelope::encode_optional_bytes,
                    _envelope::decode_optional_bytes,
                )
                .or_else(|| empty()),
            __generics: ::core::marker::PhantomData,
        };
    }
    #[automatically_derived]
    impl<'a, __Record, T, const N: usize> ::core::marker::Copy
    for __EnvelopeAttributes<'a, __Record, T, N>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {}
    #[automatically_derived]
    impl<'a, __Record, T, const N: usize> ::core::clone::Clone
    for __EnvelopeAttributes<'a, __Record, T, N>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {
        fn clone(&self) -> Self {
            *self
        }
    }
    #[automatically_derived]
    impl<'a, T, const N: usize> _envelope::EnvelopeFields for Contact<'a, T, N>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {
        const FIELDS: &'static [_envelope::FieldSchema] = &[
            _envelope::FieldSchema::new("phone", _envelope::FieldRole::Encrypted),
            _envelope::FieldSchema::new("email", _envelope::FieldRole::Authenticated)
                .aliases(&["mail"]),
            _envelope::FieldSchema::new("token", _envelope::FieldRole::Encrypted),
            _envelope::FieldSchema::new("nonce", _envelope::FieldRole::Plain),
            _envelope::FieldSchema::new("photo", _envelope::FieldRole::Plain),
            _envelope::FieldSchema::new("hash", _envelope::FieldRole::Plain),
            _envelope::FieldSchema::new("blob", _envelope::FieldRole::Plain),
            _envelope::FieldSchema::new("icon", _envelope::FieldRole::Plain).null(),
        ];
        type Attributes<__Record> = __EnvelopeAttributes<'a, __Record, T, N>;
        fn write_fields(
            &self,
            fields: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            fields.write(&self.phone, __EnvelopeStored::encode)?;
            fields.write(&self.email, __EnvelopeStored::encode)?;
            fields.write(&self.token, _envelope::encode_bytes)?;
            fields.write(&self.nonce, _envelope::encode_optional_bytes)?;
            fields.write(&self.photo, _envelope::encode_bytes)?;
            fields.write(&self.hash, _envelope::encode_optional_bytes)?;
            fields.write(&self.blob, _envelope::encode_optional_bytes)?;
            fields.write(&self.icon, _envelope::encode_optional_bytes)?;
            ::core::result::Result::Ok(())
        }
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = <Self::Attributes<()> as _envelope::Handles>::ALL;
            ::core::result::Result::Ok(Self {
                phone: handles.phone.read(fields)?,
                email: handles.email.read(fields)?,
                token: handles.token.read(fields)?,
                nonce: handles.nonce.read(fields)?,
                photo: handles.photo.read(fields)?,
                hash: handles.hash.read(fields)?,
                blob: handles.blob.read(fields)?,
                icon: handles.icon.read(fields)?,
                source: <PhantomData<&'a str> as ::core::default::Default>::default(),
            })
        }
    }
    #[automatically_derived]
    impl<'a, T, const N: usize> ::core::fmt::Debug for Contact<'a, T, N>
    where
        T: ::core::fmt::Debug,
    {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("Contact")
                .field("phone", &::core::format_args!("[REDACTED]"))
                .field("email", &self.email)
                .field("token", &::core::format_args!("[REDACTED]"))
                .field("nonce", &self.nonce)
                .field("photo", &self.photo)
                .field("hash", &self.hash)
                .field("blob", &self.blob)
                .field("icon", &self.icon)
                .field("source", &self.source)
                .finish()
        }
    }
    #[automatically_derived]
    impl<'a, T, const N: usize> _envelope::RedactedDebug for Contact<'a, T, N>
    where
        T: ::core::fmt::Debug,
    {}
};
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record, C>
    where
        User<C>: ::core::default::Default,
        C: ::envelope_runtime::EnvelopeFields,
    {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub contact: <C as _envelope::EnvelopeFields>::Attributes<__Record>,
        pub address: <Address as _envelope::EnvelopeFields>::Attributes<__Record>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record, C)>,
    }
    #[automatically_derived]
    impl<C> _envelope::Readable for User<C>
    where
        User<C>: ::core::default::Default,
        C: ::envelope_runtime::EnvelopeFields,
        Self: ::core::marker::Send,
        Self: 'static,
    {
        type Key = _envelope::Simple<String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
                "users",
                &[
                    _envelope::FieldSchema::new("id", _envelope::FieldRole::PartitionKey)
                        .key_type(_envelope::KeyType::S),
                    _envelope::FieldSchema::group(
                        <C as _envelope::EnvelopeFields>::FIELDS,
                    ),
                    _envelope::FieldSchema::group(
                        <Address as _envelope::EnvelopeFields>::FIELDS,
                    ),
                ],
            )
            .catch_all()
            .checked();
        type Attributes = __EnvelopeAttributes<Self, C>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::<
                _,
                _,
                String,
            >::new("id", __EnvelopeStored::encode, _envelope::decode_text)
                .or_else(|| <User<C> as ::core::default::Default>::default().id),
            contact: _envelope::Handles::ALL,
            address: _envelope::Handles::ALL,
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                id: handles.id.read(fields)?,
                contact: <C as _envelope::EnvelopeFields>::read_fields(fields)?,
                address: <Address as _envelope::EnvelopeFields>::read_fields(fields)?,
                others: fields.read_others(),
            })
        }
    }
    #[automatically_derived]
    impl<C> _envelope::EnvelopeRecord for User<C>
    where
        User<C>: ::core::default::Default,
        C: ::envelope_runtime::EnvelopeFields,
        Self: ::core::marker::Send,
        Self: 'static,
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
            _envelope::EnvelopeFields::write_fields(&self.contact, fields)?;
            _envelope::EnvelopeFields::write_fields(&self.address, fields)?;
            fields.write_others(&self.others)?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl<C> _envelope::Unversioned for User<C>
    where
        User<C>: ::core::default::Default,
        C: ::envelope_runtime::EnvelopeFields,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
    #[automatically_derived]
    impl<C> _envelope::HasTable for User<C>
    where
        User<C>: ::core::default::Default,
        C: ::envelope_runtime::EnvelopeFields,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
    #[automatically_derived]
    impl<C> ::core::fmt::Debug for User<C>
    where
        C: _envelope::RedactedDebug,
    {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("User")
                .field("id", &self.id)
                .field("contact", _envelope::redacted(&self.contact))
                .field("address", _envelope::redacted(&self.address))
                .field("others", &self.others)
                .finish()
        }
    }
    #[automatically_derived]
    impl<C> _envelope::RedactedDebug for User<C>
    where
        C: _envelope::RedactedDebug,
    {}
};
