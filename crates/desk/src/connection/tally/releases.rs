//! The calls about versions, aliases and tags, counted.

use super::Counted;
use crate::connection::port::{Api, Call, Page};
use crate::connection::releases::{AliasDescription, ListedVersion, Releases, Route, Tags};

impl Releases for Counted {
    fn publish_version(
        &self,
        machine_arn: &str,
        revision_id: Option<&str>,
        description: Option<&str>,
    ) -> Call<'_, String> {
        let call = self.calls.publish_version(machine_arn, revision_id, description);
        self.count(Api::PublishStateMachineVersion, machine_arn, call)
    }

    fn versions(&self, machine_arn: &str, next: Option<String>) -> Call<'_, Page<ListedVersion>> {
        self.count(Api::ListStateMachineVersions, machine_arn, self.calls.versions(machine_arn, next))
    }

    fn delete_version(&self, version_arn: &str) -> Call<'_, ()> {
        self.count(Api::DeleteStateMachineVersion, version_arn, self.calls.delete_version(version_arn))
    }

    fn create_alias(&self, name: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, String> {
        self.count(Api::CreateStateMachineAlias, name, self.calls.create_alias(name, description, routes))
    }

    fn update_alias(&self, alias_arn: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, ()> {
        self.count(Api::UpdateStateMachineAlias, alias_arn, self.calls.update_alias(alias_arn, description, routes))
    }

    fn describe_alias(&self, alias_arn: &str) -> Call<'_, AliasDescription> {
        self.count(Api::DescribeStateMachineAlias, alias_arn, self.calls.describe_alias(alias_arn))
    }

    fn delete_alias(&self, alias_arn: &str) -> Call<'_, ()> {
        self.count(Api::DeleteStateMachineAlias, alias_arn, self.calls.delete_alias(alias_arn))
    }

    fn delete_machine(&self, arn: &str) -> Call<'_, ()> {
        self.count(Api::DeleteStateMachine, arn, self.calls.delete_machine(arn))
    }

    fn tags(&self, arn: &str) -> Call<'_, Tags> {
        self.count(Api::ListTagsForResource, arn, self.calls.tags(arn))
    }

    fn tag(&self, arn: &str, tags: &Tags) -> Call<'_, ()> {
        self.count(Api::TagResource, arn, self.calls.tag(arn, tags))
    }

    fn untag(&self, arn: &str, keys: &[String]) -> Call<'_, ()> {
        self.count(Api::UntagResource, arn, self.calls.untag(arn, keys))
    }
}
