//! `DescribeType`: what the CDK asks about a type before it changes a resource past its stack.

use countersign_template::resource_type;
use serde_json::{Map, Value, json};

use super::{Came, needed};
use crate::api::error::ApiError;
use crate::api::query::Form;
use crate::api::xml::element;
use crate::stacks::resources::is_supported;

/// `DescribeType`, with the parts of the schema that say what can be changed.
pub fn describe(form: &Form) -> Came {
    let name = match form.given("TypeName") {
        Some(name) => name,
        // `arn:aws:cloudformation:REGION::type/resource/AWS-SQS-Queue`
        None => needed(form, "Arn")?.rsplit('/').next().unwrap_or_default(),
    };
    let name = if name.contains("::") { name.to_owned() } else { name.replace('-', "::") };
    let found = resource_type(&name).filter(|_| is_supported(&name));
    let kind =
        found.ok_or_else(|| ApiError::new("TypeNotFoundException", format!("The type '{name}' cannot be found.")))?;
    let pointers = |wanted: fn(&countersign_template::types::Property) -> bool| -> Vec<String> {
        kind.properties().filter(wanted).map(|property| format!("/properties/{}", property.name)).collect()
    };
    let required: Vec<&str> = kind.properties().filter(|one| one.required).map(|one| one.name).collect();
    let properties: Map<String, Value> = kind.properties().map(|one| (one.name.to_owned(), json!({}))).collect();
    let schema = json!({
        "typeName": name, "properties": properties, "required": required,
        "createOnlyProperties": pointers(|one| one.replaces), "additionalProperties": false,
    });
    Ok([
        element("Arn", format!("arn:aws:cloudformation:us-east-1::type/resource/{}", name.replace("::", "-"))),
        element("Type", "RESOURCE"),
        element("TypeName", &name),
        element("IsDefaultVersion", true),
        element("Schema", schema),
        element("ProvisioningType", "FULLY_MUTABLE"),
        element("DeprecatedStatus", "LIVE"),
        element("Visibility", "PUBLIC"),
    ]
    .concat())
}
