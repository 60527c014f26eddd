const _: () = {
    use ::envelope_runtime::__private as _envelope;
    use _envelope::Stored as __EnvelopeStored;
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeAttributes<__Record> {
        pub tenant: _envelope::Attribute<__Record, _envelope::kind::Key, String>,
        pub number: _envelope::Attribute<__Record, _envelope::kind::Key, u32>,
        pub customer: _envelope::Attribute<
            __Record,
            _envelope::kind::Authenticated,
            String,
        >,
        pub courier: _envelope::Attribute<
            __Record,
            _envelope::kind::Authenticated,
            Option<String>,
        >,
        pub placed_at: _envelope::Attribute<
            __Record,
            _envelope::kind::IndexPart<_envelope::kind::Plaintext>,
            u64,
        >,
        pub day: _envelope::Attribute<__Record, _envelope::kind::Authenticated, u16>,
        pub total: _envelope::Attribute<__Record, _envelope::kind::Plaintext, Cents>,
        pub hall: _envelope::Attribute<
            __Record,
            _envelope::kind::IndexPart<_envelope::kind::Authenticated>,
            String,
        >,
        pub shelf: _envelope::Attribute<
            __Record,
            _envelope::kind::IndexPart<_envelope::kind::Plaintext>,
            Option<String>,
        >,
        pub digest: _envelope::Attribute<
            __Record,
            _envelope::kind::Authenticated,
            Option<[u8; 16]>,
        >,
        pub address: _envelope::Attribute<__Record, _envelope::kind::Encrypted, String>,
        __generics: ::core::marker::PhantomData<fn() -> (__Record,)>,
    }
    #[automatically_derived]
    impl _envelope::Readable for Order
    where
        Self: ::core::marker::Send,
    {
        type Key = _envelope::Parts<(String,), (u32,)>;
        type Of = Self;
        type Needs = _envelope::Decrypt;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new(
                "orders",
                &[
                    _envelope::FieldSchema::new("tenant", _envelope::FieldRole::Plain)
                        .key_type(_envelope::KeyType::S),
                    _envelope::FieldSchema::new("number", _envelope::FieldRole::Plain),
                    _envelope::FieldSchema::new(
                            "customerId",
                            _envelope::FieldRole::Authenticated,
                        )
                        .key_type(_envelope::KeyType::S),
                    _envelope::FieldSchema::new(
                            "courier",
                            _envelope::FieldRole::Authenticated,
                        )
                        .key_type(_envelope::KeyType::S),
                    _envelope::FieldSchema::new("placed_at", _envelope::FieldRole::Plain)
                        .key_type(_envelope::KeyType::N),
                    _envelope::FieldSchema::new(
                            "day",
                            _envelope::FieldRole::Authenticated,
                        )
                        .key_type(_envelope::KeyType::N),
                    _envelope::FieldSchema::new("total", _envelope::FieldRole::Plain)
                        .key_type(_envelope::KeyType::N),
                    _envelope::FieldSchema::new(
                        "hall",
                        _envelope::FieldRole::Authenticated,
                    ),
                    _envelope::FieldSchema::new("shelf", _envelope::FieldRole::Plain),
                    _envelope::FieldSchema::new(
                            "digest",
                            _envelope::FieldRole::Authenticated,
                        )
                        .key_type(_envelope::KeyType::B),
                    _envelope::FieldSchema::new(
                        "address",
                        _envelope::FieldRole::Encrypted,
                    ),
                ],
            )
            .partition_key(
                _envelope::KeyTemplate::new(
                    "PK",
                    &[
                        _envelope::KeyPiece::text("TENANT#"),
                        _envelope::KeyPiece::part("tenant"),
                    ],
                ),
            )
            .sort_key(
                _envelope::KeyTemplate::new(
                    "SK",
                    &[
                        _envelope::KeyPiece::text("ORDER#"),
                        _envelope::KeyPiece::number("number", 8u8),
                    ],
                ),
            )
            .indexes(
                &[
                    _envelope::IndexSchema::global(
                        "by_customer",
                        &[_envelope::KeyAttribute::Field("customerId")],
                        &[_envelope::KeyAttribute::Field("placed_at")],
                    ),
                    _envelope::IndexSchema::global(
                        "by_courier",
                        &[_envelope::KeyAttribute::Field("courier")],
                        &[],
                    ),
                    _envelope::IndexSchema::global(
                        "by_day",
                        &[
                            _envelope::KeyAttribute::Field("tenant"),
                            _envelope::KeyAttribute::Field("day"),
                        ],
                        &[
                            _envelope::KeyAttribute::Field("total"),
                            _envelope::KeyAttribute::Field("placed_at"),
                        ],
                    ),
                    _envelope::IndexSchema::global(
                        "GSI1",
                        &[
                            _envelope::KeyAttribute::Template(
                                _envelope::KeyTemplate::new(
                                    "GSI1PK",
                                    &[
                                        _envelope::KeyPiece::text("HALL#"),
                                        _envelope::KeyPiece::part("hall"),
                                        _envelope::KeyPiece::text("#"),
                                        _envelope::KeyPiece::part("tenant"),
                                    ],
                                ),
                            ),
                        ],
                        &[
                            _envelope::KeyAttribute::Template(
                                _envelope::KeyTemplate::new(
                                    "GSI1Sort",
                                    &[
                                        _envelope::KeyPiece::part("shelf"),
                                        _envelope::KeyPiece::text("#"),
                                        _envelope::KeyPiece::part("tenant"),
                                        _envelope::KeyPiece::text("#"),
                                        _envelope::KeyPiece::number("placed_at", 10u8),
                                    ],
                                ),
                            ),
                        ],
                    ),
                    _envelope::IndexSchema::global(
                            "inverted",
                            &[
                                _envelope::KeyAttribute::Template(
                                    _envelope::KeyTemplate::new(
                                        "SK",
                                        &[
                                            _envelope::KeyPiece::text("ORDER#"),
                                            _envelope::KeyPiece::number("number", 8u8),
                                        ],
                                    ),
                                ),
                            ],
                            &[],
                        )
                        .keys_only(),
                    _envelope::IndexSchema::global(
                            "by_digest",
                            &[_envelope::KeyAttribute::Field("digest")],
                            &[
                                _envelope::KeyAttribute::Template(
                                    _envelope::KeyTemplate::new(
                                        "by_digestSK",
                                        &[_envelope::KeyPiece::part("shelf")],
                                    ),
                                ),
                            ],
                        )
                        .including(&["total"]),
                    _envelope::IndexSchema::local(
                        "by_total",
                        &[_envelope::KeyAttribute::Field("total")],
                    ),
                ],
            );
        type Attributes = __EnvelopeAttributes<Self>;
        const ATTRIBUTES: Self::Attributes = __EnvelopeAttributes {
            tenant: _envelope::Attribute::new(
                "tenant",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            number: _envelope::Attribute::new(
                "number",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            customer: _envelope::Attribute::new(
                "customerId",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            courier: _envelope::Attribute::new(
                "courier",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            placed_at: _envelope::Attribute::new(
                "placed_at",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            day: _envelope::Attribute::new(
                "day",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            total: _envelope::Attribute::new(
                "total",
                __EnvelopeStored::encode,
                __EnvelopeStored::decode,
            ),
            hall: _envelope::Attribute::new(
                "hall",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            shelf: _envelope::Attribute::new(
                "shelf",
                __EnvelopeStored::encode,
                _envelope::decode_text,
            ),
            digest: _envelope::Attribute::new(
                "digest",
                _envelope::encode_optional_bytes,
                _envelope::decode_optional_array,
            ),
            address: _envelope::Attribute::new(
                "address",
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
                tenant: handles.tenant.read(fields)?,
                number: handles.number.read(fields)?,
                customer: handles.customer.read(fields)?,
                courier: handles.courier.read(fields)?,
                placed_at: handles.placed_at.read(fields)?,
                day: handles.day.read(fields)?,
                total: handles.total.read(fields)?,
                hall: handles.hall.read(fields)?,
                shelf: handles.shelf.read(fields)?,
                digest: handles.digest.read(fields)?,
                address: handles.address.read(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl _envelope::EnvelopeRecord for Order
    where
        Self: ::core::marker::Send,
    {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            (&self.tenant, &self.number)
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
            fields.write(&self.tenant, __EnvelopeStored::encode)?;
            fields.write(&self.number, __EnvelopeStored::encode)?;
            fields.write(&self.customer, __EnvelopeStored::encode)?;
            fields.write(&self.courier, __EnvelopeStored::encode)?;
            fields.write(&self.placed_at, __EnvelopeStored::encode)?;
            fields.write(&self.day, __EnvelopeStored::encode)?;
            fields.write(&self.total, __EnvelopeStored::encode)?;
            fields.write(&self.hall, __EnvelopeStored::encode)?;
            fields.write(&self.shelf, __EnvelopeStored::encode)?;
            fields.write(&self.digest, _envelope::encode_optional_bytes)?;
            fields.write(&self.address, __EnvelopeStored::encode)?;
            ::core::result::Result::Ok(())
        }
    }
    #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
    pub struct __EnvelopeIndexes
    where
        Order: ::core::marker::Send,
    {
        pub by_customer: _envelope::Index<
            Order,
            _envelope::Composite<String, u64>,
            Order,
        >,
        pub by_courier: _envelope::Index<Order, _envelope::Simple<String>, Order>,
        pub by_day: _envelope::Index<
            Order,
            _envelope::Parts<(String, u16), (Cents, u64)>,
            Order,
        >,
        pub by_shelf: _envelope::Index<
            Order,
            _envelope::Parts<(String, String), (_envelope::Unsorted<String>, u64)>,
            Order,
        >,
        pub inverted: _envelope::Index<
            Order,
            _envelope::Parts<(u32,), ()>,
            _envelope::Keys<Order>,
        >,
        pub by_digest: _envelope::Index<
            Order,
            _envelope::Parts<(_envelope::Bytes,), (String,)>,
            _envelope::Keys<Order>,
        >,
        pub by_total: _envelope::LocalIndex<
            Order,
            _envelope::Parts<(String,), (Cents,)>,
            Order,
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
            by_customer: _envelope::Index::new("by_customer"),
            by_courier: _envelope::Index::new("by_courier"),
            by_day: _envelope::Index::new("by_day"),
            by_shelf: _envelope::Index::new("GSI1"),
            inverted: _envelope::Index::new("inverted"),
            by_digest: _envelope::Index::new("by_digest"),
            by_total: _envelope::LocalIndex::new("by_total"),
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
    const _: () = {
        use _envelope::nested::Otherwise as _;
        const _: () = ::core::assert!(
            ! _envelope::nested::Fields:: < Cents > ::PROTECTS && !
            _envelope::nested::Record:: < Cents > ::PROTECTS,
            "`total` would store the `#[encrypted]` fields of its struct in plaintext: mark it `#[encrypted]`, or add `#[envelope(flatten)]`"
        );
    };
};
