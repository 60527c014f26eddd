//! Keys of which only the first parts are known, and texts that may be keys of a template.

use super::{KeyPiece, KeyTemplate, Piece};
use crate::attribute::{AttributeValue, Number};
use crate::record::KeyErrorKind;

/// A part of a template whose value is given, and the text before it.
pub(crate) struct LastPart {
    pub(crate) before: String,
    pub(crate) part: String,
    /// True if it is the last piece of the template, so that the text is a whole key.
    pub(crate) ends_key: bool,
}

impl KeyTemplate {
    /// The beginning of a key, as far as `value` knows the parts, and whether it is the whole key.
    pub(crate) fn begun<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<(String, bool), (&'static str, KeyErrorKind)> {
        let mut key = String::new();
        for piece in self.pieces {
            match piece.attribute() {
                None => key.push_str(piece.literal()),
                Some(attribute) => match value(attribute) {
                    Some(value) => key.push_str(&self.part(piece, Some(value))?),
                    None => return Ok((key, false)),
                },
            }
        }
        Ok((key, true))
    }

    /// The part `last`, which `value` knows, as all parts before it. `None` if the template has no
    /// such part.
    pub(crate) fn last_part<'a>(
        &self,
        last: &str,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<Option<LastPart>, (&'static str, KeyErrorKind)> {
        let Some(at) = self.pieces.iter().position(|piece| piece.attribute() == Some(last)) else {
            return Ok(None);
        };
        let (before, _) = self.begun(|name| value(name).filter(|_| name != last))?;
        let Some((piece, behind)) = self.pieces.get(at..).and_then(<[_]>::split_first) else {
            return Ok(None);
        };
        let part = self.part(piece, value(last))?;
        Ok(Some(LastPart { before, part, ends_key: behind.is_empty() }))
    }

    /// As [`last_part`](Self::last_part), where `start` is only the beginning of the part, and may
    /// be empty.
    pub(crate) fn begun_part<'a>(
        &self,
        last: &'static str,
        start: &str,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Result<String, (&'static str, KeyErrorKind)> {
        let (mut before, _) = self.begun(|name| value(name).filter(|_| name != last))?;
        let start = self.framed(start.to_owned()).map_err(|problem| (last, problem))?;
        before.push_str(&start);
        Ok(before)
    }

    /// Returns whether parts exist that make the key `text`.
    pub(crate) fn makes(&self, text: &str) -> bool {
        self.parts_in(text).is_some()
    }

    /// The parts that make the key `text`, in order; `None` if there are none. A part ends at the
    /// first character of the text behind it, which it cannot contain.
    pub(crate) fn parts_in(&self, text: &str) -> Option<Vec<(&'static str, AttributeValue)>> {
        let mut rest = text;
        let mut parts = Vec::new();
        let mut pieces = self.pieces.iter().peekable();
        while let Some(KeyPiece(piece)) = pieces.next() {
            if let Piece::Text(text) = piece {
                rest = rest.strip_prefix(text)?;
                continue;
            }
            let end = match pieces.peek() {
                Some(next) => rest.find(next.literal().chars().next()?)?,
                None => rest.len(),
            };
            let (part, behind) = rest.split_at_checked(end)?;
            if part.is_empty() || part.chars().any(|character| self.is_delimiter(character)) {
                return None;
            }
            parts.push(match piece {
                Piece::Number { attribute, digits } => {
                    (*attribute, AttributeValue::N(number_in(part, usize::from(*digits))?))
                }
                Piece::Text(attribute) | Piece::Part(attribute) => {
                    (*attribute, AttributeValue::S(part.to_owned()))
                }
            });
            rest = behind;
        }
        rest.is_empty().then_some(parts)
    }
}

