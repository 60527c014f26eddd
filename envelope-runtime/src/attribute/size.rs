//! The size of a value, as DynamoDB counts it towards an item's 400 KB.

use super::AttributeValue;

impl AttributeValue {
    /// The number of bytes that DynamoDB counts for the value, by
    /// [its rules](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
    ///
    /// It is exact except for numbers: DynamoDB documents these as "approximately" one byte per two
    /// digits plus one byte, which is rounded up here.
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
