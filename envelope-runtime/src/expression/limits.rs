//! DynamoDB's limits on the expressions of a request. It refuses the whole request.

use super::Expression;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 4096;
/// The most operators and functions in an expression.
const MAX_OPERATORS: usize = 300;

impl Expression {
    /// Returns whether the condition, or the text of an update beside it, is more than DynamoDB
    /// takes.
    pub(crate) fn is_too_long(&self, update: Option<&str>) -> bool {
        [self.text.as_deref(), update].into_iter().flatten().any(is_too_long)
    }
}

/// Each operator and each function stands between spaces or before a parenthesis.
fn is_too_long(text: &str) -> bool {
    let operators = [" = ", " <> ", " < ", " > ", " <= ", " >= ", " AND ", " OR ", "NOT ", "("];
    let number = operators.iter().map(|operator| text.matches(operator).count());
    text.len() > MAX_BYTES || number.sum::<usize>() > MAX_OPERATORS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_has_at_most_4096_bytes_and_300_operators() {
        let expression = |text: &str| {
            let text = Some(text.to_owned());
            Expression { text, ..Expression::default() }
        };
        let many = |number: usize| vec!["#n0 = :v0"; number].join(" AND ");

        assert!(!expression(&"x".repeat(4096)).is_too_long(None));
        assert!(expression(&"x".repeat(4097)).is_too_long(None));
        assert!(expression("x").is_too_long(Some(&"x".repeat(4097))));
        assert!(!expression("x").is_too_long(Some("SET #n0 = :v0")));
        // 150 comparisons and 149 conjunctions.
        assert!(!expression(&many(150)).is_too_long(None));
        assert!(expression(&many(151)).is_too_long(None));
        assert!(!Expression::default().is_too_long(None));
    }
}
