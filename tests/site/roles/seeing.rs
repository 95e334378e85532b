//! What is not seen: the workflows of others, and hidden fields of payloads, wherever they might be shown.

use super::*;

/// Whoever may see one workflow alone finds nothing of the others: not in lists, counts, the inbox, searches or saved lists.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_one_workflow_finds_nothing_of_the_others() {
    let mut site = Site::new("one-workflow").await;
    let (hidden, _) = site.ask_with("hidden-run", r#"{"title": "Secret plan", "amount": 1, "currency": "EUR"}"#).await;
    site.form("/api/save_view", &[("name", "Approvals of ours"), ("workflow", "approval")]).await;
    let fields = [("workflow", "order"), ("name", "seen-run"), ("input", r#"{"orderId":"S-1","note":"Seen"}"#)];
    site.form("/api/start", &fields).await;
    site.settled().await;
    let only = r#"@id("everybody-sees") permit (principal == Person::"omar", action == Action::"view", resource in Workflow::"order");
        @id("everybody-sees-payloads") permit (principal == Person::"omar", action == Action::"viewPayload", resource in Workflow::"order");
        @id("dana") permit (principal == Person::"dana", action, resource);"#;
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    let board = site.desk.ruled(definitions, only);
    board.run(&site.end);
    board.desk.first_look().await;
    site.router = http::router(Arc::new(Desks::of(Arc::clone(&board.desk))));
    site.desk = board;
    site.becomes("dana");
    for _ in 0..200 {
        if site.page("/default/inbox").await.text.contains("Secret plan") {
            break;
        }
        site.desk.desk.look_again().await;
    }
    assert!(site.page("/default/inbox").await.text.contains("Secret plan"), "Dana sees it");
    site.becomes(SOMEBODY);
    for address in [
        "/default",
        "/default/workflows",
        "/default/executions",
        "/default/executions?status=waiting",
        "/default/executions?q=hidden-run",
        "/default/executions?q=Secret",
        "/default/executions?scope=all",
        "/api/executions",
        "/api/executions?q=Secret",
        "/api/approvals",
        "/default/inbox",
        "/default/search?q=hidden",
        "/default/search?q=approval",
        "/default/search?q=Secret",
        "/default/deploy",
    ] {
        let answer = site.page(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
        let shown = if address.starts_with("/api") { &answer.text } else { answer.text.split("<main").nth(1).unwrap() };
        for secret in ["Secret plan", &hidden, "Approvals of ours", "/default/workflows/approval"] {
            assert!(!shown.contains(secret), "{secret} at {address}: {shown}");
        }
    }
    assert!(site.page("/default/executions").await.text.contains("seen-run"));
    for address in [
        here().execution(&hidden),
        here().workflow("approval"),
        "/default/executions?workflow=approval".to_owned(),
        here().history(&hidden),
        here().value(&hidden, "input"),
        "/api/executions?workflow=approval".to_owned(),
        format!("/api/approvals/{}", RequestId { arn: hidden.clone(), event: 3 }),
    ] {
        assert_eq!(site.page(&address).await.status, StatusCode::FORBIDDEN, "{address}");
    }
    site.close().await;
}

/// What is hidden of payloads is hidden wherever they are shown; without `hide` nothing of them is shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_field_is_hidden_everywhere() {
    let folder = std::env::temp_dir().join(format!("countersign-hide-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("statemachine");
    for file in std::fs::read_dir(&from).unwrap().flatten() {
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let manifest = std::fs::read_to_string(folder.join("countersign.toml")).unwrap();
    let without = manifest.clone();
    let manifest = manifest.replace("[workflows.approval]\n", "[workflows.approval]\nhide = [\"$.reason\"]\n");
    std::fs::write(folder.join("countersign.toml"), &manifest).unwrap();
    let mut site = Site::of("hide", &folder).await;
    let request = r#"{"title": "A test", "reason": "IBAN-DE0212345", "copy": "of IBAN-DE0212345", "amount": 1, "currency": "EUR"}"#;
    let (arn, event) = site.ask_with("hiding", request).await;
    let blind = r#"@id("everybody-sees-payloads") permit (principal == Person::"dana", action == Action::"viewPayload", resource);"#;
    for (manifest, title) in [(&manifest, true), (&without, false)] {
        std::fs::write(folder.join("countersign.toml"), manifest).unwrap();
        let board = site.desk.ruled(folder.clone(), blind);
        board.run(&site.end);
        board.desk.first_look().await;
        site.router = http::router(Arc::new(Desks::of(Arc::clone(&board.desk))));
        site.desk = board;
        for (person, sees) in [("dana", true), ("omar", false)] {
            site.becomes(person);
            let execution = here().execution(&arn);
            for address in [
                here().approval(&arn, event),
                execution.clone(),
                format!("{execution}?tab=data"),
                format!("{execution}?state=WaitForApproval"),
                format!("{execution}?state=WaitForApproval&part=stages"),
                format!("{execution}?state=WaitForApproval&part=difference"),
                format!("{execution}?tab=events&event=1"),
                here().history(&arn),
                here().value(&arn, "input"),
                "/api/approvals".to_owned(),
                format!("/api/approvals/{}", RequestId { arn: arn.clone(), event }),
                here().start_again("approval", &arn),
                here().workflow("approval"),
            ] {
                let answer = site.page(&address).await;
                assert!(sees || !answer.text.contains("DE0212345"), "{person} at {address}: {}", answer.text);
            }
            let found = site.page("/default/executions?q=DE0212345").await.text;
            assert!(sees || !found.contains("hiding"), "{person} finds by what is hidden");
            let page = site.page(&here().approval(&arn, event)).await.text;
            assert!(sees || title || page.contains("Wait for approval"), "{person}: the state's name is left: {page}");
            assert_eq!(page.contains("A test"), sees || title, "{person}: what is not hidden is shown: {page}");
            if sees {
                assert!(site.page(&here().value(&arn, "input")).await.text.contains("DE0212345"));
            }
        }
    }
    site.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}
