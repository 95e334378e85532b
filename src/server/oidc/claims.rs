//! Who somebody is, from what a provider says of them.

use std::collections::BTreeSet;

use countersign_desk::people::{NewUser, Proven};
use countersign_desk::store::Identity;
use serde_json::{Map, Value};

use super::config::Configured;

/// What a provider says of somebody: the claims of the ID token, and those of the userinfo endpoint where it was asked.
#[derive(Clone, Debug)]
pub struct Told {
    pub token: Map<String, Value>,
    pub userinfo: Map<String, Value>,
}

impl Told {
    /// A claim. The token is signed, so it goes before.
    fn claim(&self, name: &str) -> Option<&Value> {
        [&self.token, &self.userinfo]
            .into_iter()
            .find_map(|claims| found(claims, name))
            .filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether what a user is made of is all in there, so that the userinfo endpoint need not be asked.
    #[must_use]
    pub fn is_enough(&self, provider: &Configured) -> bool {
        ["name", "email"].iter().all(|name| self.claim(name).is_some()) && self.claim(&provider.groups_claim).is_some()
    }

    /// Who it is.
    ///
    /// # Errors
    /// A claim that has another type than it should, in words.
    pub fn proven(&self, provider: &Configured) -> Result<Proven, String> {
        let subject = self.text("sub").ok_or("it has no sub")?;
        let email = self.text("email").filter(|_| self.claim("email_verified").is_none_or(is_true));
        let wishes = [self.text("preferred_username"), email, Some(subject)].into_iter().flatten();
        let is_id = |id: &&str| NewUser { id: (*id).to_owned(), ..NewUser::default() }.checked().is_ok();
        // Where none can be one, the refusal names the first.
        let id = wishes.clone().find(is_id).or_else(|| wishes.clone().next()).unwrap_or(subject);
        Ok(Proven {
            identity: Identity { issuer: provider.issuer.clone(), subject: subject.to_owned() },
            id: id.to_owned(),
            name: self.text("name").unwrap_or_default().to_owned(),
            email: email.map(str::to_owned),
            groups: self.groups(&provider.groups_claim, provider.groups.as_ref())?,
        })
    }

    /// The groups that the claim tells and that are wanted; `None` where it is not there.
    fn groups(&self, claim: &str, wanted: Option<&BTreeSet<String>>) -> Result<Option<Vec<String>>, String> {
        let Some(value) = self.claim(claim) else { return Ok(None) };
        let texts = match value {
            Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
            Value::String(text) => Some(vec![text.as_str()]),
            _ => None,
        };
        let texts = texts.ok_or_else(|| format!("its claim {claim} is no list of texts"))?;
        let is_wanted = |group: &&str| wanted.is_none_or(|wanted| wanted.contains(*group));
        Ok(Some(texts.into_iter().filter(is_wanted).map(str::to_owned).collect()))
    }
}

/// Some providers write it as a text.
fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true) || value.as_str() == Some("true")
}

/// A claim by its name; where there is none of it, dots lead into objects.
fn found<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn provider(claim: &str, groups: Option<&[&str]>) -> Configured {
        Configured {
            issuer: "https://id.example".into(),
            client_id: "c".into(),
            client_secret: None,
            name: "id".into(),
            groups_claim: claim.into(),
            groups: groups.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect()),
            scopes: Vec::new(),
        }
    }

    fn told(token: &str, userinfo: &str) -> Told {
        let map = |text: &str| serde_json::from_str(text).unwrap();
        Told { token: map(token), userinfo: map(userinfo) }
    }

    #[test]
    fn the_token_goes_before_the_userinfo_endpoint() {
        let told = told(
            r#"{"sub": "1", "name": "Zoe"}"#,
            r#"{"sub": "2", "name": "Kim", "email": "z@example.com", "groups": ["a"]}"#,
        );
        let proven = told.proven(&provider("groups", None)).unwrap();
        assert_eq!((proven.identity.subject.as_str(), proven.name.as_str()), ("1", "Zoe"));
        assert_eq!((proven.id.as_str(), proven.email.as_deref()), ("z@example.com", Some("z@example.com")));
        assert_eq!(proven.groups, Some(vec!["a".to_owned()]));
    }

    #[test]
    fn a_user_name_is_what_can_be_one() {
        for (claims, expected) in [
            (r#"{"sub": "1", "preferred_username": "zoe", "email": "z@example.com"}"#, "zoe"),
            (r#"{"sub": "1", "preferred_username": "Zoe Ray", "email": "z@example.com"}"#, "z@example.com"),
            (r#"{"sub": "1", "email": "z@example.com", "email_verified": false}"#, "1"),
            (r#"{"sub": "1", "email": "z@example.com", "email_verified": "true"}"#, "z@example.com"),
            (r#"{"sub": "auth0|1"}"#, "auth0|1"),
        ] {
            assert_eq!(told(claims, "{}").proven(&provider("groups", None)).unwrap().id, expected, "{claims}");
        }
        assert!(told("{}", r#"{"sub": "1"}"#).proven(&provider("groups", None)).is_ok());
        assert!(told("{}", "{}").proven(&provider("groups", None)).is_err());
    }

    #[test]
    fn groups_are_those_that_are_told_and_wanted() {
        let groups = |claims: &str, claim: &str, wanted: Option<&[&str]>| {
            let claims = format!(r#"{{"sub": "1", {claims}}}"#);
            told(&claims, "{}").proven(&provider(claim, wanted)).map(|proven| proven.groups)
        };
        let some = |groups: &[&str]| Ok(Some(groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>()));
        assert_eq!(groups(r#""groups": ["a", "b"]"#, "groups", None), some(&["a", "b"]));
        assert_eq!(groups(r#""groups": ["a", "b"]"#, "groups", Some(&["b", "c"])), some(&["b"]));
        assert_eq!(groups(r#""realm_access": {"roles": ["a"]}"#, "realm_access.roles", None), some(&["a"]));
        assert_eq!(groups(r#""https://a.example/groups": "a""#, "https://a.example/groups", None), some(&["a"]));
        assert_eq!(groups(r#""groups": []"#, "groups", None), some(&[]));
        assert_eq!(groups(r#""groups": null"#, "groups", None), Ok(None));
        for wrong in [r#""groups": 7"#, r#""groups": ["a", 7]"#, r#""groups": {"a": true}"#] {
            assert!(groups(wrong, "groups", None).unwrap_err().contains("groups"), "{wrong}");
        }
    }
}
