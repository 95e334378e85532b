#![allow(clippy::unwrap_used)]
use super::super::test_environment::Fixed;
use super::*;
use serde_json::json;

#[track_caller]
fn check(text: &str, expect: Value) {
    let mut env = Fixed::with_input(json!({"a": {"b": [1, 2, 3, 4]}, "list": [{"p": 1, "n": "x"}, {"p": 9, "n": "y"}],
        "odd key": true, "nil": null,
        "sets": [{"i": 1, "s": [1, 2]}, {"i": 2, "s": [2, 3]}, {"i": 3, "s": []}]}));
    env.variables.insert("v".into(), json!({"k": 7}));
    let got = match Path::parse(text).unwrap().evaluate(&env) {
        Ok(value) => value.into_owned(),
        Err(error) => json!(format!("error: {error}")),
    };
    assert_eq!(got, expect, "{text}");
}

#[test]
fn paths_select_what_the_service_selects() {
    check("$.a.b[0]", json!(1));
    check("$.a.b[-1]", json!(4));
    check("$.a.b[1:3]", json!([2, 3]));
    check("$.a.b[:1]", json!([1]));
    check("$.a.b[-2:]", json!([3, 4]));
    check("$.a.b[:-1]", json!([1, 2, 3]));
    check("$.a.b[-9:]", json!([1, 2, 3, 4]));
    check("$.a.b[2:99]", json!([3, 4]));
    check("$.a.b[99:]", json!([]));
    check("$.a.b[:-9]", json!([]));
    check("$.a.b[1:-1]", json!([]));
    check("$.a.b[-3:-1]", json!([2, 3]));
    check("$.a.b[-9:-2]", json!([1, 2]));
    check("$.a.b[-1:1]", json!([4, 1]));
    check("$.a.b[0:3:2]", json!([1, 2, 3]));
    check("$.a.b[0:9223372036854775807]", json!([1, 2, 3, 4]));
    check("$.a.b[-9223372036854775808:1]", json!([1, 2, 3, 4, 1]));
    check("$.a.b[0,2]", json!([1, 3]));
    check("$['odd key']", json!(true));
    check("$.list[*].p", json!([1, 9]));
    check("$..p", json!([1, 9]));
    check("$.list[?(@.p > 5)].n", json!(["y"]));
    check("$.list[?(@.n == 'x' || @.p == 9)].p", json!([1, 9]));
    check("$.none[*].x", json!([]));
    check("$.list[?(@.n =~ /X|z/i)].p", json!([1]));
    check("$.list[?(@.n =~ /[xy]{2}/)].p", json!([]));
    check("$.list[?(@.p =~ /[0-5]/)].n", json!(["x"]));
    check("$.sets[?(@.s =~ /3/)].i", json!([2]));
    check("$.list[?(@.none =~ /x*/)].p", json!([1, 9]));
    check("$.list[?(@.n in ['x', 'z'])].p", json!([1]));
    check("$.list[?(@.n nin ['x', 'z'])].p", json!([9]));
    check("$.list[?(@.p == '9')].n", json!(["y"]));
    check("$.a[?(@ size 4)]", json!([]));
    check("$.sets[?(@.s subsetof [1, 2])].i", json!([1, 3]));
    check("$.sets[?(@.s anyof [3])].i", json!([2]));
    check("$.sets[?(@.s noneof [3])].i", json!([1, 3]));
    check("$.sets[?(@.s size 2)].i", json!([1, 2]));
    check("$.sets[?(@.s empty true)].i", json!([3]));
    check("$.sets[?(@.s contains 2)].i", json!([1, 2]));
    check("$.list[?(@.n contains 'y')].p", json!([9]));
    check("$.sets[?(@.s all [2, 3])].i", json!([2]));
    check("$.sets[?(@.s ALL [])].i", json!([1, 2, 3]));
    check("$.list[?(@.n IN ['x'] && !(@.n CONTAINS 'y'))].p", json!([1]));
    check("$.sets[?(@.s[-1] == 2)].i", json!([1]));
    check("$.sets[?(@.s[-3])].i", json!([]));
    check("$.nil", json!(null));
    check("$v.k", json!(7));
    check("$$.Execution.Id", json!("arn:x"));
}

