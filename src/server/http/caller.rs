//! Which process is at the other end of a connection, as far as the system reports it.
//!
//! A function of the embedded engine can open a page and read its proof, as any program on this machine can. Unlike a
//! person's browser, it was started by this program: its connections may read but not act.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::Extensions;

/// Why a request that acts is refused to this program and to what it started.
pub const OWN: &str = "This came from a function or a task of the program itself.";

/// Whether a request that acts was sent by this program or by a process that it started.
pub async fn is_own(request: &Extensions) -> bool {
    let Some(ConnectInfo(peer)) = request.get::<ConnectInfo<SocketAddr>>().copied() else { return false };
    tokio::task::spawn_blocking(move || is_of_this_program(peer)).await.unwrap_or(true)
}

/// Whether the connection from `peer` was made by this program or by a process that it started. If the system does
/// not report it, the answer is no.
pub fn is_of_this_program(peer: SocketAddr) -> bool {
    socket_of(peer).is_some_and(held_by_family)
}

/// The number of the socket whose own address is `address`.
fn socket_of(address: SocketAddr) -> Option<u64> {
    let (table, own) = match address.ip() {
        IpAddr::V4(ip) => ("/proc/net/tcp", format!("{:08X}", u32::from_ne_bytes(ip.octets()))),
        IpAddr::V6(ip) => {
            let words = ip.octets();
            let words = words.chunks_exact(4).map(|word| {
                // Proof: each chunk has four bytes.
                u32::from_ne_bytes([word[0], word[1], word[2], word[3]])
            });
            ("/proc/net/tcp6", words.map(|word| format!("{word:08X}")).collect())
        }
    };
    let own = format!("{own}:{:04X}", address.port());
    let table = fs::read_to_string(table).ok()?;
    let mut sockets = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    sockets.find(|fields| fields.get(1) == Some(&own.as_str()))?.get(9)?.parse().ok().filter(|inode| *inode != 0)
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
        // It has ended.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(false),
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

    use std::net::{TcpListener, TcpStream};
    use std::process::{Command, Stdio};

    use super::is_of_this_program;

    #[test]
    fn the_program_and_its_children_are_distinguished_from_others() {
        for bind in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(bind) else { continue };
            let own = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            assert!(is_of_this_program(listener.accept().unwrap().1), "its own");
            drop(own);
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; read -t 10 line <&3");
        let mut child = Command::new("bash").args(["-c", &connect]).spawn().unwrap();
        let (stream, peer) = listener.accept().unwrap();
        assert!(is_of_this_program(peer), "a child's");
        drop(stream);
        child.wait().unwrap();
        // A process whose parent has ended has the system as its parent.
        let orphan = format!("setsid bash -c '{connect}' & exit");
        let mut parent = Command::new("bash").args(["-c", &orphan]).stdin(Stdio::null()).spawn().unwrap();
        parent.wait().unwrap();
        let (_stream, peer) = listener.accept().unwrap();
        assert!(!is_of_this_program(peer), "a stranger's");
    }
}
