//! The predicates and the text that the error of every verb has.

/// Gives an error the public predicates and `attribute`, all by its `cause`.
macro_rules! predicates {
    ($error:ident) => {
        impl $error {
            /// Whether the same call may succeed later without any change.
            ///
            /// `false` if a write has happened, or may have happened and must not happen twice.
            #[must_use]
            pub fn is_retryable(&self) -> bool {
                self.cause().is_retryable()
            }

            /// Whether a write depends on something else than what is stored.
            ///
            /// A record to be created was there already, the stored item did not fulfil the
            /// condition, it has another version, or other writers were faster each time until the
            /// deadline.
            #[must_use]
            pub fn is_conflict(&self) -> bool {
                self.cause().is_conflict()
            }

            /// Whether the stored record has another version than a write depends on. This is a
            /// conflict too.
            #[must_use]
            pub fn is_version_conflict(&self) -> bool {
                self.cause().is_version_conflict()
            }

            /// Whether there was no record to replace or to update.
            ///
            /// A load of an absent record is no error: it gives `None`.
            #[must_use]
            pub fn is_not_found(&self) -> bool {
                self.cause().is_not_found()
            }

            /// Whether KMS or DynamoDB refused permission.
            #[must_use]
            pub fn is_access_denied(&self) -> bool {
                self.cause().is_access_denied()
            }

            /// Whether the stored item was altered or moved from elsewhere.
            ///
            /// `true` of nothing that a deployment can cause. See
            /// [`OpenError::is_tampered`](crate::error::OpenError::is_tampered) for the refusals that this
            /// leaves out; a wrapped key that does not fit is another.
            #[must_use]
            pub fn is_tampered(&self) -> bool {
                self.cause().is_tampered()
            }

            /// Whether DynamoDB's answer was lost, and what is stored does not tell whether the
            /// write happened: load the record, and decide again.
            ///
            /// A failed request that may be repeated, since the write does the same when it is done
            /// twice, is retryable instead.
            #[must_use]
            pub fn is_unknown_outcome(&self) -> bool {
                self.cause().is_unknown_outcome()
            }

            /// The attribute that failed; `None` if it was the record or the request as a whole.
            #[must_use]
            pub fn attribute(&self) -> Option<&str> {
                self.cause().attribute()
            }
        }
    };
}

/// Makes an enum of inner errors the error of a verb: all of its variants, and the text that stands
/// before the inner error's.
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

        // The text of the inner error is part of this one's, and nothing lies behind it.
        impl std::error::Error for $error {}
    };
}

pub(super) use {predicates, verb};
