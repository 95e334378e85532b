use crate::{Document, Kind, Span, is_yaml};

const MACHINE: &str = "\
# A comment
StartAt: Pay
States:
  Pay:
    Type: Choice
    Choices:
      - Variable: '$.total'
        NumericGreaterThan: 1000
        Next: Ask
    Default: \"Ship\"
  Ask:
    Type: Pass
    Output: |-

      {% $states.input ~>
         $uppercase() %}
    Next: Ship
";

#[test]
fn a_path_leads_to_its_place() {
    let document = Document::yaml(MACHINE).unwrap();
    for (path, line, column) in [
        ("/StartAt", 2, 10),
        ("/States/Pay/Choices[0]/Next", 9, 15),
        ("/States/Pay/Choices[0]/Variable", 7, 19),
        ("/States/Pay/Default", 10, 14),
        ("/States/Ask/Output", 15, 7),
    ] {
        let span = document.find(path).unwrap().span();
        assert_eq!((span.line, span.column), (line, column), "{path}");
    }
    assert!(document.find("/States/Pay/Choices[1]").is_none());
    assert!(document.find("/States/Nobody").is_none());
    assert_eq!(document.find("").unwrap().kind(), Kind::Object);

    let odd = Document::yaml("a/b:\n  c[0]: 1\na: {b: 2}\n").unwrap();
    assert_eq!(odd.find("/a/b").unwrap().kind(), Kind::Object);
    assert_eq!(odd.find("/a/b/c[0]").unwrap().raw(), Some("1"));
}

/// Every letter of what the JSON holds leads to the same letter in the YAML.
#[test]
fn letters_of_the_json_lead_to_letters_of_the_yaml() {
    let document = Document::yaml(MACHINE).unwrap();
    let lines: Vec<&str> = MACHINE.lines().collect();
    let check = |wanted: &str, at_line: u32, at_column: u32| {
        let (row, line) = document.json().lines().enumerate().find(|(_, line)| line.contains(wanted)).unwrap();
        let begin = line[..line.find(wanted).unwrap()].chars().count() as u32 + 1;
        let row = row as u32 + 1;
        let length = wanted.chars().count() as u32;
        let json = Span::of_line(row, begin, length);
        let span = document.source_span(json);
        assert_eq!(span, Span::of_line(at_line, at_column, length), "{wanted}");
        let source = lines[at_line as usize - 1].chars().skip(at_column as usize - 1).take(length as usize);
        assert_eq!(source.collect::<String>(), wanted);
    };
    check("$.total", 7, 20);
    check("1000", 8, 29);
    check("NumericGreater", 8, 9);
    check("Ask", 9, 15);
    check("hip", 10, 16);
    check("$states.input", 15, 10);
    check("$uppercase()", 16, 10);
}

#[test]
fn brackets_lead_to_the_key() {
    let document = Document::yaml(MACHINE).unwrap();
    let (row, line) = document.json().lines().enumerate().find(|(_, line)| line.contains("\"Ask\": {")).unwrap();
    let bracket = line.find('{').unwrap() as u32 + 1;
    let span = document.source_span(Span::of_line(row as u32 + 1, bracket, 1));
    assert_eq!(span, Span::of_line(11, 3, 3));
}

#[test]
fn a_text_whose_letters_do_not_correspond_leads_to_its_beginning() {
    let document = Document::yaml("a: >\n  one\n  two\nb: \"x\\ty\"\nc: one\n  two\n").unwrap();
    for (row, place) in [(2, (2, 3)), (3, (4, 4)), (4, (5, 4))] {
        assert_eq!(document.source_place(row, 10), place, "{}", document.json());
    }
}

#[test]
fn json_has_places_too() {
    let text = "{\n  \"é\": [1, \"é\", {\"k\": null}],\n  \"b\": true\n}\n";
    let document = Document::read_json(text).unwrap();
    let place = |path: &str| document.find(path).unwrap().span();
    assert_eq!(place("/é[1]"), Span::of_line(2, 12, 3));
    assert_eq!(place("/é[2]/k"), Span::of_line(2, 23, 4));
    assert_eq!(place("/b"), Span::of_line(3, 8, 4));
    assert_eq!(document.source_place(3, 8), (3, 8));
    assert_eq!(document.json(), text);
    let error = Document::read_json("{\"a\": 1,\n \"\\u0061\": 2}").unwrap_err();
    assert_eq!(error.to_string(), "the key `a` stands twice, first at line 1: keep one of the two (line 2, column 2)");
}

#[test]
fn a_file_is_yaml_by_its_name() {
    for (name, expect) in [("a.yaml", true), ("a.asl.yml", true), ("A.YAML", true), ("a.json", false), ("yaml", false)]
    {
        assert_eq!(is_yaml(name), expect, "{name}");
    }
}
