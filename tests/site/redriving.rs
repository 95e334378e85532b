//! Redrive: a form on the page of an execution that ended without success.

use axum::http::header;
use countersign::wire::Status;
use serde_json::json;

use crate::support::{Site, here};

/// A task of an activity between two other states; its name is not a friendly one.
const ASK: &str = "Ask <b>\u{202e}them</b>";

/// Starts an execution that waits for a worker: its ARN and the ARN of its activity.
async fn waiting(site: &Site) -> (String, String) {
    let sfn = &site.desk.sfn;
    let activity = sfn.create_activity().name("work").send().await.unwrap().activity_arn;
    let definition = json!({ "StartAt": "First", "States": {
        "First": { "Type": "Pass", "Next": ASK },
        ASK: { "Type": "Task", "Resource": activity, "Next": "Last" },
        "Last": { "Type": "Pass", "End": true },
    } });
    let made = sfn.create_state_machine().name("again").definition(definition.to_string());
    let made = made.role_arn("arn:aws:iam::000000000000:role/r").send().await.unwrap();
    let started = sfn.start_execution().state_machine_arn(made.state_machine_arn).input("{}").send().await.unwrap();
    site.desk.look_again().await;
    (started.execution_arn, activity)
}

/// The worker answers the open task.
async fn answer(site: &Site, activity: &str, is_well: bool) {
    let sfn = &site.desk.sfn;
    let task = sfn.get_activity_task().activity_arn(activity).send().await.unwrap();
    let token = task.task_token.unwrap();
    if is_well {
        sfn.send_task_success().task_token(token).output("{}").send().await.unwrap();
    } else {
        sfn.send_task_failure().task_token(token).error("No").cause("not now").send().await.unwrap();
    }
    site.settled().await;
}

/// The page of an execution once it has this status.
async fn page(site: &Site, arn: &str, status: Status) -> String {
    for _ in 0..100 {
        if site.desk.execution(arn).await.unwrap().row.status == status {
            return site.page(&here().execution(arn)).await.text;
        }
        site.desk.look_again().await;
    }
    panic!("{arn} is not {status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_execution_is_redriven_by_a_form_and_goes_on() {
    let site = Site::new("redrive").await;
    let (arn, activity) = waiting(&site).await;
    let running = site.page(&here().execution(&arn)).await.text;
    assert!(!running.contains("/api/redrive"), "what runs has nothing to redrive");
    answer(&site, &activity, false).await;
    let failed = page(&site, &arn, Status::Failed).await;
    let form = failed.split("action=\"/api/redrive\"").nth(1).expect("a form").split("</form>").next().unwrap();
    assert!(form.contains("It goes on from:") && form.contains("Ask &lt;b&gt;"), "{form}");
    assert!(!form.contains('\u{202e}') && form.contains("Completed steps are not repeated"), "{form}");
    assert!(form.contains("name=\"redrives\" value=\"0\""), "{form}");
    let fields = [("arn", arn.as_str()), ("redrives", "0")];
    for _ in 0..2 {
        let redriven = site.form("/api/redrive", &fields).await;
        assert_eq!(redriven.header(header::LOCATION), here().execution(&arn));
        let page = site.page(&here().execution(&arn)).await.text;
        assert!(page.contains("redriven ") && !page.contains("Nothing was redriven"), "it says so at once");
        assert!(!page.contains("action=\"/api/redrive\""));
    }
    let audit = site.page("/default/audit").await.text;
    assert_eq!(audit.matches("Redrove").count(), 1, "a form that is sent twice is one act");
    answer(&site, &activity, true).await;
    let done = page(&site, &arn, Status::Succeeded).await;
    assert!(done.contains("redriven ") && !done.contains("/api/redrive"));
    let described = site.desk.sfn.describe_execution().execution_arn(&arn).send().await.unwrap();
    assert_eq!(described.redrive_count, Some(1));
    let late = site.form("/api/redrive", &[("arn", arn.as_str()), ("redrives", "1")]).await;
    let told = site.page(late.header(header::LOCATION)).await.text;
    assert!(told.contains("Nothing was redriven. It succeeded"), "a form of an old page is refused with the reason");
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_ended_in_a_fail_state_says_that_it_fails_again() {
    let site = Site::new("redrive-fail").await;
    let definition = r#"{"StartAt":"Give up","States":{"Give up":{"Type":"Fail","Error":"No"}}}"#;
    let sfn = &site.desk.sfn;
    let made = sfn.create_state_machine().name("fails").definition(definition);
    let made = made.role_arn("arn:aws:iam::000000000000:role/r").send().await.unwrap();
    let started = sfn.start_execution().state_machine_arn(made.state_machine_arn).input("{}").send().await.unwrap();
    site.settled().await;
    let page = page(&site, &started.execution_arn, Status::Failed).await;
    assert!(page.contains("It ended in the Fail state ") && page.contains("fails the same way"));
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_redriven_at_once_and_each_has_its_outcome() {
    let site = Site::new("redrive-bulk").await;
    let (failed, activity) = waiting(&site).await;
    answer(&site, &activity, false).await;
    page(&site, &failed, Status::Failed).await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let made = site.desk.sfn.create_state_machine().name("well").definition(definition);
    let made = made.role_arn("arn:aws:iam::000000000000:role/r").send().await.unwrap();
    let well = site.desk.sfn.start_execution().state_machine_arn(made.state_machine_arn).send().await.unwrap();
    site.settled().await;
    let none = failed.replace(":again:", ":none:");
    let mut fields = vec![("verb", "redrive")];
    fields.extend([&failed, &well.execution_arn, &none].map(|arn| ("arns[]", arn.as_str())));
    let prepared = site.form("/api/prepare_bulk", &fields).await;
    let path = prepared.header(header::LOCATION).to_owned();
    let list = site.page(&path).await.text;
    assert!(list.contains("Redrive: 3 executions") && list.contains("1 of 3 will be acted on; 2 cannot be"), "{list}");
    assert!(list.contains("nothing to redrive") && list.contains("It is not there any more."), "{list}");
    let field = |name: &str| {
        let begin = format!("name=\"{name}\" value=\"");
        list.split(&begin).nth(1).and_then(|rest| rest.split('"').next()).expect("a field").to_owned()
    };
    let (id, seen) = (field("id"), field("seen"));
    site.form("/api/run_bulk", &[("id", id.as_str()), ("seen", seen.as_str())]).await;
    let mut told = String::new();
    for _ in 0..200 {
        told = site.page(&path).await.text;
        if told.contains("Done: 1 of 3. 2 refused.") {
            break;
        }
        site.desk.look_again().await;
    }
    assert!(told.contains("Done: 1 of 3. 2 refused.") && told.contains("Redriven"), "{told}");
    answer(&site, &activity, true).await;
    page(&site, &failed, Status::Succeeded).await;
    let described = site.desk.sfn.describe_execution().execution_arn(&failed).send().await.unwrap();
    assert_eq!(described.redrive_count, Some(1), "once");
    // Whoever confirms the same list again does nothing more.
    site.form("/api/run_bulk", &[("id", id.as_str()), ("seen", seen.as_str())]).await;
    let described = site.desk.sfn.describe_execution().execution_arn(&failed).send().await.unwrap();
    assert_eq!(described.redrive_count, Some(1));
    site.close().await;
}
