//! The frame around every page.

use countersign_desk::connection::{About, ConnectionKind as Kind};
use countersign_desk::{Actor, Desk, people};

use super::{Answered, worded};
use crate::server::words;
use crate::wire::frame::{Connection, ConnectionKind, Frame, Person};

/// The frame, for `actor`.
///
/// # Errors
/// The actor may not see the connection.
pub async fn frame(desk: &Desk, actor: &Actor) -> Answered<Frame> {
    let standing = desk.standing(actor).await.map_err(|error| worded(desk, &error))?;
    Ok(Frame {
        connection: connection(&standing.about),
        person: Person { id: actor.id().to_owned(), name: actor.name().to_owned(), role: role(actor) },
        people: people::all().into_iter().map(person).collect(),
        waiting: standing.waiting,
        data_at: standing.data_at,
        problem: standing.problem.map(|problem| words::call(&standing.about, &problem).problem),
        manifest: standing.manifest.as_ref().map(words::manifest),
        now: desk.now(),
    })
}

fn connection(about: &About) -> Connection {
    Connection {
        label: about.label.clone(),
        detail: about.detail.clone(),
        region: about.region.clone(),
        kind: match about.kind {
            Kind::Embedded => ConnectionKind::Embedded,
            Kind::Endpoint => ConnectionKind::Endpoint,
            Kind::Aws => ConnectionKind::Aws,
        },
    }
}

fn role(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => person.role.clone(),
        Actor::Program => String::new(),
    }
}

fn person(person: countersign_desk::Person) -> Person {
    Person { id: person.id, name: person.name, role: person.role }
}
