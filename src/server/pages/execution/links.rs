//! What leads from an execution to its version, its alias and the console of AWS.

use countersign_desk::Desk;
use countersign_desk::watch::Record;

use crate::routes::view::TAB;
use crate::routes::{self, View};
use crate::server::console::Console;
use crate::wire::state::Link;

/// The version or alias that it was started with, and the console's pages.
pub fn links(desk: &Desk, record: &Record) -> Vec<Link> {
    let about = &record.description;
    let console = Console::of(desk.about(), &about.arn);
    let begun = record.events.first().map(|event| &event.details);
    let last = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
    // Outside of AWS the page itself has what the version says.
    let definition = View::default().changed(&[(TAB, Some("definition"))]);
    let definition = routes::of(desk.id().as_str()).execution_view(&about.arn, &definition);
    let of = |word: &str, arn: Option<&String>| {
        let outside = console.as_ref().zip(arn).map(|(console, arn)| console.machine(arn));
        let leaves = outside.is_some();
        let href = outside.unwrap_or_else(|| definition.clone());
        arn.map(|arn| Link {
            word: word.to_owned(),
            href: Some(href),
            name: last(arn),
            leaves,
            copied: Some((format!("the ARN of the {}", word.to_lowercase()), arn.clone())),
        })
    };
    let version = of("Version", begun.and_then(|details| details.state_machine_version_arn.as_ref()));
    let alias = of("Alias", begun.and_then(|details| details.state_machine_alias_arn.as_ref()));
    let page = console.as_ref().map(|console| Link {
        word: "AWS console".to_owned(),
        href: Some(console.execution(&about.arn)),
        name: "This execution".to_owned(),
        leaves: true,
        copied: None,
    });
    version.into_iter().chain(alias).chain(page).collect()
}
