#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

mod generated;
mod limits;
mod places;
mod schema;

use crate::{Document, LongForm, Options, Words};

/// The JSON of a YAML text in one line.
fn compact(text: &str, options: &Options) -> String {
    let document = Document::yaml_with(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let lines = document.json().lines().map(str::trim_start);
    lines.collect::<String>().replace("\": ", "\":")
}

#[track_caller]
fn check(text: &str, json: &str) {
    assert_eq!(compact(text, &Options::default()), json, "{text}");
}

#[track_caller]
fn check_template(text: &str, json: &str) {
    assert_eq!(compact(text, &TEMPLATE), json, "{text}");
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    match Document::yaml_with(text, &Options::default()) {
        Ok(document) => panic!("{text}\nwas read as {}", document.json()),
        Err(error) => assert_eq!(error.to_string(), expect, "{text}"),
    }
}

const TEMPLATE: Options = Options { tags: short_form, words: Words::Booleans };

fn short_form(tag: &str) -> Option<LongForm> {
    let (key, splits) = match tag {
        "Ref" => ("Ref", false),
        "Sub" => ("Fn::Sub", false),
        "Join" => ("Fn::Join", false),
        "GetAtt" => ("Fn::GetAtt", true),
        _ => return None,
    };
    Some(LongForm { key, splits })
}
