//! Needs a DynamoDB that returns numbers in their normal form: moto keeps the text.

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::Number;

use crate::support::{Stored, World};

/// The text that DynamoDB returns is the normal form in which numbers are sealed and compared.
#[tokio::test]
async fn t20_numbers_are_what_dynamodb_makes_of_them() {
    let world = World::new().await;
    let texts = [
        "0",
        "-0",
        "1.0",
        "100",
        "1e2",
        "-1.50",
        "0.00012",
        "12345678901234567890123456789012345678",
        "-0.00000000000000000000000000000000000001",
        "9.9999999999999999999999999999999999999E+125",
        "1E-130",
        "-1E-130",
    ];
    for text in texts {
        let number = AttributeValue::N(text.into());
        let item = [("id".into(), AttributeValue::S("n".into())), ("n".into(), number)];
        world.write(Stored::from(item)).await;
        let stored = world.stored("n").await["n"].as_n().unwrap().clone();

        let ours = Number::parse(text).unwrap();
        assert_eq!(stored, ours.as_str(), "{text}");
    }
}
