//! The rules of the command line that clap cannot express, and the settings of the data folder.

use std::net::SocketAddr;

use super::ServeArgs;
use crate::server::connections::{Configured, configured};
use crate::server::hooks::config as hooks;
use crate::server::http::place::{Public, UrlError};
use crate::server::messages::config as messages;
use crate::server::oidc::config as oidc;
use crate::server::settings::Mistake;
/// What is configured beside the flags.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The connections beside the default one.
    pub connections: Vec<Configured>,
    /// The channels of messages.
    pub messages: Vec<messages::Configured>,
    /// What SNS pushes in.
    pub hooks: Option<hooks::Configured>,
    /// With whom people sign in besides.
    pub oidc: Option<oidc::Configured>,
}

/// Why the command line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "countersign does not listen on {0}: whoever reaches it can act, and nobody signs in.\n\
         Listen on this machine only, for example --listen 127.0.0.1:{port}, and reach it through an SSH tunnel.",
        port = .0.port()
    )]
    NotLoopback(SocketAddr),
    #[error(
        "countersign does not listen on {0}: whoever reaches the dashboard can decide approvals, and nobody signs in.\n\
         Add --sign-in with --tls-cert and --tls-key, or listen on this machine only, for example --listen 127.0.0.1:{port}.",
        port = .0.port()
    )]
    NoSignIn(SocketAddr),
    #[error(
        "countersign does not listen on {0} without TLS: passwords would be readable on the way.\n\
         Add --tls-cert and --tls-key; or, behind a proxy that speaks TLS, --public-url with --trusted-proxy."
    )]
    NoTls(SocketAddr),
    #[error("--public-url {0:?} cannot be used: {1}.\nGive one such as https://approvals.example.com.")]
    PublicUrl(String, UrlError),
    #[error("--endpoint {0:?} is not an http:// or https:// URL.\nGive one such as http://127.0.0.1:4566.")]
    Endpoint(String),
    #[error(
        "--region and --profile choose an AWS account.\nAdd --aws to show that account instead of the embedded engine."
    )]
    RegionWithoutAws,
    #[error(
        "The dashboard and the engine cannot both listen on {0}.\nGive one of them another port with --listen or --engine-listen."
    )]
    SamePort(SocketAddr),
    #[error(
        "countersign.toml names a provider with which people sign in, and nobody signs in.\n\
         Add --sign-in, or remove [oidc] from it."
    )]
    ProviderWithoutSignIn,
    #[error(transparent)]
    Setting(Mistake),
}

/// Whether a text is a URL that an endpoint may have.
pub fn is_url(text: &str) -> bool {
    let is_right = |uri: &http::Uri| uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"));
    text.parse().is_ok_and(|uri| is_right(&uri))
}

impl ServeArgs {
    /// Whether the embedded engine is served as well, with the functions that it runs.
    #[must_use]
    pub fn embeds_the_engine(&self) -> bool {
        !self.aws && self.endpoint.is_none()
    }

