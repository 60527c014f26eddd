//! Tuples that grow by one element.

/// A tuple of what a read transaction gives, to which another element can be added.
#[diagnostic::on_unimplemented(
    message = "a read transaction gives a tuple of at most eight records",
    label = "no further `get` here",
    note = "`.get_all::<R>(keys)` gives up to 100 records of one type, and stands alone"
)]
pub trait Append<T>: Send + 'static {
    /// The tuple with the element at its end.
    type With: Send + 'static;

    #[doc(hidden)]
    fn append(self, element: T) -> Self::With;
}

macro_rules! append {
    ($(($($type:ident $element:ident)*),)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($type: Send + 'static,)* New: Send + 'static> Append<New> for ($($type,)*) {
            type With = ($($type,)* New,);

            fn append(self, new: New) -> Self::With {
                let ($($element,)*) = self;
                ($($element,)* new,)
            }
        }
    )*};
}

append! {
    (),
    (A a),
    (A a B b),
    (A a B b C c),
    (A a B b C c D d),
    (A a B b C c D d E e),
    (A a B b C c D d E e F f),
    (A a B b C c D d E e F f G g),
}
