//! Connections that say nothing, before the whole dashboard.

use std::net::SocketAddr;
use std::time::Duration;

use countersign_local::listener::{Limits, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::Site;

/// Two hundred connections from this machine's first address whose headers never end.
async fn flood(address: SocketAddr) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Never: ").await.unwrap();
        held.push(stream);
    }
    held
}

/// What a client with an address of its own is answered.
async fn other_client(address: SocketAddr) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(b"GET /default/inbox HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Waits until the server has closed the connection.
async fn closed(stream: &mut TcpStream) {
    let end = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut [0; 256])).await;
    // A reset is an end too.
    assert!(matches!(end.expect("it is still open"), Ok(0) | Err(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_never_end_hold_no_place_of_others() {
    let site = Site::new("flood").await;
    let serving = async |limits| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(serve(listener, site.router.clone(), limits, end.clone()));
        (address, end)
    };
    // The limit of a client: its oldest connections give way, and others are served.
    let (address, end) = serving(Limits { headers: Duration::from_secs(600), a_client: 50, all: 60 }).await;
    let mut held = flood(address).await;
    assert!(other_client(address).await.starts_with("HTTP/1.1 200 "));
    for stream in &mut held[..150] {
        closed(stream).await;
    }
    end.cancel();
    // The deadline of the headers: all are closed.
    let (address, end) = serving(Limits { headers: Duration::from_millis(300), ..Limits::default() }).await;
    let mut held = flood(address).await;
    assert!(other_client(address).await.starts_with("HTTP/1.1 200 "));
    for stream in &mut held {
        closed(stream).await;
    }
    end.cancel();
    site.close().await;
}
