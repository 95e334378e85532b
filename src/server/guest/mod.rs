//! Handing over the phone: a guest of the demonstration opens one request on a phone of the same network, and decides it.
//!
//! `serve --guest` opens a second listener for them, with a router of its own ([`phone`]): the page of a code, one request
//! and its decision. Nothing else of the dashboard is there. A code is shown on the terminal and on the dashboard's page
//! ([`board`]); it lasts ten minutes, lets one phone in, and is for one request ([`Guests`]). From then on the phone acts as
//! [`countersign_desk::Actor::Guest`], whom the policies permit that request alone.
//!
//! There is neither sign-in nor TLS, so it is for the data of the demonstration, and the program refuses the flag with any
//! other ([`address::against`]).

pub mod address;
pub mod board;
mod guests;
mod offer;
mod page;
pub mod phone;
mod qr;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;

use countersign_desk::store::Store;
use countersign_desk::{Clock, Desks};
use countersign_local::listener::{self, Limits};
use leptos::prelude::*;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::address::NoGuests;
pub use self::guests::{CODE_MS, Code, Guests, NotLetIn, Phone, STAY_MS};
use self::qr::Drawing;
use super::config::ServeArgs;
use super::connections::Configured;
use super::http::place::Place;
use super::start::{StartError, listen};
use crate::app::absolute;
use crate::routes;

/// Connections of guests: a room has a few phones.
const LIMITS: Limits = Limits { headers: std::time::Duration::from_secs(15), a_client: 16, all: 64 };

/// The listener of guests, before anybody is let in.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Listens where the flag says; `None` without it. `dashboard` is the address of the other listener.
    ///
    /// # Errors
    /// There can be no guests, or the address cannot be listened on.
    pub async fn open(
        args: &ServeArgs,
        connections: &[Configured],
        store: &dyn Store,
        dashboard: SocketAddr,
    ) -> Result<Option<Self>, StartError> {
        let Some(wanted) = args.guest else { return Ok(None) };
        let mut against = address::against(args, connections);
        if against.is_empty() && !store.users().await?.is_empty() {
            against.push(NoGuests::Users);
        }
        let address = match wanted.address() {
            Ok(address) if against.is_empty() => address,
            Ok(_) => return Err(StartError::Guest(against)),
            Err(why) => {
                against.push(why);
                return Err(StartError::Guest(against));
            }
        };
        let listener = listen(address, "--guest", dashboard).await?;
        let address = listener.local_addr().map_err(StartError::Serve)?;
        Ok(Some(Self { listener, address }))
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves guests until `end`, and prints the first code. `origin` is that of the dashboard.
    pub fn serve(self, desks: &Desks, origin: &str, tasks: &TaskTracker, end: &CancellationToken) -> Arc<Guests> {
        let desk = Arc::clone(desks.default_one());
        let place = Place::Address(self.address);
        let guests = Arc::new(Guests::new(desk.id().clone(), place.origin(""), Clock::system()));
        let page = format!("{origin}{}", routes::of(desk.id().as_str()).guest(None));
        let router = phone::router(desk, Arc::clone(&guests), place);
        tasks.spawn(listener::serve(self.listener, router, LIMITS, end.clone()));
        print(&guests, &guests.draw(None), &page);
        guests
    }
}

/// Prints a code, its link and when it ends.
fn print(guests: &Guests, code: &Code, page: &str) {
    let link = guests.link(code);
    println!("A guest's phone on this network opens one request with this code:");
    let lines = Drawing::of(&link).map(|drawing| drawing.lines(std::io::stdout().is_terminal()));
    lines.iter().flatten().for_each(|line| println!("{line}"));
    println!("  {link}");
    println!("  It is for one phone, and holds until {}. Others are made on {page}", absolute(code.until));
}

/// Whether guests may come to the dashboard that is being rendered.
#[must_use]
pub fn may_come() -> bool {
    use_context::<Arc<Guests>>().is_some()
}

/// What the banner of the demonstration says, as HTML; `takes_guests` says whether guests may come.
#[must_use]
pub fn banner(takes_guests: bool, connection: &str) -> String {
    let guests = takes_guests.then(|| {
        let href = routes::of(connection).guest(None);
        view! { <p><a href=href rel="external">"Hand over the phone"</a>": a guest on this network decides one request."</p> }
    });
    let words = view! {
        <p>"Anyone at this machine can act as any of these people, so the program listens on this machine only. With --sign-in everybody signs in."</p>
        {guests}
    };
    Owner::new().with(|| words.to_html())
}

#[cfg(test)]
mod tests {
    use super::banner;

    #[test]
    fn the_banner_leads_to_the_code_where_guests_may_come() {
        let (with, without) = (banner(true, "default"), banner(false, "default"));
        assert!(with.contains("href=\"/default/guest\"") && with.contains("--sign-in everybody signs in."), "{with}");
        assert!(!without.contains("<a") && without.contains("--sign-in everybody signs in."), "{without}");
    }
}
