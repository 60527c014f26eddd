//! Help for a mistyped option.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;

use super::{name_of, skip_value};
use crate::ctxt::Ctxt;
use crate::symbol;

/// Notes an option that does not exist, and gives back the one that was probably meant.
pub(super) fn unknown_option(
    cx: &Ctxt,
    meta: &ParseNestedMeta<'_>,
    place: &str,
    known: &[&str],
) -> syn::Result<Option<String>> {
    let name = name_of(&meta.path);
    let near = nearest(&name, known.iter().copied());
    let help = match near {
        _ if meta.path.is_ident(symbol::RENAME_ALL) => {
            "write `#[serde(rename_all = \"…\")]`, which needs no serde derive".to_owned()
        }
        Some(option) => format!("did you mean `{option}`?"),
        None => format!("expected one of `{}`", known.join("`, `")),
    };
    cx.error(meta.path.span(), format!("unknown option `{name}` of a {place}; {help}"));
    skip_value(meta)?;
    Ok(near.map(str::to_owned))
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let is_part = |known: &str| {
        name.len().min(known.len()) > 2 && (known.contains(name) || name.contains(known))
    };
    known
        .map(|known| (distance(known, name), known))
        .filter(|(distance, known)| *distance <= 2.min(name.len() / 2) || is_part(known))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The Levenshtein distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut last = index + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = *cell;
            last = replaced.min(diagonal + 1).min(last + 1);
            *cell = last;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn the_distance_counts_edits() {
        for (left, right, edits) in [
            ("table", "table", 0),
            ("skpi", "skip", 2),
            ("skip", "skp", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }
}
