//! A table that holds one item, and treats every condition as met.

use serde_json::{Map, Value, json};

use crate::request::Request;

/// An item as JSON: attribute names, and values with their types.
pub(crate) type Stored = Map<String, Value>;

#[derive(Default)]
pub(crate) struct Table {
    pub(crate) item: Option<Stored>,
}

impl Table {
    /// Carries out a request and returns the answer.
    pub(crate) fn serve(&mut self, request: &Request) -> Value {
        let body = &request.body;
        let mut answer = json!({});
        let key = body["Key"].as_object();
        let mine = self.item.take_if(|item| {
            key.is_none_or(|key| key.iter().all(|(name, value)| item.get(name) == Some(value)))
        });
        match request.operation.as_str() {
            "GetItem" => {
                if let Some(item) = &mine {
                    let mut item = item.clone();
                    if let Some(fetched) = request.fetched() {
                        item.retain(|name, _| fetched.contains(&name.as_str()));
                    }
                    answer["Item"] = item.into();
                }
                self.item = mine.or(self.item.take());
            }
            "TransactWriteItems" => {
                let mut actions = body["TransactItems"].as_array().unwrap().iter();
                let put = actions.find_map(|action| action["Put"]["Item"].as_object());
                self.item = mine.or(self.item.take()).or(put.cloned());
            }
            operation => {
                let new = match operation {
                    "PutItem" => body["Item"].as_object().cloned(),
                    "UpdateItem" => {
                        let mut item = mine.clone().or(key.cloned()).unwrap();
                        update(&mut item, request);
                        Some(item)
                    }
                    _ => None,
                };
                let returned = match body["ReturnValues"].as_str() {
                    Some("ALL_OLD") => mine,
                    Some("ALL_NEW") => new.clone(),
                    _ => None,
                };
                if let Some(item) = returned {
                    answer["Attributes"] = item.into();
                }
                self.item = new;
            }
        }
        if body["ReturnConsumedCapacity"] == "TOTAL" {
            let units = if request.operation == "GetItem" { 0.5 } else { 2.25 };
            let table = &body["TableName"];
            let capacity = json!({"TableName": table, "CapacityUnits": units});
            answer["ConsumedCapacity"] = match request.operation.as_str() {
                "TransactWriteItems" => json!([capacity, capacity]),
                _ => capacity,
            };
        }
        answer
    }

    /// The answer to a request whose condition does not hold.
    pub(crate) fn refusal(&self, request: &Request) -> Value {
        let mut answer = crate::dynamodb::error("ConditionalCheckFailedException", "failed");
        if let (Some("ALL_OLD"), Some(item)) =
            (request.body["ReturnValuesOnConditionCheckFailure"].as_str(), &self.item)
        {
            answer["Item"] = item.clone().into();
        }
        answer
    }
}

/// The part of DynamoDB's update expressions that the tests need.
fn update(item: &mut Stored, request: &Request) {
    let text = request.body["UpdateExpression"].as_str().unwrap_or_default();
    let text = [" REMOVE ", " ADD "]
        .iter()
        .fold(text.to_owned(), |text, verb| text.replace(verb, &format!(",{verb}")));
    let mut verb = "";
    for part in text.split(", ").filter(|part| !part.is_empty()) {
        let mut words: Vec<_> = part.split_whitespace().collect();
        if matches!(words[0], "SET" | "REMOVE" | "ADD") {
            verb = words.remove(0);
        }
        match (verb, words.as_slice()) {
            ("SET", [path, "=", value]) => {
                let (item, name) = place(item, request, path);
                item.insert(name.into(), request.value(value).clone());
            }
            ("REMOVE", [path]) => {
                let (item, name) = place(item, request, path);
                item.remove(name);
            }
            ("ADD", [name, value]) => {
                let number = |value: Option<&Value>| {
                    value.map_or(0, |value| value["N"].as_str().unwrap().parse::<i64>().unwrap())
                };
                let name = request.name(name);
                let sum = number(item.get(name)) + number(Some(request.value(value)));
                item.insert(name.into(), json!({"N": sum.to_string()}));
            }
            _ => panic!("{text}"),
        }
    }
}

/// The item and the name of an attribute in it, or a map and the name of an entry.
fn place<'a, 'b>(
    item: &'a mut Stored,
    request: &'b Request,
    path: &str,
) -> (&'a mut Stored, &'b str) {
    match path.split_once('.') {
        Some((map, entry)) => {
            let map = &mut item[request.name(map)]["M"];
            (map.as_object_mut().unwrap(), request.name(entry))
        }
        None => (item, request.name(path)),
    }
}
