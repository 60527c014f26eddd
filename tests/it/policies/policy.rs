//! IAM policies and key policies, as far as the guide uses them. What else a policy says is an
//! error.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Policy {
    pub(crate) version: String,
    pub(crate) statement: Vec<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) effect: Effect,
    /// In a key policy.
    pub(crate) principal: Option<Principal>,
    pub(crate) action: Vec<String>,
    pub(crate) resource: String,
    #[serde(default)]
    pub(crate) condition: BTreeMap<Operator, BTreeMap<String, Values>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Principal {
    #[serde(rename = "AWS")]
    pub(crate) aws: Values,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operator {
    StringEquals,
    #[serde(rename = "ForAllValues:StringEquals")]
    ForAllValuesStringEquals,
    Null,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Values {
    One(String),
    Many(Vec<String>),
}

/// A request as AWS's authorization sees it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The ARN of the role that makes it.
    pub(crate) principal: String,
    /// The action, such as `kms:Decrypt`.
    pub(crate) action: String,
    /// The ARN of the key or table.
    pub(crate) resource: String,
    /// The values of the condition keys, which have lower-case names here.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it, whatever others say.
    Denied,
}

impl Policy {
    /// Decides about a request. The resource `*` of a key policy is its key.
    pub(crate) fn decide(&self, request: &Request) -> Decision {
        let said = |effect| {
            let mut statements = self.statement.iter();
            statements.any(|statement| statement.effect == effect && statement.fits(request))
        };
        match (said(Effect::Deny), said(Effect::Allow)) {
            (true, _) => Decision::Denied,
            (false, true) => Decision::Allowed,
            (false, false) => Decision::NotAllowed,
        }
    }
}

impl Statement {
    fn fits(&self, request: &Request) -> bool {
        let principal = self.principal.as_ref().is_none_or(|principal| {
            principal.aws.all().iter().any(|arn| arn == "*" || *arn == request.principal)
        });
        let resource =
            self.resource == request.resource || (self.resource == "*" && self.principal.is_some());
        let mut conditions = self.condition.iter().flat_map(|(operator, tests)| {
            tests.iter().map(move |(key, values)| (operator, key.to_lowercase(), values))
        });
        principal
            && resource
            && self.action.contains(&request.action)
            && conditions.all(|(operator, key, values)| {
                operator.holds(request.keys.get(&key).map(Vec::as_slice), values.all())
            })
    }
}

impl Operator {
    /// Returns whether the condition holds for the request's values of a key, if it has the key.
    fn holds(self, found: Option<&[String]>, values: &[String]) -> bool {
        match (self, found) {
            (Self::StringEquals, Some([value])) => values.contains(value),
            (Self::StringEquals, Some(several)) => panic!("several values: {several:?}"),
            (Self::StringEquals, None) => false,
            // True of a request that lacks the key, too.
            (Self::ForAllValuesStringEquals, found) => {
                found.unwrap_or_default().iter().all(|value| values.contains(value))
            }
            (Self::Null, found) => {
                let [is_null] = values else { panic!("one value: {values:?}") };
                found.is_none() == is_null.parse::<bool>().unwrap()
            }
        }
    }
}

impl Values {
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}
