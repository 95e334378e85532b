use super::refused;
use crate::{DEEPEST, Document, LARGEST, MOST_VALUES, What};

#[track_caller]
fn what(text: &str) -> What {
    Document::yaml(text).unwrap_err().what
}

#[test]
fn what_json_cannot_say_is_refused_with_its_place() {
    refused("", "the file is empty: write a value (line 1, column 1)");
    refused("# nothing\n", "the file is empty: write a value (line 1, column 1)");
    refused("a: 1\nb: 2\na: 3\n", "the key `a` stands twice, first at line 1: keep one of the two (line 3, column 1)");
    refused(
        "x: {b: 1, \"b\": 2}\n",
        "the key `b` stands twice, first at line 1: keep one of the two (line 1, column 11)",
    );
    refused("a: 1\n---\nb: 2\n", "a second document begins here: keep one document in a file (line 2, column 1)");
    refused(
        "a: b\u{7}\n",
        "the character U+0007 is not allowed in YAML: remove it, or write it as an escape in double quotes (line 1, column 5)",
    );
    let key = "a key has to be a text on one line: a list, a mapping, an alias or nothing cannot be one in JSON";
    refused("? [a, b]\n: c\n", &format!("{key} (line 1, column 3)"));
    refused("a: {: c}\n", &format!("{key} (line 1, column 5)"));
}

/// A file that somebody is writing: each line short of the last is an error with a place, or a shorter document.
#[test]
fn half_written_yaml_names_the_place() {
    let whole = "StartAt: A\nStates:\n  A: {Type: Task, Resource: \"arn:x\", Retry: [{ErrorEquals: [States.ALL]}],\n    End: true}\n";
    for (end, _) in whole.char_indices() {
        if let Err(error) = Document::yaml(&whole[..end]) {
            let lines = whole[..end].lines().count() as u32;
            assert!(error.line >= 1 && error.line <= lines + 1, "{error} of {lines} lines");
        }
    }
    for (text, line, column) in [
        ("States:\n  A:\n    Type: [Task\n", 4, 1),
        ("States:\n  A:\n   Type: Pass\n    End: true\n", 4, 8),
        ("a: \"open\n", 1, 4),
        ("a:\n\t- b\n", 2, 2),
        ("a: *none\n", 1, 4),
    ] {
        let error = Document::yaml(text).unwrap_err();
        assert!(matches!(error.what, What::Yaml(_)), "{error}");
        assert_eq!((error.line, error.column), (line, column), "{error}\n{text}");
    }
}

#[test]
fn what_grows_without_bound_is_refused() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{},", level - 1).repeat(9);
        laughs += &format!("a{level}: &a{level} [{before}]\n");
    }
    assert_eq!(what(&laughs), What::TooMany);

    // One long key that is merged again and again: its bytes count before they are copied.
    let long = format!("m: &m\n  ? {}\n  : 0\nall:\n", "k".repeat(100_000)) + &"- {<<: *m}\n".repeat(1_000);
    assert_eq!(what(&long), What::TooMany);

    let mut merges = "m0: &m0 {k0: 0}\n".to_owned();
    for level in 1..2_000 {
        merges += &format!("m{level}: &m{level} {{<<: *m{}, k{level}: 0}}\n", level - 1);
    }
    assert_eq!(what(&merges), What::TooMany);

    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(64));
    assert_eq!(what(&long), What::TooMany);
    assert_eq!(what(&"- a\n".repeat(MOST_VALUES + 1)), What::TooMany);
    assert_eq!(what(&" ".repeat(LARGEST + 1)), What::TooLarge);
}

#[test]
fn depth_is_bounded_in_every_style() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Document::yaml(&nested(DEEPEST)).is_ok());
    assert_eq!(what(&nested(DEEPEST + 1)), What::TooDeep);
    assert!(Document::read_json(&nested(DEEPEST)).is_ok());
    assert_eq!(Document::read_json(&nested(DEEPEST + 1)).unwrap_err().what, What::TooDeep);
    let indented = (0..200).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    assert_eq!(what(&indented), What::TooDeep);
    let mut aliases = "a0: &a0 [1]\n".to_owned();
    for level in 1..200 {
        aliases += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert_eq!(what(&aliases), What::TooDeep);
}

/// Texts that are nothing but one construct, many times: time stays in proportion, and nothing ends the program.
#[test]
fn hostile_texts_end_soon() {
    for piece in
        ["{", "[", "- ", "? ", "&a ", "!a ", "'", "\"", "|\n", "a: b: ", "*a", "%x\n", "---\n", "\u{85}", "\t", ": "]
    {
        let _ = Document::yaml(&piece.repeat(20_000));
        let _ = Document::yaml(&format!("a:\n {}", piece.repeat(2_000)));
    }
}
