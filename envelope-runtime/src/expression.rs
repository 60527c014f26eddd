//! Conditions, and their text for DynamoDB: every name and every value is behind a placeholder.

#[cfg(feature = "aws")]
mod as_read;
mod clauses;
mod contained;
mod handle;
#[cfg(feature = "aws")]
mod key_condition;
pub mod kind;
#[cfg(feature = "aws")]
mod limits;
mod names;
mod owned;
mod presence;
mod shown;
mod size;
mod update;

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::marker::PhantomData;
use std::ops::Not;

use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind, Number};
use crate::record::{EnvelopeRecord, FieldError, RecordSchema};

#[cfg(feature = "aws")]
pub(crate) use clauses::Clauses;
pub use contained::Contained;
pub use handle::{Attribute, Operand};
#[cfg(feature = "aws")]
pub(crate) use key_condition::KeyCondition;
pub use shown::shown;
pub use size::Size;
pub(crate) use update::Change;
#[cfg(test)]
pub(crate) use update::EntryChanges;
#[cfg(feature = "aws")]
pub(crate) use update::not_a_map;
pub use update::{CanBeAbsent, CanGrow, Entries, EntryOperand, Update};
#[cfg(feature = "aws")]
pub(crate) use update::{Changes, UpdatePlan};

/// A condition on the stored item of the record `R`, built from its attributes:
/// `|f| f.status.eq("new").and(f.ssn.not_exists())`.
///
/// Syntax and limits are those of DynamoDB's
/// [condition expressions](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html).
/// `Debug` shows names, never a value.
#[must_use = "a condition does nothing by itself"]
#[doc(alias = "condition_expression")]
pub struct Condition<R> {
    node: Node,
    record: PhantomData<fn() -> R>,
}

