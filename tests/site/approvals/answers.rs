//! What the manifest makes of an answer, and what a page says of where it leads.

use countersign::wire::inbox::Approval;
use countersign_desk::connection::ConnectionId;
use countersign_desk::store::DeliveryRecord;

use super::*;

/// Where an outcome leads, as its page says.
fn then<'p>(page: &'p Approval, outcome: &str) -> Option<&'p str> {
    page.outcomes.iter().find(|one| one.id == outcome)?.then.as_deref()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_words_the_answers() {
    let site = Site::new("worded").await;
    site.machine("child", &child()).await;
    let input = json!({ "t.$": "$$.Task.Token", "order.$": "$.order" });
    let mut definition = asks(
        "JSONPath",
        "",
        json!({ "Next": "Which",
        "Parameters": { "StateMachineArn": CHILD, "Input": input } }),
    );
    definition["States"]["Which"] = json!({ "Type": "Choice", "Default": "No",
        "Choices": [{ "Variable": "$.Status", "StringEquals": "Approved!", "Next": "Echo" }] });
    definition["States"]["No"] = json!({ "Type": "Fail", "Error": "Refused", "CausePath": "$.why" });
    let machine = site.machine("tutorial", &definition).await;
    let manifest = r#"
        [workflows.tutorial]
        file = "tutorial.asl.json"
        [workflows.tutorial.approvals.Ask]
        approve = { Status = "Approved!", by = "{% $person %}", order = "{% $request.order %}" }
        reject = { success = { Status = "no", why = "{% $comment & ' ' & $string($decisionId) %}" } }
    "#;
    let (desk, folder) = with_manifest(&site, "worded", manifest).await;
    let person = people::all().remove(0);

    let arn = site.begin(&machine, &json!({ "order": "A-1" })).await;
    let event = site.event_of(&arn).await;
    let page = desk.approval(&arn, event).await.unwrap();
    assert_eq!(page.warnings, Vec::<String>::new());
    assert_eq!(then(&page, "approve"), Some("Which → Echo (succeeds)"));
    assert_eq!(then(&page, "reject"), Some("Which → No (fails)"));
    assert!(desk.decide(&person, &arn, event, "approve", "").await.unwrap().was_in_time());
    let (status, output, _) = site.ended(&arn).await;
    let output: Value = serde_json::from_str(&output.unwrap()).unwrap();
    assert_eq!(status, "SUCCEEDED");
    assert_eq!(output, json!({ "Status": "Approved!", "by": "Dana Whitfield", "order": "A-1" }));

    // The reply was lost: sent again, it is known as the same answer, whatever the manifest says by now.
    std::fs::write(folder.join("countersign.toml"), "").unwrap();
    let decision = desk.store.of_task(&ConnectionId::default_one(), &arn, event).await.unwrap().unwrap();
    assert!(decision.was_tried() && decision.answer.is_some());
    desk.deliver(&decision).await;
    let again = desk.store.of_task(&ConnectionId::default_one(), &arn, event).await.unwrap().unwrap();
    assert!(matches!(again.delivery, DeliveryRecord::Delivered { .. }), "{again:?}");
    std::fs::write(folder.join("countersign.toml"), manifest).unwrap();

    let arn = site.begin(&machine, &json!({ "order": "A-2" })).await;
    let event = site.event_of(&arn).await;
    assert!(desk.decide(&person, &arn, event, "reject", "too dear").await.unwrap().was_in_time());
    let (status, _, error) = site.ended(&arn).await;
    assert_eq!((status.as_str(), error.as_deref()), ("FAILED", Some("Refused")));
    std::fs::remove_dir_all(folder).unwrap();
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_worked_out_is_not_recorded() {
    let site = Site::new("unworded").await;
    let (arn, event) = site.ask("unworded").await;
    let manifest = r#"
        [workflows.approval]
        file = "approval.asl.json"
        [workflows.approval.approvals.WaitForApproval]
        approve = { by = "{% $request.nobody %}" }
    "#;
    let (desk, folder) = with_manifest(&site, "unworded", manifest).await;
    let person = people::all().remove(0);
    let refused = desk.decide(&person, &arn, event, "approve", "").await.unwrap_err();
    assert!(refused.problem.what.starts_with("Nothing was recorded.") && refused.problem.what.contains("approve.by"));
    assert!(desk.store.of_task(&ConnectionId::default_one(), &arn, event).await.unwrap().is_none());
    let page = desk.approval(&arn, event).await.unwrap();
    assert!(page.warnings.iter().any(|warning| warning.contains("approve.by")), "{:?}", page.warnings);
    std::fs::remove_dir_all(folder).unwrap();
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_warns_of_what_follows_and_shows_nothing_as_nothing() {
    let site = Site::new("warns").await;
    site.machine("child", &child()).await;
    let mut definition = asks(
        "JSONPath",
        "$$.Task.Token",
        json!({ "Next": "Which",
        "Parameters": { "StateMachineArn": CHILD, "Input": { "t.$": "$$.Task.Token" } } }),
    );
    definition["States"]["Which"] = json!({ "Type": "Choice", "Default": "Echo",
        "Choices": [{ "Variable": "$.Status", "StringEquals": "Approved!", "Next": "Echo" }] });
    let machine = site.machine("tutorial", &definition).await;
    let arn = site.begin(&machine, &json!({})).await;
    let event = site.event_of(&arn).await;
    let page = site.desk.approval(&arn, event).await.unwrap();
    assert_eq!(page.warnings.len(), 2, "{:?}", page.warnings);
    assert!(page.warnings[0].starts_with("This request has no fields to show"));
    assert!(page.warnings[1].contains("Which fails") && page.warnings[1].contains("$.Status"));
    let text = site.page(&here().approval(&arn, event)).await.text;
    assert!(text.contains("Which fails"), "beside the buttons");
    site.close().await;
}
