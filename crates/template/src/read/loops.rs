//! The loops of a template, `Fn::ForEach`, unrolled before it is read.
//!
//! Their form is that of the AWS CloudFormation Template Reference, "Fn::ForEach": a member `Fn::ForEach::NAME` of a section or
//! of properties, with an identifier, a list of texts or `Ref` to a parameter that is a list, and an object. The members of
//! that object stand in the loop's place once for each text. In their keys and texts `${IDENTIFIER}` is the text, and in
//! keys `&{IDENTIFIER}` its letters and digits; so is `Ref` to the identifier.

use countersign_yaml::{
    Document, Draft, Kind, LARGEST_JSON, MOST_VALUES, Node, Part, ReadError, Span, What as YamlWhat,
};
use indexmap::IndexMap;

use crate::error::{Place, TemplateError, What};

/// What the key of a loop begins with; its name follows.
const LOOP: &str = "Fn::ForEach::";
const TRANSFORM: &str = "AWS::LanguageExtensions";
/// The sections that may have loops.
const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];
/// How deep loops nest: as deep as CloudFormation allows.
const DEEPEST: usize = 5;

type Unrolled<T> = Result<T, TemplateError>;

/// A template without loops; `None` where it has none. `given` are the values of its parameters, before their defaults.
///
/// # Errors
/// A loop is wrong, or what it becomes is beyond the limits of a document.
pub(super) fn unrolled(document: &Document, given: &IndexMap<String, String>) -> Unrolled<Option<Document>> {
    let root = document.root();
    let first = SECTIONS.iter().find_map(|section| Some((*section, first_loop(root.get(section)?)?)));
    let Some((section, span)) = first else { return Ok(None) };
    if !has_transform(root) {
        let place = Place::new(section, span);
        return Err(TemplateError::new(What::Missing("Transform: AWS::LanguageExtensions"), place));
    }
    let mut unroller = Unroller { root, given, draft: Draft::default(), values: Vec::new(), turns: 0 };
    let mut members = Vec::new();
    for (key, span, node) in root.members() {
        let part = if SECTIONS.contains(&key) { unroller.value(node, key)? } else { unroller.copy(node)? };
        members.push((key.to_owned(), span, part));
    }
    let root = unroller.draft.map(members, root).map_err(unreadable)?;
    unroller.draft.finish(root, document).map(Some).map_err(unreadable)
}

/// The place of the first loop in a value.
fn first_loop(node: Node) -> Option<Span> {
    let of_member = |(key, span, value): (&str, Span, Node)| {
        if key.starts_with(LOOP) { Some(span) } else { first_loop(value) }
    };
    node.members().find_map(of_member).or_else(|| node.items().find_map(first_loop))
}

fn has_transform(root: Node) -> bool {
    let named = |node: Node| node.text() == Some(TRANSFORM);
    root.get("Transform").is_some_and(|node| named(node) || node.items().any(named))
}

fn unreadable(error: ReadError) -> TemplateError {
    let span = Span::of_line(error.line, error.column, 1);
    TemplateError::new(What::Unreadable(error.what), Place::new("", span))
}

struct Unroller<'t> {
    root: Node<'t>,
    given: &'t IndexMap<String, String>,
    draft: Draft,
    /// The identifiers of the loops around, each with its text.
    values: Vec<(String, String)>,
    /// How often a body has been repeated.
    turns: usize,
}

impl<'t> Unroller<'t> {
    /// A value as it is: what stands beside the sections with loops.
    fn copy(&mut self, node: Node<'t>) -> Unrolled<Part> {
        match node.kind() {
            Kind::Object => {
                let mut members = Vec::new();
                for (key, span, value) in node.members() {
                    members.push((key.to_owned(), span, self.copy(value)?));
                }
                self.draft.map(members, node).map_err(unreadable)
            }
            Kind::Array => {
                let mut items = Vec::new();
                for item in node.items() {
                    items.push(self.copy(item)?);
                }
                self.draft.list(items, node).map_err(unreadable)
            }
            _ => self.value(node, ""),
        }
    }

