//! Where the site is, as browsers see it: under which names, with or without TLS, and behind which proxies.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Uri, header};
use countersign_local::tls::Tls;
use ipnet::IpNet;

/// Where the site is.
#[derive(Clone, Debug, Default)]
pub enum Place {
    /// On this machine alone, under its own names.
    #[default]
    ThisMachine,
    /// At one address, without TLS: where the phones of guests come.
    Address(SocketAddr),
    /// Under the names of its certificate.
    Certified(Tls),
    /// Under a public URL.
    Public(Public),
}

/// A site under a public URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// The host, with the port where it is not that of https.
    authority: String,
    /// The path that the site is below, without a slash at its end; empty at the root of the host.
    base: String,
    /// The proxies that say whom they speak for.
    proxies: Vec<IpNet>,
    /// Whether the program itself speaks TLS. If not, proxies do, and nobody else may come.
    is_tls: bool,
}

/// Why a text is no public URL of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("it is not an https:// URL")]
    Scheme,
    #[error("its path is none that a site can be below: letters, digits and -._~ between single slashes, and no query")]
    Path,
}

impl Public {
    /// The site at `url`, such as `https://approvals.example.com`.
    ///
    /// # Errors
    /// It is none that this site can be at.
    pub fn at(url: &str) -> Result<Self, UrlError> {
        let uri: Uri = url.parse().map_err(|_| UrlError::Scheme)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.filter(|_| uri.scheme_str() == Some("https")).ok_or(UrlError::Scheme)?;
        let base = uri.path().trim_end_matches('/');
        if !is_base(base) || uri.query().is_some() {
            return Err(UrlError::Path);
        }
        let authority = without_default_port(authority.as_str()).to_ascii_lowercase();
        Ok(Self { authority, base: base.to_owned(), proxies: Vec::new(), is_tls: false })
    }

    /// The path that the site is below, such as `/approvals`; empty at the root of the host.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same behind these proxies; `is_tls` says whether the program speaks TLS itself.
    #[must_use]
    pub fn behind(self, proxies: Vec<IpNet>, is_tls: bool) -> Self {
        Self { proxies, is_tls, ..self }
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.proxies.iter().any(|network| network.contains(&address))
    }

    /// Whom a proxy speaks for: the last address in `X-Forwarded-For` that is no proxy of ours. What stands before it,
    /// anybody may have written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.is_proxy(peer) {
            return peer;
        }
        let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let all: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut last = peer;
        for text in all.into_iter().rev() {
            let Ok(address) = text.parse::<IpAddr>() else { return last };
            last = address.to_canonical();
            if !self.is_proxy(last) {
                return last;
            }
        }
        last
    }
}

/// Whether a site can be below this path: plain segments, which no client writes in another way.
fn is_base(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_segment = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(is_plain);
    path.is_empty() || path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment))
}

fn without_default_port(authority: &str) -> &str {
    authority.strip_suffix(":443").unwrap_or(authority)
}

impl Place {
    /// Whether browsers reach it with TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        match self {
            Self::ThisMachine | Self::Address(_) => false,
            Self::Certified(_) | Self::Public(_) => true,
        }
    }

    /// Whether a `Host` names this site.
    #[must_use]
    pub fn is_here(&self, host: &str) -> bool {
        match self {
            Self::ThisMachine => is_this_machine(host),
            Self::Address(address) => host == authority(*address),
            Self::Certified(tls) => tls.is_for(name_of(host)),
            Self::Public(public) => without_default_port(host).eq_ignore_ascii_case(&public.authority),
        }
    }

    /// Whether a client may come: without TLS of its own, a public site is there for its proxies alone.
    #[must_use]
    pub fn admits(&self, peer: Option<IpAddr>) -> bool {
        match (self, peer) {
            (Self::Public(public), Some(peer)) if !public.is_tls => peer.is_loopback() || public.is_proxy(peer),
            _ => true,
        }
    }

    /// The origin of this site's pages, for a `Host` that names it.
    #[must_use]
    pub fn origin(&self, host: &str) -> String {
        match self {
            Self::ThisMachine => format!("http://{host}"),
            Self::Address(address) => format!("http://{}", authority(*address)),
            Self::Certified(_) => format!("https://{host}"),
            Self::Public(public) => format!("https://{}", public.authority),
        }
    }

    /// The names under which it answers.
    #[must_use]
    pub fn names(&self) -> String {
        match self {
            Self::ThisMachine => "127.0.0.1, [::1] or localhost".to_owned(),
            Self::Address(address) => authority(*address),
            Self::Certified(_) => "the names of its certificate".to_owned(),
            Self::Public(public) => public.authority.clone(),
        }
    }

    /// The client's address: the peer's, or the one that a trusted proxy speaks for.
    #[must_use]
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        match self {
            Self::Public(public) => peer.map(|peer| public.client(peer, headers)),
            Self::ThisMachine | Self::Address(_) | Self::Certified(_) => peer,
        }
    }
}

