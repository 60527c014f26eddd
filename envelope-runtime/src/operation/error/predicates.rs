//! The predicates and the text of every verb's error.

/// Implements the public predicates and `attribute` of an error, all through its `cause`.
macro_rules! predicates {
    ($error:ty) => {
        impl $error {
            /// Returns whether the same call may succeed later without any change.
            ///
            /// `false` if a write has happened, or may have happened and must not happen twice.
            #[must_use]
            pub fn is_retryable(&self) -> bool {
                self.cause().is_retryable()
            }

            /// Returns whether a write depends on something other than the stored state.
            ///
            /// A record to be created already existed, the stored item did not satisfy the
            /// condition or has another version, or other writers were faster until the deadline.
            #[must_use]
            pub fn is_conflict(&self) -> bool {
                self.cause().is_conflict()
            }

            /// Returns whether the stored record has a different version than a write depends on.
            /// This is a conflict too.
            #[must_use]
            pub fn is_version_conflict(&self) -> bool {
                self.cause().is_version_conflict()
            }

            /// Returns whether there was no record to replace or to update.
            ///
            /// Loading an absent record is not an error: the output is `None`.
            #[must_use]
            pub fn is_not_found(&self) -> bool {
                self.cause().is_not_found()
            }

            /// Returns whether KMS or DynamoDB denied permission.
            #[must_use]
            pub fn is_access_denied(&self) -> bool {
                self.cause().is_access_denied()
            }

            /// Returns whether the stored item was tampered with: altered, or moved from elsewhere.
            ///
            /// Never `true` of anything that a deployment can cause. See
            /// [`OpenError::is_tampered`](crate::error::OpenError::is_tampered) for the refusals
            /// that this leaves out. A wrapped key that does not fit is left out too.
            #[must_use]
            pub fn is_tampered(&self) -> bool {
                self.cause().is_tampered()
            }

            /// Returns whether DynamoDB's answer was lost and the stored state does not show
            /// whether the write happened: load the record, and decide again.
            ///
            /// If the write has the same effect when it is repeated, the error is retryable
            /// instead.
            #[must_use]
            pub fn is_unknown_outcome(&self) -> bool {
                self.cause().is_unknown_outcome()
            }

            /// Returns whether the stored item, or one of its `#[encrypted]` values, is not sealed
            /// and no window accepts it: see
            /// [`OpenError::is_unsealed`](crate::error::OpenError::is_unsealed).
            #[must_use]
            pub fn is_unsealed(&self) -> bool {
                self.cause().is_unsealed()
            }

            /// The attribute that failed; `None` if it was the record or the request as a whole.
            #[must_use]
            pub fn attribute(&self) -> Option<&str> {
                self.cause().attribute()
            }
        }
    };
}

/// Turns an enum of inner errors into the error of a verb: all of its variants, and the text that
/// precedes the inner error's.
macro_rules! verb {
    ($error:ident { $($($variant:ident)|+ => $lead:literal,)+ }) => {
        predicates! { $error }

        impl $error {
            pub(super) fn cause(&self) -> &dyn Cause {
                match self {
                    $($(Self::$variant(cause) => cause,)+)+
                }
            }
        }

        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $($(Self::$variant(_))|+ => $lead,)+
                })?;
                self.cause().fmt(f)
            }
        }

        crate::report::debug_is_display!($error);

        // The inner error's text is part of this one's, so there is no `source`.
        impl std::error::Error for $error {}
    };
}

pub(super) use {predicates, verb};
