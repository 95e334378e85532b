//! The calls about versions, aliases and tags: what a deployment publishes, and where executions are routed.
//! Times are milliseconds since the Unix epoch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::port::{Call, Page};

/// The most versions that a state machine has. From "Quotas related to versions and aliases" of the developer guide.
pub const MOST_VERSIONS: usize = 1_000;
/// The most versions that an alias routes to.
pub const MOST_ROUTES: usize = 2;
/// The sum of an alias's weights.
pub const ALL_WEIGHT: u8 = 100;
/// The most characters of a version's or an alias's description.
pub const DESCRIPTION: usize = 256;

/// Tags by their keys.
pub type Tags = BTreeMap<String, String>;

/// A version as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVersion {
    pub arn: String,
    pub created_at: i64,
}

impl ListedVersion {
    /// Its number, which is the last part of its ARN; 0 of an ARN that is none of a version.
    #[must_use]
    pub fn number(&self) -> u64 {
        number_of(&self.arn).unwrap_or_default()
    }
}

/// The number of a version, by its ARN.
#[must_use]
pub fn number_of(version_arn: &str) -> Option<u64> {
    version_arn.rsplit(':').next()?.parse().ok()
}

/// A version that an alias routes to, and the share of executions that it gets, in percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub version_arn: String,
    pub weight: u8,
}

impl Route {
    /// All executions to one version.
    #[must_use]
    pub fn all_to(version_arn: &str) -> Vec<Self> {
        vec![Self { version_arn: version_arn.to_owned(), weight: ALL_WEIGHT }]
    }

    /// A share of the executions to a new version, in percent, and the rest to another. A version without a share is no
    /// route.
    #[must_use]
    pub fn shared(new: &str, share: u8, old: &str) -> Vec<Self> {
        let share = share.min(ALL_WEIGHT);
        let route = |arn: &str, weight| Self { version_arn: arn.to_owned(), weight };
        [route(new, share), route(old, ALL_WEIGHT - share)].into_iter().filter(|route| route.weight > 0).collect()
    }
}

/// Whether two lists of routes lead to the same versions in the same shares, in any order.
#[must_use]
pub fn same_routes(one: &[Route], other: &[Route]) -> bool {
    let sorted = |routes: &[Route]| {
        let mut routes: Vec<(String, u8)> = routes.iter().map(|one| (one.version_arn.clone(), one.weight)).collect();
        routes.retain(|(_, weight)| *weight > 0);
        routes.sort();
        routes
    };
    sorted(one) == sorted(other)
}

/// An alias, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasDescription {
    pub arn: String,
    pub name: String,
    pub description: Option<String>,
    pub routes: Vec<Route>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
}

/// The calls about versions, aliases and tags, and those that delete. Every call may fail with a
/// [`CallError`](super::CallError).
pub trait Releases: Send + Sync + 'static {
    /// Publishes the state machine as it is as a version, if its revision is still this one; returns the version's ARN.
    /// Where the newest version is of the same revision, it is that one.
    fn publish_version(
        &self,
        machine_arn: &str,
        revision_id: Option<&str>,
        description: Option<&str>,
    ) -> Call<'_, String>;
    /// The versions of a state machine, newest first, at most 1,000 a page.
    fn versions(&self, machine_arn: &str, next: Option<String>) -> Call<'_, Page<ListedVersion>>;
    /// Deletes a version that no alias routes to; succeeds where there is none.
    fn delete_version(&self, version_arn: &str) -> Call<'_, ()>;
    /// Creates an alias of the state machine that the routes lead to; returns its ARN. One that is there with the same
    /// routes and description is left as it is.
    fn create_alias(&self, name: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, String>;
    /// Routes an alias elsewhere; the description stays where none is given.
    fn update_alias(&self, alias_arn: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, ()>;
    /// One alias.
    fn describe_alias(&self, alias_arn: &str) -> Call<'_, AliasDescription>;
    /// Deletes an alias; succeeds where there is none.
    fn delete_alias(&self, alias_arn: &str) -> Call<'_, ()>;
    /// Deletes a state machine with its versions and aliases, once its executions have ended; succeeds where there is
    /// none.
    fn delete_machine(&self, arn: &str) -> Call<'_, ()>;
    /// The tags of a state machine.
    fn tags(&self, arn: &str) -> Call<'_, Tags>;
    /// Adds tags to a state machine; those of the same keys are replaced.
    fn tag(&self, arn: &str, tags: &Tags) -> Call<'_, ()>;
    /// Removes the tags with these keys.
    fn untag(&self, arn: &str, keys: &[String]) -> Call<'_, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_empty_ones_are_no_routes() {
        for share in 0..=u8::MAX {
            let routes = Route::shared("a:2", share, "a:1");
            assert_eq!(routes.iter().map(|route| u32::from(route.weight)).sum::<u32>(), 100, "{share}");
            assert!(routes.iter().all(|route| route.weight > 0) && routes.len() <= MOST_ROUTES);
        }
        assert_eq!(Route::shared("a:2", 100, "a:1"), Route::all_to("a:2"));
        let mut turned = Route::shared("a:2", 10, "a:1");
        turned.reverse();
        assert!(same_routes(&turned, &Route::shared("a:2", 10, "a:1")));
        assert!(!same_routes(&Route::all_to("a:2"), &Route::all_to("a:1")));
    }

    #[test]
    fn a_version_has_the_number_at_the_end_of_its_arn() {
        let arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:order:17";
        assert_eq!(ListedVersion { arn: arn.to_owned(), created_at: 0 }.number(), 17);
        assert_eq!(number_of("arn:aws:states:eu-west-1:123456789012:stateMachine:order"), None);
    }
}
