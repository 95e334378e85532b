//! Which process is at the other end of a connection, as far as the system reports it.
//!
//! A function of the embedded engine can open a page and read its proof, as any program on this machine can. Unlike a
//! person's browser, it was started by this program: its connections may read but not act.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;

use axum::http::Extensions;
use countersign_local::listener::Ends;

/// Why a request that acts is refused to this program and to what it started.
pub const OWN: &str = "This came from a function or a task of the program itself.";

/// The system's number of the error that there is no such process.
const NO_PROCESS: i32 = 3;

/// Whether a request that acts was sent by this program or by a process that it started.
pub async fn is_own(request: &Extensions) -> bool {
    let Some(ends) = request.get::<Ends>().copied() else { return false };
    tokio::task::spawn_blocking(move || is_of_this_program(ends)).await.unwrap_or(true)
}

/// Whether the connection was made by this program or by a process that it started. If the system does not report it, the
/// answer is no.
pub fn is_of_this_program(ends: Ends) -> bool {
    socket_of(ends).is_some_and(held_by_family)
}

/// The number of the client's socket. Its own address would not do: two connections to different ports, such as those of the
/// dashboard and of the engine, may begin at the same one.
fn socket_of(Ends { peer, own }: Ends) -> Option<u64> {
    let number = |table: &str, from: IpAddr, to: IpAddr| {
        let ends = [written(from, peer.port()), written(to, own.port())];
        let table = fs::read_to_string(table).ok()?;
        let mut sockets = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
        let fields = sockets.find(|fields| fields.get(1..3).is_some_and(|found| found == ends))?;
        // A socket without a number is nobody's any more.
        fields.get(9)?.parse().ok().filter(|inode| *inode != 0)
    };
    match (peer.ip().to_canonical(), own.ip().to_canonical()) {
        // A client may also reach an address of IPv4 with a socket of IPv6, and a server be reached so.
        (IpAddr::V4(from), IpAddr::V4(to)) => number("/proc/net/tcp", from.into(), to.into())
            .or_else(|| number("/proc/net/tcp6", from.to_ipv6_mapped().into(), to.to_ipv6_mapped().into())),
        (from, to) => number("/proc/net/tcp6", from, to),
    }
}

/// An address as the system's tables have it.
fn written(ip: IpAddr, port: u16) -> String {
    let ip: String = match ip {
        IpAddr::V4(ip) => format!("{:08X}", u32::from_ne_bytes(ip.octets())),
        IpAddr::V6(ip) => {
            let words = ip.octets();
            // Proof: each chunk has four bytes.
            let word = |word: &[u8]| format!("{:08X}", u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
            words.chunks_exact(4).map(word).collect()
        }
    };
    format!("{ip}:{port:04X}")
}

/// Whether this process or one of its descendants holds the socket. A descendant whose files are hidden counts as the
/// holder if no other process is.
fn held_by_family(inode: u64) -> bool {
    let wanted = format!("socket:[{inode}]");
    let parents = parents();
    let mut others = false;
    let mut hidden = false;
    for &process in parents.keys() {
        let ours = is_below(process, &parents);
        match holds(process, &wanted) {
            Some(true) if ours => return true,
            Some(true) => others = true,
            Some(false) => {}
            None => hidden |= ours,
        }
    }
    hidden && !others
}

/// Whether a process has the socket among its files; `None` if we may not see them.
fn holds(process: u32, socket: &str) -> Option<bool> {
    let files = match fs::read_dir(format!("/proc/{process}/fd")) {
        Ok(files) => files,
        // It has ended, before or meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(NO_PROCESS) => {
            return Some(false);
        }
        Err(_) => return None,
    };
    Some(files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == socket)))
}

/// The parent of every process.
fn parents() -> HashMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let process = |entry: fs::DirEntry| {
        let process: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in brackets may contain anything; the state and the parent follow it.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((process, parent))
    };
    entries.flatten().filter_map(process).collect()
}

fn is_below(process: u32, parents: &HashMap<u32, u32>) -> bool {
    let own = std::process::id();
    // A chain of ancestors is no longer than the number of processes.
    std::iter::successors(Some(process), |process| parents.get(process).copied())
        .take(parents.len() + 1)
        .any(|process| process == own)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::process::{Command, Stdio};

    use super::{Ends, is_of_this_program};

    /// The ends of the next connection of a listener, which stays open as long as the stream is held.
    fn accepted(listener: &TcpListener) -> (TcpStream, Ends) {
        let (stream, peer) = listener.accept().unwrap();
        let own = stream.local_addr().unwrap();
        (stream, Ends { peer, own })
    }

    fn listener(at: &str) -> Option<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(at).ok()?;
        let address = listener.local_addr().ok()?;
        Some((listener, address))
    }

    /// Runs a script in a process whose parent has ended, so that it has the system as its parent.
    fn orphan(program: &str, script: &str) {
        let mut shell = Command::new("bash");
        shell.args(["-c", "setsid \"$0\" -c \"$1\" & exit", program, script]).stdin(Stdio::null());
        assert!(shell.spawn().unwrap().wait().unwrap().success());
    }

    #[test]
    fn the_program_and_its_children_are_distinguished_from_others() {
        for bind in ["127.0.0.1:0", "[::1]:0"] {
            let Some((listener, address)) = listener(bind) else { continue };
            let own = TcpStream::connect(address).unwrap();
            assert!(is_of_this_program(accepted(&listener).1), "its own");
            drop(own);
        }
        let (listener, address) = listener("127.0.0.1:0").unwrap();
        let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{}; read -t 10 line <&3", address.port());
        let mut child = Command::new("bash").args(["-c", &connect]).spawn().unwrap();
        let (stream, ends) = accepted(&listener);
        assert!(is_of_this_program(ends), "a child's");
        drop(stream);
        child.wait().unwrap();
        orphan("bash", &connect);
        let (_stream, ends) = accepted(&listener);
        assert!(!is_of_this_program(ends), "a stranger's");
    }

    /// A socket of IPv6 that reaches an address of IPv4 is in another table.
    #[test]
    fn a_child_cannot_hide_behind_the_other_version_of_the_protocol() {
        let (listener, address) = listener("127.0.0.1:0").unwrap();
        let connect = format!(
            "import socket; s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', {})); s.recv(1)",
            address.port()
        );
        let mut child = Command::new("python3").args(["-c", &connect]).spawn().unwrap();
        let (stream, ends) = accepted(&listener);
        assert!(is_of_this_program(ends));
        drop(stream);
        child.wait().unwrap();
    }

    /// A stranger's connection may begin at the port at which one of this program to another server begins.
    #[tokio::test]
    async fn a_port_that_begins_two_connections_tells_them_apart() {
        let (engine, there) = listener("127.0.0.1:0").unwrap();
        let (dashboard, here) = listener("127.0.0.1:0").unwrap();
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let own = socket.connect(there).await.unwrap();
        let port = own.local_addr().unwrap().port();
        let connect = format!(
            "import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); \
             s.bind(('127.0.0.1', {port})); s.connect(('127.0.0.1', {})); s.recv(1)",
            here.port()
        );
        orphan("python3", &connect);
        let (_stream, stranger) = accepted(&dashboard);
        assert_eq!(stranger.peer.port(), port);
        assert!(!is_of_this_program(stranger));
        assert!(is_of_this_program(accepted(&engine).1));
    }
}
