//! The condition that an item is as it was read.

use super::{Expression, Placeholders};
use crate::attribute::AttributeValue;

impl Expression {
    /// The condition that a stored item has these attributes with these values, and none of these
    /// other ones.
    pub(crate) fn as_read<'a>(
        there: impl IntoIterator<Item = (&'a str, &'a AttributeValue)>,
        absent: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let mut to = Placeholders::default();
        let mut parts = Vec::new();
        for (name, value) in there {
            parts.push(format!("{} = {}", to.name(name), to.value(value.clone())));
        }
        for name in absent {
            parts.push(format!("attribute_not_exists({})", to.name(name)));
        }
        let Placeholders { names, values } = to;
        Self { text: Some(parts.join(" AND ")), names, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_is_as_it_was() {
        let s = |text: &str| AttributeValue::S(text.into());
        let [zoe, seven] = [s("Zoe"), s("7")];
        let there = [("again", &zoe), ("id", &seven), ("name", &zoe)];

        let expression = Expression::as_read(there, ["phone"]);
        let text = expression.text.unwrap();
        assert_eq!(text, "#n0 = :v0 AND #n1 = :v1 AND #n2 = :v0 AND attribute_not_exists(#n3)");
        let names: Vec<_> = expression.names.values().map(String::as_str).collect();
        assert_eq!(names, ["again", "id", "name", "phone"]);
        assert_eq!(expression.values.into_values().collect::<Vec<_>>(), [s("Zoe"), s("7")]);
    }
}
