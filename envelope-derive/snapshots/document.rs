const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub text: _envelope::Attribute<__Record, _envelope::kind::Encrypted, String>,
        pub version: _envelope::Attribute<__Record, _envelope::kind::Version, u32>,
        pub expires: _envelope::Attribute<
            __Record,
            _envelope::kind::Authenticated,
            Option<u64>,
        >,
        pub created: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<DateTime<Utc>>,
        >,
        pub updated: _envelope::Attribute<
            __Record,
            _envelope::kind::Converted<_envelope::kind::Plaintext>,
            DateTime<Utc>,
        >,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Document
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
            "documents",
            &[
                _envelope::FieldSchema::new("id", _envelope::FieldRole::PartitionKey)
                    .key_type(_envelope::KeyType::S),
                _envelope::FieldSchema::new("text", _envelope::FieldRole::Encrypted),
                _envelope::FieldSchema::new("version", _envelope::FieldRole::Plain)
                    .version(<u32>::MAX as ::core::primitive::u64),
                _envelope::FieldSchema::new(
                        "expires",
                        _envelope::FieldRole::Authenticated,
                    )
                    .ttl(),
                _envelope::FieldSchema::new("created", _envelope::FieldRole::Plain)
                    .created_at(),
                _envelope::FieldSchema::new("updated", _envelope::FieldRole::Plain)
                    .updated_at(|now, to| {
                        let value: DateTime<Utc> = <DateTime<
                            Utc,
                        > as ::core::convert::From<
                            ::std::time::SystemTime,
                        >>::from(now.system_time());
                        (|value, to| seconds::serialize(value, to))(&value, to)
                    }),
            ],
        );
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new(
                "id",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            text: _envelope::Attribute::new(
                "text",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            version: _envelope::Attribute::new(
                "version",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            expires: _envelope::Attribute::new(
                "expires",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            created: _envelope::Attribute::new(
                "created",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            updated: _envelope::Attribute::<
                _,
                _,
                DateTime<Utc>,
            >::new(
                    "updated",
                    |value, to| seconds::serialize(value, to),
                    |from| seconds::deserialize(from),
                )
                .converted(),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                id: handles.id.read(fields)?,
                text: handles.text.read(fields)?,
                version: handles.version.read(fields)?,
                expires: handles.expires.read(fields)?,
                created: handles.created.read(fields)?,
                updated: handles.updated.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Document
    where
        Self: ::core::marker::Send,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            &self.id
        }
        type Saved = _envelope::Saved<Self>;
        fn saved(
            &self,
            now: _envelope::Now,
        ) -> ::core::result::Result<Self::Saved, _envelope::FieldError> {
            let mut saved = <Self as ::core::clone::Clone>::clone(self);
            saved.version = _envelope::named::<
                Self,
                _,
            >("version", _envelope::next_version(self.version))?;
            if saved.created.is_none() {
                saved.created = ::core::option::Option::Some(
                    <DateTime<
                        Utc,
                    > as ::core::convert::From<
                        ::std::time::SystemTime,
                    >>::from(now.system_time()),
                );
            }
            saved.updated = <DateTime<
                Utc,
            > as ::core::convert::From<
                ::std::time::SystemTime,
            >>::from(now.system_time());
            ::core::result::Result::Ok(_envelope::Saved::new(saved))
        }
        fn write_fields(
            &self,
            fields: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            fields.write(&self.id, __EnvelopeStored::encode)?;
            fields.write(&self.text, __EnvelopeStored::encode)?;
            fields.write(&self.version, __EnvelopeStored::encode)?;
            fields.write(&self.expires, __EnvelopeStored::encode)?;
            fields.write(&self.created, __EnvelopeStored::encode)?;
            fields.write(&self.updated, |value, to| seconds::serialize(value, to))?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl _envelope::Versioned for Document
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for Document
    where
        Self: ::core::marker::Send,
    {}
    const _: () = {
        use _envelope::nested::Otherwise as _;
        const _: () = ::core::assert!(
            ! _envelope::nested::Fields:: < DateTime < Utc > > ::PROTECTS && !
            _envelope::nested::Record:: < DateTime < Utc > > ::PROTECTS,
            "`created` would store the `#[encrypted]` fields of its struct in plaintext: mark it `#[encrypted]`, or add `#[envelope(flatten)]`"
        );
        const _: () = ::core::assert!(
            ! _envelope::nested::Fields:: < Utc > ::PROTECTS && !
            _envelope::nested::Record:: < Utc > ::PROTECTS,
            "`created` would store the `#[encrypted]` fields of its struct in plaintext: mark it `#[encrypted]`, or add `#[envelope(flatten)]`"
        );
    };
};
