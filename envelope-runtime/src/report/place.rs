//! The names of the record and the attribute that an error is about.

use std::fmt;

/// A record type, and an attribute if the error is about one. Holds names, never values. Boxed, so
/// that errors stay small.
#[derive(Clone, Debug)]
pub(crate) struct Place(Box<Names>);

#[derive(Clone, Debug)]
struct Names {
    table: &'static str,
    keys: Vec<&'static str>,
    attribute: Option<String>,
}

impl Place {
    pub(crate) fn new(table: &'static str, keys: Vec<&'static str>) -> Self {
        Self(Box::new(Names { table, keys, attribute: None }))
    }

    pub(crate) fn attribute(mut self, name: &str) -> Self {
        self.0.attribute = Some(name.to_owned());
        self
    }

    pub(crate) fn attribute_name(&self) -> Option<&str> {
        self.0.attribute.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record of table `{}`, key `{}`", self.0.table, self.0.keys.join("`, `"))?;
        match &self.0.attribute {
            // Escaped, since the name may come from an item.
            Some(name) => write!(f, ", attribute `{}`", name.escape_debug()),
            None => Ok(()),
        }
    }
}
