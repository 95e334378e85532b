//! Lists of executions that people gave a name. Everybody who uses the dashboard sees them.

use crate::actor::Actor;
use crate::desk::Desk;
use crate::error::Error;
use crate::news::Topic;
use crate::store::SavedView;

/// The most characters of a name and of an address, and the most lists of a connection.
const NAME: usize = 60;
const QUERY: usize = 2_000;
const MOST: usize = 50;

/// Why a list got no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    #[error("the name is empty")]
    NoName,
    #[error("the name has {characters} characters; the limit is {limit}")]
    NameTooLong { characters: usize, limit: usize },
    #[error("the address has {characters} characters; the limit is {limit}")]
    QueryTooLong { characters: usize, limit: usize },
    #[error("there are {limit} lists already")]
    TooMany { limit: usize },
}

impl Desk {
    /// Gives the list with this query a name; the last list of this name is replaced.
    ///
    /// # Errors
    /// The name or the query is none, there are too many, or the store fails.
    pub async fn save_view(&self, actor: &Actor, name: &str, query: &str) -> Result<(), Error> {
        self.sight(actor)?;
        let name = name.trim();
        let (characters, limit) = (name.chars().count(), NAME);
        if name.is_empty() {
            return Err(ViewError::NoName.into());
        }
        if characters > limit {
            return Err(ViewError::NameTooLong { characters, limit }.into());
        }
        if query.chars().count() > QUERY {
            return Err(ViewError::QueryTooLong { characters: query.chars().count(), limit: QUERY }.into());
        }
        let known = self.store().views(self.id()).await?;
        if known.len() >= MOST && known.iter().all(|one| one.name != name) {
            return Err(ViewError::TooMany { limit: MOST }.into());
        }
        let (name, query, person_name) = (name.to_owned(), query.to_owned(), actor.name().to_owned());
        let view = SavedView { id: 0, name, query, person_name, made_at: self.now() };
        self.store().keep_view(self.id(), &view).await?;
        self.watch().changes.publish([Topic::Executions]);
        Ok(())
    }

    /// Removes a named list and returns it; it may be gone already.
    ///
    /// # Errors
    /// The store fails.
    pub async fn remove_view(&self, actor: &Actor, id: i64) -> Result<Option<SavedView>, Error> {
        self.sight(actor)?;
        let removed = self.store().remove_view(self.id(), id).await?;
        self.watch().changes.publish([Topic::Executions]);
        Ok(removed)
    }

    /// The named lists that are of workflows which the actor may see, by their names.
    ///
    /// # Errors
    /// The store fails.
    pub async fn views(&self, actor: &Actor) -> Result<Vec<SavedView>, Error> {
        self.sight(actor)?;
        let mut views = self.store().views(self.id()).await?;
        views.retain(|view| workflow_in(&view.query).is_none_or(|workflow| self.sees(actor, &workflow)));
        Ok(views)
    }
}

/// The workflow that the query of a list is limited to.
fn workflow_in(query: &str) -> Option<String> {
    let mut parts = query.trim_start_matches('?').split('&').filter_map(|part| part.split_once('='));
    let (_, name) = parts.find(|(key, _)| *key == "workflow")?;
    let name = name.replace('+', " ");
    Some(percent_encoding::percent_decode_str(&name).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::workflow_in;

    #[test]
    fn a_list_of_one_workflow_is_known_by_its_query() {
        for (query, workflow) in [
            ("?workflow=Gr%C3%BC%C3%9Fe+2&status=failed", Some("Grüße 2")),
            ("status=failed&workflow=order", Some("order")),
            ("q=workflow%3Dorder", None),
            ("", None),
        ] {
            assert_eq!(workflow_in(query).as_deref(), workflow, "{query}");
        }
    }
}
