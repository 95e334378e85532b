//! A Parallel or Map folds by a link, without scripts; the address names what is folded.

use countersign::routes::view::TAB;
use countersign::routes::{View, of};

use crate::support::Site;

const DEFINITION: &str = r#"{"StartAt":"Each line","States":{
  "Each line":{"Type":"Map","Next":"At once","ItemProcessor":{"StartAt":"Price","States":{"Price":{"Type":"Pass","End":true}}}},
  "At once":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"Ship","States":{"Ship":{"Type":"Pass","End":true}}}]}}}"#;

/// The address of the link with this name on a page.
fn link(page: &str, name: &str) -> Option<String> {
    let before = &page[..page.find(&format!("aria-label=\"{name}\""))?];
    let tag = &before[before.rfind("<a")?..];
    let rest = &page[before.len() - tag.len()..];
    let href = rest.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.replace("&amp;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inside_of_a_state_folds_by_a_link() {
    let site = Site::new("folding").await;
    let made = site.desk.sfn.create_state_machine().name("lines").definition(DEFINITION);
    let made = made.role_arn("arn:aws:iam::000000000000:role/r").send().await.unwrap();
    site.desk.look_again().await;
    let input = site.desk.sfn.start_execution().state_machine_arn(made.state_machine_arn).input("[1]");
    let arn = input.send().await.unwrap().execution_arn;
    let pages = [
        of("default").workflow_view("lines", &View::default().with(TAB, Some("definition"))),
        of("default").execution(&arn),
    ];
    for path in pages {
        let whole = site.page(&path).await.text;
        assert!(whole.contains("aria-label=\"Price, Pass"), "{path}");
        let fold = link(&whole, "Fold Each line").unwrap();
        let folded = site.page(&fold).await.text;
        assert!(!folded.contains("aria-label=\"Price, Pass") && folded.contains("aria-label=\"Ship, Pass"), "{fold}");
        let both = link(&folded, "Fold At once").unwrap();
        let none = site.page(&both).await.text;
        assert!(!none.contains("aria-label=\"Ship, Pass"), "{both}");
        let again = link(&none, "Unfold Each line").unwrap();
        let price = site.page(&again).await.text;
        assert!(price.contains("aria-label=\"Price, Pass") && price.contains("Unfold At once"), "{again}");
    }
    site.close().await;
}
