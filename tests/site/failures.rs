//! Executions that end badly: the page names the state where the failure arose, and says why.

use std::time::Duration;

use crate::support::here;
use countersign::wire::Status;
use countersign::wire::execution::Execution;

use crate::board::somebody;
use crate::support::Site;

async fn begin(site: &Site, name: &str, definition: &str) -> String {
    let sfn = &site.desk.sfn;
    let made =
        sfn.create_state_machine().name(name).definition(definition).role_arn("arn:aws:iam::000000000000:role/r");
    let machine = made.send().await.unwrap().state_machine_arn;
    sfn.start_execution().state_machine_arn(machine).input("{}").send().await.unwrap().execution_arn
}

async fn ended(site: &Site, arn: &str) -> Execution {
    for _ in 0..200 {
        let page = site.desk.execution(arn).await.unwrap();
        if page.row.ended_at.is_some() {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{arn} never ended");
}

/// A Map that cannot begin.
const WITHOUT_ITEMS: &str = r#"{"StartAt":"Outer","States":{"Outer":{"Type":"Map","ItemsPath":"$.none","End":true,
  "ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_state_where_the_failure_arose_is_named_with_its_items() {
    let site = Site::new("cause").await;
    let nested = r#"{"StartAt":"Tried","States":{
      "Tried":{"Type":"Parallel","Branches":[{"StartAt":"Caught","States":{"Caught":{"Type":"Fail","Error":"Earlier","Cause":"No matter."}}}],
        "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Items"}],"End":true},
      "Items":{"Type":"Pass","Result":[[0],[1,2]],"Next":"Outer"},
      "Outer":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":{"StartAt":"Inner","States":{
        "Inner":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":{"StartAt":"Which","States":{
          "Which":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":2,"Next":"No"}],"Default":"Yes"},
          "Yes":{"Type":"Succeed"},
          "No":{"Type":"Fail","Error":"TooMany","Cause":"Two are too many."}}}}}}}}}"#;
    let arn = begin(&site, "nested", nested).await;
    let page = ended(&site, &arn).await;
    let trouble = page.trouble.clone().unwrap();
    assert_eq!(trouble.places.len(), 1);
    assert_eq!(trouble.places[0].state, "No");
    assert_eq!(trouble.places[0].place.as_deref(), Some("Outer, index 1 · Inner, index 1"));
    assert_eq!(page.chosen.as_deref(), Some("No"));
    let failure = site.desk.state(&arn, "No").await.unwrap().visit.unwrap().failure.unwrap();
    assert_eq!((failure.error.as_deref(), failure.cause.as_deref()), (Some("TooMany"), Some("Two are too many.")));
    let text = site.page(&here().execution(&arn)).await.text;
    assert!(text.contains("It failed first in ") && text.contains("Outer, index 1 · Inner, index 1"));
    let caught = site.desk.state(&arn, "Caught").await.unwrap().visit.unwrap().failure.unwrap();
    assert_eq!(caught.error.as_deref(), Some("Earlier"), "a Fail state says its error");

    // A failure of the container itself is the container's.
    let arn = begin(&site, "itself", WITHOUT_ITEMS).await;
    let page = ended(&site, &arn).await;
    assert_eq!(page.trouble.unwrap().places[0].state, "Outer");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_out_of_time_or_was_stopped_says_so() {
    let site = Site::new("time").await;
    let waits = r#"{"StartAt":"Both","TimeoutSeconds":1,"States":{"Both":{"Type":"Parallel","End":true,"Branches":[
      {"StartAt":"Long","States":{"Long":{"Type":"Wait","Seconds":600,"End":true}}},
      {"StartAt":"Short","States":{"Short":{"Type":"Pass","End":true}}}]}}}"#;
    let arn = begin(&site, "late", waits).await;
    let page = ended(&site, &arn).await;
    assert_eq!(page.row.status, Status::TimedOut);
    let text = site.page(&here().execution(&arn)).await.text;
    assert!(text.contains("It ran longer than 1 second, the limit in its definition (TimeoutSeconds)."), "{text}");
    let trouble = page.trouble.unwrap();
    assert_eq!(trouble.lead, "When it timed out, it was in ");
    assert_eq!(trouble.places.iter().map(|place| place.state.as_str()).collect::<Vec<_>>(), ["Long"]);

    let arn = begin(&site, "stopped", &waits.replace("\"TimeoutSeconds\":1,", "")).await;
    site.form("/api/stop", &[("arn", &arn), ("cause", "Enough.")]).await;
    let page = ended(&site, &arn).await;
    assert_eq!(page.row.status, Status::Aborted);
    let text = site.page(&here().execution(&arn)).await.text;
    assert!(text.contains("When it was stopped, it was in ") && !text.contains("It failed first"), "nothing failed");
    site.close().await;
}

