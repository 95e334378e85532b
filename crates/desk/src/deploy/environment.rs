//! A manifest as it counts in one environment.

use super::manifest::{Environment, Manifest, Override, Substitutions, Workflow};
use super::settings::Settings;
use super::substitution::Substitution;
use crate::nearest::meant;
use crate::store::ApprovalRule;

/// A manifest with one of its environments, or with none.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'m> {
    pub manifest: &'m Manifest,
    /// Its name and its entry.
    pub environment: Option<(&'m str, &'m Environment)>,
}

/// The manifest has no environment of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no environment {name:?}")]
pub struct NoEnvironment {
    pub name: String,
    /// The name that was probably meant.
    pub meant: Option<String>,
    /// All of them, in the order of the manifest.
    pub known: Vec<String>,
}

/// One level of a manifest: where it stands, from the outermost to the innermost.
pub struct Level {
    /// The keys that lead to it.
    pub way: Vec<String>,
    pub settings: Settings,
}

impl<'m> Chosen<'m> {
    /// The environment of this name; without a name, the manifest's first one, or none where it has none.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn of(manifest: &'m Manifest, name: Option<&str>) -> Result<Self, NoEnvironment> {
        let environments = &manifest.environments;
        let environment = match name {
            None => environments.first(),
            Some(name) => Some(environments.get_key_value(name).ok_or_else(|| {
                let known: Vec<&str> = environments.keys().map(String::as_str).collect();
                NoEnvironment {
                    name: name.to_owned(),
                    meant: meant(name, &known).map(str::to_owned),
                    known: known.into_iter().map(str::to_owned).collect(),
                }
            })?),
        };
        Ok(Self { manifest, environment: environment.map(|(name, environment)| (name.as_str(), environment)) })
    }

    /// The environment that a connection shows: the first one that chooses it, or that chooses none. Without environments, the
    /// manifest itself.
    #[must_use]
    pub fn of_connection(manifest: &'m Manifest, connection: &str) -> Option<Self> {
        if manifest.environments.is_empty() {
            return Some(Self { manifest, environment: None });
        }
        let (name, environment) = manifest.environments.iter().find(|(_, one)| one.may_lead_to(connection))?;
        Some(Self { manifest, environment: Some((name.as_str(), environment)) })
    }

    /// The names of the environments that can be deployed to a connection: those that choose it, or that choose none.
    #[must_use]
    pub fn names_on(manifest: &'m Manifest, connection: &str) -> Vec<&'m str> {
        let leads_there = manifest.environments.iter().filter(|(_, one)| one.may_lead_to(connection));
        leads_there.map(|(name, _)| name.as_str()).collect()
    }

    /// The environment's name; empty without one.
    #[must_use]
    pub fn name(&self) -> &'m str {
        self.environment.map_or("", |(name, _)| name)
    }

    /// The name of the connection that it is deployed to; `None` where the manifest does not say.
    #[must_use]
    pub fn connection(&self) -> Option<&'m str> {
        self.environment?.1.connection.as_deref()
    }

    /// Whose approval a deployment needs.
    #[must_use]
    pub fn approval(&self) -> Option<&'m ApprovalRule> {
        let own = self.environment.and_then(|(_, environment)| environment.approval.as_ref());
        own.or(self.manifest.approval.as_ref())
    }

    /// The alias that a workflow is deployed with.
    #[must_use]
    pub fn alias(&self, workflow: &str) -> Option<String> {
        self.levels(workflow).into_iter().filter_map(|level| level.settings.alias).next_back()
    }

    fn within(&self, workflow: &str) -> Option<&'m Override> {
        self.environment?.1.workflows.get(workflow)
    }

    /// The name of a workflow's state machine.
    #[must_use]
    pub fn machine_name(&self, workflow: &str) -> String {
        if let Some(name) = self.within(workflow).and_then(|within| within.name.clone()) {
            return name;
        }
        let own = self.manifest.workflows.get(workflow).and_then(|workflow| workflow.name.as_deref());
        let suffix = self.environment.map_or("", |(_, environment)| &environment.suffix);
        format!("{}{suffix}", own.unwrap_or(workflow))
    }

    /// The definition of a workflow, relative to the manifest.
    #[must_use]
    pub fn file(&self, workflow: &str) -> &'m str {
        let own = self.manifest.workflows.get(workflow).map(|workflow| workflow.file.as_str());
        self.within(workflow).and_then(|within| within.file.as_deref()).or(own).unwrap_or_default()
    }

    /// The type of a workflow's state machine, as the manifest writes it.
    #[must_use]
    pub fn kind(&self, workflow: &str) -> &'m str {
        let own = self.manifest.workflows.get(workflow).map(|workflow| workflow.kind.as_str());
        self.within(workflow).and_then(|within| within.kind.as_deref()).or(own).unwrap_or_default()
    }

    /// Where the `file` of a workflow stands in the manifest.
    #[must_use]
    pub fn way_to_file(&self, workflow: &str) -> Vec<String> {
        self.way_to(workflow, "file", |within| within.file.is_some())
    }

    /// Where the `type` of a workflow stands in the manifest.
    #[must_use]
    pub fn way_to_type(&self, workflow: &str) -> Vec<String> {
        self.way_to(workflow, "type", |within| within.kind.is_some())
    }

    fn way_to(&self, workflow: &str, key: &str, is_there: impl FnOnce(&Override) -> bool) -> Vec<String> {
        match self.environment.filter(|_| self.within(workflow).is_some_and(is_there)) {
            Some((name, _)) => way(&["environments", name, "workflows", workflow, key]),
            None => way(&["workflows", workflow, key]),
        }
    }

    /// Where the name of a workflow's state machine stands in the manifest.
    #[must_use]
    pub fn way_to_name(&self, workflow: &str) -> Vec<String> {
        let own = self.manifest.workflows.get(workflow).is_some_and(|workflow| workflow.name.is_some());
        match self.environment.filter(|_| self.within(workflow).is_some_and(|within| within.name.is_some())) {
            Some((name, _)) => way(&["environments", name, "workflows", workflow, "name"]),
            None if own => way(&["workflows", workflow, "name"]),
            None => way(&["workflows", workflow]),
        }
    }

    /// The levels whose settings count for a workflow, the outermost first.
    #[must_use]
    pub fn levels(&self, workflow: &str) -> Vec<Level> {
        let mut levels = vec![Level { way: Vec::new(), settings: self.manifest.settings() }];
        if let Some(entry) = self.manifest.workflows.get(workflow) {
            levels.push(Level { way: way(&["workflows", workflow]), settings: Workflow::settings(entry) });
        }
        if let Some((name, environment)) = self.environment {
            levels.push(Level { way: way(&["environments", name]), settings: environment.settings() });
            if let Some(within) = self.within(workflow) {
                let way = way(&["environments", name, "workflows", workflow]);
                levels.push(Level { way, settings: within.settings() });
            }
        }
        levels
    }

    /// The tables of values that a workflow's placeholders are looked for in, the first one first, each with its way.
    #[must_use]
    pub fn tables(&self, workflow: &str) -> Vec<(Vec<String>, &'m Substitutions)> {
        let mut tables = Vec::new();
        if let Some((name, environment)) = self.environment {
            if let Some(within) = self.within(workflow) {
                tables.push((
                    way(&["environments", name, "workflows", workflow, "substitutions"]),
                    &within.substitutions,
                ));
            }
            tables.push((way(&["environments", name, "substitutions"]), &environment.substitutions));
        }
        if let Some(entry) = self.manifest.workflows.get(workflow) {
            tables.push((way(&["workflows", workflow, "substitutions"]), &entry.substitutions));
        }
        tables.push((way(&["substitutions"]), &self.manifest.substitutions));
        tables
    }

    /// The value of a placeholder of a workflow, and where it stands.
    #[must_use]
    pub fn substitution(&self, workflow: &str, placeholder: &str) -> Option<(Vec<String>, &'m Substitution)> {
        self.tables(workflow).into_iter().find_map(|(mut way, table)| {
            let found = table.get(placeholder)?;
            way.push(placeholder.to_owned());
            Some((way, found))
        })
    }
}

