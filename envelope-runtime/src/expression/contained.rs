//! The values that an attribute can contain.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::attribute::{ConvertError, ValueSerializer, Wiped};
use crate::record::Encode;

/// A value that an attribute of a field of type `T` may contain: a part of a string or of bytes, or
/// an element of a list or set (`Vec`, `BTreeSet`, `HashSet`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be contained in this attribute, whose field is of type `{T}`",
    label = "needs a part of the string or bytes, or an element of the list or set"
)]
pub trait Contained<T> {
    /// Encodes the value as it is stored in the attribute.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if DynamoDB cannot store it.
    #[doc(hidden)]
    fn encode_part(
        self,
        whole: Encode<T>,
        to: ValueSerializer,
    ) -> Result<Option<Wiped>, ConvertError>;
}

#[diagnostic::do_not_recommend]
impl<T> Contained<T> for T {
    fn encode_part(
        self,
        whole: Encode<T>,
        to: ValueSerializer,
    ) -> Result<Option<Wiped>, ConvertError> {
        whole(&self, to)
    }
}

#[diagnostic::do_not_recommend]
impl<T> Contained<T> for &T {
    fn encode_part(
        self,
        whole: Encode<T>,
        to: ValueSerializer,
    ) -> Result<Option<Wiped>, ConvertError> {
        whole(self, to)
    }
}

macro_rules! borrowed {
    ($($borrowed:ty => $owned:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Contained<$owned> for $borrowed {
            fn encode_part(
                self,
                whole: Encode<$owned>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                whole(&Zeroizing::new(self.to_owned()), to)
            }
        }

        #[diagnostic::do_not_recommend]
        impl Contained<Option<$owned>> for $borrowed {
            fn encode_part(
                self,
                whole: Encode<Option<$owned>>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                whole(&Zeroizing::new(Some(self.to_owned())), to)
            }
        }
    )*};
}

borrowed!(&str => String, &[u8] => Vec<u8>);

macro_rules! elements {
    ($([$($hasher:ident)?] $collection:ty, $of_texts:ty);*) => {$(
        #[diagnostic::do_not_recommend]
        impl<E: Serialize, $($hasher)?> Contained<$collection> for E {
            fn encode_part(
                self,
                _: Encode<$collection>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                self.serialize(to)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<E: Serialize, $($hasher)?> Contained<$collection> for &E {
            fn encode_part(
                self,
                _: Encode<$collection>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                self.serialize(to)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($hasher)?> Contained<$of_texts> for &str {
            fn encode_part(
                self,
                _: Encode<$of_texts>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                self.serialize(to)
            }
        }
    )*};
}

elements!(
    [] Vec<E>, Vec<String>;
    [] BTreeSet<E>, BTreeSet<String>;
    [S] HashSet<E, S>, HashSet<String, S>
);