/// An address as a browser writes it: without the port that is that of http.
fn authority(address: SocketAddr) -> String {
    let whole = address.to_string();
    whole.strip_suffix(":80").map_or(whole.clone(), str::to_owned)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn public(url: &str, proxies: &[&str]) -> Public {
        let proxies = proxies.iter().map(|network| network.parse().unwrap()).collect();
        Public { proxies, ..Public::at(url).unwrap() }
    }

    #[test]
    fn a_public_url_has_tls_and_perhaps_a_path() {
        for (url, expected) in [
            ("https://a.example", Ok(("a.example", ""))),
            ("https://A.example:443/", Ok(("a.example", ""))),
            ("https://a.example:8443", Ok(("a.example:8443", ""))),
            ("https://a.example/approvals", Ok(("a.example", "/approvals"))),
            ("https://a.example/Tools/approvals/", Ok(("a.example", "/Tools/approvals"))),
            ("https://a.example/a//b", Err(UrlError::Path)),
            ("https://a.example/a/../b", Err(UrlError::Path)),
            ("https://a.example/a%2fb", Err(UrlError::Path)),
            ("https://a.example/a'b", Err(UrlError::Path)),
            ("http://a.example", Err(UrlError::Scheme)),
            ("a.example", Err(UrlError::Scheme)),
            ("https://dana@a.example", Err(UrlError::Scheme)),
            ("https://a.example/?a=b", Err(UrlError::Path)),
        ] {
            let found = Public::at(url).map(|public| (public.authority, public.base));
            assert_eq!(found, expected.map(|(host, base)| (host.to_owned(), base.to_owned())), "{url}");
        }
    }

    #[test]
    fn a_public_site_answers_under_its_own_name_alone() {
        let place = Place::Public(public("https://a.example", &[]));
        for (host, expected) in [
            ("a.example", true),
            ("A.EXAMPLE:443", true),
            ("a.example:80", false),
            ("127.0.0.1:3000", false),
            ("a.example.evil.example", false),
            ("", false),
        ] {
            assert_eq!(place.is_here(host), expected, "{host}");
        }
        assert_eq!(place.origin("a.example:443"), "https://a.example");
        assert!(place.is_secure());
    }

    #[test]
    fn a_site_at_one_address_answers_under_it_alone() {
        let place = |address: &str| Place::Address(address.parse().unwrap());
        let lan = place("192.168.1.20:3030");
        for (host, expected) in [
            ("192.168.1.20:3030", true),
            ("192.168.1.20", false),
            ("192.168.1.20:3000", false),
            ("127.0.0.1:3030", false),
            ("localhost:3030", false),
            ("192.168.1.20.evil.example:3030", false),
            ("", false),
        ] {
            assert_eq!(lan.is_here(host), expected, "{host}");
        }
        // Whatever a request calls it.
        assert_eq!(lan.origin("evil.example"), "http://192.168.1.20:3030");
        assert!(!lan.is_secure());
        let usual = place("10.0.0.1:80");
        assert!(usual.is_here("10.0.0.1") && usual.origin("") == "http://10.0.0.1");
        assert!(place("[fd00::1]:3030").is_here("[fd00::1]:3030"));
    }

    #[test]
    fn only_a_trusted_proxy_says_whom_it_speaks_for() {
        let place = Place::Public(public("https://a.example", &["10.0.0.0/8", "fd00::/8"]));
        let client = |peer: &str, forwarded: &[&str]| {
            let value = |text: &&str| (header::HeaderName::from_static("x-forwarded-for"), text.parse().unwrap());
            let headers = forwarded.iter().map(value).collect();
            place.client(Some(peer.parse().unwrap()), &headers).unwrap().to_string()
        };
        assert_eq!(client("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.0.0.2"]), "192.0.2.1", "what the client made up");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("192.0.2.9", &["192.0.2.1"]), "192.0.2.9", "no proxy of ours");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, x"]), "10.0.0.1");
        assert_eq!(client("fd00::1", &["10.0.0.7"]), "10.0.0.7");
    }

    #[test]
    fn without_tls_of_its_own_a_public_site_is_there_for_its_proxies() {
        let plain = Place::Public(public("https://a.example", &["10.0.0.0/8"]));
        let peer = |text: &str| Some(text.parse().unwrap());
        assert!(plain.admits(peer("10.1.2.3")) && plain.admits(peer("127.0.0.1")) && !plain.admits(peer("192.0.2.1")));
        let tls = Place::Public(Public { is_tls: true, ..public("https://a.example", &[]) });
        assert!(tls.admits(peer("192.0.2.1")) && Place::ThisMachine.admits(peer("192.0.2.1")));
    }
}
