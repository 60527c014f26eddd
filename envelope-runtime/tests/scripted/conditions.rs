//! The caller's conditions as DynamoDB receives them.

use envelope_runtime::Condition;
use envelope_runtime::Readable;
use envelope_runtime::schema::{IntoKey, Unversioned};

use crate::dynamodb::{Dynamodb, done};
use crate::models::{Account, Renamed};
use crate::request::Request;

type Of<R> = fn(<R as Readable>::Attributes) -> Condition<R>;

async fn sent<R: Unversioned>(condition: Of<R>) -> Request
where
    for<'a> &'a str: IntoKey<R::Key>,
{
    let dynamodb = Dynamodb::new();
    dynamodb.expect([done("DeleteItem")]);
    dynamodb.store().delete::<R>("a-1").condition(condition).await.unwrap();
    dynamodb.request()
}

#[tokio::test]
async fn each_comparison_has_its_text() {
    let conditions: &[(Of<Account>, &str)] = &[
        (|f| f.logins.eq(1), "logins = 1"),
        (|f| f.logins.ne(1), "logins <> 1"),
        (|f| f.logins.lt(1), "logins < 1"),
        (|f| f.logins.le(1), "logins <= 1"),
        (|f| f.logins.gt(1), "logins > 1"),
        (|f| f.logins.ge(1), "logins >= 1"),
        (|f| f.logins.between(1, 2), "logins BETWEEN 1 AND 2"),
        (|f| f.logins.is_in([1, 2, 1]), "logins IN (1, 2, 1)"),
        (|f| f.status.begins_with("n"), "begins_with(status, 'n')"),
        (|f| f.status.contains("n"), "contains(status, 'n')"),
        (|f| f.ssn.exists(), "attribute_exists(ssn)"),
        (|f| f.ssn.not_exists(), "attribute_not_exists(ssn)"),
        (|f| !f.logins.eq(1), "NOT (logins = 1)"),
    ];
    for (condition, text) in conditions {
        assert_eq!(sent(*condition).await.condition(), *text);
    }
}

/// `size(tags) <> 1` would hold for an absent attribute.
#[tokio::test]
async fn each_comparison_of_a_size_has_its_text() {
    let conditions: &[(Of<Account>, &str)] = &[
        (|f| f.tags.size().eq(1), "size(tags) = 1"),
        (|f| f.tags.size().ne(1), "size(tags) < 1 OR size(tags) > 1"),
        (|f| f.tags.size().lt(1), "size(tags) < 1"),
        (|f| f.tags.size().le(1), "size(tags) <= 1"),
        (|f| f.tags.size().gt(1), "size(tags) > 1"),
        (|f| f.role.size().ge(u64::MAX), "size(role) >= 18446744073709551615"),
        (|f| f.tags.size().between(1, 2), "size(tags) >= 1 AND size(tags) <= 2"),
        (|f| !f.tags.size().ne(1), "NOT (size(tags) < 1 OR size(tags) > 1)"),
    ];
    for (condition, text) in conditions {
        assert_eq!(sent(*condition).await.condition(), *text);
    }
}

#[tokio::test]
async fn a_value_is_given_as_it_is_or_by_reference() {
    #[expect(clippy::needless_borrows_for_generic_args, reason = "that is what is tested")]
    let conditions: &[(Of<Account>, &str)] = &[
        (|f| f.status.eq("n"), "status = 'n'"),
        (|f| f.status.eq("n".to_owned()), "status = 'n'"),
        (|f| f.status.eq(&"n".to_owned()), "status = 'n'"),
        (|f| f.nickname.eq("n"), "nickname = 'n'"),
        (|f| f.nickname.eq(&Some("n".to_owned())), "nickname = 'n'"),
        (|f| f.status.contains("n".to_owned()), "contains(status, 'n')"),
        (|f| f.status.contains(&"n".to_owned()), "contains(status, 'n')"),
        (|f| f.nickname.contains("n"), "contains(nickname, 'n')"),
        (|f| f.tags.contains("n"), "contains(tags, 'n')"),
        (|f| f.tags.contains(&"n".to_owned()), "contains(tags, 'n')"),
        (|f| f.groups.contains("n".to_owned()), "contains(groups, 'n')"),
    ];
    for (condition, text) in conditions {
        assert_eq!(sent(*condition).await.condition(), *text);
    }
}

