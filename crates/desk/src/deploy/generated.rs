//! Names that CloudFormation generates: which state machine a resource of a template has become, and what the deployed one says
//! in the places of other resources of its stack.

use std::collections::{BTreeMap, BTreeSet};

use countersign_json::{Json, Kind, Value};

use super::desired::{Deployed, Desired};
use super::draft::Draft;
use super::gather::tags;
use super::patience::{Failure, Patience};
use super::plan::Found;
use crate::connection::{CallError, ListedMachine};

/// The tags with which CloudFormation marks what it makes ("Resource tag", CloudFormation User Guide).
pub(super) const STACK: &str = "aws:cloudformation:stack-name";
pub(super) const LOGICAL_ID: &str = "aws:cloudformation:logical-id";
/// Characters of a logical ID that a generated name keeps, however long it is.
const KEPT: usize = 20;
/// The most state machines whose tags are read for one of them.
const MOST: usize = 60;

/// Where a draft comes from: a resource of a stack.
#[derive(Clone, Debug)]
pub struct Origin {
    pub stack: String,
    pub logical_id: String,
    /// What is said where its state machine is not found; `None` of one whose name the template gives.
    pub unfound: Option<Found>,
    /// References to other resources by their logical IDs, each with what is said while a placeholder stands for it.
    pub later: Vec<(String, Found)>,
}

/// Gives the drafts whose names are generated those of the state machines that their stacks made. Returns why tags cannot be
/// read, and how many state machines that could be meant were not looked at.
///
/// # Errors
/// A call fails without which nothing can be compared.
pub(super) async fn find(
    patience: &Patience<'_>,
    listed: &[ListedMachine],
    drafts: &mut [Draft],
) -> Result<(Option<CallError>, usize), Failure> {
    let mut not_looked_at = 0;
    for draft in drafts {
        let Some(origin) = draft.origin.as_ref().filter(|origin| origin.unfound.is_some()) else { continue };
        let could_be = |machine: &&ListedMachine| is_generated(&machine.name, &origin.stack, &origin.logical_id);
        let mut is_found = false;
        for machine in listed.iter().filter(could_be).take(MOST) {
            let tags = match tags(patience, &machine.arn).await? {
                Ok(tags) => tags,
                Err(error) => return Ok((Some(error), not_looked_at)),
            };
            let is = |key: &str, value: &str| tags.get(key).is_some_and(|tag| tag == value);
            if is(STACK, &origin.stack) && is(LOGICAL_ID, &origin.logical_id) {
                draft.machine.clone_from(&machine.name);
                if let Some(desired) = &mut draft.desired {
                    desired.name.clone_from(&machine.name);
                }
                is_found = true;
                break;
            }
        }
        if !is_found {
            not_looked_at += listed.iter().filter(could_be).count().saturating_sub(MOST);
        }
    }
    Ok((None, not_looked_at))
}

impl Draft {
    /// The same beside the state machine of its name, where there is one: names that CloudFormation generated for other
    /// resources of the stack are those that the deployed state machine has in the same places.
    pub(super) fn settled(mut self, deployed: Option<&Deployed>) -> Self {
        let Some(origin) = self.origin.take() else { return self };
        let filled = match (deployed, &mut self.desired) {
            (Some(deployed), Some(desired)) => fill(desired, deployed, &origin),
            _ => BTreeSet::new(),
        };
        self.found.extend(origin.unfound.filter(|_| deployed.is_none()));
        self.found.extend(origin.later.into_iter().filter(|(id, _)| !filled.contains(id)).map(|(_, said)| said));
        self
    }
}