/// The parts of a condition. A value that could not be encoded keeps its error here until the
/// request.
#[derive(Clone)]
pub(crate) enum Node {
    Exists(&'static str),
    NotExists(&'static str),
    Compare(&'static str, Comparison, Encoded),
    Between(&'static str, Encoded, Encoded),
    In(&'static str, Vec<Encoded>),
    BeginsWith(&'static str, Encoded),
    Contains(&'static str, Encoded),
    /// Compares the size of the stored value.
    Size(&'static str, Comparison, u64),
    /// The attribute is stored as a map.
    IsMap(&'static str),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

type Encoded = Result<AttributeValue, ConvertError>;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl<R> Condition<R> {
    pub(crate) fn new(node: Node) -> Self {
        Self { node, record: PhantomData }
    }

    /// The condition that both hold.
    pub fn and(self, other: Self) -> Self {
        Self::new(Node::And(Box::new(self.node), Box::new(other.node)))
    }

    /// The condition that at least one of them holds.
    pub fn or(self, other: Self) -> Self {
        Self::new(Node::Or(Box::new(self.node), Box::new(other.node)))
    }
}

impl<R: EnvelopeRecord> Condition<R> {
    /// The condition over all names under which its attributes may be stored.
    pub(crate) fn into_node(self) -> Node {
        self.node.over_names(&R::SCHEMA)
    }
}

/// The condition that it does not hold.
impl<R> Not for Condition<R> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Node::Not(Box::new(self.node)))
    }
}

impl<R> fmt::Debug for Condition<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.node.all_names()).finish()
    }
}

impl Node {
    /// The condition that this one does not hold.
    pub(crate) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The condition that at least one of both holds.
    pub(crate) fn either(left: Self, right: Self) -> Self {
        Self::Or(Box::new(left), Box::new(right))
    }

    /// The condition that both hold, or the only one given.
    pub(crate) fn both(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        match (left, right) {
            (Some(left), Some(right)) => Some(Self::And(Box::new(left), Box::new(right))),
            (left, right) => left.or(right),
        }
    }

    /// Returns whether the node needs no parentheses among others that are joined by `by`.
    fn joins(&self, by: &str) -> bool {
        match self {
            Self::And(..) => by == "AND",
            Self::Or(..) => by == "OR",
            Self::Between(..) => false,
            _ => true,
        }
    }

    /// The names of all attributes that the condition is about.
    pub(crate) fn all_names(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        self.names(&mut names);
        names
    }

    fn names(&self, out: &mut Vec<&'static str>) {
        match self {
            Self::Exists(name)
            | Self::NotExists(name)
            | Self::Compare(name, ..)
            | Self::Between(name, ..)
            | Self::In(name, _)
            | Self::BeginsWith(name, _)
            | Self::Contains(name, _)
            | Self::Size(name, ..)
            | Self::IsMap(name) => out.push(name),
            Self::And(left, right) | Self::Or(left, right) => {
                left.names(out);
                right.names(out);
            }
            Self::Not(inner) => inner.names(out),
        }
    }
}

/// A condition in the form of a request, and the placeholders of all the request's expressions.
#[derive(Clone, Default)]
pub(crate) struct Expression {
    pub(crate) text: Option<String>,
    pub(crate) names: BTreeMap<String, String>,
    pub(crate) values: BTreeMap<String, AttributeValue>,
}

/// The placeholders that the expressions of one request share.
#[derive(Default)]
pub(crate) struct Placeholders {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, AttributeValue>,
}

impl Placeholders {
    /// Finishes the request's expressions with its condition.
    pub(crate) fn expression(
        mut self,
        schema: &RecordSchema,
        node: Option<Node>,
    ) -> Result<Expression, FieldError> {
        let text = node.map(|node| self.condition(schema, node)).transpose()?;
        let Self { names, values } = self;
        Ok(Expression { text, names, values })
    }

    /// The names behind the placeholders.
    #[cfg(feature = "aws")]
    pub(crate) fn into_names(self) -> BTreeMap<String, String> {
        self.names
    }

    /// The text of a projection.
    #[cfg(feature = "aws")]
    pub(crate) fn projection(&mut self, names: impl IntoIterator<Item = &'static str>) -> String {
        names.into_iter().map(|name| self.name(name)).collect::<Vec<_>>().join(", ")
    }

    /// The placeholders of names so far.
    #[cfg(feature = "aws")]
    pub(crate) fn names(&self) -> &BTreeMap<String, String> {
        &self.names
    }

    /// The placeholders of values so far.
    #[cfg(feature = "aws")]
    pub(crate) fn values(&self) -> &BTreeMap<String, AttributeValue> {
        &self.values
    }

    fn name(&mut self, name: &str) -> String {
        let known = self.names.iter().find(|(_, known)| *known == name);
        if let Some((placeholder, _)) = known {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let known = self.values.iter().find(|(_, known)| **known == value);
        if let Some((placeholder, _)) = known {
            return placeholder.clone();
        }
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// The text of a condition.
    pub(crate) fn condition(
        &mut self,
        schema: &RecordSchema,
        node: Node,
    ) -> Result<String, FieldError> {
        let mut text = String::new();
        self.write(schema, node, &mut text)?;
        Ok(text)
    }

    fn write(
        &mut self,
        schema: &RecordSchema,
        node: Node,
        out: &mut String,
    ) -> Result<(), FieldError> {
        let part = match node {
            Node::Exists(name) => format!("attribute_exists({})", self.name(name)),
            Node::NotExists(name) => format!("attribute_not_exists({})", self.name(name)),
            Node::Compare(name, comparison, value) => {
                let value = self.operand(schema, name, value)?;
                format!("{} {} {value}", self.name(name), comparison.sign())
            }
            Node::Between(name, low, high) => {
                let low = self.operand(schema, name, low)?;
                let high = self.operand(schema, name, high)?;
                format!("{} BETWEEN {low} AND {high}", self.name(name))
            }
            Node::In(name, values) => {
                if values.is_empty() {
                    return Err(FieldError::new(
                        schema,
                        name,
                        ConvertError::new(ConvertErrorKind::NoOperand),
                    ));
                }
                let values = values.into_iter().map(|value| self.operand(schema, name, value));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                format!("{} IN ({})", self.name(name), values.join(", "))
            }
            Node::BeginsWith(name, prefix) => {
                let prefix = self.operand(schema, name, prefix)?;
                format!("begins_with({}, {prefix})", self.name(name))
            }
            Node::Contains(name, part) => {
                let part = self.operand(schema, name, part)?;
                format!("contains({}, {part})", self.name(name))
            }
            Node::Size(name, comparison, size) => {
                let size = self.value(AttributeValue::N(Number::from(size)));
                format!("size({}) {} {size}", self.name(name), comparison.sign())
            }
            Node::IsMap(name) => {
                let map = self.value(AttributeValue::S("M".to_owned()));
                format!("attribute_type({}, {map})", self.name(name))
            }
            Node::And(left, right) => {
                let sides = [(*left).joins("AND"), (*right).joins("AND")];
                return self.joined(schema, [*left, *right], sides, "AND", out);
            }
            Node::Or(left, right) => {
                let sides = [(*left).joins("OR"), (*right).joins("OR")];
                return self.joined(schema, [*left, *right], sides, "OR", out);
            }
            Node::Not(inner) => format!("NOT ({})", self.condition(schema, *inner)?),
        };
        out.push_str(&part);
        Ok(())
    }

    /// Joins two nodes, with parentheses only if needed: DynamoDB limits the bytes of an
    /// expression.
    fn joined(
        &mut self,
        schema: &RecordSchema,
        [left, right]: [Node; 2],
        [left_joins, right_joins]: [bool; 2],
        by: &str,
        out: &mut String,
    ) -> Result<(), FieldError> {
        for (node, joins, then) in [(left, left_joins, by), (right, right_joins, "")] {
            if joins {
                self.write(schema, node, out)?;
            } else {
                out.push('(');
                self.write(schema, node, out)?;
                out.push(')');
            }
            if !then.is_empty() {
                // Writing to a String does not fail.
                let _ = write!(out, " {then} ");
            }
        }
        Ok(())
    }

    fn operand(
        &mut self,
        schema: &RecordSchema,
        name: &str,
        value: Encoded,
    ) -> Result<String, FieldError> {
        match value {
            Ok(value) => Ok(self.value(value)),
            Err(error) => Err(FieldError::new(schema, name, error)),
        }
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
