//! Prints the state machines that a template, `cdk.out` or a plan of Terraform would make, and of a template what stands in
//! the way of making it on the embedded engine.
//!
//! ```sh
//! cargo run -p countersign-template --example workflows -- template.yaml
//! ```

use countersign_template::{Environment, Files, Nothing, Planning, Template, workflows};
use indexmap::IndexMap;

struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

fn main() {
    let parameters = IndexMap::new();
    for path in std::env::args().skip(1) {
        let planning = Planning {
            files: &Disk,
            account: "123456789012",
            region: "eu-west-1",
            stack_name: "Stack",
            parameters: &parameters,
            complete: false,
            around: &Nothing,
        };
        match workflows(&path, &planning) {
            Ok(workflows) => workflows.iter().for_each(|workflow| {
                println!("{}: {} ({:?})", workflow.file, workflow.logical_id, workflow.kind);
                println!("  {}", workflow.definition.as_ref().map_or("known after apply", |known| &known.text));
                println!(
                    "  role {:?}, logging {:?}, aliases {:?}",
                    workflow.role_arn, workflow.logging, workflow.aliases
                );
                workflow.unresolved.iter().for_each(|unresolved| println!("  {}", unresolved.waiting));
            }),
            Err(errors) => errors.iter().for_each(|error| println!("{error}")),
        }
        if let Ok(Ok(template)) = std::fs::read_to_string(&path).map(|text| Template::read(&text)) {
            judge(&template);
        }
    }
}

/// What stands in the way of making a template, or the order in which its resources are made.
fn judge(template: &Template) {
    let environment = Environment::planned("123456789012", "eu-west-1", "Stack");
    match template.scope(environment, &IndexMap::new(), &Nothing) {
        Err(errors) => errors.iter().for_each(|error| println!("{error}")),
        Ok(scope) => {
            template.check(&scope, &Nothing).iter().for_each(|error| println!("{error}"));
            template.notes.iter().for_each(|note| println!("{}: {}", note.place, note.what));
            println!("{:?}", template.order(&scope));
        }
    }
}
