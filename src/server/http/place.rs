//! Where the site is, as browsers see it: under which names, with or without TLS, and behind which proxies.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// Where the site is.
#[derive(Clone, Debug, Default)]
pub enum Place {
    /// On this machine alone, under its own names.
    #[default]
    ThisMachine,
}

impl Place {
    /// Whether browsers reach it with TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        match self {
            Self::ThisMachine => false,
        }
    }

    /// Whether a `Host` names this site.
    #[must_use]
    pub fn is_here(&self, host: &str) -> bool {
        match self {
            Self::ThisMachine => is_this_machine(host),
        }
    }

    /// The origin of this site's pages, for a `Host` that names it.
    #[must_use]
    pub fn origin(&self, host: &str) -> String {
        let scheme = if self.is_secure() { "https" } else { "http" };
        format!("{scheme}://{host}")
    }

    /// What to do where a `Host` names another site.
    #[must_use]
    pub fn names(&self) -> String {
        match self {
            Self::ThisMachine => "127.0.0.1, [::1] or localhost".to_owned(),
        }
    }

    /// The client's address.
    #[must_use]
    pub fn client(&self, peer: Option<IpAddr>, _headers: &HeaderMap) -> Option<IpAddr> {
        peer
    }
}

/// The name or address of a `Host`, without the port.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = name_of(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The `Host` of a request.
#[must_use]
pub fn host_of(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
