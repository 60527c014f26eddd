//! Help for a mistyped option.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;

use super::value::{name_of, skip_value};
use crate::ctxt::Ctxt;
use crate::symbol;

/// Reports an option that does not exist, and returns the one that was probably meant.
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
    cx.error(meta.path.span(), format!("unknown option `{name}` of {place}; {help}"));
    skip_value(meta)?;
    Ok(near.map(str::to_owned))
}

/// Returns the name that was probably meant.
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
        let mut last = index + 1;
        let mut next = vec![last];
        for (above, to) in row.windows(2).zip(&right) {
            if let [diagonal, above] = above {
                let replaced = diagonal + usize::from(from != *to);
                last = replaced.min(above + 1).min(last + 1);
                next.push(last);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn the_distance_counts_edits() {
        for (left, right, edits) in [
            ("table", "table", 0),
            ("skpi", "skip", 2),
            ("skip", "skp", 1),
            ("", "abc", 3),
            ("abc", "", 3),
            ("sitting", "kitten", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }

    #[test]
    fn what_is_close_is_suggested_and_what_is_short_only_if_it_is_closer() {
        for (name, known, suggested) in [
            ("tablx", "table", true),
            ("xxble", "tzzle", false),
            ("use", "user_id", true),
            ("id", "user_id", false),
            ("user_identity", "user_id", true),
            ("idd", "id", true),
            ("xy", "id", false),
            ("xd", "id", true),
            ("x", "y", false),
        ] {
            assert_eq!(nearest(name, [known].into_iter()).is_some(), suggested, "{name} {known}");
        }
        assert_eq!(nearest("aliaz", ["alias", "alien"].into_iter()), Some("alias"));
    }
}