const NO_FUNCTION: &str =
    r#""Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"no_such_function"}"#;

/// The notice of a failed execution, in words.
async fn notice(site: &Site, name: &str, definition: &str) -> (Execution, String) {
    let arn = begin(site, name, &definition.replace("$task", NO_FUNCTION)).await;
    let page = ended(site, &arn).await;
    let html = site.page(&here().execution(&arn)).await.text;
    let notice = html.split("class=\"notice notice-bad\"").nth(1).unwrap().split("</div>").next().unwrap();
    (page, notice.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_saga_the_step_is_named_that_failed_first_and_where_it_ended() {
    let site = Site::new("saga").await;
    let saga = r#"{"StartAt":"Look up","States":{
      "Look up":{$task,"Next":"Charge card","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Guess"}]},
      "Guess":{"Type":"Pass","Next":"Charge card"},
      "Charge card":{$task,"End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Refund"}]},
      "Refund":{$task,"Next":"Release stock","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Release stock"}]},
      "Release stock":{"Type":"Pass","Next":"Order failed"},
      "Order failed":{"Type":"Fail","Error":"OrderFailed","Cause":"It was undone."}}}"#;
    let (page, text) = notice(&site, "saga", saga).await;
    assert!(text.contains("It failed first in Charge card, and ended in Order failed."), "{text}");
    assert_eq!(page.chosen.as_deref(), Some("Charge card"), "its input and its error tell what to do");
    let mut reasons: Vec<String> = Vec::new();
    for _ in 0..200 {
        site.desk.look_again().await;
        let failures = site.desk.last_day(&somebody(), 12).await.unwrap().failures;
        reasons =
            failures.iter().filter_map(|one| one.reason.as_ref()).map(countersign::server::words::reason).collect();
        if reasons.iter().any(|why| why.contains(" in ")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        reasons.iter().any(|why| why == "OrderFailed in Order failed, after a failure in Charge card"),
        "{reasons:?}"
    );

    // A Choice leads to the Fail state: nothing went wrong before it, though something was caught and made up for.
    let choice = r#"{"StartAt":"Look up","States":{
      "Look up":{$task,"Next":"Which","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Guess"}]},
      "Guess":{"Type":"Pass","Next":"Which"},
      "Which":{"Type":"Choice","Choices":[{"Variable":"$.ok","IsPresent":true,"Next":"Done"}],"Default":"Undo"},
      "Done":{"Type":"Succeed"},
      "Undo":{"Type":"Pass","Next":"Refused"},
      "Refused":{"Type":"Fail","Error":"Refused"}}}"#;
    let (page, text) = notice(&site, "choice", choice).await;
    assert!(text.contains("It failed first in Refused."), "{text}");
    assert_eq!(page.chosen.as_deref(), Some("Refused"));

    // In an iteration, and caught around it.
    let items = r#"{"StartAt":"Items","States":{
      "Items":{"Type":"Pass","Result":[1,2],"Next":"Each"},
      "Each":{"Type":"Map","MaxConcurrency":1,"End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Failed"}],
        "ItemProcessor":{"StartAt":"Which","States":{
          "Which":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":2,"Next":"Pack"}],"Default":"Fine"},
          "Fine":{"Type":"Succeed"},
          "Pack":{$task,"End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Unpack"}]},
          "Unpack":{"Type":"Pass","Next":"Not packed"},
          "Not packed":{"Type":"Fail","Error":"NotPacked"}}}},
      "Failed":{"Type":"Fail","Error":"OrderFailed"}}}"#;
    let (_, text) = notice(&site, "items", items).await;
    assert!(text.contains("It failed first in Pack (Each, index 1), and ended in Failed."), "{text}");
    site.close().await;
}