fn way(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::deploy::settings::RoleEntry;

    const MANIFEST: &str = r#"
        role = "a"
        [substitutions]
        One = { value = 1 }
        Two = { value = 1 }
        [workflows.order]
        file = "order.asl.json"
        role = "b"
        substitutions.Two = { value = 2 }
        [workflows.pay]
        file = "pay.asl.json"
        name = "payment"
        [environments.live]
        connection = "prod"
        role = "c"
        [environments.dev]
        connection = "default"
        suffix = "-dev"
        substitutions.One = { value = 3 }
        [environments.dev.workflows.order]
        name = "trial"
        role = "d"
        file = "trial.asl.yaml"
        type = "EXPRESS"
    "#;

    #[test]
    fn the_innermost_setting_counts() {
        let manifest: Manifest = toml::from_str(MANIFEST).unwrap();
        let role = |environment: Option<&str>, workflow: &str| {
            let levels = Chosen::of(&manifest, environment).unwrap().levels(workflow).into_iter();
            levels.fold(Settings::default(), |outer, level| outer.under(level.settings)).role
        };
        let name = |name: &str| Some(RoleEntry::Name(name.to_owned()));
        assert_eq!([role(None, "order"), role(None, "pay")], [name("c"), name("c")], "the first environment");
        assert_eq!([role(Some("dev"), "order"), role(Some("dev"), "pay")], [name("d"), name("a")]);
    }

    #[test]
    fn environments_are_chosen_by_name_or_by_connection() {
        let manifest: Manifest = toml::from_str(MANIFEST).unwrap();
        let chosen = |connection| Chosen::of_connection(&manifest, connection).map(|one| one.name());
        assert_eq!([chosen("prod"), chosen("default"), chosen("other")], [Some("live"), Some("dev"), None]);
        assert_eq!(Chosen::names_on(&manifest, "prod"), ["live"]);
        assert!(Chosen::names_on(&manifest, "other").is_empty());
        let wrong = Chosen::of(&manifest, Some("lvie")).unwrap_err();
        assert_eq!((wrong.meant.as_deref(), wrong.known.len()), (Some("live"), 2));
        let dev = Chosen::of(&manifest, Some("dev")).unwrap();
        assert_eq!([dev.machine_name("order"), dev.machine_name("pay")], ["trial", "payment-dev"]);
        assert_eq!(dev.way_to_name("order").join("."), "environments.dev.workflows.order.name");
        assert_eq!(dev.way_to_name("pay").join("."), "workflows.pay.name");
        assert_eq!([dev.file("order"), dev.file("pay")], ["trial.asl.yaml", "pay.asl.json"]);
        assert_eq!([dev.kind("order"), dev.kind("pay")], ["EXPRESS", "STANDARD"]);
        assert_eq!(dev.way_to_type("order").join("."), "environments.dev.workflows.order.type");
        assert_eq!(dev.way_to_file("pay").join("."), "workflows.pay.file");
        assert_eq!(manifest.files().collect::<Vec<_>>(), ["order.asl.json", "pay.asl.json", "trial.asl.yaml"]);
        let of = |placeholder| dev.substitution("order", placeholder).map(|(way, _)| way.join("."));
        assert_eq!(of("One").as_deref(), Some("environments.dev.substitutions.One"));
        assert_eq!(of("Two").as_deref(), Some("workflows.order.substitutions.Two"));
        assert_eq!(of("Three"), None);
    }

    #[test]
    fn an_environment_has_a_rule_of_its_own_for_approvals() {
        let text = r#"
            approval = { quorum = 2, four_eyes = true }
            [workflows.order]
            file = "order.asl.json"
            alias = "outer"
            [environments.live]
            approval = { approvers = { groups = ["release"] } }
            alias = "live"
            [environments.dev]
        "#;
        let manifest: Manifest = toml::from_str(text).unwrap();
        let of = |name| {
            let chosen = Chosen::of(&manifest, Some(name)).unwrap();
            let rule = chosen.approval().unwrap();
            (rule.quorum, rule.four_eyes, rule.approvers.groups.clone(), chosen.alias("order").unwrap())
        };
        assert_eq!(of("live"), (1, false, vec!["release".to_owned()], "live".to_owned()));
        assert_eq!(of("dev"), (2, true, Vec::new(), "outer".to_owned()));
        let wrong = toml::from_str::<Manifest>("approval = { quorom = 2 }").unwrap_err();
        assert!(wrong.message().contains("unknown field `quorom`"), "{wrong}");
    }
}
