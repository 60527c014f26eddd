//! What DynamoDB counts of a value towards an item's 400 KB.

use super::AttributeValue;

impl AttributeValue {
    /// The bytes that DynamoDB counts for the value, after
    /// [its rules](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
    ///
    /// They are exact but for numbers, which DynamoDB states as "approximately" a byte for two
    /// digits and one more; here they are rounded up.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            Self::S(text) => text.len(),
            Self::N(number) => number.size(),
            Self::B(bytes) => bytes.len(),
            // Three bytes for a list or map, and one for each element.
            Self::M(map) => {
                3 + map.iter().map(|(key, value)| 1 + key.len() + value.size()).sum::<usize>()
            }
            Self::L(list) => 3 + list.iter().map(|value| 1 + value.size()).sum::<usize>(),
            Self::Ss(set) => set.iter().map(String::len).sum(),
            Self::Ns(set) => set.iter().map(super::Number::size).sum(),
            Self::Bs(set) => set.iter().map(Vec::len).sum(),
        }
    }
}
