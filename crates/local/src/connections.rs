//! Connections: the credentials of HTTP tasks, which EventBridge keeps on AWS. They are declared beside the functions:
//!
//! ```toml
//! [connections.shop]
//! authorization = "api-key"
//! name = "x-api-key"
//! value = { env = "SHOP_KEY" }
//! ```
//!
//! A secret is the name of an environment variable, which is read once at the start, or the text itself. It is never
//! logged and never part of a history: every answer passes [`crate::masks`]. A value that a connection adds and that is
//! no secret is `{ plain = "..." }`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    /// Anybody may read it: it is sent along with the secrets.
    public: bool,
}

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), public: false }
    }

    /// The text itself, for the request.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether it may be shown.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.public
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A connection, ready to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub authorization: Authorization,
    /// What every request gets in addition.
    pub headers: Vec<(String, Secret)>,
    pub query: Vec<(String, Secret)>,
    pub body: Vec<(String, Secret)>,
}

/// How requests are authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A header of this name.
    ApiKey {
        name: String,
        value: Secret,
    },
    Basic {
        username: String,
        password: Secret,
    },
    /// A token that is requested with the client's credentials.
    OAuth {
        token_url: String,
        client_id: String,
        client_secret: Secret,
        scope: Option<String>,
    },
}

/// A connection as the file declares it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    authorization: AuthorizationKind,
    name: Option<String>,
    value: Option<Source>,
    username: Option<String>,
    password: Option<Source>,
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Source>,
    scope: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Source>,
    #[serde(default)]
    query: BTreeMap<String, Source>,
    #[serde(default)]
    body: BTreeMap<String, Source>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AuthorizationKind {
    ApiKey,
    Basic,
    Oauth,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Source {
    Env {
        env: String,
    },
    /// A value that is sent along with the secrets and is none, such as a tenant's name.
    Plain {
        plain: String,
    },
    Text(String),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Headers whose values are nobody's secret.
const PUBLIC: [&str; 7] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-language",
    "content-type",
];

/// What is wrong with a declaration, and the remedy.
pub type Fault = (String, &'static str);

impl Declared {
    /// The connection, with its secrets; `environment` reads a variable.
    ///
    /// # Errors
    /// A field is missing, or a variable is not set.
    pub fn resolve(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Connection, Fault> {
        let secret = |source: &Source| match source {
            Source::Text(text) => Ok(Secret::new(text)),
            Source::Plain { plain } => Ok(Secret { text: plain.clone(), public: true }),
            Source::Env { env } => environment(env).map(|text| Secret::new(&text)).ok_or_else(|| {
                (format!("needs the environment variable {env}, which is not set"), "Set it and start again.")
            }),
        };
        let all = |named: &BTreeMap<String, Source>| -> Result<Vec<(String, Secret)>, Fault> {
            named.iter().map(|(name, source)| Ok((name.clone(), secret(source)?))).collect()
        };
        let authorization = match self.authorization {
            AuthorizationKind::ApiKey => Authorization::ApiKey {
                name: given(&self.name, "name")?,
                value: secret(&given(&self.value, "value")?)?,
            },
            AuthorizationKind::Basic => Authorization::Basic {
                username: given(&self.username, "username")?,
                password: secret(&given(&self.password, "password")?)?,
            },
            AuthorizationKind::Oauth => Authorization::OAuth {
                token_url: given(&self.token_url, "token_url")?,
                client_id: given(&self.client_id, "client_id")?,
                client_secret: secret(&given(&self.client_secret, "client_secret")?)?,
                scope: self.scope.clone(),
            },
        };
        let mut headers = all(&self.headers)?;
        for (name, value) in &mut headers {
            value.public |= PUBLIC.iter().any(|public| name.eq_ignore_ascii_case(public));
        }
        Ok(Connection { authorization, headers, query: all(&self.query)?, body: all(&self.body)? })
    }
}

fn given<T: Clone>(field: &Option<T>, name: &str) -> Result<T, Fault> {
    let remedy = "An api-key has name and value, basic has username and password, oauth has token_url, client_id and client_secret.";
    field.clone().ok_or_else(|| (format!("has no {name}"), remedy))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn resolved(text: &str) -> Result<Connection, Fault> {
        let environment = |name: &str| (name == "KEY").then(|| "secret".to_owned());
        toml::from_str::<Declared>(text).unwrap().resolve(&environment)
    }

    #[test]
    fn secrets_come_from_the_environment_and_are_not_shown() {
        let text =
            "authorization = \"api-key\"\nname = \"x-key\"\nvalue = { env = \"KEY\" }\nquery = { tenant = \"t\" }";
        let connection = resolved(text).unwrap();
        let value = Secret::new("secret");
        assert_eq!(connection.authorization, Authorization::ApiKey { name: "x-key".to_owned(), value });
        assert_eq!(connection.query[0].1.reveal(), "t");
        assert!(!format!("{connection:?}").contains("secret"), "{connection:?}");
        let more = "\nheaders = { Accept = \"application/json\", x-tenant = { plain = \"shop\" }, x-other = \"o\" }";
        let public: Vec<bool> =
            resolved(&format!("{text}{more}")).unwrap().headers.iter().map(|(_, value)| value.is_public()).collect();
        assert_eq!(public, [true, false, true], "Accept, x-other, x-tenant");
        let other = resolved(&text.replace("KEY", "OTHER")).unwrap_err();
        assert!(other.0.contains("the environment variable OTHER"), "{}", other.0);
        assert_eq!(resolved("authorization = \"basic\"\nusername = \"u\"").unwrap_err().0, "has no password");
    }
}
