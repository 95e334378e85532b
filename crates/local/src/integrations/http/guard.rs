//! Where HTTP tasks may connect to: never to the program's own listeners, whatever the address is called. The address
//! to which a name resolves at the moment of the connection counts, not its spelling in the workflow.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tower_service::Service;

/// How long one of several addresses may delay the others.
const TURN: Duration = Duration::from_secs(5);

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{host} leads to {address}, where Countersign itself listens: no workflow may call it")]
    Own { host: String, address: SocketAddr },
    #[error("{host} leads to {address}, and http:// reaches this machine alone: call it with https://")]
    Elsewhere { host: String, address: SocketAddr },
}

/// Connects, if that is allowed.
#[derive(Clone, Debug, Default)]
pub struct Guard(Arc<RwLock<Vec<SocketAddr>>>);

impl Guard {
    /// Closes an address of the program itself.
    pub fn close(&self, address: SocketAddr) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(address);
    }

    fn is_own(&self, address: SocketAddr) -> bool {
        let own = self.0.read().unwrap_or_else(PoisonError::into_inner);
        own.iter()
            .any(|own| own.port() == address.port() && (own.ip() == address.ip().to_canonical() || is_here(address)))
    }

    fn check(&self, host: &str, address: SocketAddr, is_plain: bool) -> Result<(), Refused> {
        let host = host.to_owned();
        if self.is_own(address) {
            return Err(Refused::Own { host, address });
        }
        if is_plain && !is_here(address) {
            return Err(Refused::Elsewhere { host, address });
        }
        Ok(())
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, Box<dyn std::error::Error + Send + Sync>> {
        let is_plain = uri.scheme_str() == Some("http");
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
        // A name with several addresses is refused if one of them is: the order of the attempts is arbitrary.
        for address in &addresses {
            self.check(host, *address, is_plain)?;
        }
        let stream = first_that_answers(&addresses).await?;
        // The unspecified address leads to another one.
        self.check(host, stream.peer_addr()?, is_plain)?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }
}

async fn first_that_answers(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (index, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let connected = if index + 1 < addresses.len() {
            tokio::time::timeout(TURN, connecting).await.unwrap_or_else(|late| Err(late.into()))
        } else {
            connecting.await
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Whether an address is one of this machine: a socket can be bound to it.
fn is_here(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    let is_always = match ip {
        // `::127.0.0.1` is not connected to as IPv4; refusing it loses nothing.
        IpAddr::V6(six) => six.segments()[..6] == [0; 6],
        IpAddr::V4(four) => four.octets()[0] == 0 || four.is_loopback(),
    };
    // The zone of a link-local address stays.
    let mut own = address;
    own.set_ip(ip);
    own.set_port(0);
    is_always || UdpSocket::bind(own).is_ok()
}

impl Service<Uri> for Guard {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    async fn connect(guard: &Guard, url: &str) -> Result<(), String> {
        let connected = guard.clone().connect(url.parse().unwrap()).await;
        connected.map(drop).map_err(|error| error.to_string())
    }

    /// This machine's address towards others, if it has one.
    fn outward() -> Option<IpAddr> {
        let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
        socket.connect("192.0.2.1:9").ok()?;
        Some(socket.local_addr().ok()?.ip())
    }

    #[tokio::test]
    async fn the_programs_own_listeners_are_out_of_reach_under_every_name() {
        let (own, other) = (
            tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
            tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let guard = Guard::default();
        guard.close(own.local_addr().unwrap());
        let port = own.local_addr().unwrap().port();
        let mut names: Vec<String> = [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "127.8.9.10",
            "0",
            "0.0.0.0",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "[::127.0.0.1]",
        ]
        .map(str::to_owned)
        .to_vec();
        names.extend(outward().map(|ip| if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }));
        for name in names {
            for scheme in ["http", "https"] {
                let refused = connect(&guard, &format!("{scheme}://{name}:{port}/")).await.unwrap_err();
                assert!(refused.contains("where Countersign itself listens"), "{scheme}://{name}: {refused}");
            }
        }
        // Names that only some resolvers know lead nowhere else.
        for name in ["localhost.", "a.localhost", "ip6-localhost", "localhost.localdomain"] {
            assert!(connect(&guard, &format!("https://{name}:{port}/")).await.is_err(), "{name}");
        }
        connect(&guard, &format!("http://{}/", other.local_addr().unwrap())).await.unwrap();
    }

    #[tokio::test]
    async fn plain_http_never_leaves_this_machine() {
        let guard = Guard::default();
        let refused = guard.check("example.com", "192.0.2.1:80".parse().unwrap(), true).unwrap_err();
        assert!(matches!(refused, Refused::Elsewhere { .. }), "{refused}");
        assert_eq!(guard.check("example.com", "192.0.2.1:443".parse().unwrap(), false), Ok(()));
    }
}
