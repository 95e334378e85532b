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
    let one_of = "Value should be one of the following:";
    for (field, value, message) in [
        ("InputType", json!(1), "Expected value of type [STRING]"),
        ("CSVHeaders", json!("a,b"), "Expected value of type [ARRAY]"),
        ("CSVDelimiter", json!(";"), &format!("{one_of} [COMMA, PIPE, SEMICOLON, SPACE, TAB]")),
        ("ManifestType", json!("ATHENA"), &format!("{one_of} [ATHENA_DATA, S3_INVENTORY]")),
        ("Transformation", json!("FLATTEN"), &format!("{one_of} [NONE, LOAD_AND_FLATTEN]")),
    ] {
        state(&reader(json!({field: value})), &[&format!("{message} {place}/{field}")]);
    }
}

#[test]
fn batchers_and_writers() {
    let map = |field: &str, value: Value| {
        json!({"Type": "Map", field: value, "ItemProcessor": {"StartAt": "C", "States": {"C": {"Type": "Succeed"}},
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}})
    };
    let any = "This object should have at least one of the following fields:";
    let limits = "MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath";
    state(&map("ItemBatcher", json!({"MaxInputBytesPerBatchPath": "$.size"})), &[]);
    state(&map("ItemBatcher", json!({"BatchInput": {"a": 1}})), &[&format!("{any} [{limits}] at /ItemBatcher")]);
    state(&map("ResultWriter", json!({"WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"}})), &[]);
    state(&map("ResultWriter", json!({})), &[&format!("{any} [Resource, WriterConfig] at /ResultWriter")]);
    for (config, message, field) in [
        (json!("JSON"), "Expected value of type [OBJECT]", ""),
        (json!({"Format": "JSON"}), "Field 'Format' is not supported", ""),
        (json!({"OutputType": "CSV"}), "Value should be one of the following: [JSON, JSONL]", "/OutputType"),
    ] {
        let writer = map("ResultWriter", json!({"WriterConfig": config}));
        state(&writer, &[&format!("{message} at /ResultWriter/WriterConfig{field}")]);
    }
}
