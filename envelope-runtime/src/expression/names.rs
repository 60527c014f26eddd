//! Conditions on attributes that older items hold under other names.

use super::Node;
use crate::record::RecordSchema;

impl Node {
    /// The condition on the value that a load would use: that of the oldest name that has one.
    pub(super) fn over_names(self, schema: &RecordSchema) -> Self {
        let name = match &self {
            Self::And(..) | Self::Or(..) | Self::Not(_) => return self.inside(schema),
            Self::Exists(name)
            | Self::NotExists(name)
            | Self::Compare(name, ..)
            | Self::Between(name, ..)
            | Self::In(name, _)
            | Self::BeginsWith(name, _)
            | Self::Contains(name, _)
            | Self::Size(name, ..)
            | Self::IsMap(name) => *name,
        };
        let older = schema.field(name).into_iter().flat_map(|field| field.names().skip(1));
        older.fold(self.clone(), |newer, older| {
            let here = self.clone().of(older);
            match self {
                Self::Exists(_) => Self::either(newer, here),
                Self::NotExists(_) => Self::And(Box::new(newer), Box::new(here)),
                _ => Self::either(
                    Self::And(Box::new(Self::Exists(older)), Box::new(here)),
                    Self::And(Box::new(Self::NotExists(older)), Box::new(newer)),
                ),
            }
        })
    }

    fn inside(self, schema: &RecordSchema) -> Self {
        let over_names = |node: Box<Self>| Box::new(node.over_names(schema));
        match self {
            Self::And(left, right) => Self::And(over_names(left), over_names(right)),
            Self::Or(left, right) => Self::Or(over_names(left), over_names(right)),
            Self::Not(inner) => Self::Not(over_names(inner)),
            leaf => leaf,
        }
    }

    /// The same condition on another attribute.
    fn of(mut self, other: &'static str) -> Self {
        match &mut self {
            Self::Exists(name)
            | Self::NotExists(name)
            | Self::Compare(name, ..)
            | Self::Between(name, ..)
            | Self::In(name, _)
            | Self::BeginsWith(name, _)
            | Self::Contains(name, _)
            | Self::Size(name, ..)
            | Self::IsMap(name) => *name = other,
            Self::And(..) | Self::Or(..) | Self::Not(_) => {}
        }
        self
    }
}
