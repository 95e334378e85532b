//! Where the program listens, and where the site is.

use std::net::SocketAddr;

use countersign_local::tls::Tls;
use tokio::net::TcpListener;

use super::StartError;
use crate::routes;
use crate::server::config::{ConfigError, ServeArgs};
use crate::server::http::place::{Place, Public};

/// Listens on an address; `other` is the address of this program's other server.
pub async fn listen(address: SocketAddr, flag: &'static str, other: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse { address, flag, free: free_beside(address, other) },
        _ => StartError::Listen { address, flag, source },
    })
}

/// The next free port that is not that of this program's other server.
pub fn free_beside(address: SocketAddr, other: SocketAddr) -> SocketAddr {
    let above = (address.port()..u16::MAX).map(|port| port + 1);
    let mut ports = above.chain(1_024..address.port()).filter(|port| *port != other.port());
    let port = ports.find(|port| std::net::TcpListener::bind((address.ip(), *port)).is_ok());
    // Port 0 lets the system choose.
    SocketAddr::new(address.ip(), port.unwrap_or(0))
}

/// Where the site is, and what it speaks TLS with.
pub fn place(args: &ServeArgs) -> Result<(Place, Option<Tls>), StartError> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)?),
        _ => None,
    };
    let place = match (&args.public_url, &tls) {
        (Some(url), tls) => {
            let public = Public::at(url)
                .map_err(|error| StartError::Config(vec![ConfigError::PublicUrl(url.clone(), error)]))?;
            routes::set_base(public.base());
            Place::Public(public.behind(args.trusted_proxy.clone(), tls.is_some()))
        }
        (None, Some(tls)) => Place::Certified(tls.clone()),
        (None, None) => Place::ThisMachine,
    };
    Ok((place, tls))
}

/// How an address is written into a link. Nobody opens the unspecified one: a name of the machine has to stand there.
pub fn name_of(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("NAME:{}", address.port()) } else { address.to_string() }
}

/// What has to stand in the place of the name in an origin, where it has none.
pub fn note_on_name(origin: &str) -> Option<&'static str> {
    origin
        .contains("//NAME:")
        .then_some("write a name that the certificate has in place of NAME, such as approvals.example.com")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn an_address_without_a_name_says_what_to_write() {
        let origin = |address: &str| format!("https://{}", name_of(address.parse().unwrap()));
        assert_eq!(origin("0.0.0.0:443"), "https://NAME:443");
        for (address, noted) in [("0.0.0.0:443", true), ("[::]:443", true), ("10.0.0.5:443", false)] {
            assert_eq!(note_on_name(&origin(address)).is_some(), noted, "{address}");
        }
    }

    #[tokio::test]
    async fn the_error_of_a_busy_port_names_a_free_one() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let next = free_beside(address, address);
        let error = listen(address, "--listen", next).await.unwrap_err();
        let StartError::PortInUse { free, .. } = &error else { panic!("{error}") };
        assert_ne!(free.port(), next.port(), "the engine needs that one");
        assert!(std::net::TcpListener::bind(free).is_ok());
        assert!(error.to_string().contains(&format!("--listen {free}")), "{error}");
    }
}
