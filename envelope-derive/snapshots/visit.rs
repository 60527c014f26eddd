const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub tenant: _envelope::Attribute<__Record, _envelope::kind::Context, String>,
        pub left: _envelope::Attribute<
            __Record,
            _envelope::kind::Converted<_envelope::kind::Plaintext>,
            Option<Time>,
        >,
        pub paid: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<Time>,
        >,
        pub came: _envelope::Attribute<
            __Record,
            _envelope::kind::Converted<_envelope::kind::Plaintext>,
            Time,
        >,
        pub seen: _envelope::Attribute<
            __Record,
            _envelope::kind::Plaintext,
            Option<Time>,
        >,
        pub pin: _envelope::Attribute<
            __Record,
            _envelope::kind::Encrypted,
            Option<SecretString>,
        >,
        pub tags: _envelope::Attribute<
            __Record,
            _envelope::kind::Encrypted,
            BTreeSet<String>,
        >,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Visit
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Simple<String>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
            "visits",
            &[
                _envelope::FieldSchema::new("id", _envelope::FieldRole::PartitionKey)
                    .key_type(_envelope::KeyType::S),
                _envelope::FieldSchema::new("tenant", _envelope::FieldRole::Plain)
                    .context(),
                _envelope::FieldSchema::new("left", _envelope::FieldRole::Plain),
                _envelope::FieldSchema::new("paid", _envelope::FieldRole::Plain),
                _envelope::FieldSchema::new("came", _envelope::FieldRole::Plain),
                _envelope::FieldSchema::new("seen", _envelope::FieldRole::Plain),
                _envelope::FieldSchema::new("pin", _envelope::FieldRole::Encrypted),
                _envelope::FieldSchema::new("tags", _envelope::FieldRole::Encrypted),
            ],
        );
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new(
                "id",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            tenant: _envelope::Attribute::new(
                "tenant",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            left: _envelope::Attribute::<
                _,
                _,
                Option<Time>,
            >::new(
                    "left",
                    |value, to| seconds::serialize(value, to),
                    |from| seconds::deserialize(from),
                )
                .converted(),
            paid: _envelope::Attribute::<
                _,
                _,
                Option<Time>,
            >::new(
                    "paid",
                    |value, to| seconds::serialize(value, to),
                    |from| seconds::deserialize(from),
                )
                .or_else(|| <Option<Time> as ::core::default::Default>::default())
                .converted(),
            came: _envelope::Attribute::new(
                "came",
                _envelope::Serialize::serialize,
                |from| seconds::deserialize(from),
            ),
            seen: _envelope::Attribute::<
                _,
                _,
                Option<Time>,
            >::new(
                    "seen",
                    |value, to| seconds::serialize(value, to),
                    _envelope::Deserialize::deserialize,
                )
                .converted(),
            pin: _envelope::Attribute::new(
                "pin",
                |value, to| envelope_runtime::secret::serialize(value, to),
                |from| envelope_runtime::secret::deserialize(from),
            ),
            tags: _envelope::Attribute::new(
                "tags",
                __EnvelopeStored::encode_set,
                __EnvelopeStored::decode_set,
            ),
            __generics: ::core::marker::PhantomData,
        };
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                id: handles.id.read(fields)?,
                tenant: handles.tenant.read(fields)?,
                left: handles.left.read(fields)?,
                paid: handles.paid.read(fields)?,
                came: handles.came.read(fields)?,
                seen: handles.seen.read(fields)?,
                pin: handles.pin.read(fields)?,
                tags: handles.tags.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Visit
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
            fields.write(&self.tenant, __EnvelopeStored::encode)?;
            fields.write(&self.left, |value, to| seconds::serialize(value, to))?;
            fields.write(&self.paid, |value, to| seconds::serialize(value, to))?;
            fields.write(&self.came, _envelope::Serialize::serialize)?;
            fields.write(&self.seen, |value, to| seconds::serialize(value, to))?;
            fields
                .write(
                    &self.pin,
                    |value, to| envelope_runtime::secret::serialize(value, to),
                )?;
            fields.write(&self.tags, __EnvelopeStored::encode_set)?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl _envelope::Unversioned for Visit
    where
        Self: ::core::marker::Send,
    {}
    #[automatically_derived]
    impl _envelope::HasTable for Visit
    where
        Self: ::core::marker::Send,
    {}
};