    /// A value with its loops unrolled, and what the loops around it stand for.
    fn value(&mut self, node: Node<'t>, path: &str) -> Unrolled<Part> {
        match node.kind() {
            Kind::String => {
                let text = self.filled(node.text().unwrap_or_default(), node)?;
                self.draft.text(text, node).map_err(unreadable)
            }
            Kind::Array => {
                let mut items = Vec::new();
                for (index, item) in node.items().enumerate() {
                    items.push(self.value(item, &format!("{path}[{index}]"))?);
                }
                self.draft.list(items, node).map_err(unreadable)
            }
            Kind::Object => match self.named(node)? {
                Some(text) => self.draft.text(text, node).map_err(unreadable),
                None => {
                    let mut members = Vec::new();
                    self.members(node, path, &mut members)?;
                    self.draft.map(members, node).map_err(unreadable)
                }
            },
            Kind::Null | Kind::Bool | Kind::Number => self.draft.raw(node).map_err(unreadable),
        }
    }

    /// The text that an object stands for within a loop: `Ref` to an identifier, or an `Fn::Sub` with nothing left to
    /// replace, which may stand for a name.
    fn named(&self, node: Node<'t>) -> Unrolled<Option<String>> {
        let mut members = node.members();
        let (Some((key, _, value)), None) = (members.next(), members.next()) else { return Ok(None) };
        let Some(text) = value.text() else { return Ok(None) };
        Ok(match key {
            "Ref" => self.values.iter().rev().find(|(name, _)| name == text).map(|(_, value)| value.clone()),
            "Fn::Sub" => {
                let filled = self.filled(text, value)?;
                (filled != text && !filled.contains("${")).then_some(filled)
            }
            _ => None,
        })
    }

    /// The members of an object, those of its loops in their places.
    fn members(&mut self, node: Node<'t>, path: &str, out: &mut Vec<(String, Span, Part)>) -> Unrolled<()> {
        for (key, span, value) in node.members() {
            let below = format!("{path}.{key}");
            match key.strip_prefix(LOOP) {
                Some(name) => self.repeated(name, span, value, &below, out)?,
                None => {
                    let part = self.value(value, &below)?;
                    out.push((self.filled_key(key, value)?, span, part));
                }
            }
        }
        Ok(())
    }

    fn repeated(
        &mut self,
        name: &str,
        span: Span,
        node: Node<'t>,
        path: &str,
        out: &mut Vec<(String, Span, Part)>,
    ) -> Unrolled<()> {
        let wrong = |span: Span, why: &str| {
            let what = What::Loop { name: name.to_owned(), why: why.to_owned() };
            TemplateError::new(what, Place::new(path, span))
        };
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_name(name) {
            return Err(wrong(span, "has a name of letters and digits"));
        }
        if self.values.len() >= DEEPEST {
            return Err(wrong(span, "is in five others: loops nest no deeper"));
        }
        let parts: Vec<Node> = node.items().collect();
        let [identifier, collection, body] = parts[..] else {
            return Err(wrong(node.span(), "takes an identifier, a list of texts and an object"));
        };
        let Some(identifier) = identifier.text().filter(|text| is_name(text)) else {
            return Err(wrong(identifier.span(), "takes an identifier of letters and digits"));
        };
        let is_parameter = self.root.get("Parameters").is_some_and(|all| all.get(identifier).is_some());
        if is_parameter || self.values.iter().any(|(known, _)| known == identifier) {
            return Err(wrong(node.span(), "takes an identifier that names nothing else"));
        }
        if body.kind() != Kind::Object {
            return Err(wrong(body.span(), "takes an object whose members are repeated"));
        }
        let texts = self.collection(collection).map_err(|why| wrong(collection.span(), &why))?;
        let texts: Vec<String> = texts.iter().map(|text| self.filled(text, collection)).collect::<Unrolled<_>>()?;
        for text in texts {
            self.turns += 1;
            if self.turns > MOST_VALUES {
                return Err(wrong(node.span(), "repeats its body too often"));
            }
            self.values.push((identifier.to_owned(), text));
            let came = self.members(body, path, out);
            self.values.pop();
            came?;
        }
        Ok(())
    }

