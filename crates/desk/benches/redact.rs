//! Removing the task tokens of 10,000 executions, beside an Aho-Corasick automaton over the ends of all their spellings.
//! `cargo bench -p countersign-desk --bench redact`.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use countersign_desk::redact::{MARK, RedactionKey, Redactor, Tokens, spellings};

const TOKENS: usize = 10_000;
/// Characters of a token: AWS's have about 600.
const LENGTH: usize = 600;
/// Bytes of the text, and the tokens in it.
const TEXT: usize = 100_000;
const WITHIN: usize = 20;
const TAIL: usize = 24;

fn main() {
    println!("{TOKENS} tokens of {LENGTH} bytes, and a JSON text of {} KB", TEXT / 1_000);
    let all: Vec<String> = (0..TOKENS).map(token).collect();
    let (without, within) = (text(&[]), text(&all[..WITHIN]));
    fingerprints(&all, &without, &within);
    automaton(&all, &without, &within);
}

fn fingerprints(all: &[String], without: &str, within: &str) {
    println!("fingerprints");
    let key = RedactionKey::new([7; 16]);
    let before = resident();
    let tokens = Tokens::new(&key);
    let add = |n: usize, token: &str| {
        let mut redactor = Redactor::new(&key);
        redactor.add(token);
        tokens.set(&format!("arn:aws:states:us-east-1:123456789012:execution:approval:{n:036}"), &redactor);
    };
    let took = time(1, || all.iter().enumerate().for_each(|(n, token)| add(n, token)));
    show("adding all", took);
    println!("  {:<34} {:>10} KB for {} spellings", "memory", resident().saturating_sub(before), tokens.len());
    let more: Vec<String> = (TOKENS..TOKENS + 100).map(token).collect();
    let took = more.iter().enumerate().map(|(n, token)| time(1, || add(TOKENS + n, token))).min();
    show("adding one more", took.unwrap_or_default());
    show("the text without a token", time(50, || black_box(tokens.text(without)).len()));
    show("the text with 20 tokens", time(50, || black_box(tokens.text(within)).len()));
    assert_eq!((tokens.text(without), tokens.text(within).matches(MARK).count()), (without.to_owned(), WITHIN));
}

/// Every spelling in plain text, and an automaton that is built again with each new token.
fn automaton(all: &[String], without: &str, within: &str) {
    println!("Aho-Corasick automaton");
    let before = resident();
    let build = || {
        let mut by_tail: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for spelling in all.iter().flat_map(|token| spellings(token)) {
            by_tail.entry(spelling[spelling.len() - TAIL..].to_owned()).or_default().push(spelling);
        }
        let tails = AhoCorasick::new(by_tail.keys()).expect("few enough patterns");
        (tails, by_tail.into_values().collect::<Vec<_>>())
    };
    let begun = Instant::now();
    let (tails, needles) = build();
    show("building it, so adding one more", begun.elapsed());
    println!("  {:<34} {:>10} KB", "memory", resident().saturating_sub(before));
    let search = |text: &str| {
        let mut text = text.to_owned();
        let found: Vec<usize> = tails.find_overlapping_iter(&text).map(|found| found.pattern().as_usize()).collect();
        for needle in found.into_iter().flat_map(|tail| &needles[tail]) {
            text = text.replace(needle, MARK);
        }
        text
    };
    show("the text without a token", time(50, || black_box(search(without)).len()));
    show("the text with 20 tokens", time(50, || black_box(search(within)).len()));
    assert_eq!(search(within).matches(MARK).count(), WITHIN);
}

/// The time of the quickest of `times` runs: the machine may do other work.
fn time<T>(times: u32, mut run: impl FnMut() -> T) -> Duration {
    let run = |_| {
        let begun = Instant::now();
        black_box(run());
        begun.elapsed()
    };
    (0..times).map(run).min().unwrap_or_default()
}

fn show(what: &str, took: Duration) {
    println!("  {what:<34} {:>10.3} ms", took.as_secs_f64() * 1_000.0);
}

/// Kilobytes of memory that this process has; 0 where the system does not say.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// A token as AWS makes them: the same start, then base64.
fn token(n: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = n as u64 + 1;
    let mut token = "AQCkAAAAKgAAAAMAAAAA".to_owned();
    while token.len() < LENGTH - 2 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        token.push(char::from(LETTERS[(state >> 58) as usize]));
    }
    token + "=="
}

/// A payload of many small strings, in which the tokens stand at equal distances.
fn text(tokens: &[String]) -> String {
    let mut members = Vec::new();
    let mut len = 0;
    while len < TEXT {
        let n = members.len();
        let member =
            format!(r#"{{"id":{n},"customer":"Customer {n} of the northern region","note":"order {n} was placed"}}"#);
        len += member.len() + 1;
        members.push(member);
    }
    for (n, token) in tokens.iter().enumerate() {
        let at = n * members.len() / WITHIN;
        members[at] = format!(r#"{{"callback":"https://example.com/answer?t={token}&ok=1"}}"#);
    }
    format!("[{}]", members.join(","))
}