/// Replaces the placeholders of generated names by what the deployed state machine has there; returns the logical IDs of
/// those that were.
fn fill(desired: &mut Desired, deployed: &Deployed, origin: &Origin) -> BTreeSet<String> {
    let ids: BTreeSet<&str> = origin.later.iter().map(|(id, _)| id.as_str()).collect();
    let mut names = Names { stack: &origin.stack, ids, found: BTreeMap::new() };
    if let (Some(role), Some(there)) = (&desired.role_arn, &deployed.role_arn) {
        names.texts(role, there);
    }
    let group = |logging: &super::desired::Logging| logging.destination.clone();
    if let (Some(wanted), Some(there)) = (desired.logging.as_ref().and_then(group), group(&deployed.logging)) {
        names.texts(&wanted, &there);
    }
    // What cannot be read is different anyway.
    if let (Ok(wanted), Ok(there)) = (Json::read(&*desired.definition), Json::read(&*deployed.definition)) {
        names.values(wanted.root(), there.root());
    }
    let sure = names.sure();
    for (id, name) in &sure {
        let placeholder = placeholder(&origin.stack, id);
        desired.definition = replaced(&desired.definition, &placeholder, name);
        let filled = |text: &str| replaced(text, &placeholder, name);
        desired.role_arn = desired.role_arn.as_deref().map(filled);
        if let Some(logging) = &mut desired.logging {
            logging.destination = logging.destination.as_deref().map(filled);
        }
    }
    sure.into_keys().collect()
}

/// What stands for the name of an unnamed resource.
fn placeholder(stack: &str, logical_id: &str) -> String {
    format!("{stack}-{logical_id}")
}

/// The generated names that a deployed state machine shows.
struct Names<'a> {
    stack: &'a str,
    ids: BTreeSet<&'a str>,
    found: BTreeMap<&'a str, BTreeSet<String>>,
}

impl Names<'_> {
    /// Goes through two values at a time, as far as they have the same shape.
    fn values(&mut self, wanted: Value<'_>, there: Value<'_>) {
        match (wanted.kind(), there.kind()) {
            (Kind::Object, Kind::Object) => {
                for (key, value) in wanted.members() {
                    if let Some(there) = there.get(&key) {
                        self.values(value, there);
                    }
                }
            }
            (Kind::Array, Kind::Array) => {
                wanted.items().zip(there.items()).for_each(|(wanted, there)| self.values(wanted, there));
            }
            (Kind::String, Kind::String) => {
                if let (Some(wanted), Some(there)) = (wanted.text(), there.text()) {
                    self.texts(&wanted, &there);
                }
            }
            _ => {}
        }
    }

    /// Notes the name in the place of a placeholder, where a text has one, and only that one.
    fn texts(&mut self, wanted: &str, there: &str) {
        let mut one = None;
        for id in &self.ids {
            for at in occurrences(wanted, &placeholder(self.stack, id)) {
                if one.replace((*id, at)).is_some() {
                    return;
                }
            }
        }
        let Some((id, at)) = one else { return };
        let (before, after) = (&wanted[..at], &wanted[at + placeholder(self.stack, id).len()..]);
        let name = there.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        if let Some(name) = name.filter(|name| is_generated(name, self.stack, id)) {
            self.found.entry(id).or_default().insert(name.to_owned());
        }
    }

    /// The names that are sure: one for a resource, and no two resources with the same.
    fn sure(self) -> BTreeMap<String, String> {
        let mut uses: BTreeMap<String, usize> = BTreeMap::new();
        self.found.values().flatten().for_each(|name| *uses.entry(name.clone()).or_default() += 1);
        let single = self.found.into_iter().filter_map(|(id, names)| {
            let mut names = names.into_iter();
            let (first, second) = (names.next()?, names.next());
            (second.is_none() && uses.get(&first) == Some(&1)).then(|| (id.to_owned(), first))
        });
        single.collect()
    }
}