#[test]
fn names_in_quotes_may_have_escapes() {
    for (text, name) in [
        (r"$['it\'s']", "it's"),
        (r#"$["a\\\"b\""]"#, r#"a\"b""#),
        (r"$['a\tb\n']", "a\tb\n"),
        (r"$['\u00e9\z']", "\u{e9}z"),
    ] {
        let env = Fixed::with_input(json!({ name: 1 }));
        let path = Path::parse(text).unwrap();
        assert_eq!(path.evaluate(&env).unwrap().into_owned(), json!(1), "{text}");
    }
}

#[test]
fn missing_places_are_reported_in_the_service_s_words() {
    check("$.x", json!("error: No results for path: $['x']"));
    check("$.x.y.z", json!("error: Missing property in path $['x']"));
    check("$.a.b[9]", json!("error: No results for path: $['a']['b'][9]"));
    check("$.a.length()", json!("error: No results for path: $['a']['length()']"));
    check("$.a.b[9][0]", json!("error: The path $['a']['b'][9] is null"));
    check("$.nil[0]", json!("error: The path $['nil'] is null"));
    check("$.a[0]", json!("error: Filter: [0] can only be applied to arrays. Current context is: {\"b\":[1,2,3,4]}"));
    let no_object = |path: &str, found: &str| {
        json!(format!(
            "error: Expected to find an object with property ['x'] in path {path} but found '{found}'. This is not a \
             json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."
        ))
    };
    check("$.a.b[9].x", no_object("$['a']['b'][9]", "null"));
    check("$.a.b.x", no_object("$['a']['b']", "com.fasterxml.jackson.databind.node.ArrayNode"));
    check("$w", json!("error: Variable '$w' is not defined."));
}

#[test]
fn a_reference_path_makes_its_way() {
    let mut value = json!({"a": 1, "list": [1, 2]});
    Path::parse("$.b.c").unwrap().put(&mut value, json!(5)).unwrap();
    Path::parse("$.list[1]").unwrap().put(&mut value, json!(6)).unwrap();
    assert_eq!(value, json!({"a": 1, "list": [1, 6], "b": {"c": 5}}));
}

#[test]
fn a_reference_path_that_does_not_fit_says_where() {
    for (path, input, message) in [
        ("$.a", json!("x"), "Unable to apply ReferencePath $.a to input \"x\""),
        ("$.a.b", json!({"a": 1}), "Unable to apply step \"a\" to input {\"a\":1}"),
        ("$.list[7]", json!({"list": [1]}), "Unable to apply step \"list\" to input {\"list\":[1]}"),
    ] {
        let error = Path::parse(path).unwrap().put(&mut input.clone(), json!(5)).unwrap_err();
        assert_eq!(error.to_string(), message, "{path}");
    }
    let error = Path::parse("$.a.items").unwrap().get(&json!({"a": {"b": 1}})).unwrap_err();
    assert_eq!(error.to_string(), "Unable to apply step \"items\" to input {\"a\":{\"b\":1}}");
}

#[test]
fn an_exploding_path_ends() {
    let nested = json!((0..60).fold(json!([1, 2]), |inner, _| json!([inner, [3]])));
    let numbers = json!({"list": vec![1; 50_000], "big": vec![0; 50_000]});
    let objects = json!(vec![json!({}); 100]);
    let (text, keys) = ("x".repeat(100_000), vec!["'n'"; 100_000].join(","));
    let texts = json!({"list": vec![0; 50_000], "a": text, "b": text});
    for (value, path, what) in [
        (&nested, "$..*..*..*..*..*".to_owned(), "takes more than 5000000 steps"),
        (&nested, "$..*..*..*".to_owned(), "selects more than 500000 values"),
        // Looking for what is not there takes time, too.
        (&objects, format!("$[*][{keys}]"), "takes more than"),
        (&numbers, "$.list[?(@ in $.big)]".to_owned(), "takes more than"),
        (&numbers, "$.list[?($.list == $.list)]".to_owned(), "takes more than"),
        (&texts, "$.list[?($.a == $.b)]".to_owned(), "takes more than"),
        (&numbers, format!("$.list[?({})]", vec!["@ == 2"; 1_000].join("||")), "takes more than"),
    ] {
        let env = Fixed::with_input(value.clone());
        let error = Path::parse(&path).unwrap().evaluate(&env).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains(what)), "{error:?}: {path:.40}");
    }
}

/// A definition's text is a megabyte at most: neither may it exhaust the stack.
#[test]
fn a_path_as_long_as_a_definition_ends() {
    let env = Fixed::with_input(json!({"list": [{"a": 1}]}));
    for operator in ["||", "&&"] {
        let path = format!("$.list[?({})]", vec!["@.a"; 150_000].join(operator));
        assert_eq!(Path::parse(&path).unwrap().evaluate(&env).unwrap().into_owned(), json!([{"a": 1}]));
    }
    assert!(Path::parse(&format!("$.list[0]{}", "[?(!@.x)]".repeat(100_000))).is_err());
    assert!(Path::parse(&format!("$.list[?(@.a in {}", "[".repeat(1_000_000))).is_err());
    assert!(Path::parse(&format!("$.list[?(@.a in [{}])]", vec!["[1]"; 100].join(","))).is_ok());
    assert!(Path::parse(&format!("$.list[0]{}", "[?(!@.x)]".repeat(490))).unwrap().evaluate(&env).is_ok());
}

