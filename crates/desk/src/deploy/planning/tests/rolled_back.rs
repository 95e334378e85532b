//! What a plan says of a version that was rolled back because its executions failed.

use super::*;
use crate::connection::Route;
use crate::deploy::outlook::FailedVersion;

#[tokio::test]
async fn a_version_that_failed_before_is_named_before_it_is_tried_again() {
    let account = Account::new();
    let manifest = format!("{ROLE}{ORDER}alias = \"live\"\n");
    let place = Place::with(&[("countersign.toml", &manifest), ("order.asl.json", &succeed("A"))]);
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    place.write("order.asl.json", &succeed("B"));
    account.apply(&account.plan(&place, None).await.unwrap()).await;
    account.change(|world| {
        let machine = world.machines.values_mut().find(|machine| machine.name == "order").unwrap();
        let alias = machine.aliases.get_mut("live").unwrap();
        alias.routes = Route::all_to(&format!("{}:1", machine.arn));
        let note = "countersign version=1 at=2026-11-27T13:02:39Z back-from=2 failed=3/4 first=run-7 by=dana";
        alias.description = Some(note.to_owned());
    });
    let failed_before = async || {
        let plan = account.plan(&place, None).await.unwrap();
        plan.items[0].effect.as_ref().unwrap().failed_before.clone()
    };
    let failed = FailedVersion { version: 2, failed: 3, ended: 4, first: "run-7".to_owned() };
    assert_eq!(failed_before().await, Some(failed));
    place.write("order.asl.json", &succeed("C"));
    assert_eq!(failed_before().await, None, "another definition is another version");
}
