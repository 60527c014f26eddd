const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record, K, T>
    where
        K: ::envelope_runtime::__private::Serialize,
        K: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, K>,
        pub kind: _envelope::Attribute<__Record, _envelope::kind::Authenticated, String>,
        pub body: _envelope::Attribute<__Record, _envelope::kind::Encrypted, T>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record, K, T)>,
    }
    #[automatically_derived]
    impl<K, T> _envelope::Readable for Thing<K, T>
    where
        K: ::envelope_runtime::__private::Serialize,
        K: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Self: ::core::marker::Send,
        Self: 'static,
    {
        type Key = _envelope::Simple<K>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
                "things",
                &[
                    _envelope::FieldSchema::new(
                        "id",
                        _envelope::FieldRole::PartitionKey,
                    ),
                    _envelope::FieldSchema::new(
                            "kind",
                            _envelope::FieldRole::Authenticated,
                        )
                        .key_type(_envelope::KeyType::S),
                    _envelope::FieldSchema::new("body", _envelope::FieldRole::Encrypted),
                ],
            )
            .indexes(
                &[
                    _envelope::IndexSchema::global(
                            "by_kind",
                            &[_envelope::KeyAttribute::Field("kind")],
                            &[],
                        )
                        .keys_only(),
                ],
            );
        type Attributes = __EnvelopeAttributes<Self, K, T>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new(
                "id",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            kind: _envelope::Attribute::new(
                "kind",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            body: _envelope::Attribute::new(
                "body",
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
                kind: handles.kind.read(fields)?,
                body: handles.body.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl<K, T> _envelope::EnvelopeRecord for Thing<K, T>
    where
        K: ::envelope_runtime::__private::Serialize,
        K: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
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
            fields.write(&self.kind, __EnvelopeStored::encode)?;
            fields.write(&self.body, __EnvelopeStored::encode)?;
            ::core::result::Result::Ok(())
        }
    }
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeIndexes<K, T>
    where
        K: ::envelope_runtime::__private::Serialize,
        K: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Thing<K, T>: ::core::marker::Send,
        Thing<K, T>: 'static,
        K: ::core::marker::Send + 'static,
    {
        pub by_kind: _envelope::Index<
            Thing<K, T>,
            _envelope::Simple<String>,
            _envelope::Keys<Thing<K, T>>,
        >,
    }
    #[automatically_derived]
    impl<K, T> Thing<K, T>
    where
        K: ::envelope_runtime::__private::Serialize,
        K: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Thing<K, T>: ::core::marker::Send,
        Thing<K, T>: 'static,
        K: ::core::marker::Send + 'static,
    {
        /// The indexes of the record's table, for `store.query_index(…)`.
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        pub const INDEXES: __EnvelopeIndexes<K, T> = __EnvelopeIndexes {
            by_kind: _envelope::Index::new("by_kind"),
        };
    }
    #[automatically_derived]
    impl<K, T> _envelope::Unversioned for Thing<K, T>
    where
        K: ::envelope_runtime::__private::Serialize,
        K: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
};
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record, T>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
    {
        pub id: _envelope::Attribute<__Record, _envelope::kind::Key, T>,
        pub at: _envelope::Attribute<__Record, _envelope::kind::Key, T>,
        pub owner: _envelope::Attribute<
            __Record,
            _envelope::kind::Authenticated,
            String,
        >,
        pub body: _envelope::Attribute<__Record, _envelope::kind::Encrypted, T>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record, T)>,
    }
    #[automatically_derived]
    impl<T> _envelope::Readable for Note<T>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Self: ::core::marker::Send,
        Self: 'static,
    {
        type Key = _envelope::Composite<T, T>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
                "notes",
                &[
                    _envelope::FieldSchema::new(
                        "id",
                        _envelope::FieldRole::PartitionKey,
                    ),
                    _envelope::FieldSchema::new("at", _envelope::FieldRole::SortKey),
                    _envelope::FieldSchema::new(
                            "owner",
                            _envelope::FieldRole::Authenticated,
                        )
                        .key_type(_envelope::KeyType::S),
                    _envelope::FieldSchema::new("body", _envelope::FieldRole::Encrypted),
                ],
            )
            .indexes(
                &[
                    _envelope::IndexSchema::global(
                        "by_owner",
                        &[_envelope::KeyAttribute::Field("owner")],
                        &[_envelope::KeyAttribute::Field("at")],
                    ),
                ],
            );
        type Attributes = __EnvelopeAttributes<Self, T>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            id: _envelope::Attribute::new(
                "id",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            at: _envelope::Attribute::new(
                "at",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            owner: _envelope::Attribute::new(
                "owner",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            body: _envelope::Attribute::new(
                "body",
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
                at: handles.at.read(fields)?,
                owner: handles.owner.read(fields)?,
                body: handles.body.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl<T> _envelope::EnvelopeRecord for Note<T>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Self: ::core::marker::Send,
        Self: 'static,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            (&self.id, &self.at)
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
            fields.write(&self.at, __EnvelopeStored::encode)?;
            fields.write(&self.owner, __EnvelopeStored::encode)?;
            fields.write(&self.body, __EnvelopeStored::encode)?;
            ::core::result::Result::Ok(())
        }
    }
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeIndexes<T>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Note<T>: ::core::marker::Send,
        Note<T>: 'static,
    {
        pub by_owner: _envelope::Index<
            Note<T>,
            _envelope::Composite<String, T>,
            Note<T>,
        >,
    }
    #[automatically_derived]
    impl<T> Note<T>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Note<T>: ::core::marker::Send,
        Note<T>: 'static,
    {
        /// The indexes of the record's table, for `store.query_index(…)`.
        #[allow(dead_code, private_interfaces, unreachable_pub)]
        pub const INDEXES: __EnvelopeIndexes<T> = __EnvelopeIndexes {
            by_owner: _envelope::Index::new("by_owner"),
        };
    }
    #[automatically_derived]
    impl<T> _envelope::Unversioned for Note<T>
    where
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        T: ::envelope_runtime::__private::Serialize,
        T: ::envelope_runtime::__private::DeserializeOwned,
        Self: ::core::marker::Send,
        Self: 'static,
    {}
};
