//! What a user is made of, checked.

use super::PeopleError;

/// The most characters of a name, and the most bytes of the rest.
const NAME: usize = 80;
const ID: usize = 64;
const EMAIL: usize = 254;
const GROUP: usize = 64;
/// The most groups of a user.
const GROUPS: usize = 64;
/// Ids under which the record has others than users.
const RESERVED: [&str; 2] = ["countersign", "unknown"];

/// A user who is to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUser {
    pub id: String,
    /// The name that pages show; the id where it is empty.
    pub name: String,
    pub email: Option<String>,
    pub groups: Vec<String>,
}

/// An id as it is kept: people type it with capitals.
#[must_use]
pub fn id_of(typed: &str) -> String {
    typed.trim().to_lowercase()
}

impl NewUser {
    /// The same as it is kept.
    ///
    /// # Errors
    /// A part that cannot be.
    pub fn checked(self) -> Result<Self, PeopleError> {
        let id = id_of(&self.id);
        let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-@+".contains(&byte);
        let begins = id.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !begins || id.len() > ID || !id.bytes().all(is_inside) || RESERVED.contains(&id.as_str()) {
            return Err(PeopleError::Id(id));
        }
        let name = self.name.trim();
        let name = if name.is_empty() { id.clone() } else { name.to_owned() };
        if name.chars().count() > NAME || name.chars().any(char::is_control) {
            return Err(PeopleError::Name);
        }
        let email = self.email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
        let email = email.map(check_email).transpose()?;
        Ok(Self { id, name, email, groups: check_groups(&self.groups)? })
    }
}

/// As much as a message must be sendable there; whether anybody reads it, only a message finds out.
fn check_email(email: String) -> Result<String, PeopleError> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"(),:;\\[]".contains(&byte))
    };
    match email.rsplit_once('@') {
        Some((before, domain))
            if email.len() <= EMAIL && is_plain(before) && is_plain(domain) && !before.contains('@') =>
        {
            Ok(email)
        }
        _ => Err(PeopleError::Email(email)),
    }
}

/// Names of groups as they are kept: each once, in their order.
///
/// # Errors
/// A name that cannot be one.
pub fn check_groups(groups: &[String]) -> Result<Vec<String>, PeopleError> {
    let mut checked: Vec<String> = Vec::new();
    for group in groups {
        let group = group.trim();
        let is_wrong = |letter: char| letter.is_control() || letter == ',';
        if group.is_empty() || group.len() > GROUP || group.chars().any(is_wrong) || checked.len() == GROUPS {
            return Err(PeopleError::Group(group.to_owned()));
        }
        if !checked.iter().any(|other| other == group) {
            checked.push(group.to_owned());
        }
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, name: &str, email: &str) -> Result<NewUser, PeopleError> {
        NewUser { id: id.into(), name: name.into(), email: Some(email.into()), groups: vec![] }.checked()
    }

    #[test]
    fn an_id_is_kept_in_small_letters_and_is_the_name_where_there_is_none() {
        let dana = user(" Dana ", "", " ").expect("a user");
        assert_eq!((dana.id.as_str(), dana.name.as_str(), dana.email), ("dana", "dana", None));
        assert!(user("dana.whitfield@example.com", "Dana", "dana@example.com").is_ok());
    }

    #[test]
    fn what_could_be_read_as_something_else_is_refused() {
        for id in ["", "da na", "-dana", "da\nna", "danа", "countersign", "unknown", &"x".repeat(65), "<b>"] {
            assert!(matches!(user(id, "x", ""), Err(PeopleError::Id(_))), "{id:?}");
        }
        for name in ["Dana\r\nSet-Cookie: a=b", "Dana\u{0}", &"x".repeat(81)] {
            assert!(matches!(user("dana", name, ""), Err(PeopleError::Name)), "{name:?}");
        }
        for email in ["dana", "@x", "dana@", "a@b@c", "a b@c", "a@b\r\nBcc: c@d", "<a@b>"] {
            assert!(matches!(user("dana", "", email), Err(PeopleError::Email(_))), "{email:?}");
        }
    }

    #[test]
    fn groups_are_each_there_once() {
        let groups =
            |groups: &[&str]| check_groups(&groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>());
        assert_eq!(groups(&[" finance ", "leads", "finance"]).expect("groups"), ["finance", "leads"]);
        for wrong in ["", "a,b", "a\nb", &"x".repeat(65)] {
            assert!(groups(&[wrong]).is_err(), "{wrong:?}");
        }
    }
}
