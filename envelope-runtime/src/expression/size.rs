//! Conditions on the size of an attribute.

use std::fmt;
use std::marker::PhantomData;

use super::kind::Measurable;
use super::{Attribute, Comparison, Condition, Node};

/// The size of an attribute of the record `R`, to compare with a number. Created by
/// [`Attribute::size`].
///
/// The attribute is measured as it is stored:
///
/// | stored as | size |
/// | --- | --- |
/// | String | its length; DynamoDB does not say in which unit, so keep to ASCII or to wide margins |
/// | Binary | its length in bytes |
/// | List, Map | the number of its elements or entries |
/// | String Set, Number Set, Binary Set | the number of its elements |
///
/// An absent attribute has no size, and neither has a Number, a Boolean or NULL: none of them
/// satisfies a comparison, [`ne`](Self::ne) included. The negation of a comparison holds for them.
///
/// See the function `size` in
/// [DynamoDB's documentation](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html#Expressions.OperatorsAndFunctions.Functions).
#[must_use = "a size does nothing until it is compared"]
pub struct Size<R> {
    name: &'static str,
    record: PhantomData<fn() -> R>,
}

impl<R, K, T> Attribute<R, K, T> {
    /// The size of the stored value, to compare with: see [`Size`].
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let update = store.update::<User>("foobar").append(|f| f.tags, vec!["beta".to_owned()]);
    /// update.condition(|f| f.tags.size().lt(10)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn size(self) -> Size<R>
    where
        K: Measurable,
    {
        Size { name: self.name(), record: PhantomData }
    }
}

impl<R> Size<R> {
    /// The size is `size`.
    pub fn eq(self, size: u64) -> Condition<R> {
        self.compare(Comparison::Equal, size)
    }

    /// The attribute has a size, which is not `size`.
    pub fn ne(self, size: u64) -> Condition<R> {
        // `<>` would hold for an absent attribute.
        let less = Node::Size(self.name, Comparison::Less, size);
        Condition::new(Node::either(less, Node::Size(self.name, Comparison::Greater, size)))
    }

    /// The size is less than `size`.
    pub fn lt(self, size: u64) -> Condition<R> {
        self.compare(Comparison::Less, size)
    }

    /// The size is less than or equal to `size`.
    pub fn le(self, size: u64) -> Condition<R> {
        self.compare(Comparison::LessOrEqual, size)
    }

    /// The size is greater than `size`.
    pub fn gt(self, size: u64) -> Condition<R> {
        self.compare(Comparison::Greater, size)
    }

    /// The size is greater than or equal to `size`.
    pub fn ge(self, size: u64) -> Condition<R> {
        self.compare(Comparison::GreaterOrEqual, size)
    }

    /// The size is between `low` and `high`, both inclusive.
    pub fn between(self, low: u64, high: u64) -> Condition<R> {
        let low = Node::Size(self.name, Comparison::GreaterOrEqual, low);
        let high = Node::Size(self.name, Comparison::LessOrEqual, high);
        Condition::new(Node::And(Box::new(low), Box::new(high)))
    }

    fn compare(self, comparison: Comparison, size: u64) -> Condition<R> {
        Condition::new(Node::Size(self.name, comparison, size))
    }
}

impl<R> Clone for Size<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Size<R> {}

impl<R> fmt::Debug for Size<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Size").field(&self.name).finish()
    }
}