    /// The texts that a loop goes through; the error says what is wrong with them.
    fn collection(&self, node: Node<'t>) -> Result<Vec<String>, String> {
        if node.kind() == Kind::Array {
            let texts = node.items().map(|item| item.text().or_else(|| item.raw()).map(str::to_owned));
            return texts.collect::<Option<Vec<_>>>().ok_or_else(|| "takes a list of texts".to_owned());
        }
        let name = node.get("Ref").and_then(Node::text);
        let name = name.ok_or_else(|| "takes a list of texts, or `Ref` to a parameter that is a list".to_owned())?;
        let parameter = self.root.get("Parameters").and_then(|all| all.get(name));
        let parameter = parameter.ok_or_else(|| format!("goes through `{name}`, which is no parameter"))?;
        let kind = parameter.get("Type").and_then(Node::text).unwrap_or_default();
        if kind != "CommaDelimitedList" && !kind.starts_with("List<") {
            return Err(format!("goes through the parameter `{name}`, whose type is no list"));
        }
        let split = |text: &str| -> Vec<String> { text.split(',').map(|item| item.trim().to_owned()).collect() };
        if let Some(text) = self.given.get(name) {
            return Ok(split(text));
        }
        let default = parameter.get("Default");
        let default = default.ok_or_else(|| format!("goes through the parameter `{name}`, which has no value"))?;
        let texts = default.items().map(|item| item.text().or_else(|| item.raw()).map(str::to_owned));
        match default.text().or_else(|| default.raw()) {
            Some(text) => Ok(split(text)),
            None => texts.collect::<Option<Vec<_>>>().ok_or_else(|| format!("goes through `{name}`, which is no list")),
        }
    }

    /// A text of a value with what the identifiers around it stand for.
    fn filled(&self, text: &str, of: Node<'t>) -> Unrolled<String> {
        self.replaced(text, "$", of, str::to_owned)
    }

    /// A key of a value, in which letters and digits alone may be asked for.
    fn filled_key(&self, key: &str, of: Node<'t>) -> Unrolled<String> {
        let key = self.filled(key, of)?;
        self.replaced(&key, "&", of, |value| value.chars().filter(char::is_ascii_alphanumeric).collect())
    }

    fn replaced(&self, text: &str, mark: &str, of: Node<'t>, form: impl Fn(&str) -> String) -> Unrolled<String> {
        let mut text = text.to_owned();
        for (name, value) in &self.values {
            let (pattern, value) = (format!("{mark}{{{name}}}"), form(value));
            let count = text.matches(pattern.as_str()).count();
            if count.saturating_mul(value.len()).saturating_add(text.len()) > LARGEST_JSON {
                let span = of.span();
                let what = YamlWhat::TooMany;
                return Err(unreadable(ReadError { line: span.line, column: span.column, what }));
            }
            text = text.replace(&pattern, &value);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

    use indexmap::IndexMap;

    use crate::{Environment, Nothing, Template};

    const TOPICS: &str = "
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: 'a, b-2'}}
Conditions:
  Fn::ForEach::Wanted: [Name, [a, b2], {'Wants${Name}': !Equals [!Ref Name, a]}]
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - 'Topic&{Name}':
        Type: AWS::SNS::Topic
        Properties: {TopicName: !Sub '${AWS::StackName}-${Name}', DisplayName: !Ref Name}
  Queue: {Type: 'AWS::SQS::Queue', DependsOn: Topica}
Outputs:
  Fn::ForEach::Outer:
    - X
    - [a]
    - Fn::ForEach::Inner:
        - Y
        - [TopicArn, TopicName]
        - 'Of${X}${Y}': {Value: !GetAtt [!Sub 'Topic${X}', !Ref Y]}
";