/// Where a text has a placeholder that is not part of a longer name.
fn occurrences<'t>(text: &'t str, placeholder: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    text.match_indices(placeholder).map(|(at, _)| at).filter(move |at| {
        let (before, after) = (&text[..*at], &text[*at + placeholder.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

fn replaced(text: &str, placeholder: &str, name: &str) -> String {
    let (mut made, mut done) = (String::with_capacity(text.len()), 0);
    for at in occurrences(text, placeholder) {
        made.push_str(&text[done..at]);
        made.push_str(name);
        done = at + placeholder.len();
    }
    made.push_str(&text[done..]);
    made
}

/// Whether a name is one that CloudFormation generates for a resource: the names of stack and resource, or the beginnings that
/// the service has room for, and a suffix (CloudFormation User Guide, "Name type"). State machines have the resource's alone.
fn is_generated(name: &str, stack: &str, logical_id: &str) -> bool {
    let name = name.strip_suffix(".fifo").unwrap_or(name);
    let Some((begin, suffix)) = name.rsplit_once('-') else { return false };
    if !(8..=14).contains(&suffix.len()) || !suffix.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return false;
    }
    let begins = |whole: &str, part: &str| {
        !part.is_empty() && whole.get(..part.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(part))
    };
    let is_id = |part: &str| begins(logical_id, part) && (part.len() == logical_id.len() || part.len() >= KEPT);
    let is_both = |at: usize| begins(stack, &begin[..at]) && is_id(&begin[at + 1..]);
    is_id(begin) || begin.match_indices('-').any(|(at, _)| is_both(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_those_of_their_resource() {
        for (name, is_it) in [
            ("Shop-Validate-1A2B3C4D5E6F", true),
            ("Validate-abcDEF123456", true),
            ("shop-validate-1a2b3c4d5e6f", true),
            ("Shop-Validate-1A2B3C4D5E6F.fifo", true),
            ("Sh-Validate-1A2B3C4D5E6F", true),
            ("Shop-Validate", false),
            ("Shop-Validate-", false),
            ("Shop-Val-1A2B3C4D5E6F", false),
            ("Shop-Validate2-1A2B3C4D5E6F", false),
            ("Other-Validate-1A2B3C4D5E6F", false),
            ("Shop-Validate-1A2B3C4D5E6F-x", false),
            ("", false),
        ] {
            assert_eq!(is_generated(name, "Shop", "Validate"), is_it, "{name}");
        }
        let long = "ValidateTheWholeOrderFunction0A1B2C3D";
        assert!(is_generated("Shop-ValidateTheWholeOrderFu-1A2B3C4D5E6F", "Shop", long));
    }

    #[test]
    fn a_placeholder_is_filled_only_with_a_name_of_its_own_resource() {
        let ids = BTreeSet::from(["Pay", "Pay2", "Tell"]);
        let mut names = Names { stack: "Shop", ids, found: BTreeMap::new() };
        names.texts("arn:x:function:Shop-Pay", "arn:x:function:Shop-Pay-1A2B3C4D5E6F");
        names.texts("arn:x:function:Shop-Pay2:1", "arn:x:function:Shop-Pay-1A2B3C4D5E6F:1");
        names.texts("arn:x:topic:Shop-Tell", "arn:y:topic:Shop-Tell-1A2B3C4D5E6F");
        assert_eq!(names.sure(), BTreeMap::from([("Pay".to_owned(), "Shop-Pay-1A2B3C4D5E6F".to_owned())]));
        let text = replaced(r#"["Shop-Pay","Shop-Pay2","a:Shop-Pay:1"]"#, "Shop-Pay", "N");
        assert_eq!(text, r#"["N","Shop-Pay2","a:N:1"]"#);
    }

    #[test]
    fn two_names_for_one_resource_are_none() {
        let mut names = Names { stack: "Shop", ids: BTreeSet::from(["Pay"]), found: BTreeMap::new() };
        names.texts("Shop-Pay", "Shop-Pay-1A2B3C4D5E6F");
        names.texts("Shop-Pay", "Shop-Pay-6F5E4D3C2B1A");
        assert_eq!(names.sure(), BTreeMap::new());
    }
}
