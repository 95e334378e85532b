//! `countersign user`, as it is typed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn user(data: &Path, typed: &str, args: &[&str]) -> (bool, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("user")
        .args(args)
        .arg("--data")
        .arg(data)
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that needs no password does not read it.
    let _ = process.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = process.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn users_are_added_listed_and_changed_from_a_terminal() {
    let data = std::env::temp_dir().join(format!("countersign-users-{}", std::process::id()));
    let check = |typed: &str, args: &[&str], works: bool, expected: &str| {
        let (worked, text) = user(&data, typed, args);
        assert!(worked == works && text.contains(expected), "{args:?}: {text}");
        assert!(typed.trim().is_empty() || !text.contains(typed.trim()), "{args:?} shows the password");
    };
    let password = "correct horse battery\n";
    check("", &["list"], true, "There are no users. Add one with countersign user add");
    check("", &["disable", "dana"], false, "There are no users in");
    assert!(!data.exists(), "a look makes no data folder");
    check(password, &["add", "Dana", "--name", "Dana Whitfield", "--group", "administrators"], true, "Added dana.");
    check(password, &["add", "dana"], false, "There is a user dana already.");
    check("short\n", &["add", "omar"], false, "The password has 5 characters.\nUse 12 to 200");
    check(password, &["add", "da na"], false, "\"da na\" cannot be a user name.");
    check(password, &["add", "omar"], true, "Added omar.\nThey see no workflow");
    check("", &["groups", "omar", "approvers", "finance"], true, "omar is in approvers, finance.\n");
    check("", &["disable", "dana"], false, "This is the only administrator.");
    check("", &["disable", "omar"], true, "every session has ended");
    check(
        "",
        &["list"],
        true,
        "dana  Dana Whitfield  administrators\nomar  omar            approvers, finance, disabled",
    );
    check("", &["enable", "omar"], true, "Enabled omar.");
    check("another password\n", &["set-password", "omar"], true, "every session has ended");
    check("another password\n", &["set-password", "nobody"], false, "There is no user \"nobody\"");
    std::fs::remove_dir_all(data).unwrap();
}
