//! The condition that an item is as it was read.

use super::{Expression, Placeholders};
use crate::envelope::Item;

impl Expression {
    /// The condition that a stored item has exactly these attributes, as far as a condition can
    /// say it: each of `item`, and none of the `names` that `item` lacks.
    pub(crate) fn as_read(item: &Item, names: impl IntoIterator<Item = &'static str>) -> Self {
        let mut to = Placeholders::default();
        let mut parts = Vec::new();
        for (name, value) in item.iter() {
            parts.push(format!("{} = {}", to.name(name), to.value(value.clone())));
        }
        for name in names {
            if item.attribute(name).is_none() {
                parts.push(format!("attribute_not_exists({})", to.name(name)));
            }
        }
        let Placeholders { names, values } = to;
        Self { text: Some(parts.join(" AND ")), names, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::AttributeValue;

    #[test]
    fn every_attribute_is_as_it_was() {
        let s = |text: &str| AttributeValue::S(text.into());
        let mut item = Item::default();
        item.insert("id", s("7"));
        item.insert("name", s("Zoe"));
        item.insert("again", s("Zoe"));

        let expression = Expression::as_read(&item, ["id", "phone", "name"]);
        let text = expression.text.unwrap();
        assert_eq!(text, "#n0 = :v0 AND #n1 = :v1 AND #n2 = :v0 AND attribute_not_exists(#n3)");
        let names: Vec<_> = expression.names.values().map(String::as_str).collect();
        assert_eq!(names, ["again", "id", "name", "phone"]);
        assert_eq!(expression.values.into_values().collect::<Vec<_>>(), [s("Zoe"), s("7")]);
    }
}