/// The number with this text in a key. Without padding, a number has one text.
fn number_in(part: &str, digits: usize) -> Option<Number> {
    let is_padded = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = Number::parse(part).ok()?;
    (if digits == 0 { number.as_str() == part } else { is_padded }).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: KeyTemplate = KeyTemplate::new(
        "SK",
        &[
            KeyPiece::text("LINE#"),
            KeyPiece::part("sku"),
            KeyPiece::text("#"),
            KeyPiece::number("n", 3),
            KeyPiece::text("/"),
            KeyPiece::number("v", 0),
        ],
    );

    const FIXED: KeyTemplate = KeyTemplate::new("SK", &[KeyPiece::text("PROFILE")]);
    const LAST: KeyTemplate =
        KeyTemplate::new("SK", &[KeyPiece::text("USER#"), KeyPiece::part("id")]);

    #[test]
    fn a_key_is_of_the_template_if_parts_make_it() {
        for key in ["LINE#book#007/1", "LINE#\u{10FFFF}é#999/-2", "LINE#b#000/1.5"] {
            assert!(LINE.makes(key), "{key}");
        }
        for key in [
            "",
            "LINE#",
            "LINE#book",
            "LINE##007/1",
            "LINE#book#07/1",
            "LINE#book#0007/1",
            "LINE#book#00a/1",
            "LINE#book#٠٠٧/1",
            "LINE#book#007/",
            "LINE#book#007/x",
            "LINE#book#007/1.50",
            "LINE#book#007/01",
            "LINE#book#007/+1",
            "LINE#book#007/1/2",
            "LINE#bo/ok#007/1",
            "LINE#book#007/1#",
            "line#book#007/1",
            "XLINE#book#007/1",
        ] {
            assert!(!LINE.makes(key), "{key}");
        }
        let n = |text| AttributeValue::N(Number::parse(text).unwrap());
        let parts = LINE.parts_in("LINE#book#007/1.5").unwrap();
        let book = AttributeValue::S("book".into());
        assert_eq!(parts, [("sku", book), ("n", n("7")), ("v", n("1.5"))]);
        assert_eq!(FIXED.parts_in("PROFILE"), Some(Vec::new()));
        assert!(FIXED.makes("PROFILE") && !FIXED.makes("PROFILES") && !FIXED.makes("PROFIL"));
        assert!(LAST.makes("USER#a") && !LAST.makes("USER#a#b") && !LAST.makes("USER#"));
    }

    #[test]
    fn a_key_begins_with_the_parts_that_are_known() {
        let (sku, n) = (AttributeValue::S("book".into()), AttributeValue::N(Number::from(7_u8)));
        let none = LINE.begun(|_| None).unwrap();
        let one = LINE.begun(|name| (name == "sku").then_some(&sku)).unwrap();
        let two = |name: &str| match name {
            "sku" => Some(&sku),
            "n" => Some(&n),
            _ => None,
        };

        assert_eq!(none, ("LINE#".to_owned(), false));
        assert_eq!(one, ("LINE#book#".to_owned(), false));
        assert_eq!(LINE.begun(two).unwrap(), ("LINE#book#007/".to_owned(), false));
        let all = |name: &str| two(name).or(Some(&n));
        assert_eq!(LINE.begun(all).unwrap(), ("LINE#book#007/7".to_owned(), true));
        let last = LINE.last_part("n", two).unwrap().unwrap();
        assert_eq!((&*last.before, &*last.part, last.ends_key), ("LINE#book#", "007", false));
        assert!(LINE.last_part("v", all).unwrap().unwrap().ends_key);
        assert!(LINE.last_part("other", all).unwrap().is_none());
        assert_eq!(LINE.begun_part("sku", "bo", two).unwrap(), "LINE#bo");
        assert_eq!(LINE.begun_part("sku", "", two).unwrap(), "LINE#");
        let refused = LINE.begun_part("sku", "b#", two).unwrap_err();
        assert_eq!(refused, ("sku", KeyErrorKind::Delimiter('#')));
    }

    proptest! {
        #[test]
        fn the_parts_of_a_key_are_those_that_made_it(
            sku in "[^#/]{1,12}",
            n in 0_u32..1000,
            v in any::<i64>(),
            text in ".{0,40}",
        ) {
            let n = AttributeValue::N(Number::from(n));
            let v = AttributeValue::N(Number::from(v));
            let parts = [("sku", AttributeValue::S(sku)), ("n", n), ("v", v)];
            let value = |name: &str| parts.iter().find(|part| part.0 == name).map(|part| &part.1);
            let Ok(AttributeValue::S(key)) = LINE.render(value) else { panic!("no key") };
            prop_assert_eq!(LINE.parts_in(&key), Some(parts.to_vec()));

            // Any text is no key, or that of its parts.
            if let Some(parts) = LINE.parts_in(&text) {
                let value =
                    |name: &str| parts.iter().find(|part| part.0 == name).map(|part| &part.1);
                prop_assert_eq!(LINE.render(value), Ok(AttributeValue::S(text)));
            }
        }
    }
}