    /// Checks the rules that clap cannot express, and reads the settings of the data folder.
    ///
    /// # Errors
    /// Every rule that is broken, in the order of the flags, and every mistake of the settings.
    pub fn check(&self) -> Result<Settings, Vec<ConfigError>> {
        let mut errors = Vec::new();
        if !self.listen.ip().is_loopback() {
            if !self.sign_in {
                errors.push(ConfigError::NoSignIn(self.listen));
            } else if self.tls_cert.is_none() && self.trusted_proxy.is_empty() {
                errors.push(ConfigError::NoTls(self.listen));
            }
        }
        if !self.engine_listen.ip().is_loopback() {
            errors.push(ConfigError::NotLoopback(self.engine_listen));
        }
        if let Some(url) = &self.public_url
            && let Err(error) = Public::at(url)
        {
            errors.push(ConfigError::PublicUrl(url.clone(), error));
        }
        let embedded = !self.aws && self.endpoint.is_none();
        if embedded && self.listen == self.engine_listen && self.listen.port() != 0 {
            errors.push(ConfigError::SamePort(self.listen));
        }
        if let Some(url) = &self.endpoint
            && !is_url(url)
        {
            errors.push(ConfigError::Endpoint(url.clone()));
        }
        if (self.profile.is_some() || self.region.is_some()) && !self.aws && self.endpoint.is_none() {
            errors.push(ConfigError::RegionWithoutAws);
        }
        let mut setting = |mistakes: Vec<Mistake>| errors.extend(mistakes.into_iter().map(ConfigError::Setting));
        let connections = configured(&self.data, &self.connections).map_err(&mut setting);
        let messages = messages::configured(&self.data).map_err(&mut setting);
        let hooks = hooks::configured(&self.data).map_err(&mut setting);
        let oidc = oidc::configured(&self.data).map_err(&mut setting);
        if !self.sign_in && matches!(oidc, Ok(Some(_))) {
            errors.push(ConfigError::ProviderWithoutSignIn);
        }
        match (connections, messages, hooks, oidc) {
            (Ok(connections), Ok(messages), Ok(hooks), Ok(oidc)) if errors.is_empty() => {
                Ok(Settings { connections, messages, hooks, oidc })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use clap::Parser as _;

    use super::*;
    use crate::server::config::{Cli, Command};

    fn serve(args: &[&str]) -> Result<ServeArgs, clap::Error> {
        Cli::try_parse_from(std::iter::once("countersign").chain(args.iter().copied())).map(|cli| match cli.command {
            Some(Command::Serve(serve)) => serve,
            _ => cli.serve,
        })
    }

    #[test]
    fn serve_is_the_default_and_takes_its_flags_either_way() {
        assert_eq!(
            serve(&["--listen", "127.0.0.1:1"]).unwrap().listen,
            serve(&["serve", "--listen", "127.0.0.1:1"]).unwrap().listen
        );
        assert!(serve(&["--aws", "--endpoint", "http://x"]).is_err());
    }

    #[test]
    fn with_sign_in_and_tls_other_addresses_are_allowed() {
        let check = |args: &[&str]| {
            let all = ["--listen", "0.0.0.0:443"].iter().chain(args).copied().collect::<Vec<_>>();
            serve(&all).unwrap().check().map(drop).map_err(|errors| errors[0].to_string())
        };
        assert!(check(&[]).unwrap_err().contains("nobody signs in"));
        let plain = check(&["--sign-in"]).unwrap_err();
        assert!(plain.contains("without TLS") && plain.contains("--tls-cert"), "{plain}");
        assert!(check(&["--sign-in", "--public-url", "https://a.example"]).unwrap_err().contains("--trusted-proxy"));
        assert!(check(&["--sign-in", "--tls-cert", "c", "--tls-key", "k"]).is_ok());
        let behind = ["--sign-in", "--public-url", "https://a.example", "--trusted-proxy", "10.0.0.0/8"];
        assert!(check(&behind).is_ok());
        let path = |url| ["--sign-in", "--public-url", url, "--trusted-proxy", "10.0.0.1"];
        assert!(check(&path("https://a.example/x")).is_ok());
        let wrong = check(&path("https://a.example/x//y")).unwrap_err();
        assert!(wrong.contains("its path is none that a site can be below"), "{wrong}");
        for incomplete in [
            &["--tls-cert", "c", "--tls-key", "k"][..],
            &["--sign-in", "--tls-cert", "c"],
            &["--sign-in", "--tls-key", "k"],
            &["--public-url", "https://a.example"],
            &["--sign-in", "--trusted-proxy", "10.0.0.0/8"],
            &["--sign-in", "--public-url", "https://a.example", "--trusted-proxy", "everybody"],
        ] {
            assert!(serve(incomplete).is_err(), "{incomplete:?}");
        }
    }

    #[test]
    fn anything_but_loopback_is_refused() {
        let errors =
            serve(&["--listen", "0.0.0.0:80", "--endpoint", "ftp://x", "--profile", "p"]).unwrap().check().unwrap_err();
        let text = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(
            text.contains("0.0.0.0:80") && text.contains("--listen 127.0.0.1:80") && text.contains("\"ftp://x\""),
            "{text}"
        );
        assert!(serve(&["--listen", "[::1]:80"]).unwrap().check().is_ok());
        let same = serve(&["--listen", "127.0.0.1:8083"]).unwrap().check().unwrap_err();
        assert!(same[0].to_string().contains("cannot both listen on 127.0.0.1:8083"), "{}", same[0]);
        assert!(serve(&["--listen", "127.0.0.1:8083", "--endpoint", "http://x"]).unwrap().check().is_ok());
    }
}
