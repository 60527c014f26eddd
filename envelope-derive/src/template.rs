//! Key templates: `TENANT#{tenant_id}` → pieces.

use proc_macro2::Span;

use crate::attr::Spanning;
use crate::ctxt::Ctxt;

/// The fields and texts that make a key attribute.
pub(crate) struct Template {
    /// The key attribute's name.
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) pieces: Vec<Piece>,
    /// The text could not be read. That has been reported.
    pub(crate) malformed: bool,
    pub(crate) span: Span,
}

#[derive(PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// A field, and the digits to which the template pads its number, if it does.
    Part {
        field: String,
        digits: Option<u8>,
    },
}

impl Template {
    /// Parses the text of a template.
    pub(crate) fn parse(cx: &Ctxt, text: &Spanning<String>, name: Spanning<String>) -> Self {
        let pieces = pieces(&text.value);
        let malformed = pieces.is_err();
        let pieces = pieces.unwrap_or_else(|message| {
            cx.error(text.span, message);
            Vec::new()
        });
        Self { name: name.value, name_span: name.span, pieces, malformed, span: text.span }
    }

    /// The names of its fields.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part { field, .. } => Some(field.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Returns whether keys with the same text before a field sort as the field does. A text with
    /// more behind it sorts by that, too: `ann b`, `ann!`, `ann`.
    pub(crate) fn sorts_by(&self, part: &str) -> bool {
        let place = self
            .pieces
            .iter()
            .position(|piece| matches!(piece, Piece::Part { field, .. } if field == part));
        let Some(place) = place else { return false };
        match self.pieces.get(place) {
            Some(Piece::Part { digits: Some(digits), .. }) => *digits > 0,
            Some(Piece::Part { digits: None, .. }) => place + 1 == self.pieces.len(),
            Some(Piece::Text(_)) | None => false,
        }
    }
}

fn pieces(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            text.push(character);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('{') {
            let (part, behind) =
                behind.split_once('}').ok_or("`{` without its `}` in a key template")?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(self::part(part)?);
            rest = behind;
        } else if character == '}' {
            return Err("`}` without its `{` in a key template".to_owned());
        } else {
            text.push(character);
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn part(part: &str) -> Result<Piece, String> {
    let (field, digits) =
        part.split_once(':').map_or((part, None), |(field, digits)| (field, Some(digits)));
    let field = field.trim_start_matches("r#");
    let Some(digits) = digits else {
        return Ok(Piece::Part { field: field.to_owned(), digits: None });
    };
    match digits.parse() {
        Ok(width) if digits.starts_with('0') && width <= 128 => {
            Ok(Piece::Part { field: field.to_owned(), digits: Some(width) })
        }
        _ => Err(format!(
            "`{{{part}}}` in a key template: write `{{{field}:010}}` to pad a number to 10 digits, \
             `{{{field}:0}}` to leave it as it is"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digits to which a template pads a number.
    fn digits(template: &str) -> Option<u8> {
        match pieces(template).ok()?.as_slice() {
            [Piece::Part { digits, .. }] => *digits,
            _ => None,
        }
    }

    #[test]
    fn digits_begin_with_a_zero_and_are_at_most_128() {
        for (template, expected) in
            [("{n:0}", 0), ("{n:07}", 7), ("{n:010}", 10), ("{n:0128}", 128)]
        {
            assert_eq!(digits(template), Some(expected), "{template}");
        }
        for template in ["{n:}", "{n:7}", "{n:10}", "{n:0129}", "{n:0256}", "{n:0x7}", "{n:07 }"] {
            assert_eq!(digits(template), None, "{template}");
            assert!(pieces(template).is_err(), "{template}");
        }
    }

    #[test]
    fn keys_sort_as_a_padded_number_and_as_what_stands_last() {
        let sorts_by = |template: &str, part: &str| {
            let pieces = pieces(template).unwrap_or_else(|message| panic!("{message}"));
            let span = Span::call_site();
            Template { name: "SK".to_owned(), name_span: span, pieces, malformed: false, span }
                .sorts_by(part)
        };
        for template in ["{n}", "N#{n}", "N#{n:010}", "{n:01}#X", "{n:07}#{m}"] {
            assert!(sorts_by(template, "n"), "{template}");
        }
        for template in ["{n}#X", "{n}#{m}", "{n:0}", "{n:0}#X", "N#{m}", "n"] {
            assert!(!sorts_by(template, "n"), "{template}");
        }
    }
}
