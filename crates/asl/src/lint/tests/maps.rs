//! Map states.

use serde_json::{Value, json};

use super::state;

#[test]
fn readers_and_processors() {
    let map = |config: Value, reader: Value| {
        json!({"Type": "Map", "ItemReader": reader, "ItemProcessor":
            {"ProcessorConfig": config, "StartAt": "C", "States": {"C": {"Type": "Succeed"}}}})
    };
    let reader = |config: Value| {
        let distributed = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
        map(distributed, json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config}))
    };
    let place = "at /ItemProcessor/ProcessorConfig";
    let mut inline = map(json!({"Mode": "INLINE", "ExecutionType": "EXPRESS"}), Value::Null);
    inline.as_object_mut().unwrap().shift_remove("ItemReader");
    state(&inline, &[&format!("Field 'ExecutionType' is not supported {place}")]);
    inline["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED"});
    state(&inline, &[&format!("These fields are required: [ExecutionType] {place}")]);
    inline["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "SPREAD"});
    state(&inline, &[&format!("Value should be one of the following: [INLINE, DISTRIBUTED] {place}/Mode")]);
    state(&reader(json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"})), &[]);
    let place = "at /ItemReader/ReaderConfig";
    for (config, message) in [
        (json!({"InputType": "CSV"}), "The field 'CSVHeaderLocation' is required"),
        (json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}), "These fields are required: [CSVHeaders]"),
        (json!({"InputType": "JSON", "CSVHeaderLocation": "FIRST_ROW"}), "Field 'CSVHeaderLocation' is not supported"),
    ] {
        state(&reader(config), &[&format!("{message} {place}")]);
    }
}
