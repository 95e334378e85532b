//! Definitions that the service accepts compile.

use countersign_engine::Program;
use serde_json::Value;

use crate::recordings;

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn valid_definitions_compile() {
    let cases = recordings("definitions_labelled");
    let (mut good, mut all) = (0, 0);
    for case in cases.iter().filter(|c| c["expect_valid"] == Value::Bool(true)) {
        let definition: Value = match &case["definition"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        all += 1;
        match Program::compile(&definition) {
            Ok(_) => good += 1,
            Err(error) => eprintln!("{}\n    {error}", case["name"]),
        }
    }
    println!("valid definitions that compile: {good} of {all}");
    assert_eq!(good, all);
}

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn definitions_of_the_world_compile() {
    let folder = crate::folder().join("definitions");
    let mut files = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|e| e.path()) {
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let (mut good, mut all) = (0, 0);
    for file in files {
        let Ok(definition) = serde_json::from_str::<Value>(&std::fs::read_to_string(&file).unwrap()) else {
            continue;
        };
        all += 1;
        match Program::compile(&definition) {
            Ok(_) => good += 1,
            Err(error) => eprintln!("{}\n    {error}", file.display()),
        }
    }
    println!("definitions of the world that compile: {good} of {all}");
    // One has a placeholder within a path, which only a deployment can resolve.
    assert!(all > 90 && good + 1 >= all);
}
