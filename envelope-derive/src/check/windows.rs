//! Rules for windows, in which values are accepted that are not protected yet.

use crate::ctxt::Ctxt;
use crate::model::{Record, Role};

pub(super) fn windows(cx: &Ctxt, record: &Record) {
    for field in &record.fields {
        if matches!(field.role, Role::Flattened | Role::CatchAll) {
            continue;
        }
        if let Some(since) = &field.options.since
            && field.role != Role::Authenticated
        {
            cx.error(
                since.span,
                "`since` belongs beside `#[authenticated]`: it accepts items that were written \
                 before the field was; beside `#[encrypted]`, say `unsealed_until = \"…\"`",
            );
        }
        let Some(until) = &field.options.unsealed_until else { continue };
        if field.role != Role::Encrypted {
            cx.error(
                until.span,
                "`unsealed_until` belongs beside `#[encrypted]`: it accepts values that were written \
                 before the field was",
            );
        } else if date(&until.value).is_none() {
            cx.error(
                until.span,
                "`unsealed_until` is a day, at the beginning of which (UTC) unsealed values are refused: \
                 write `\"2027-03-01\"`",
            );
        }
    }
}

/// Year, month and day of a date such as `2027-03-01`.
pub(crate) fn date(text: &str) -> Option<(u16, u8, u8)> {
    let number = |part: &str, digits| {
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| is_number)
    };
    let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    let exists = year >= 1970 && (1..=last).contains(&day);
    Some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)).filter(|_| exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_that_exists() {
        for (text, day) in [
            ("1970-01-01", (1970, 1, 1)),
            ("2000-02-29", (2000, 2, 29)),
            ("2027-02-28", (2027, 2, 28)),
            ("2027-03-01", (2027, 3, 1)),
            ("2028-02-29", (2028, 2, 29)),
            ("2028-04-30", (2028, 4, 30)),
            ("9999-12-31", (9999, 12, 31)),
        ] {
            assert_eq!(date(text), Some(day), "{text}");
        }
        for text in [
            "",
            "2027",
            "2027-03",
            "2027-03-01-01",
            "2027-3-1",
            "27-03-01",
            "+027-03-01",
            "2027-+3-01",
            "2027-03-01 ",
            "2027/03/01",
            "1969-12-31",
            "2027-00-01",
            "2027-13-01",
            "2027-01-00",
            "2027-01-32",
            "2027-02-29",
            "2100-02-29",
            "2027-04-31",
            "2027-06-31",
            "2027-09-31",
            "2027-11-31",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
