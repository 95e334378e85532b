//! The calls about versions, aliases and tags with the AWS SDK.

use aws_sdk_sfn::types::{RoutingConfigurationListItem, Tag};

use super::{PAGE, Sdk, failed, last_part};
use crate::connection::convert::millis;
use crate::connection::error::{CallError, Fault};
use crate::connection::port::{Api, Call, Page};
use crate::connection::releases::{ALL_WEIGHT, AliasDescription, ListedVersion, Releases, Route, Tags};

/// Routes for the SDK.
fn routing(api: Api, routes: &[Route]) -> Result<Vec<RoutingConfigurationListItem>, CallError> {
    let item = |route: &Route| {
        let item = RoutingConfigurationListItem::builder().state_machine_version_arn(&route.version_arn);
        item.weight(i32::from(route.weight)).build().map_err(|error| CallError {
            api,
            subject: route.version_arn.clone(),
            fault: Fault::Unsent(error.to_string()),
        })
    };
    routes.iter().map(item).collect()
}

impl Releases for Sdk {
    fn publish_version(
        &self,
        machine_arn: &str,
        revision_id: Option<&str>,
        description: Option<&str>,
    ) -> Call<'_, String> {
        let arn = machine_arn.to_owned();
        let call = self.sfn.publish_state_machine_version().state_machine_arn(&arn);
        let call = call.set_revision_id(revision_id.map(str::to_owned)).set_description(description.map(str::to_owned));
        Box::pin(async move {
            let made = call.send().await.map_err(|error| failed(Api::PublishStateMachineVersion, &arn, &error))?;
            Ok(made.state_machine_version_arn)
        })
    }

    fn versions(&self, machine_arn: &str, next: Option<String>) -> Call<'_, Page<ListedVersion>> {
        let arn = machine_arn.to_owned();
        let call = self.sfn.list_state_machine_versions().state_machine_arn(&arn).max_results(PAGE);
        let call = call.set_next_token(next);
        Box::pin(async move {
            let page = call.send().await.map_err(|error| failed(Api::ListStateMachineVersions, &arn, &error))?;
            let items = page.state_machine_versions.into_iter().map(|one| ListedVersion {
                created_at: millis(&one.creation_date),
                arn: one.state_machine_version_arn,
            });
            Ok(Page { items: items.collect(), next: page.next_token })
        })
    }

    fn delete_version(&self, version_arn: &str) -> Call<'_, ()> {
        let arn = version_arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.delete_state_machine_version().state_machine_version_arn(&arn).send().await;
            call.map(drop).map_err(|error| failed(Api::DeleteStateMachineVersion, &arn, &error))
        })
    }

    fn create_alias(&self, name: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, String> {
        let routing = routing(Api::CreateStateMachineAlias, routes);
        let (name, description) = (name.to_owned(), description.map(str::to_owned));
        Box::pin(async move {
            let call = self.sfn.create_state_machine_alias().name(&name).set_description(description);
            let made = call.set_routing_configuration(Some(routing?)).send().await;
            let made = made.map_err(|error| failed(Api::CreateStateMachineAlias, &name, &error))?;
            Ok(made.state_machine_alias_arn)
        })
    }

    fn update_alias(&self, alias_arn: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, ()> {
        let routing = routing(Api::UpdateStateMachineAlias, routes);
        let (arn, description) = (alias_arn.to_owned(), description.map(str::to_owned));
        Box::pin(async move {
            let call = self.sfn.update_state_machine_alias().state_machine_alias_arn(&arn).set_description(description);
            let call = call.set_routing_configuration(Some(routing?)).send().await;
            call.map(drop).map_err(|error| failed(Api::UpdateStateMachineAlias, &arn, &error))
        })
    }

    fn describe_alias(&self, alias_arn: &str) -> Call<'_, AliasDescription> {
        let arn = alias_arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.describe_state_machine_alias().state_machine_alias_arn(&arn).send().await;
            let found = call.map_err(|error| failed(Api::DescribeStateMachineAlias, &arn, &error))?;
            let routes = found.routing_configuration.unwrap_or_default().into_iter().map(|route| Route {
                version_arn: route.state_machine_version_arn,
                // The service's weights are from 0 to 100.
                weight: u8::try_from(route.weight).unwrap_or(ALL_WEIGHT),
            });
            Ok(AliasDescription {
                name: found.name.unwrap_or_else(|| last_part(&arn)),
                description: found.description,
                routes: routes.collect(),
                created_at: found.creation_date.as_ref().map(millis).unwrap_or_default(),
                updated_at: found.update_date.as_ref().map(millis),
                arn,
            })
        })
    }

    fn delete_alias(&self, alias_arn: &str) -> Call<'_, ()> {
        let arn = alias_arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.delete_state_machine_alias().state_machine_alias_arn(&arn).send().await;
            call.map(drop).map_err(|error| failed(Api::DeleteStateMachineAlias, &arn, &error))
        })
    }

    fn delete_machine(&self, arn: &str) -> Call<'_, ()> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.delete_state_machine().state_machine_arn(&arn).send().await;
            call.map(drop).map_err(|error| failed(Api::DeleteStateMachine, &arn, &error))
        })
    }

    fn tags(&self, arn: &str) -> Call<'_, Tags> {
        let arn = arn.to_owned();
        Box::pin(async move {
            let call = self.sfn.list_tags_for_resource().resource_arn(&arn).send().await;
            let found = call.map_err(|error| failed(Api::ListTagsForResource, &arn, &error))?;
            let tags = found.tags.unwrap_or_default().into_iter();
            Ok(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
        })
    }

    fn tag(&self, arn: &str, tags: &Tags) -> Call<'_, ()> {
        let arn = arn.to_owned();
        let tags = sdk_tags(tags);
        Box::pin(async move {
            let call = self.sfn.tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await;
            call.map(drop).map_err(|error| failed(Api::TagResource, &arn, &error))
        })
    }

    fn untag(&self, arn: &str, keys: &[String]) -> Call<'_, ()> {
        let arn = arn.to_owned();
        let call = self.sfn.untag_resource().resource_arn(&arn).set_tag_keys(Some(keys.to_vec()));
        Box::pin(async move { call.send().await.map(drop).map_err(|error| failed(Api::UntagResource, &arn, &error)) })
    }
}

/// Tags for the SDK.
pub fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
