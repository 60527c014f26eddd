//! Tuples that grow by one record.

/// A record that a read transaction can give after the tuple `G`.
///
/// The bound is on the record and not on the tuple, so that the compiler tells its text.
#[diagnostic::on_unimplemented(
    message = "a read transaction gives a tuple of at most eight records, or one `Vec`",
    label = "no record can follow `{G}`",
    note = "`.get_all::<R>(keys)` gives up to 100 records of one type, and stands alone"
)]
pub trait Joins<G>: Sized {
    /// The tuple with the record at its end.
    type With: Send + 'static;

    #[doc(hidden)]
    fn join(last: Option<Self>, before: G) -> Self::With;
}

macro_rules! joins {
    ($(($($type:ident $element:ident)*),)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($type: Send + 'static,)* P: Send + 'static> Joins<($($type,)*)> for P {
            type With = ($($type,)* Option<P>,);

            fn join(last: Option<P>, before: ($($type,)*)) -> Self::With {
                let ($($element,)*) = before;
                ($($element,)* last,)
            }
        }
    )*};
}

joins! {
    (),
    (A a),
    (A a B b),
    (A a B b C c),
    (A a B b C c D d),
    (A a B b C c D d E e),
    (A a B b C c D d E e F f),
    (A a B b C c D d E e F f G g),
}
