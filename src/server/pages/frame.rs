//! The frame around every page.

use countersign_desk::connection::{Colour as DeskColour, ConnectionKind as Kind};
use countersign_desk::{Actor, Desk, Standing, people};

use super::{Answered, worded};
use crate::server::words;
use crate::wire::frame::{Colour, ConnectionCard, ConnectionKind, Frame, Health, Person};

/// The frame, for `actor`.
///
/// # Errors
/// The actor may not see the connection.
pub async fn frame(desk: &Desk, actor: &Actor) -> Answered<Frame> {
    let standing = desk.standing(actor).await.map_err(|error| worded(desk, &error))?;
    let votes = desk.votable(actor).await.map_err(|error| worded(desk, &error))?;
    Ok(Frame {
        connection: connection(desk, &standing),
        // The dispatch adds them: the frame is of one connection, and the switcher of all.
        connections: Vec::new(),
        person: Person { id: actor.id().to_owned(), name: actor.name().to_owned(), role: role(actor) },
        people: people::all().into_iter().map(person).collect(),
        waiting: standing.waiting + votes,
        data_at: standing.data_at,
        problem: standing.problem.map(|problem| words::call(&standing.about, &problem).problem),
        denied: words::denied(&standing.denied),
        manifest: standing.manifest.as_ref().map(words::manifest),
        now: desk.now(),
    })
}

/// A connection for the switcher, as `actor` may see it.
///
/// # Errors
/// The actor may not see the connection.
pub async fn card(desk: &Desk, actor: &Actor) -> Answered<ConnectionCard> {
    let standing = desk.standing(actor).await.map_err(|error| worded(desk, &error))?;
    Ok(connection(desk, &standing))
}

fn connection(desk: &Desk, standing: &Standing) -> ConnectionCard {
    let about = &standing.about;
    ConnectionCard {
        name: desk.id().to_string(),
        label: about.label.clone(),
        detail: about.detail.clone(),
        region: about.region.clone(),
        kind: match about.kind {
            Kind::Embedded => ConnectionKind::Embedded,
            Kind::Endpoint => ConnectionKind::Endpoint,
            Kind::Aws => ConnectionKind::Aws,
        },
        colour: colour(about.colour),
        read_only: about.read_only,
        health: match (standing.failed, standing.data_at) {
            (true, _) => Health::Away,
            (false, None) => Health::Starting,
            (false, Some(_)) => Health::Answers,
        },
        denied: !standing.denied.is_empty(),
        data_at: standing.data_at,
    }
}

const fn colour(colour: DeskColour) -> Colour {
    match colour {
        DeskColour::Teal => Colour::Teal,
        DeskColour::Blue => Colour::Blue,
        DeskColour::Purple => Colour::Purple,
        DeskColour::Pink => Colour::Pink,
        DeskColour::Red => Colour::Red,
        DeskColour::Amber => Colour::Amber,
        DeskColour::Green => Colour::Green,
        DeskColour::Grey => Colour::Grey,
    }
}

fn role(actor: &Actor) -> String {
    actor.person().map_or_else(String::new, |person| person.role.clone())
}

fn person(person: countersign_desk::Person) -> Person {
    Person { id: person.id, name: person.name, role: person.role }
}
