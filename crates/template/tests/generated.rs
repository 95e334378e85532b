//! Templates by chance: what holds of every template.

#![allow(clippy::unwrap_used, reason = "a failed read is a failed test")]

use countersign_template::{Attributes, Environment, Nothing, Resolver, Scope, Snapshot, Template, Value, What};
use indexmap::IndexMap;

/// A small generator of numbers; the same seed gives the same templates.
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// All resources have been made, each under its logical ID.
struct AllMade;

impl Attributes for AllMade {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        Some(format!("ref-{logical_id}").into())
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        Some(format!("{attribute}-of-{logical_id}").into())
    }
}

/// Topics that refer to each other in every way; with `back` also to later ones, so that there may be cycles.
fn template(chance: &mut Chance, back: bool) -> String {
    let count = 1 + chance.below(12);
    let mut text =
        "Parameters: {P: {Type: String, Default: p}}\nConditions: {Never: !Equals [!Ref P, q]}\nResources:\n"
            .to_owned();
    for index in 0..count {
        text += &format!("  T{index}:\n    Type: AWS::SNS::Topic\n");
        let limit = if back { count } else { index };
        let other = |chance: &mut Chance| (limit > 0).then(|| chance.below(limit)).filter(|other| *other != index);
        if let Some(other) = other(chance).filter(|_| chance.below(3) == 0) {
            text += &format!("    DependsOn: T{other}\n");
        }
        let value = match (chance.below(8), other(chance)) {
            (0, Some(other)) => format!("!Ref T{other}"),
            (1, Some(other)) => format!("!GetAtt T{other}.TopicName"),
            (2, Some(other)) => format!("!Sub '${{T{other}}} and ${{P}}'"),
            (3, Some(other)) => format!("!Sub ['${{x}}', {{x: !GetAtt T{other}.TopicArn}}]"),
            (4, Some(other)) => format!("!If [Never, !Ref T{other}, plain]"),
            (5, Some(other)) => format!("!Join ['-', [a, !Select [0, [!Ref T{other}]]]]"),
            _ => format!("text-{}", chance.below(3)),
        };
        text += &format!("    Properties: {{DisplayName: {value}}}\n");
    }
    text
}

fn scope(template: &Template) -> Scope {
    let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
    template.scope(environment, &IndexMap::new(), &Nothing).unwrap()
}

#[test]
fn what_is_needed_comes_first_or_a_cycle_is_named() {
    let mut chance = Chance(1);
    let mut cycles = 0;
    for _ in 0..2_000 {
        let back = chance.below(2) == 0;
        let text = template(&mut chance, back);
        let template = Template::read(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let scope = scope(&template);
        let needs = template.dependencies(&scope);
        match template.order(&scope) {
            Ok(order) => {
                assert_eq!(order.len(), template.resources.len(), "{text}");
                let place = |name: &str| order.iter().position(|other| other == name).unwrap();
                assert!(needs.iter().all(|(name, needs)| needs.iter().all(|need| place(need) < place(name))), "{text}");
                assert!(template.check(&scope, &Nothing).is_empty(), "{text}");
            }
            Err(error) => {
                assert!(back, "{text}");
                cycles += 1;
                let What::Cycle { around, .. } = error.what else { panic!("{error}") };
                assert_eq!(around.first(), around.last());
                assert!(around.windows(2).all(|pair| needs[&pair[0]].contains(&pair[1])), "{around:?}\n{text}");
            }
        }
    }
    assert!(cycles > 100, "{cycles}");
}

#[test]
fn a_deployed_template_changes_nothing_and_a_new_one_is_reached() {
    let mut chance = Chance(2);
    for _ in 0..1_000 {
        let [before, after] = [template(&mut chance, false), template(&mut chance, false)];
        let [old, new] = [&before, &after].map(|text| Template::read(text).unwrap());
        let (old_scope, new_scope) = (scope(&old), scope(&new));
        let take = |template: &Template, scope: &Scope| {
            Snapshot::take(&Resolver { template, scope, made: &AllMade, around: &Nothing }).unwrap()
        };
        let deployed = take(&old, &old_scope);
        let same = deployed.changes(&old, &old_scope, &AllMade, &Nothing).unwrap();
        assert!(same.is_empty(), "{before}\n{same:?}");
        // Whoever does what the changes say has the new stack.
        let changes = deployed.changes(&new, &new_scope, &AllMade, &Nothing).unwrap();
        let reached = take(&new, &new_scope);
        let named = |name: &str| changes.resources.iter().any(|change| change.logical_id == name);
        for name in deployed.resources.keys().chain(reached.resources.keys()) {
            let differs = deployed.resources.get(name) != reached.resources.get(name);
            assert!(!differs || named(name), "{name}\n{before}\n{after}");
        }
    }
}

#[test]
fn broken_templates_are_refused_with_a_place() {
    let mut chance = Chance(3);
    for _ in 0..500 {
        let text = template(&mut chance, true);
        let letters: Vec<char> = text.chars().collect();
        let cut = chance.below(letters.len());
        let skip = 1 + chance.below(4);
        let broken: String = letters[..cut].iter().chain(letters.iter().skip(cut + skip)).collect();
        let Ok(template) = Template::read(&broken) else { continue };
        let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
        let Ok(scope) = template.scope(environment, &IndexMap::new(), &Nothing) else { continue };
        for error in template.check(&scope, &Nothing) {
            assert!(error.place.span.line > 0 || !error.place.path.is_empty(), "{error}\n{broken}");
        }
    }
}
