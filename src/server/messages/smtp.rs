//! A connection to a mail server. What is said on it is `lettre`'s; its TLS is that of the rest of the program.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::config::{Security, Server};

/// The most bytes of a reply before TLS.
const REPLY: usize = 4_096;
/// What a server says at first. Behind STARTTLS it says nothing, and whoever speaks then expects it.
const GREETING: &[u8] = b"220 ready\r\n";

/// Connects to a server, and greets it.
///
/// # Errors
/// It is not reached, is not the one that it is to be, or does not speak TLS where it has to.
pub async fn connect(server: &Server, tls: &Arc<ClientConfig>) -> std::result::Result<AsyncSmtpConnection, String> {
    let line = open(server, tls).await.map_err(|error| format!("the mail server was not reached: {error}"))?;
    let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(line), &ClientId::default()).await;
    greeted.map_err(|error| format!("the mail server: {error}"))
}

async fn open(server: &Server, tls: &Arc<ClientConfig>) -> Result<Line> {
    let mut stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
    let peer = stream.peer_addr()?;
    let greeting = match server.security {
        Security::ThisMachine => return Ok(Line { inner: Inner::Plain(stream), greeting: &[], peer }),
        Security::Tls => &[],
        Security::StartTls => {
            expect(&mut stream, "220").await?;
            stream.write_all(format!("EHLO {}\r\n", ClientId::default()).as_bytes()).await?;
            expect(&mut stream, "250").await?;
            stream.write_all(b"STARTTLS\r\n").await?;
            expect(&mut stream, "220").await?;
            GREETING
        }
    };
    let name = ServerName::try_from(server.host.clone());
    let name = name.map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
    Ok(Line { inner: Inner::Tls(Box::new(stream)), greeting, peer })
}

/// Reads a reply to its end and no further: what somebody put behind it is not taken for what TLS protects.
async fn expect(stream: &mut TcpStream, code: &str) -> Result<()> {
    let mut line = Vec::new();
    for _ in 0..REPLY {
        let byte = stream.read_u8().await?;
        if byte != b'\n' {
            line.push(byte);
            continue;
        }
        // A hyphen behind the code says that another line follows.
        if line.get(3) != Some(&b'-') {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let refused = || Error::other(format!("it answers with {text:?} before TLS"));
            return if text.starts_with(code) { Ok(()) } else { Err(refused()) };
        }
        line.clear();
    }
    Err(Error::other("its reply has no end"))
}

/// The bytes to and from a server.
#[derive(Debug)]
struct Line {
    inner: Inner,
    /// What is read before anything that the server says.
    greeting: &'static [u8],
    peer: SocketAddr,
}

#[derive(Debug)]
enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self.greeting.split_at(self.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(context),
            Inner::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
