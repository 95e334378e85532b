//! Where the phones of guests come, and when there may be any: with the data of the demonstration alone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use countersign_desk::connection::ConnectionId;

use crate::server::config::ServeArgs;
use crate::server::connections::Configured;

/// The port where none is named.
const PORT: u16 = 3030;

/// What follows `--guest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: this machine's own address on the local network.
    Own,
    /// An address, and perhaps a port.
    At(IpAddr, Option<u16>),
}

/// Why guests cannot come.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGuests {
    #[error(
        "--guest is for the demonstration, and with --sign-in people decide for themselves.\nLeave one of the two out."
    )]
    SignIn,
    #[error(
        "--guest is for the demonstration's own data, and --aws and --endpoint show other data.\nLeave --guest out."
    )]
    Elsewhere,
    #[error(
        "--guest is for the demonstration's own data, and the connection {0} shows other data.\n\
         Remove it from countersign.toml of the data folder or from the command line, or leave --guest out."
    )]
    Connection(ConnectionId),
    #[error(
        "--guest is for requests that can be decided, and the connection default is read-only.\nLeave one of the two out."
    )]
    ReadOnly,
    #[error("--guest is for the demonstration, and {0} does without it.\nLeave one of the two out.")]
    NoDemonstration(&'static str),
    #[error(
        "--guest is for the demonstration, and people have signed in with this data folder.\nGive the demonstration a folder of its own with --data DIR."
    )]
    Users,
    #[error("This machine has no address on a local network.\nName one that phones reach with --guest ADDRESS.")]
    NoAddress,
    #[error("No phone can open {0}.\nName an address of this machine with --guest ADDRESS.")]
    Unspecified(IpAddr),
    #[error(
        "{0} is no address of a local network: anybody could come, and nothing is encrypted.\n\
         Name one that only this network reaches, such as --guest 192.168.1.20."
    )]
    Public(IpAddr),
}

impl Wanted {
    /// Reads what follows the flag: nothing, an address, or one with a port.
    ///
    /// # Errors
    /// It is no address.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Own);
        }
        let with_port = text.parse::<SocketAddr>().map(|address| Self::At(address.ip(), Some(address.port())));
        let without = || text.parse::<IpAddr>().map(|ip| Self::At(ip, None));
        with_port
            .or_else(|_| without())
            .map_err(|_| "give an address of this machine, such as 192.168.1.20 or 192.168.1.20:3030".to_owned())
    }

    /// The address to listen on.
    ///
    /// # Errors
    /// It is none that guests may come to.
    pub fn address(self) -> Result<SocketAddr, NoGuests> {
        let (ip, port) = match self {
            Self::Own => (own().ok_or(NoGuests::NoAddress)?, None),
            Self::At(ip, port) => (ip.to_canonical(), port),
        };
        if ip.is_unspecified() {
            return Err(NoGuests::Unspecified(ip));
        }
        if !is_local(ip) {
            return Err(NoGuests::Public(ip));
        }
        Ok(SocketAddr::new(ip, port.unwrap_or(PORT)))
    }
}

/// The address with which this machine would reach others. Nothing is sent: the system only chooses a way.
fn own() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address that is kept for documentation: nobody has it.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified()).then_some(ip)
}

/// Whether only a local network reaches an address, or this machine alone.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // Between a provider and its customers, and of private networks that lie over others.
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

/// Every reason why these arguments and connections leave no room for guests.
#[must_use]
pub fn against(args: &ServeArgs, connections: &[Configured]) -> Vec<NoGuests> {
    let default = ConnectionId::default_one();
    let flags = [
        (args.sign_in, NoGuests::SignIn),
        (!args.embeds_the_engine(), NoGuests::Elsewhere),
        (args.no_demo, NoGuests::NoDemonstration("--no-demo")),
        (args.definitions.is_some(), NoGuests::NoDemonstration("--definitions")),
        (connections.iter().any(|one| one.id == default && one.read_only), NoGuests::ReadOnly),
    ];
    let others = connections.iter().filter(|one| one.id != default).map(|one| NoGuests::Connection(one.id.clone()));
    flags.into_iter().filter_map(|(holds, why)| holds.then_some(why)).chain(others).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use clap::Parser as _;

    use super::*;
    use crate::server::config::{Cli, Command};

    fn serve(args: &[&str]) -> ServeArgs {
        let cli = Cli::try_parse_from(["countersign", "serve"].iter().chain(args)).unwrap();
        match cli.command {
            Some(Command::Serve(serve)) => serve,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_flag_has_an_address_or_none() {
        let wanted = |args: &[&str]| serve(args).guest;
        assert_eq!(wanted(&[]), None);
        assert_eq!(wanted(&["--guest"]), Some(Wanted::Own));
        assert_eq!(wanted(&["--guest", "--undo", "0"]), Some(Wanted::Own));
        let at = |text: &str| Wanted::read(text).unwrap().address().map(|address| address.to_string());
        assert_eq!(at("192.168.1.20").as_deref(), Ok("192.168.1.20:3030"));
        assert_eq!(at("127.0.0.1:0").as_deref(), Ok("127.0.0.1:0"));
        assert_eq!(at("[fd00::1]:80").as_deref(), Ok("[fd00::1]:80"));
        assert!(Cli::try_parse_from(["countersign", "serve", "--guest", "phone"]).is_err());
    }

    #[test]
    fn guests_come_from_the_local_network_alone() {
        for (text, expected) in [
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("169.254.3.4", true),
            ("100.100.1.2", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("fd12::1", true),
            ("::ffff:192.168.1.1", true),
            ("100.200.1.2", false),
            ("8.8.8.8", false),
            ("2001:db8::1", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
            ("::", false),
        ] {
            assert_eq!(Wanted::read(text).unwrap().address().is_ok(), expected, "{text}");
        }
        assert!(matches!(Wanted::read("0.0.0.0:3030").unwrap().address(), Err(NoGuests::Unspecified(_))));
    }

    #[test]
    fn guests_come_with_the_data_of_the_demonstration_alone() {
        let none = |args: &[&str], connections: &[Configured]| against(&serve(args), connections);
        assert_eq!(none(&["--guest"], &[]), []);
        assert_eq!(none(&["--guest", "--sign-in"], &[]), [NoGuests::SignIn]);
        assert_eq!(none(&["--guest", "--aws"], &[]), [NoGuests::Elsewhere]);
        assert_eq!(none(&["--guest", "--endpoint", "http://x"], &[]), [NoGuests::Elsewhere]);
        let all = none(&["--guest", "--no-demo", "--definitions", "own"], &[]);
        assert_eq!(all, ["--no-demo", "--definitions"].map(NoGuests::NoDemonstration));
        let default = Configured::named(ConnectionId::default_one());
        let prod = Configured::named(ConnectionId::parse("prod").unwrap());
        assert_eq!(none(&["--guest"], std::slice::from_ref(&default)), []);
        let read_only = Configured { read_only: true, ..default };
        assert_eq!(none(&["--guest"], &[read_only, prod.clone()]), [NoGuests::ReadOnly, NoGuests::Connection(prod.id)]);
    }
}
