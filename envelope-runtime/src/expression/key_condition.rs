//! The key condition of a query: one partition of a table or an index, and a range of sort keys.

use super::{Comparison, Placeholders};
use crate::attribute::{AttributeValue, ConvertError};
use crate::record::{
    KeyAttribute, KeyError, KeyErrorKind, KeyTemplate, KeyValues, LastPart, QueryKey, RecordSchema,
    SortValues,
};

/// The keys that a query reads.
pub(crate) struct KeyCondition {
    /// One attribute of a table, up to four of an index.
    partition: NamedParts,
    /// Those before the last one are equal to a value.
    sort: Vec<(&'static str, Range)>,
    /// Values of the partition key's parts.
    parts: NamedParts,
    /// Bounds that are part of DynamoDB's range and not of the one that was asked for.
    left_out: Vec<AttributeValue>,
}

/// The condition on a sort key, of which DynamoDB takes one.
#[derive(Clone, PartialEq)]
enum Range {
    Compare(Comparison, AttributeValue),
    Between(AttributeValue, AttributeValue),
    BeginsWith(AttributeValue),
}

/// Values of parts of a key.
type NamedParts = Vec<(&'static str, AttributeValue)>;

/// The range of texts that a template makes, and the bounds to leave out.
type TextBounds = (Option<Range>, Vec<AttributeValue>);

impl KeyCondition {
    /// The condition of a record type: without one on the sort key, that of its template.
    pub(crate) fn new(
        schema: &RecordSchema,
        key: &QueryKey,
        partition: Result<KeyValues, ConvertError>,
        sort: Option<Result<SortValues, ConvertError>>,
    ) -> Result<Self, KeyError> {
        let convert = |error| KeyError::convert(schema, error);
        let names = key.partition_parts();
        let values = partition.map_err(convert)?;
        values.refuse_clear(schema, &names)?;
        let parts: Vec<_> = names.into_iter().zip(values.into_parts()).collect();
        let partition = key.partition.iter().map(|key| {
            let value = key.value(schema, |name| find(&parts, name))?;
            Ok((key.name(), value.into_owned()))
        });
        let partition = partition.collect::<Result<Vec<_>, _>>()?;
        if partition.is_empty() {
            return Err(KeyError::new(schema, "", KeyErrorKind::Absent));
        }
        let sort = sort.transpose().map_err(convert)?;
        let names = key.parts();
        let names = names.get(parts.len()..).unwrap_or_default();
        let refused = |values: KeyValues| values.refuse_clear(schema, names).map(|()| values);
        let sort = sort.map(|sort| sort.map(refused)).transpose()?;
        let (sort, left_out) = match key.sort.as_slice() {
            [KeyAttribute::Template(template)] => {
                let given = Given::new(schema, key, template, &parts);
                let (range, left_out) = given.bounds(sort)?;
                let range = range.map(|range| (template.name(), range));
                (range.into_iter().collect(), left_out)
            }
            fields => (of_fields(schema, fields, sort)?, Vec::new()),
        };
        Ok(Self { partition, sort, parts, left_out })
    }

    /// The names and values of the partition key's attributes.
    pub(crate) fn partition(&self) -> &[(&'static str, AttributeValue)] {
        &self.partition
    }

    /// The value of a field that is the partition key or a part of it.
    pub(crate) fn part(&self, name: &str) -> Option<&AttributeValue> {
        find(&self.parts, name)
    }

    /// Returns whether a sort key is in DynamoDB's range and not in the one that was asked for.
    pub(crate) fn leaves_out(&self, sort_key: &AttributeValue) -> bool {
        self.left_out.contains(sort_key)
    }

    /// The bounds of DynamoDB's range that are not in the one that was asked for.
    pub(crate) fn left_out(&self) -> &[AttributeValue] {
        &self.left_out
    }

    /// The text of the condition. DynamoDB takes no parentheses that are not needed.
    pub(crate) fn write(&self, to: &mut Placeholders) -> String {
        let equal =
            |(name, value)| (name, Range::Compare(Comparison::Equal, AttributeValue::clone(value)));
        let partition = self.partition.iter().map(|(name, value)| equal((*name, value)));
        let conditions = partition.chain(self.sort.iter().cloned()).map(|(name, range)| {
            let name = to.name(name);
            match range {
                Range::Compare(comparison, value) => {
                    format!("{name} {} {}", comparison.sign(), to.value(value))
                }
                Range::Between(low, high) => {
                    let (low, high) = (to.value(low), to.value(high));
                    format!("{name} BETWEEN {low} AND {high}")
                }
                Range::BeginsWith(start) => format!("begins_with({name}, {})", to.value(start)),
            }
        });
        conditions.collect::<Vec<_>>().join(" AND ")
    }
}

fn find<'a>(parts: &'a [(&'static str, AttributeValue)], name: &str) -> Option<&'a AttributeValue> {
    parts.iter().find_map(|(part, value)| (*part == name).then_some(value))
}

/// The ranges of sort keys that are fields: of the first ones, as many as are given.
fn of_fields(
    schema: &RecordSchema,
    keys: &[KeyAttribute],
    sort: Option<SortValues>,
) -> Result<Vec<(&'static str, Range)>, KeyError> {
    /// Those before the last value, which are equal, and the last one.
    type Split<'a> = (Vec<(&'static str, Range)>, &'a KeyAttribute, AttributeValue);
    let split = |values: KeyValues| -> Result<Split<'_>, KeyError> {
        let mut values = values.into_parts();
        let absent = || KeyError::new(schema, "", KeyErrorKind::Absent);
        let last = values.pop().ok_or_else(absent)?;
        let key = keys.get(values.len()).ok_or_else(absent)?;
        let before = keys.iter().zip(values).map(|(key, value)| {
            key.check(schema, &value)?;
            Ok((key.name(), Range::Compare(Comparison::Equal, value)))
        });
        Ok((before.collect::<Result<_, _>>()?, key, last))
    };
    let compare = |comparison, values| {
        let (mut ranges, key, value) = split(values)?;
        key.check(schema, &value)?;
        ranges.push((key.name(), Range::Compare(comparison, value)));
        Ok(ranges)
    };
    match sort {
        None => Ok(Vec::new()),
        Some(SortValues::Equal(values)) => compare(Comparison::Equal, values),
        Some(SortValues::Greater(values)) => compare(Comparison::Greater, values),
        Some(SortValues::GreaterOrEqual(values)) => compare(Comparison::GreaterOrEqual, values),
        Some(SortValues::Less(values)) => compare(Comparison::Less, values),
        Some(SortValues::LessOrEqual(values)) => compare(Comparison::LessOrEqual, values),
        Some(SortValues::Between(low, high)) => {
            let (mut ranges, key, low) = split(low)?;
            let (of_high, _, high) = split(high)?;
            let differs = ranges.iter().zip(&of_high).find(|((_, low), (_, high))| low != high);
            if let Some(((name, _), _)) = differs {
                return Err(KeyError::new(schema, name, KeyErrorKind::OtherParts));
            }
            key.check(schema, &low)?;
            key.check(schema, &high)?;
            if is_above(&low, &high) {
                return Err(KeyError::new(schema, key.name(), KeyErrorKind::Reversed));
            }
            ranges.push((key.name(), Range::Between(low, high)));
            Ok(ranges)
        }
        Some(SortValues::BeginsWith(values)) => {
            let (mut ranges, key, start) = split(values)?;
            // DynamoDB takes no empty beginning.
            let is_empty = match &start {
                AttributeValue::S(text) => text.is_empty(),
                AttributeValue::B(bytes) => bytes.is_empty(),
                _ => false,
            };
            if !is_empty {
                key.check(schema, &start)?;
                ranges.push((key.name(), Range::BeginsWith(start)));
            }
            Ok(ranges)
        }
    }
}

/// Returns whether one value is certainly above the other, in DynamoDB's order.
fn is_above(low: &AttributeValue, high: &AttributeValue) -> bool {
    match (low, high) {
        (AttributeValue::S(low), AttributeValue::S(high)) => low > high,
        (AttributeValue::B(low), AttributeValue::B(high)) => low > high,
        // Rounding keeps the order, though it may make two numbers equal.
        (AttributeValue::N(low), AttributeValue::N(high)) => {
            let rounded = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
            rounded(low.as_str()) > rounded(high.as_str())
        }
        _ => false,
    }
}

/// The template of a sort key, and the parts that the partition gives.
struct Given<'a> {
    schema: &'a RecordSchema,
    template: &'a KeyTemplate,
    partition: &'a [(&'static str, AttributeValue)],
    /// The parts that a condition gives.
    names: Vec<&'static str>,
}

