const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[automatically_derived]
    impl _envelope::Readable for OrderCard
    where
        shop::Order: _envelope::EnvelopeRecord,
    {
        type Key = <shop::Order as _envelope::Readable>::Key;
        type Attributes = <shop::Order as _envelope::Readable>::Attributes;
        type Of = shop::Order;
        type Needs = <shop::Order as _envelope::Readable>::Needs;
        const ATTRIBUTES: Self::Attributes = <shop::Order as _envelope::Readable>::ATTRIBUTES;
        const SCHEMA: _envelope::RecordSchema = <shop::Order as _envelope::Readable>::SCHEMA
            .project(<Self as _envelope::ProjectedFields>::FIELDS);
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let _: <Contact as _envelope::EnvelopeFields>::Attributes<shop::Order> = Self::ATTRIBUTES
                .contact;
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                tenant: handles.tenant.read_as::<String>(fields)?,
                r#type: handles.r#type.read_as::<Kind>(fields)?,
                contact: <Contact as _envelope::EnvelopeFields>::read_fields(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl _envelope::ProjectionOf<shop::Order> for OrderCard
    where
        shop::Order: _envelope::EnvelopeRecord,
    {}
    #[automatically_derived]
    impl _envelope::ProjectedFields for OrderCard
    where
        shop::Order: _envelope::EnvelopeRecord,
    {
        const FIELDS: &'static [_envelope::FieldSchema] = &[
            <shop::Order as _envelope::Readable>::SCHEMA
                .projected(<Self as _envelope::Readable>::ATTRIBUTES.tenant.name()),
            <shop::Order as _envelope::Readable>::SCHEMA
                .projected(<Self as _envelope::Readable>::ATTRIBUTES.r#type.name()),
            _envelope::FieldSchema::group(<Contact as _envelope::EnvelopeFields>::FIELDS),
        ];
    }
    const _: _envelope::RecordSchema = <OrderCard as _envelope::Readable>::SCHEMA;
    #[automatically_derived]
    impl ::core::fmt::Debug for OrderCard
    where
        shop::Order: _envelope::EnvelopeRecord,
    {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("OrderCard")
                .field(
                    "tenant",
                    _envelope::shown(
                        &<Self as _envelope::Readable>::ATTRIBUTES.tenant,
                        &self.tenant,
                    ),
                )
                .field(
                    "type",
                    _envelope::shown(
                        &<Self as _envelope::Readable>::ATTRIBUTES.r#type,
                        &self.r#type,
                    ),
                )
                .field("contact", _envelope::redacted(&self.contact))
                .finish()
        }
    }
};
const _: () = {
    use my::runtime::__private as _envelope;
    #[automatically_derived]
    impl<'a, T: Clone, C> _envelope::Readable for Line<'a, T, C>
    where
        Option<T>: my::runtime::__private::Serialize,
        Option<T>: my::runtime::__private::DeserializeOwned,
        C: my::runtime::EnvelopeFields,
        Document<'a, T>: ::core::marker::Send + 'static,
        Self: ::core::marker::Send + 'static,
    {
        type Key = <Document<'a, T> as _envelope::Readable>::Key;
        type Attributes = <Document<'a, T> as _envelope::Readable>::Attributes;
        type Of = Document<'a, T>;
        type Needs = _envelope::NoKey;
        const ATTRIBUTES: Self::Attributes = <Document<
            'a,
            T,
        > as _envelope::Readable>::ATTRIBUTES;
        const SCHEMA: _envelope::RecordSchema = <Document<
            'a,
            T,
        > as _envelope::Readable>::SCHEMA
            .project_plaintext(<Self as _envelope::ProjectedFields>::FIELDS);
        fn read_fields(
            fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            let _: <C as _envelope::EnvelopeFields>::Attributes<Document<'a, T>> = Self::ATTRIBUTES
                .contact;
            let handles = Self::ATTRIBUTES;
            ::core::result::Result::Ok(Self {
                body: handles.body.read_as::<Option<T>>(fields)?,
                contact: <C as _envelope::EnvelopeFields>::read_fields(fields)?,
            })
        }
    }
    #[automatically_derived]
    impl<'a, T: Clone, C> _envelope::ProjectionOf<Document<'a, T>> for Line<'a, T, C>
    where
        Option<T>: my::runtime::__private::Serialize,
        Option<T>: my::runtime::__private::DeserializeOwned,
        C: my::runtime::EnvelopeFields,
        Document<'a, T>: ::core::marker::Send + 'static,
        Self: ::core::marker::Send + 'static,
    {}
    #[automatically_derived]
    impl<'a, T: Clone, C> _envelope::ProjectedFields for Line<'a, T, C>
    where
        Option<T>: my::runtime::__private::Serialize,
        Option<T>: my::runtime::__private::DeserializeOwned,
        C: my::runtime::EnvelopeFields,
        Document<'a, T>: ::core::marker::Send + 'static,
        Self: ::core::marker::Send + 'static,
    {
        const FIELDS: &'static [_envelope::FieldSchema] = &[
            _envelope::FieldSchema::unprotected(
                <Document<'a, T> as _envelope::Readable>::SCHEMA
                    .projected(<Self as _envelope::Readable>::ATTRIBUTES.body.name()),
            ),
            _envelope::FieldSchema::unprotected(
                _envelope::FieldSchema::group(<C as _envelope::EnvelopeFields>::FIELDS),
            ),
        ];
    }
    #[automatically_derived]
    impl<'a, T: Clone, C> ::core::fmt::Debug for Line<'a, T, C>
    where
        Option<T>: my::runtime::__private::Serialize,
        Option<T>: my::runtime::__private::DeserializeOwned,
        C: my::runtime::EnvelopeFields,
        Document<'a, T>: ::core::marker::Send + 'static,
        Self: ::core::marker::Send + 'static,
        Option<T>: ::core::fmt::Debug,
        C: _envelope::RedactedDebug,
    {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("Line")
                .field(
                    "body",
                    _envelope::shown(
                        &<Self as _envelope::Readable>::ATTRIBUTES.body,
                        &self.body,
                    ),
                )
                .field("contact", _envelope::redacted(&self.contact))
                .finish()
        }
    }
};
::core::compile_error! {
    "`#[encrypted]` on a field of a projection, which has its role in the record: remove it"
}
const _: () = {
    use ::envelope_runtime::__private as _envelope;
    #[automatically_derived]
    impl _envelope::Readable for Nothing
    where
        Order: _envelope::EnvelopeRecord,
    {
        type Key = <Order as _envelope::Readable>::Key;
        type Attributes = <Order as _envelope::Readable>::Attributes;
        type Of = Order;
        type Needs = <Order as _envelope::Readable>::Needs;
        const ATTRIBUTES: Self::Attributes = <Order as _envelope::Readable>::ATTRIBUTES;
        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    }
    #[automatically_derived]
    impl _envelope::ProjectionOf<Order> for Nothing
    where
        Order: _envelope::EnvelopeRecord,
    {}
};
