use super::{check, check_template, refused};

#[test]
fn plain_scalars_follow_the_core_schema() {
    for (yaml, json) in [
        ("", "null"),
        ("~", "null"),
        ("NULL", "null"),
        ("nUll", r#""nUll""#),
        ("True", "true"),
        ("FALSE", "false"),
        ("yes", r#""yes""#),
        ("On", r#""On""#),
        ("n", r#""n""#),
        ("2012-10-17", r#""2012-10-17""#),
        ("2024-01-01T00:00:00Z", r#""2024-01-01T00:00:00Z""#),
        ("12:30:45", r#""12:30:45""#),
        ("1_000", r#""1_000""#),
        ("$.order.total", r#""$.order.total""#),
        ("arn:aws:sns:eu-west-1:1:t", r#""arn:aws:sns:eu-west-1:1:t""#),
    ] {
        check(&format!("a: {yaml}\n"), &format!("{{\"a\":{json}}}"));
    }
}

#[test]
fn numbers_keep_their_digits() {
    for (yaml, json) in [
        ("0", "0"),
        ("-17", "-17"),
        ("+17", "17"),
        ("1.50", "1.50"),
        ("98765432109876543210987", "98765432109876543210987"),
        ("6.02e+23", "6.02e+23"),
        ("1E5", "1E5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("5.e3", "5e3"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("0xffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"),
        // No numbers that JSON could write with these digits.
        ("012345678901", r#""012345678901""#),
        ("-01", r#""-01""#),
        ("00.5", r#""00.5""#),
        ("0x", r#""0x""#),
        ("0o8", r#""0o8""#),
        ("1.2.3", r#""1.2.3""#),
        ("1e", r#""1e""#),
        ("e1", r#""e1""#),
        (".", r#"".""#),
        ("+", r#""+""#),
    ] {
        check(&format!("a: {yaml}\n"), &format!("{{\"a\":{json}}}"));
    }
    for yaml in [".inf", "-.INF", ".nan", "0x100000000000000000000000000000000"] {
        let expect = format!(
            "`{yaml}` is a number that JSON does not have: write another, or quote it as a text (line 1, column 4)"
        );
        refused(&format!("a: {yaml}\n"), &expect);
    }
}

#[test]
fn quotes_and_the_tag_for_strings_make_texts() {
    check(
        "a: '5'\nb: \"true\"\nc: !!str 5\nd: ! 5\ne: !!int '5'\nf: !!float 1\ng: !!null ''",
        r#"{"a":"5","b":"true","c":"5","d":"5","e":5,"f":1,"g":null}"#,
    );
    check(r#"a: "tab\t \u00e9 \x41 \U0001f600""#, "{\"a\":\"tab\\t é A 😀\"}");
    check("'it''s': \"\\\"\"", r#"{"it's":"\""}"#);
}

#[test]
fn texts_of_several_lines_keep_their_text() {
    check("a: |\n  one\n    two\n\n  three\nb: 1\n", r#"{"a":"one\n  two\n\nthree\n","b":1}"#);
    check("a: |-\n  {% $x ?\n  'a: b' %}\n", r#"{"a":"{% $x ?\n'a: b' %}"}"#);
    check("a: |+\n  x\n\n", r#"{"a":"x\n\n"}"#);
    check("a: >\n  one\n  two\n\n  three\n", r#"{"a":"one two\nthree\n"}"#);
    check("a: one\n  two\n", r#"{"a":"one two"}"#);
    check("a: |\r\n  one\r\n  two\r\n", r#"{"a":"one\ntwo\n"}"#);
    check("a: |2\n    x\n", r#"{"a":"  x\n"}"#);
}

#[test]
fn lists_and_mappings_nest_in_every_style() {
    check("- 1\n- [a, {b: c}]\n-\n  - x\n- {}\n- []\n", r#"[1,["a",{"b":"c"}],["x"],{},[]]"#);
    check("a:\n- 1\n- 2\nb: {c: [d]}\n", r#"{"a":[1,2],"b":{"c":["d"]}}"#);
    check(r#"{"StartAt": "A", "States": {"A": {"End": true}}}"#, r#"{"StartAt":"A","States":{"A":{"End":true}}}"#);
    check(
        "1: a\ntrue: b\nnull: c\n2012-10-17: d\n'': e\n",
        r#"{"1":"a","true":"b","null":"c","2012-10-17":"d","":"e"}"#,
    );
    check("\u{feff}# a comment\n---\na: 1 # one\n...\n", r#"{"a":1}"#);
}

#[test]
fn aliases_and_merge_keys_are_expanded() {
    check("a: &x [1, 2]\nb: *x\nc: [*x]\n", r#"{"a":[1,2],"b":[1,2],"c":[[1,2]]}"#);
    check("a: &x 1\nb: &x 2\nc: *x\n", r#"{"a":1,"b":2,"c":2}"#);
    check(
        "base: &b {retry: 1, wait: 2}\nuse:\n  first: 0\n  <<: *b\n  wait: 3\n",
        r#"{"base":{"retry":1,"wait":2},"use":{"first":0,"retry":1,"wait":3}}"#,
    );
    check(
        "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], w: 0}\n",
        r#"{"a":{"x":1,"y":1},"b":{"y":2,"z":2},"c":{"x":1,"y":1,"z":2,"w":0}}"#,
    );
    check("'<<': 1\n", r#"{"<<":1}"#);
    refused("a: {<<: 5}\n", "`<<` takes a mapping, or a list of mappings (line 1, column 4)");
    refused(
        "a: &x [*x]\n",
        "the alias stands within the value that it repeats: name another anchor (line 1, column 8)",
    );
}

#[test]
fn short_forms_become_long_forms() {
    check_template(
        "a: !Ref Queue\nb: !GetAtt Fn.Arn\nc: !Sub '${A}-x'\nd: !GetAtt [Fn, Arn]\ne: !GetAtt Nested.Outputs.Url\n",
        concat!(
            r#"{"a":{"Ref":"Queue"},"b":{"Fn::GetAtt":["Fn","Arn"]},"c":{"Fn::Sub":"${A}-x"},"#,
            r#""d":{"Fn::GetAtt":["Fn","Arn"]},"e":{"Fn::GetAtt":["Nested","Outputs.Url"]}}"#
        ),
    );
    check_template(
        "a: !Join\n  - ':'\n  - [x, !Ref 'AWS::Region', !Sub ['${b}', {b: !Ref C}]]\n",
        r#"{"a":{"Fn::Join":[":",["x",{"Ref":"AWS::Region"},{"Fn::Sub":["${b}",{"b":{"Ref":"C"}}]}]]}}"#,
    );
    check_template("a: !Sub |\n  x\n  y\n", r#"{"a":{"Fn::Sub":"x\ny\n"}}"#);
    check_template("a: !Sub 0123\nb: !Ref 5\n", r#"{"a":{"Fn::Sub":"0123"},"b":{"Ref":"5"}}"#);
    check_template("a: yes\nb: Off\nyes: 'no'\n", r#"{"a":true,"b":false,"yes":"no"}"#);
}

#[test]
fn tags_that_are_not_known_are_refused_by_name() {
    let unknown = |tag: &str, column: u32| {
        format!(
            "the tag `{tag}` is not known here: remove it, or write the value in its long form (line 1, column {column})"
        )
    };
    refused("a: !Ref b\n", &unknown("!Ref", 9));
    refused("a: !!binary eA==\n", &unknown("!!binary", 13));
    refused("a: !!set {b}\n", &unknown("!!set", 10));
    refused("a: !!int five\n", "the tag `!!int` does not fit its value: expected an integer (line 1, column 10)");
    let error = crate::Document::yaml_with("a: !GetAtt Arn\n", &super::TEMPLATE).unwrap_err();
    let expect =
        "the tag `!GetAtt` does not fit its value: expected two names with a dot between them, or a list of the two";
    assert_eq!(error.what.to_string(), expect);
}
