//! Key templates: key attributes that are made of several fields.

use super::KeyProblem;
#[cfg(feature = "aws")]
use super::RecordSchema;
use crate::attribute::AttributeValue;

/// How a key attribute is made of fields: `TENANT#{tenant_id}`. It is stored as a string.
///
/// Two records never make the same key of different parts: a part must not contain a character that
/// stands beside a part in the template, such as `#`. A number is padded with zeros, so that keys
/// sort as their numbers do.
#[derive(Clone, Copy, Debug)]
pub struct KeyTemplate {
    name: &'static str,
    pieces: &'static [KeyPiece],
}

/// A piece of a [`KeyTemplate`].
#[derive(Clone, Copy, Debug)]
pub struct KeyPiece(Piece);

#[derive(Clone, Copy, Debug)]
enum Piece {
    Text(&'static str),
    Part { attribute: &'static str, digits: Option<usize> },
}

impl KeyTemplate {
    /// A template for the key attribute `name`.
    #[must_use]
    pub const fn new(name: &'static str, pieces: &'static [KeyPiece]) -> Self {
        Self { name, pieces }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Makes the key. The error names the part.
    pub(crate) fn render<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<AttributeValue, (&'static str, KeyProblem)> {
        let mut key = String::new();
        for piece in self.pieces {
            match piece.0 {
                Piece::Text(text) => key.push_str(text),
                Piece::Part { attribute, digits } => {
                    let part = self.part(value(attribute), digits);
                    key.push_str(&part.map_err(|problem| (attribute, problem))?);
                }
            }
        }
        Ok(AttributeValue::S(key))
    }

    fn part(
        &self,
        value: Option<&AttributeValue>,
        digits: Option<usize>,
    ) -> Result<String, KeyProblem> {
        let part = match value {
            Some(AttributeValue::S(text)) if text.is_empty() => return Err(KeyProblem::Empty),
            Some(AttributeValue::S(text)) => text.clone(),
            Some(AttributeValue::N(number)) => padded(number.as_str(), digits)?,
            None | Some(AttributeValue::Null) => return Err(KeyProblem::Absent),
            Some(other) => return Err(KeyProblem::PartType(other.type_name())),
        };
        match part.chars().find(|character| self.is_delimiter(*character)) {
            Some(delimiter) => Err(KeyProblem::Delimiter(delimiter)),
            None => Ok(part),
        }
    }

    /// The first character behind a part ends it. One before a part may end a part of another
    /// template of the table, unless it is of a word.
    fn is_delimiter(&self, character: char) -> bool {
        self.pieces.windows(2).any(|pair| match pair {
            [KeyPiece(Piece::Part { .. }), KeyPiece(Piece::Text(text))] => {
                text.starts_with(character)
            }
            [KeyPiece(Piece::Text(text)), KeyPiece(Piece::Part { .. })] => {
                !character.is_alphanumeric() && text.ends_with(character)
            }
            _ => false,
        })
    }
}

fn padded(number: &str, digits: Option<usize>) -> Result<String, KeyProblem> {
    match digits {
        None => Err(KeyProblem::Unpadded),
        Some(0) => Ok(number.to_owned()),
        Some(_) if !number.bytes().all(|byte| byte.is_ascii_digit()) => Err(KeyProblem::NotNatural),
        Some(digits) if number.len() > digits => Err(KeyProblem::TooManyDigits(digits)),
        Some(digits) => Ok(format!("{number:0>digits$}")),
    }
}

impl KeyPiece {
    /// Text that stands in every key.
    #[must_use]
    pub const fn text(text: &'static str) -> Self {
        Self(Piece::Text(text))
    }

    /// The value of an attribute.
    #[must_use]
    pub const fn part(attribute: &'static str) -> Self {
        Self(Piece::Part { attribute, digits: None })
    }

    /// The value of an attribute. A number is padded with zeros to so many digits and may not have
    /// more; with 0 it stands as it is.
    #[must_use]
    pub const fn padded(attribute: &'static str, digits: usize) -> Self {
        Self(Piece::Part { attribute, digits: Some(digits) })
    }
}

/// A key attribute: a field's own, or one made by a template.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyAttribute {
    Field(&'static str),
    Template(KeyTemplate),
}

impl KeyAttribute {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Field(name) => name,
            Self::Template(template) => template.name(),
        }
    }
}

#[cfg(feature = "aws")]
impl RecordSchema {
    /// The attributes that a caller gives for the whole key, each once, in their order.
    pub(crate) fn key_parts(&self) -> Vec<&'static str> {
        let mut parts = Vec::new();
        let mut add = |part| {
            if !parts.contains(&part) {
                parts.push(part);
            }
        };
        for key in self.keys() {
            match key {
                KeyAttribute::Field(name) => add(name),
                KeyAttribute::Template(template) => {
                    for piece in template.pieces {
                        if let Piece::Part { attribute, .. } = piece.0 {
                            add(attribute);
                        }
                    }
                }
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Number;

    const ORDER: KeyTemplate = KeyTemplate::new(
        "SK",
        &[
            KeyPiece::text("ORDER#"),
            KeyPiece::part("a"),
            KeyPiece::text("/V"),
            KeyPiece::padded("n", 3),
        ],
    );

    fn render(a: &AttributeValue, n: &AttributeValue) -> Result<AttributeValue, KeyProblem> {
        let value = |name: &str| if name == "a" { Some(a) } else { Some(n) };
        ORDER.render(value).map_err(|(_, problem)| problem)
    }

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.into())
    }

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(Number::parse(text).unwrap())
    }

    #[test]
    fn numbers_are_padded_and_parts_are_framed() {
        assert_eq!(render(&text("x-1"), &number("42")), Ok(text("ORDER#x-1/V042")));
        assert_eq!(render(&text("ORDERV"), &number("999")), Ok(text("ORDER#ORDERV/V999")));
    }

    #[test]
    fn a_part_that_could_be_taken_for_two_is_refused() {
        for (a, n, problem) in [
            (text("x#1"), number("1"), KeyProblem::Delimiter('#')),
            (text("x/V001"), number("1"), KeyProblem::Delimiter('/')),
            (text(""), number("1"), KeyProblem::Empty),
            (AttributeValue::Null, number("1"), KeyProblem::Absent),
            (AttributeValue::Bool(true), number("1"), KeyProblem::PartType("BOOL")),
            (number("7"), number("1"), KeyProblem::Unpadded),
            (text("x"), number("1000"), KeyProblem::TooManyDigits(3)),
            (text("x"), number("-1"), KeyProblem::NotNatural),
            (text("x"), number("0.5"), KeyProblem::NotNatural),
        ] {
            assert_eq!(render(&a, &n), Err(problem), "{a:?} {n:?}");
        }
    }

    #[test]
    fn no_two_pairs_of_parts_make_one_key() {
        const PAIR: KeyTemplate = KeyTemplate::new(
            "PK",
            &[KeyPiece::part("a"), KeyPiece::text("##"), KeyPiece::padded("n", 0)],
        );
        let parts = ["a", "a#", "#a", "#", "##", "a##b", "b", "-1"];
        let mut seen = std::collections::BTreeMap::new();
        for (a, b) in parts.iter().flat_map(|a| parts.iter().map(move |b| (text(a), text(b)))) {
            let key = PAIR.render(|name| if name == "a" { Some(&a) } else { Some(&b) });
            if let Ok(key) = key {
                assert_eq!(seen.insert(key, (a.clone(), b.clone())), None, "{a:?} {b:?}");
            }
        }
        assert_eq!(seen.len(), 9);
    }
}
