//! Accepting connections: how long a connection may take for its request, and how many connections a client may hold.
//!
//! A connection that never ends its headers would cost a file and some memory for ever. Here it has a deadline, which
//! also applies to an idle connection. If a client holds as many connections as it may, the one that has been idle
//! longest is closed for the new one. A connection with a request that is being answered is never closed.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

use crate::tls::Tls;

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the last answer, or from the beginning, to the end of a request's headers.
    pub headers: Duration,
    /// Connections of one address.
    pub a_client: usize,
    /// Connections of all.
    pub all: usize,
}

impl Default for Limits {
    /// Generous for one machine, and below the 1,024 files that a process commonly may open.
    fn default() -> Self {
        Self { headers: Duration::from_secs(15), a_client: 320, all: 400 }
    }
}

/// The response to a client for which there is no connection left.
const FULL: &str = "All connections of this client are in use. Close some, then try again.\n";

/// One connection.
struct Seat {
    client: IpAddr,
    /// Requests that are being answered.
    busy: AtomicUsize,
    idle_since: Mutex<Instant>,
    gives_way: CancellationToken,
}

/// A request that is being answered, to the end of its answer.
struct Busy(Arc<Seat>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The guarded value is consistent at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Busy {
    fn new(seat: &Arc<Seat>) -> Self {
        seat.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(seat))
    }
}

impl Drop for Busy {
    #[expect(clippy::disallowed_methods, reason = "orders connections by their age; no outcome depends on how long")]
    fn drop(&mut self) {
        *lock(&self.0.idle_since) = Instant::now();
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All connections of a listener.
#[derive(Clone, Default)]
struct Seats(Arc<Mutex<Vec<Arc<Seat>>>>);

impl Seats {
    /// A seat for another connection of `client`; `None` if all that it holds are being answered.
    #[expect(clippy::disallowed_methods, reason = "orders connections by their age; no outcome depends on how long")]
    fn take(&self, client: IpAddr, limits: &Limits) -> Option<Arc<Seat>> {
        let mut seats = lock(&self.0);
        let held = seats.iter().filter(|seat| seat.client == client).count();
        let too_many = held >= limits.a_client;
        if too_many || seats.len() >= limits.all {
            let idle = seats
                .iter()
                .enumerate()
                .filter(|(_, seat)| seat.busy.load(Ordering::Relaxed) == 0 && (!too_many || seat.client == client));
            let (at, _) = idle.min_by_key(|(_, seat)| *lock(&seat.idle_since))?;
            seats.swap_remove(at).gives_way.cancel();
        }
        let seat = Arc::new(Seat {
            client,
            busy: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
            gives_way: CancellationToken::new(),
        });
        seats.push(Arc::clone(&seat));
        Some(seat)
    }

    fn leave(&self, seat: &Arc<Seat>) {
        lock(&self.0).retain(|other| !Arc::ptr_eq(other, seat));
    }
}

/// The two ends of the connection that a request came by: an extension of every request. Only both together name one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The client's address, as this system sees it.
    pub peer: SocketAddr,
    /// The own address that it reached.
    pub own: SocketAddr,
}

/// Serves until `end`, and then until the open requests are answered.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, end: CancellationToken) {
    serve_with(None, listener, router, limits, end).await;
}

/// The same, with TLS where there is a certificate.
#[expect(
    clippy::disallowed_methods,
    reason = "the pause after a failed accept: the system reports no event when a file is free again"
)]
pub async fn serve_with(
    tls: Option<Tls>,
    listener: TcpListener,
    router: Router,
    limits: Limits,
    end: CancellationToken,
) {
    let (seats, open) = (Seats::default(), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            () = end.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // The client has gone already, or the process has no file left: neither ends the server.
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let Some(seat) = seats.take(peer.ip(), &limits) else {
            // With TLS it would take a handshake to say so.
            if tls.is_none() {
                open.spawn(turn_away(stream));
            }
            continue;
        };
        // A connection that has no address any more has ended.
        let Ok(own) = stream.local_addr() else { continue };
        let ends = Ends { peer, own };
        // Without Nagle's delay small responses are sent at once; if that cannot be set, they only arrive later.
        _ = stream.set_nodelay(true);
        let (router, seats, end, tls) = (router.clone(), seats.clone(), end.clone(), tls.clone());
        open.spawn(async move {
            match tls {
                None => connection(stream, ends, router, &limits, &seat, end).await,
                Some(tls) => {
                    if let Some(stream) = shaken(&tls, stream, &limits, &seat, &end).await {
                        connection(stream, ends, router, &limits, &seat, end).await;
                    }
                }
            }
            seats.leave(&seat);
        });
    }
    open.close();
    open.wait().await;
}

/// The stream behind the handshake, which has as much time as the headers of a request.
async fn shaken(
    tls: &Tls,
    stream: TcpStream,
    limits: &Limits,
    seat: &Seat,
    end: &CancellationToken,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    tokio::select! {
        () = seat.gives_way.cancelled() => None,
        () = end.cancelled() => None,
        shaken = tokio::time::timeout(limits.headers, tls.accept(stream)) => shaken.ok()?.ok(),
    }
}

/// Serves one connection.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ends: Ends,
    router: Router,
    limits: &Limits,
    seat: &Arc<Seat>,
    end: CancellationToken,
) {
    let of_service = Arc::clone(seat);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let busy = Busy::new(&of_service);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(ends.peer));
        request.extensions_mut().insert(ends);
        let answer = router.clone().call(request);
        async move { Ok::<_, Infallible>(answer.await?.map(|body| Held { body, _busy: busy })) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = pin!(served);
    tokio::select! {
        // The client caused the error: it went away, sent no HTTP, or took too long.
        _ = served.as_mut() => {}
        () = seat.gives_way.cancelled() => {
            if seat.busy.load(Ordering::Relaxed) > 0 {
                // A request has arrived in the meantime.
                served.as_mut().graceful_shutdown();
                _ = served.await;
            }
        }
        () = end.cancelled() => {
            served.as_mut().graceful_shutdown();
            _ = served.await;
        }
    }
}

/// Tells a client that there is no connection left for it.
async fn turn_away(mut stream: TcpStream) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Retry-After: 1\r\nConnection: close\r\n\r\n{FULL}",
        FULL.len()
    );
    let refusal = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    // A client that does not read it is not waited for.
    _ = tokio::time::timeout(Duration::from_secs(1), refusal).await;
}

/// A body that keeps its connection busy until it is sent.
struct Held {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
