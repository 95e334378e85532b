//! Connections that say nothing, and clients that hold too many.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use countersign_local::listener::{Limits, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

const UNFINISHED: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Never: ";
const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

async fn listening(limits: Limits) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let slow = get(|| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        "slow"
    });
    let router = Router::new().route("/", get(|| async { "here" })).route("/slow", slow);
    let end = CancellationToken::new();
    tokio::spawn(serve(listener, router, limits, end.clone()));
    (address, end)
}

async fn send(address: SocketAddr, text: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text).await.unwrap();
    stream
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    // A reset is an end too.
    _ = stream.read_to_string(&mut text).await;
    text
}

#[tokio::test]
async fn headers_that_never_end_have_a_deadline() {
    let limits = Limits { headers: Duration::from_millis(300), ..Limits::default() };
    let (address, end) = listening(limits).await;
    let mut waiting = Vec::new();
    for number in 0..200 {
        waiting.push(send(address, if number % 2 == 0 { UNFINISHED } else { b"" }).await);
    }
    assert!(answer(send(address, WHOLE).await).await.ends_with("here"));
    for stream in waiting {
        let closed = tokio::time::timeout(Duration::from_secs(5), answer(stream)).await;
        assert!(closed.is_ok(), "a connection without a request is still open");
    }
    end.cancel();
}

#[tokio::test]
async fn the_idlest_connection_gives_way_and_an_answer_never() {
    let limits = Limits { headers: Duration::from_secs(60), a_client: 4, all: 8 };
    let (address, end) = listening(limits).await;
    let first = send(address, UNFINISHED).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let slow: Vec<_> = [send(address, SLOW).await, send(address, SLOW).await, send(address, SLOW).await].into();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let last = send(address, SLOW).await;
    let gone = tokio::time::timeout(Duration::from_secs(1), answer(first)).await;
    assert_eq!(gone.unwrap(), "", "the one without a request is closed");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(answer(send(address, WHOLE).await).await.starts_with("HTTP/1.1 503 "), "all four are being answered");
    for stream in slow.into_iter().chain([last]) {
        assert!(answer(stream).await.ends_with("slow"));
    }
    assert!(answer(send(address, WHOLE).await).await.ends_with("here"));
    end.cancel();
}

/// The engine's answer to a client with an address of its own.
async fn other_client(address: SocketAddr) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n\
                Content-Length: 2\r\nConnection: close\r\n\r\n{}";
    stream.write_all(head.as_bytes()).await.unwrap();
    answer(stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_never_end_hold_no_place_of_the_engines_other_clients() {
    let engine = Engine::new("flood").await;
    let flooded = async |limits| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(serve(listener, engine.router.clone(), limits, end.clone()));
        let mut held = Vec::new();
        for _ in 0..200 {
            held.push(send(address, UNFINISHED).await);
        }
        let answered = other_client(address).await;
        assert!(answered.starts_with("HTTP/1.1 200 ") && answered.contains("stateMachines"), "{answered}");
        (held, end)
    };
    let closed = async |stream| {
        let closed = tokio::time::timeout(Duration::from_secs(20), answer(stream)).await;
        assert!(closed.is_ok(), "a connection without a request is still open");
    };
    // The limit of a client: its oldest connections are closed.
    let (held, end) = flooded(Limits { headers: Duration::from_secs(600), a_client: 50, all: 60 }).await;
    for stream in held.into_iter().take(150) {
        closed(stream).await;
    }
    end.cancel();
    // The deadline of the headers: all are closed.
    let (held, end) = flooded(Limits { headers: Duration::from_millis(300), ..Limits::default() }).await;
    for stream in held {
        closed(stream).await;
    }
    end.cancel();
    engine.remove().await;
}
