//! Which crate may know which: the directions that the design promises, read off what cargo would build.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The names of everything that each crate of the workspace is built with.
fn built_with() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let host = host();
    // What other platforms need was never downloaded.
    let platform = ["--filter-platform", &host];
    let options = ["metadata", "--offline", "--locked", "--format-version", "1", "--manifest-path", manifest];
    let output = Command::new(env!("CARGO")).args(options).args(platform).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let texts = |value: &Value| value.as_str().unwrap().to_owned();
    let names: BTreeMap<String, String> =
        metadata["packages"].as_array().unwrap().iter().map(|one| (texts(&one["id"]), texts(&one["name"]))).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let needs: BTreeMap<String, Vec<String>> = nodes.iter().map(|node| (texts(&node["id"]), needed(node))).collect();
    let members = metadata["workspace_members"].as_array().unwrap();
    members
        .iter()
        .map(|member| {
            let mut found = BTreeSet::new();
            let mut left = vec![texts(member)];
            while let Some(id) = left.pop() {
                left.extend(needs[&id].iter().filter(|id| found.insert((*id).clone())).cloned());
            }
            (names[&texts(member)].clone(), found.iter().map(|id| names[id].clone()).collect())
        })
        .collect()
}

/// The platform that the compiler builds for.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// What a package is built with: its tests and its build script do not count.
fn needed(node: &Value) -> Vec<String> {
    let is_normal = |one: &&Value| one["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
    let needed = node["deps"].as_array().unwrap().iter().filter(is_normal);
    needed.map(|one| one["pkg"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_domain_knows_no_page_and_the_language_knows_no_domain() {
    let built_with = built_with();
    let check = |name: &str, forbidden: &[&str]| {
        let found: Vec<&&str> = forbidden.iter().filter(|one| built_with[name].contains(**one)).collect();
        assert!(found.is_empty(), "{name} is built with {found:?}");
    };
    let pages = ["leptos", "leptos_axum", "leptos_router", "axum", "tower-http", "countersign"];
    check("countersign-desk", &[&pages[..], &["countersign-local"]].concat());
    for pure in ["countersign-asl", "countersign-trace", "countersign-engine", "countersign-json", "countersign-replay"]
    {
        let outside = ["countersign-desk", "countersign-local", "tokio", "sqlx", "aws-sdk-sfn", "hyper", "reqwest"];
        check(pure, &[&pages[..], &outside].concat());
    }
    check("countersign-local", &["leptos", "countersign", "countersign-desk", "aws-sdk-sfn"]);
    assert!(built_with["countersign-desk"].contains("aws-sdk-sfn"), "the check sees what there is");
}