    fn read(text: &str, names: Option<&str>) -> Result<Template, Vec<String>> {
        let given = names.map(|names| ("Names".to_owned(), names.to_owned())).into_iter().collect();
        Template::read_with(text, &given).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn loops_are_unrolled_in_every_section() {
        let template = read(TOPICS, None).unwrap();
        assert_eq!(template.resources.keys().collect::<Vec<_>>(), ["Topica", "Topicb2", "Queue"]);
        assert_eq!(template.conditions.keys().collect::<Vec<_>>(), ["Wantsa", "Wantsb2"]);
        assert_eq!(template.outputs.keys().collect::<Vec<_>>(), ["OfaTopicArn", "OfaTopicName"]);
        let topic = &template.resources["Topicb2"];
        assert_eq!(topic.properties["TopicName"].json(), r#"{"Fn::Sub":"${AWS::StackName}-b-2"}"#);
        assert_eq!(topic.properties["DisplayName"].text(), Some("b-2"));
        assert_eq!(topic.span.line, 10, "it stands where the loop's body does");
        let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
        let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
        assert!(template.check(&scope, &Nothing).is_empty());
        assert_eq!((scope.conditions["Wantsa"], scope.conditions["Wantsb2"]), (true, false));
    }

    #[test]
    fn a_given_list_goes_before_the_default() {
        let template = read(TOPICS, Some("a,x,y")).unwrap();
        assert_eq!(template.resources.keys().collect::<Vec<_>>(), ["Topica", "Topicx", "Topicy", "Queue"]);
    }

    #[test]
    fn properties_may_have_loops() {
        let text = "
Transform: [AWS::LanguageExtensions]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {'Fn::ForEach::All': [P, [Delay, Other], {'${P}Seconds': '5'}]}
";
        let template = read(text, None).unwrap();
        let names: Vec<&String> = template.resources["Queue"].properties.keys().collect();
        assert_eq!(names, ["DelaySeconds", "OtherSeconds"]);
    }

    #[test]
    fn what_is_no_loop_is_refused() {
        let with = |parts: &str| {
            let text = format!(
                "Transform: AWS::LanguageExtensions\nParameters: {{One: {{Type: String}}, Names: {{Type: CommaDelimitedList}}}}\n\
                 Resources:\n  Fn::ForEach::L: {parts}\n"
            );
            read(&text, None).unwrap_err().remove(0)
        };
        let topic = "{'T${N}': {Type: 'AWS::SNS::Topic'}}";
        for (parts, why) in [
            ("[N, [a]]".to_owned(), "takes an identifier, a list of texts and an object"),
            (format!("[N, [[a]], {topic}]"), "takes a list of texts"),
            (format!("[N, !Ref One, {topic}]"), "whose type is no list"),
            (format!("[N, !Ref Names, {topic}]"), "which has no value"),
            (format!("[N, !Ref Nobody, {topic}]"), "which is no parameter"),
            (format!("[One, [a], {topic}]"), "names nothing else"),
            ("[N, [a], b]".to_owned(), "takes an object whose members are repeated"),
            (format!("[N, [a, a], {topic}]"), "stands twice"),
            (format!("[N, ['-'], {topic}]"), "is no logical ID"),
        ] {
            let error = with(&parts);
            assert!(error.contains(why), "{parts}: {error}");
        }
        let without = TOPICS.replace("Transform: AWS::LanguageExtensions", "");
        assert!(read(&without, None).unwrap_err()[0].starts_with("`Transform: AWS::LanguageExtensions` is missing"));
    }

    /// Five loops in each other, of ten texts each: 100,000 resources, or as many turns of nothing.
    #[test]
    fn what_loops_become_is_bounded() {
        let topic = "{'T${A}${B}${C}${D}${E}': {Type: 'AWS::SNS::Topic', Properties: {DisplayName: x}}}";
        for (inner, texts, why) in [
            (topic, "a, b, c, d, e, f, g, h, i, j", "more than 250000 values"),
            ("{}", "a, b, c, d, e, f, g, h, i, j, k, l, m, n, o", "repeats its body too often"),
        ] {
            let mut body = inner.to_owned();
            for name in ["A", "B", "C", "D", "E"] {
                body = format!("{{'Fn::ForEach::L{name}': [{name}, [{texts}], {body}]}}");
            }
            let text = format!("Transform: AWS::LanguageExtensions\nResources: {body}\n");
            let error = read(&text, None).unwrap_err().remove(0);
            assert!(error.contains(why), "{error}");
        }
    }
}
