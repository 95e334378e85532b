//! `AWS::Serverless::SimpleTable`.

use super::{Sam, plain};
use crate::template::Resource;
use crate::value::{Map, Value};

const KNOWN: &[(&str, &str)] = &[
    ("TableName", "TableName"),
    ("ProvisionedThroughput", "ProvisionedThroughput"),
    ("SSESpecification", "SSESpecification"),
    ("PointInTimeRecoverySpecification", "PointInTimeRecoverySpecification"),
];

impl Sam<'_> {
    pub(super) fn table(&mut self, name: &str, resource: Resource) {
        let mut from = self.properties("SimpleTable", &resource);
        let key = from.shift_remove("PrimaryKey");
        let tags = from.shift_remove("Tags");
        let mut properties = self.copy(name, &mut from, KNOWN);
        // Without a key the table has a text `id`.
        let part = |part: &str| key.as_ref().and_then(|key| key.get(part)).cloned();
        let key_name = part("Name").unwrap_or_else(|| "id".into());
        let letter = match part("Type").as_ref().and_then(Value::text) {
            Some("Number") => "N",
            Some("Binary") => "B",
            _ => "S",
        };
        let list = |members: [(&str, Value); 2]| {
            let member = members.map(|(key, value)| (key.to_owned(), value));
            Value::from(vec![Value::from(Map::from_iter(member))])
        };
        let attributes = list([("AttributeName", key_name.clone()), ("AttributeType", letter.into())]);
        properties.insert("AttributeDefinitions".to_owned(), attributes);
        properties.insert("KeySchema".to_owned(), list([("AttributeName", key_name), ("KeyType", "HASH".into())]));
        if !properties.contains_key("ProvisionedThroughput") {
            properties.insert("BillingMode".to_owned(), "PAY_PER_REQUEST".into());
        }
        if let Some(tags) = tags.as_ref().and_then(Value::map) {
            let tag = |(key, value): (&String, &Value)| {
                let members = [("Key".to_owned(), Value::from(key.as_str())), ("Value".to_owned(), value.clone())];
                Value::from(Map::from_iter(members))
            };
            properties.insert("Tags".to_owned(), tags.iter().map(tag).collect::<Vec<_>>().into());
        }
        let table = plain("AWS::DynamoDB::Table", properties, &resource);
        self.add(name, Resource { depends_on: resource.depends_on, metadata: resource.metadata, ..table });
    }
}