impl<'a> Given<'a> {
    fn new(
        schema: &'a RecordSchema,
        key: &QueryKey,
        template: &'a KeyTemplate,
        partition: &'a [(&'static str, AttributeValue)],
    ) -> Self {
        let names = key.parts().into_iter().skip(partition.len()).collect();
        Self { schema, template, partition, names }
    }

    /// The parts of the sort key that a condition gives, by name.
    fn named(&self, values: KeyValues) -> NamedParts {
        self.names.iter().copied().zip(values.into_parts()).collect()
    }

    fn error(&self, (name, problem): (&'static str, KeyErrorKind)) -> KeyError {
        KeyError::new(self.schema, name, problem)
    }

    fn value<'v>(
        &'v self,
        sort: &'v [(&'static str, AttributeValue)],
    ) -> impl Fn(&str) -> Option<&'v AttributeValue> {
        |name| find(self.partition, name).or_else(|| find(sort, name))
    }

    /// The key as far as these parts make it: all keys that begin so, or the one.
    fn begun(&self, sort: &[(&'static str, AttributeValue)]) -> Result<TextBounds, KeyError> {
        let begun = self.template.begun(self.value(sort)).map_err(|error| self.error(error))?;
        Ok(match begun {
            (text, true) => {
                (Some(Range::Compare(Comparison::Equal, self.checked(text)?)), Vec::new())
            }
            (text, false) => (self.beginning(text)?, Vec::new()),
        })
    }

    fn beginning(&self, text: String) -> Result<Option<Range>, KeyError> {
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Range::BeginsWith(self.checked(text)?)))
    }

    fn checked(&self, text: String) -> Result<AttributeValue, KeyError> {
        let value = AttributeValue::S(text);
        KeyAttribute::Template(*self.template).check(self.schema, &value)?;
        Ok(value)
    }

    /// The last part that a condition gives.
    fn last(&self, values: KeyValues) -> Result<(LastPart, NamedParts), KeyError> {
        let mut sort = self.named(values);
        let absent = || KeyError::new(self.schema, self.template.name(), KeyErrorKind::Absent);
        let &(name, _) = sort.last().ok_or_else(absent)?;
        let last = self.template.last_part(name, self.value(&sort));
        let last = last.map_err(|error| self.error(error))?.ok_or_else(absent)?;
        sort.pop();
        Ok((last, sort))
    }

    /// The range of sort keys. DynamoDB has one condition, so the range of a template's keys has
    /// both ends: the text before the part, and that text with its last character raised.
    fn bounds(&self, sort: Option<SortValues>) -> Result<TextBounds, KeyError> {
        let (low, high) = match sort {
            None => return self.begun(&[]),
            Some(SortValues::Equal(values)) => return self.begun(&self.named(values)),
            Some(SortValues::BeginsWith(values)) => return self.begun_part(values),
            Some(SortValues::Greater(values)) => {
                let (LastPart { before, part, ends_key }, _) = self.last(values)?;
                let text = format!("{before}{part}");
                // All keys with this part begin with it.
                let low = if ends_key { Bound::Excluded(text) } else { above_all(text) };
                (Some(low), above(&before))
            }
            Some(SortValues::GreaterOrEqual(values)) => {
                let (LastPart { before, part, .. }, _) = self.last(values)?;
                (Some(Bound::Included(format!("{before}{part}"))), above(&before))
            }
            Some(SortValues::Less(values)) => {
                let (LastPart { before, part, .. }, _) = self.last(values)?;
                let high = Some(Bound::Excluded(format!("{before}{part}")));
                (Some(Bound::Included(before)), high)
            }
            Some(SortValues::LessOrEqual(values)) => {
                let (LastPart { before, part, ends_key }, _) = self.last(values)?;
                let text = format!("{before}{part}");
                let high = if ends_key { Bound::Included(text) } else { above_all(text) };
                (Some(Bound::Included(before)), Some(high))
            }
            Some(SortValues::Between(low, high)) => {
                let (low, of_low) = self.last(low)?;
                let (high, of_high) = self.last(high)?;
                let differs = of_low.iter().zip(&of_high).find(|(low, high)| low != high);
                if let Some(((name, _), _)) = differs {
                    return Err(KeyError::new(self.schema, name, KeyErrorKind::OtherParts));
                }
                if low.part > high.part {
                    let name = self.template.name();
                    return Err(KeyError::new(self.schema, name, KeyErrorKind::Reversed));
                }
                let upper = format!("{}{}", high.before, high.part);
                let upper = if high.ends_key { Bound::Included(upper) } else { above_all(upper) };
                (Some(Bound::Included(format!("{}{}", low.before, low.part))), Some(upper))
            }
        };
        self.between(low, high)
    }

    fn begun_part(&self, values: KeyValues) -> Result<TextBounds, KeyError> {
        let mut sort = self.named(values);
        let start = sort.pop();
        let Some((name, AttributeValue::S(start))) = start else {
            let (name, problem) = match start {
                None => (self.template.name(), KeyErrorKind::Absent),
                Some((name, AttributeValue::Null)) => (name, KeyErrorKind::Absent),
                Some((name, other)) => (name, KeyErrorKind::PartType(other.type_name())),
            };
            return Err(KeyError::new(self.schema, name, problem));
        };
        let text = self.template.begun_part(name, &start, self.value(&sort));
        Ok((self.beginning(text.map_err(|error| self.error(error))?)?, Vec::new()))
    }

    fn between(&self, low: Option<Bound>, high: Option<Bound>) -> Result<TextBounds, KeyError> {
        let mut left_out = Vec::new();
        let mut end = |bound: Option<Bound>| match bound {
            Some(Bound::Included(text)) if !text.is_empty() => self.checked(text).map(Some),
            Some(Bound::Excluded(text)) => {
                let value = self.checked(text)?;
                left_out.push(value.clone());
                Ok(Some(value))
            }
            _ => Ok(None),
        };
        let range = match (end(low)?, end(high)?) {
            (Some(low), Some(high)) => Some(Range::Between(low, high)),
            (Some(low), None) => Some(Range::Compare(Comparison::GreaterOrEqual, low)),
            (None, Some(high)) => Some(Range::Compare(Comparison::LessOrEqual, high)),
            (None, None) => None,
        };
        Ok((range, left_out))
    }
}

/// An end of a range of texts.
enum Bound {
    Included(String),
    /// DynamoDB includes it.
    Excluded(String),
}

/// The end above all texts that begin with `start`: `start` with its last character raised. `None`
/// if there is no such text.
fn above(start: &str) -> Option<Bound> {
    let mut text = start.to_owned();
    loop {
        let next = match text.pop()? {
            '\u{D7FF}' => Some('\u{E000}'),
            // The highest character: the one before it is raised.
            char::MAX => None,
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(Bound::Excluded(text));
        }
    }
}

/// The same, or `start` itself.
fn above_all(start: String) -> Bound {
    above(&start).unwrap_or(Bound::Included(start))
}
