//! Key templates: key attributes made from several fields.

#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "queries are DynamoDB's"))]
mod begun;

use super::KeyErrorKind;
use super::RecordSchema;
use crate::attribute::AttributeValue;
#[cfg(feature = "aws")]
pub(crate) use begun::LastPart;

/// A pattern that makes a key attribute from fields: `TENANT#{tenant_id}`. It is stored as a
/// string.
///
/// Different parts never make the same key: a part must not contain a character that is next to a
/// part in the template, such as `#`. A number is padded with zeros, so that keys sort as their
/// numbers do.
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
    /// An attribute of the type S.
    Part(&'static str),
    /// An attribute of the type N.
    Number {
        attribute: &'static str,
        digits: u8,
    },
}

impl KeyTemplate {
    /// A template for the key attribute `name`.
    ///
    /// # Panics
    ///
    /// If there is no piece, a text is empty, or two parts are adjacent. In a constant, that is a
    /// compile error.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "constants cannot iterate, and bounds are checked")]
    pub const fn new(name: &'static str, pieces: &'static [KeyPiece]) -> Self {
        assert!(!pieces.is_empty(), "a key template must not be empty");
        let mut after_part = false;
        let mut index = 0;
        while index < pieces.len() {
            after_part = match pieces[index].0 {
                Piece::Text(text) => {
                    assert!(!text.is_empty(), "a text of a key template must not be empty");
                    false
                }
                Piece::Part(_) | Piece::Number { .. } => {
                    assert!(
                        !after_part,
                        "two parts of a key template need a delimiter between them"
                    );
                    true
                }
            };
            index += 1;
        }
        Self { name, pieces }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn pieces(&self) -> &'static [KeyPiece] {
        self.pieces
    }

    /// Makes the key. The error names the part.
    pub(crate) fn render<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<AttributeValue, (&'static str, KeyErrorKind)> {
        let mut key = String::new();
        for piece in self.pieces {
            match piece.attribute() {
                Some(attribute) => key.push_str(&self.part(piece, value(attribute))?),
                None => key.push_str(piece.literal()),
            }
        }
        Ok(AttributeValue::S(key))
    }

    /// The text of a part in the key.
    fn part(
        &self,
        piece: &KeyPiece,
        value: Option<&AttributeValue>,
    ) -> Result<String, (&'static str, KeyErrorKind)> {
        let (attribute, part) = match piece.0 {
            Piece::Text(fixed) => return Ok(fixed.to_owned()),
            Piece::Part(attribute) => (attribute, text(value)),
            Piece::Number { attribute, digits } => (attribute, number(value, digits)),
        };
        part.and_then(|part| self.framed(part)).map_err(|problem| (attribute, problem))
    }

    /// Refuses a part that contains a character that could end it, or another part.
    fn framed(&self, part: String) -> Result<String, KeyErrorKind> {
        match part.chars().find(|character| self.is_delimiter(*character)) {
            Some(delimiter) => Err(KeyErrorKind::Delimiter(delimiter)),
            None => Ok(part),
        }
    }

    /// The first character after a part ends it. The character before a part may end a part of
    /// another template of the table, unless it is alphanumeric.
    fn is_delimiter(&self, character: char) -> bool {
        self.pieces.windows(2).any(|pair| match pair {
            [_, KeyPiece(Piece::Text(text))] => text.starts_with(character),
            [KeyPiece(Piece::Text(text)), _] => {
                !character.is_alphanumeric() && text.ends_with(character)
            }
            _ => false,
        })
    }
}

fn text(value: Option<&AttributeValue>) -> Result<String, KeyErrorKind> {
    match value {
        Some(AttributeValue::S(text)) if text.is_empty() => Err(KeyErrorKind::Empty),
        Some(AttributeValue::S(text)) => Ok(text.clone()),
        Some(AttributeValue::N(_)) => Err(KeyErrorKind::Unpadded),
        None | Some(AttributeValue::Null) => Err(KeyErrorKind::Absent),
        Some(other) => Err(KeyErrorKind::PartType(other.type_name())),
    }
}

fn number(value: Option<&AttributeValue>, digits: u8) -> Result<String, KeyErrorKind> {
    let number = match value {
        Some(AttributeValue::N(number)) => number.as_str(),
        None | Some(AttributeValue::Null) => return Err(KeyErrorKind::Absent),
        Some(other) => return Err(KeyErrorKind::NotNumber(other.type_name())),
    };
    let width = usize::from(digits);
    match width {
        0 => Ok(number.to_owned()),
        _ if !number.bytes().all(|byte| byte.is_ascii_digit()) => Err(KeyErrorKind::NotNatural),
        _ if number.len() > width => Err(KeyErrorKind::TooManyDigits(digits)),
        _ => Ok(format!("{number:0>width$}")),
    }
}