/// DynamoDB counts the bytes of an expression.
#[tokio::test]
async fn parentheses_stand_where_they_say_something_and_only_there() {
    let conditions: &[(Of<Account>, &str)] = &[
        (
            |f| f.logins.eq(1).and(f.logins.eq(2)).and(f.logins.eq(3)),
            "logins = 1 AND logins = 2 AND logins = 3",
        ),
        (
            |f| f.logins.eq(1).or(f.logins.eq(2).or(f.logins.eq(3))),
            "logins = 1 OR logins = 2 OR logins = 3",
        ),
        (
            |f| f.logins.eq(1).or(f.logins.eq(2)).and(f.logins.eq(3)),
            "(logins = 1 OR logins = 2) AND logins = 3",
        ),
        (
            |f| f.logins.eq(1).or(f.logins.eq(2).and(f.logins.eq(3))),
            "logins = 1 OR (logins = 2 AND logins = 3)",
        ),
        (|f| f.logins.between(1, 2).and(f.logins.eq(3)), "(logins BETWEEN 1 AND 2) AND logins = 3"),
        (
            |f| !f.logins.eq(1).and(f.logins.eq(2)).or(f.logins.eq(3)),
            "NOT ((logins = 1 AND logins = 2) OR logins = 3)",
        ),
    ];
    for (condition, text) in conditions {
        assert_eq!(sent(*condition).await.condition(), *text);
    }
}

#[tokio::test]
async fn an_attribute_is_asked_for_under_the_name_that_a_load_would_take() {
    let conditions: &[(Of<Renamed>, &str)] = &[
        (|f| f.state.exists(), "attribute_exists(state) OR attribute_exists(status)"),
        (|f| f.state.not_exists(), "attribute_not_exists(state) AND attribute_not_exists(status)"),
        (
            |f| f.state.eq("x"),
            "(attribute_exists(status) AND status = 'x') OR (attribute_not_exists(status) AND state = 'x')",
        ),
        (
            |f| f.state.size().gt(3),
            "(attribute_exists(status) AND size(status) > 3) OR (attribute_not_exists(status) AND size(state) > 3)",
        ),
        (
            |f| !f.state.exists().and(f.ssn.exists().or(f.ssn.exists())),
            "NOT ((attribute_exists(state) OR attribute_exists(status)) AND (attribute_exists(ssn) OR \
             attribute_exists(ssn)))",
        ),
    ];
    for (condition, text) in conditions {
        assert_eq!(sent(*condition).await.condition(), *text);
    }
}

/// Every name may be a reserved word, and every value is a secret.
#[tokio::test]
async fn names_and_values_stand_behind_placeholders_each_once() {
    let request = sent::<Account>(|f| {
        f.logins.gt(1).and(f.logins.ne(2)).and(f.status.ne("a")).and(f.logins.ne(1))
    })
    .await;

    let text = "#n0 > :v0 AND #n0 <> :v1 AND #n1 <> :v2 AND #n0 <> :v0";
    assert_eq!(request.body["ConditionExpression"], text);
    assert_eq!(request.body["ExpressionAttributeNames"].as_object().unwrap().len(), 2);
    assert_eq!(request.body["ExpressionAttributeValues"].as_object().unwrap().len(), 3);
}

#[test]
fn a_condition_shows_names_and_no_values() {
    let condition = |f: <Account as Readable>::Attributes| {
        (!f.status.eq("secret")).and(f.logins.eq(1).or(f.ssn.exists()))
    };
    assert_eq!(format!("{:?}", Account::ATTRIBUTES.status), r#"Attribute("status")"#);
    let shown = format!("{:?}", condition(Account::ATTRIBUTES));
    assert_eq!(shown, r#"Condition(["status", "logins", "ssn"])"#);
}
