//! The provider with which people sign in, in `countersign.toml` of the data folder.
//!
//! ```toml
//! [oidc]
//! issuer = "https://id.example.com"
//! client_id = "countersign"
//! client_secret_file = "oidc.secret"
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::http::Uri;

use crate::server::calls::keeps_secrets;
use crate::server::secrets::{Source, SourceKey};
use crate::server::settings::{FILE, Mistake, Table, of_table, read};

const TABLE: &str = "oidc";
const KEYS: [&str; 8] =
    ["issuer", "client_id", "client_secret_file", "client_secret_env", "name", "groups_claim", "groups", "scopes"];
/// Where providers tell groups, mostly.
const GROUPS: &str = "groups";
const SECRETS: [SourceKey; 2] =
    [("client_secret_file", |text| Source::File(PathBuf::from(text))), ("client_secret_env", Source::Environment)];

/// The provider as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// Its URL, letter for letter as it calls itself.
    pub issuer: String,
    /// How the provider knows this program.
    pub client_id: String,
    /// None for a public client.
    pub client_secret: Option<Source>,
    /// How people call the provider.
    pub name: String,
    /// The claim that tells somebody's groups; dots lead into objects.
    pub groups_claim: String,
    /// The groups of it that are taken over; `None` takes all.
    pub groups: Option<BTreeSet<String>>,
    /// What is asked for besides `openid`, `profile` and `email`.
    pub scopes: Vec<String>,
}

/// The provider of the file; `None` where it names none.
///
/// # Errors
/// Every mistake.
pub fn configured(data: &Path) -> Result<Option<Configured>, Vec<Mistake>> {
    let text = read(data).map_err(|mistake| vec![mistake])?;
    of_text(&data.join(FILE), &text)
}

fn of_text(file: &Path, text: &str) -> Result<Option<Configured>, Vec<Mistake>> {
    of_table((file, text), (TABLE, "[oidc]"), |at, place, parts| {
        let mut table = Table::new(at, place, parts);
        (provider(&mut table), table.mistakes)
    })
}

fn provider(table: &mut Table<'_>) -> Option<Configured> {
    table.only(&KEYS);
    let issuer = table.needed("issuer", "https://id.example.com");
    let client_id = table.needed("client_id", "countersign");
    let client_secret = table.source(&SECRETS);
    let texts = |list: Vec<(String, usize)>| list.into_iter().map(|(text, _)| text);
    let groups = table.list("groups").map(|list| texts(list).collect());
    let scopes = table.list("scopes").map(|list| texts(list).collect()).unwrap_or_default();
    let groups_claim = table.text("groups_claim").map_or_else(|| GROUPS.to_owned(), |(claim, _)| claim);
    let name = table.text("name");
    let (issuer, place) = issuer?;
    let uri = issuer.parse::<Uri>().ok().filter(|uri| keeps_secrets(uri) && uri.query().is_none());
    let Some(uri) = uri else {
        let what = format!("issuer {issuer:?} is neither an https:// URL nor one of this machine.");
        table.wrong(place, what, "Give the URL that the provider's /.well-known/openid-configuration has as issuer.");
        return None;
    };
    let name = name.map_or_else(|| uri.host().unwrap_or_default().to_owned(), |(name, _)| name);
    Some(Configured { issuer, client_id: client_id?.0, client_secret, name, groups_claim, groups, scopes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn of(text: &str) -> Result<Option<Configured>, String> {
        of_text(Path::new("countersign.toml"), text)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_provider_needs_little() {
        let found = of("[oidc]\nissuer = \"https://id.example:8443/a\"\nclient_id = \"c\"\n").unwrap().unwrap();
        let expected = Configured {
            issuer: "https://id.example:8443/a".into(),
            client_id: "c".into(),
            client_secret: None,
            name: "id.example".into(),
            groups_claim: "groups".into(),
            groups: None,
            scopes: Vec::new(),
        };
        assert_eq!(found, expected);
        let more = "[oidc]\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"c\"\nclient_secret_env = \"S\"\nname = \"Us\"\n\
                    groups_claim = \"realm_access.roles\"\ngroups = [\"a\", \"b\"]\nscopes = [\"groups\"]\n";
        let found = of(more).unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.scopes.len(), found.groups.unwrap().len()), ("Us", 1, 2));
        assert_eq!(found.client_secret, Some(Source::Environment("S".into())));
        assert_eq!(of("[messages.x]\nkind = 7\n"), Ok(None));
    }

    #[test]
    fn mistakes_say_where_they_are() {
        for (text, expected) in [
            ("oidc = 7\n", "countersign.toml:1:1: oidc is not a table."),
            ("[oidc]\n", "client_id is missing."),
            ("[oidc]\nissuer = \"http://id.example\"\nclient_id = \"c\"\n", "countersign.toml:2:10: issuer"),
            ("[oidc]\nissuer = \"id.example\"\nclient_id = \"c\"\n", "neither an https:// URL"),
            ("[oidc]\nclient_secret = \"s\"\n", "countersign.toml:2:1: there is no key \"client_secret\" here."),
            ("[oidc]\nclient_secret_env = \"a\"\nclient_secret_file = \"b\"\n", "more than one of"),
        ] {
            let mistakes = of(text).unwrap_err();
            assert!(mistakes.contains(expected), "{text}: {mistakes}");
        }
    }
}