impl KeyPiece {
    /// Text that appears in every key.
    #[must_use]
    pub const fn text(text: &'static str) -> Self {
        Self(Piece::Text(text))
    }

    /// The text of an attribute of the type S.
    #[must_use]
    pub const fn part(attribute: &'static str) -> Self {
        Self(Piece::Part(attribute))
    }

    /// The attribute of a part.
    pub(super) const fn attribute(&self) -> Option<&'static str> {
        match self.0 {
            Piece::Text(_) => None,
            Piece::Part(attribute) | Piece::Number { attribute, .. } => Some(attribute),
        }
    }

    /// The text of a piece that is no part.
    const fn literal(&self) -> &'static str {
        match self.0 {
            Piece::Text(text) => text,
            Piece::Part(_) | Piece::Number { .. } => "",
        }
    }

    /// The number in an attribute of the type N, padded with zeros to `digits` digits, of which it
    /// may not have more. With 0 it is not padded.
    #[must_use]
    pub const fn number(attribute: &'static str, digits: u8) -> Self {
        Self(Piece::Number { attribute, digits })
    }
}

/// A key attribute of a table or an index: a field's own, or one made by a template.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a key is made of fields")]
pub enum KeyAttribute {
    /// The attribute of a field.
    Field(&'static str),
    /// An attribute that a template makes of fields.
    Template(KeyTemplate),
}

impl KeyAttribute {
    /// Returns whether a stored key attribute can be one of this record type. Its text alone
    /// decides that.
    #[cfg(feature = "aws")]
    pub(crate) fn makes(&self, value: &AttributeValue) -> bool {
        match (self, value) {
            (Self::Field(_), _) => true,
            (Self::Template(template), AttributeValue::S(text)) => template.makes(text),
            (Self::Template(_), _) => false,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Field(name) => name,
            Self::Template(template) => template.name(),
        }
    }

    /// The fields that make it.
    pub(crate) fn parts(self) -> impl Iterator<Item = &'static str> {
        let (field, pieces) = match self {
            Self::Field(name) => (Some(name), [].as_slice()),
            Self::Template(template) => (None, template.pieces),
        };
        field.into_iter().chain(pieces.iter().filter_map(KeyPiece::attribute))
    }
}

impl RecordSchema {
    /// The attributes that a caller gives for the whole key, each once, in order.
    pub(crate) fn key_parts(&self) -> Vec<&'static str> {
        parts_of(self.keys())
    }
}

/// The fields that make these key attributes, each once, in order.
pub(super) fn parts_of(keys: impl Iterator<Item = KeyAttribute>) -> Vec<&'static str> {
    let mut parts = Vec::new();
    for part in keys.flat_map(KeyAttribute::parts) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
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
            KeyPiece::number("n", 3),
        ],
    );

    fn render(a: &AttributeValue, n: &AttributeValue) -> Result<AttributeValue, KeyErrorKind> {
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
            (text("x#1"), number("1"), KeyErrorKind::Delimiter('#')),
            (text("x/V001"), number("1"), KeyErrorKind::Delimiter('/')),
            (text(""), number("1"), KeyErrorKind::Empty),
            (AttributeValue::Null, number("1"), KeyErrorKind::Absent),
            (AttributeValue::Bool(true), number("1"), KeyErrorKind::PartType("BOOL")),
            (text("x"), text("1"), KeyErrorKind::NotNumber("S")),
            (text("x"), AttributeValue::Null, KeyErrorKind::Absent),
            (number("7"), number("1"), KeyErrorKind::Unpadded),
            (text("x"), number("1000"), KeyErrorKind::TooManyDigits(3)),
            (text("x"), number("-1"), KeyErrorKind::NotNatural),
            (text("x"), number("0.5"), KeyErrorKind::NotNatural),
        ] {
            assert_eq!(render(&a, &n), Err(problem), "{a:?} {n:?}");
        }
    }

    #[test]
    fn a_template_that_could_make_one_key_of_two_records_is_no_template() {
        for pieces in [
            [].as_slice(),
            &[KeyPiece::text("")],
            &[KeyPiece::part("a"), KeyPiece::part("b")],
            &[KeyPiece::text("x"), KeyPiece::part("a"), KeyPiece::number("b", 1)],
        ] {
            let pieces: &'static [KeyPiece] = pieces.to_vec().leak();
            assert!(std::panic::catch_unwind(|| KeyTemplate::new("PK", pieces)).is_err());
        }
    }

    #[test]
    fn no_two_pairs_of_parts_make_one_key() {
        const PAIR: KeyTemplate = KeyTemplate::new(
            "PK",
            &[KeyPiece::part("a"), KeyPiece::text("##"), KeyPiece::part("n")],
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