/// A few characters make a large machine: the letters of all languages have hundreds of ranges.
#[test]
fn regular_expressions_are_few_and_small() {
    for accepted in
        [r"/\w+@\w+\.[a-z]{2,}/i", r"/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/", "/(a|b){1,200}/", r"/\w{1,64}[\w.]*/"]
    {
        assert!(Path::parse(&format!("$.list[?(@.n =~ {accepted})]")).is_ok(), "{accepted}");
    }
    assert!(Path::parse(r"$.list[?(@.n =~ /\pL{60}/)]").is_err());
    let many = |count: usize| format!("$.list[?({})]", vec!["@.n =~ /x/"; count].join("||"));
    assert!(Path::parse(&many(16)).is_ok());
    let different: Vec<_> = (0..100).map(|i| Path::parse(&format!("$.list[?(@.n =~ /{i}|x/)].p")).unwrap()).collect();
    let list = json!({"list": [{"n": "x", "p": 1}, {"n": "y", "p": 2}]});
    for path in &different {
        assert_eq!(path.select(&list).unwrap().into_owned(), json!([1]));
    }
    assert_eq!(Path::parse(&many(17)), Err("a path has at most 16 regular expressions".to_owned()));
}

/// In Java they are of ASCII alone.
#[test]
fn classes_of_regular_expressions_are_small() {
    let list = json!([{"n": "a_1"}, {"n": "é"}, {"n": "٣"}, {"n": "7"}, {"n": " "}, {"n": "\u{a0}"}, {"n": "\\w"}]);
    for (pattern, expect) in [
        (r"\w+", json!(["a_1", "7"])),
        (r"\W", json!(["é", "٣", " ", "\u{a0}"])),
        (r"\d", json!(["7"])),
        (r"[\s\d]", json!(["7", " "])),
        (r"[^\D]", json!(["7"])),
        (r"\S", json!(["é", "٣", "7", "\u{a0}"])),
        (r"\\w", json!(["\\w"])),
    ] {
        let path = Path::parse(&format!("$[?(@.n =~ /{pattern}/)].n")).unwrap();
        assert_eq!(path.select(&list).unwrap().into_owned(), expect, "{pattern}");
    }
}

#[test]
fn quotes_within_quotes() {
    let object = json!({"Test\\\"\"Name\"": 1, "it's": 2, "a\\'b": 3, "say \"hi\"": 4, "back\\slash": 5});
    for (path, expect) in [
        (r#"$['Test\""Name"']"#, 1),
        (r#"$['it\'s']"#, 2),
        (r#"$["it's"]"#, 2),
        (r#"$["a\'b"]"#, 3),
        (r#"$["say \"hi\""]"#, 4),
        (r#"$['say "hi"']"#, 4),
        (r#"$['back\\slash']"#, 5),
    ] {
        assert_eq!(Path::parse(path).unwrap().select(&object).unwrap().into_owned(), json!(expect), "{path}");
    }
}

#[test]
fn bare_words_of_filters_are_texts() {
    let list = json!([{"s": "subject_completed", "n": 1}, {"s": "AMOUNT_PAID", "n": 2}, {"s": "/a/b", "n": 3},
        {"s": "x-1.y", "n": 4}, {"s": "_z", "n": 5}, {"s": "a/b", "n": 6}]);
    for (filter, expect) in [
        ("@.s==subject_completed", json!([1])),
        ("@.s == AMOUNT_PAID", json!([2])),
        ("@.s==/a/b", json!([3])),
        ("@.s==x-1.y||@.s==_z", json!([4, 5])),
        ("(@.s == a/b) && @.n>5", json!([6])),
        ("@.s != AMOUNT_PAID && @.n<=3", json!([1, 3])),
        ("@.s in [AMOUNT_PAID, /a/b]", json!([2, 3])),
        ("@.s =~ /.a.b/", json!([3])),
    ] {
        let path = Path::parse(&format!("$[?({filter})].n")).unwrap();
        assert_eq!(path.select(&list).unwrap().into_owned(), expect, "{filter}");
    }
}

#[test]
fn broken_paths_are_refused() {
    for text in ["", "a", "$.", "$[", "$.a[", "$['a", "$.a[?(@.x", "$..", "$.a b", "$.a[:]", "$.a[::2]", r"$['\u00zz']"]
    {
        assert!(Path::parse(text).is_err(), "{text}");
    }
}
