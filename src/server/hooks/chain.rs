//! Who vouches for a certificate of SNS: an authority that this machine trusts, through the certificates between them.
//!
//! SNS serves its certificate alone. The issuer's is often one that SNS's host has shown for its own; else the certificate
//! says where it is. Wherever one comes from, nothing is believed of it but what the trusted authority has signed.

use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore};

/// The identifier of `id-ad-caIssuers` in a certificate, and the tag of the URL that follows (RFC 5280, 4.2.2.1).
const CA_ISSUERS: [u8; 11] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02, 0x86];

/// A certificate, and those that may be between it and an authority.
pub struct Chain {
    certificate: CertificateDer<'static>,
    between: Vec<CertificateDer<'static>>,
}

/// Why nobody vouches for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTrust {
    /// There may be a certificate between it and an authority.
    Issuer,
    /// In words.
    Refused(String),
}

impl Chain {
    /// The certificates of a PEM file, of which the first one signs, and those that its host has shown for itself.
    ///
    /// # Errors
    /// It is none, in words.
    pub fn read(pem: &[u8], shown: Vec<CertificateDer<'static>>) -> Result<Self, String> {
        let read: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let mut read = read.map_err(|error| error.to_string())?.into_iter();
        let certificate = read.next().ok_or("there is no certificate in it")?;
        Ok(Self { certificate, between: read.chain(shown).collect() })
    }

    /// The same with one more certificate, in PEM or DER.
    #[must_use]
    pub fn and(mut self, certificate: Vec<u8>) -> Self {
        let read = CertificateDer::from_pem_slice(&certificate);
        self.between.push(read.unwrap_or_else(|_| CertificateDer::from(certificate)));
        self
    }

    /// Whether the certificate is for one of these names.
    pub fn is_for(&self, names: &[String]) -> bool {
        let Ok(parsed) = ParsedCertificate::try_from(&self.certificate) else { return false };
        let is_for = |name: &String| {
            ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
        };
        names.iter().any(is_for)
    }

    /// The public key of the certificate, for which one of these authorities vouches at `now`, in milliseconds since the epoch.
    ///
    /// # Errors
    /// None does, or the certificate is not valid then.
    pub fn trusted_key(&self, roots: &RootCertStore, now: i64) -> Result<Vec<u8>, NoTrust> {
        let worded = |error: rustls::Error| match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => NoTrust::Issuer,
            error => NoTrust::Refused(error.to_string()),
        };
        let parsed = ParsedCertificate::try_from(&self.certificate).map_err(worded)?;
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
        // Before 1970 no certificate was valid.
        let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now).unwrap_or(0)));
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, &self.between, now, algorithms).map_err(worded)?;
        Ok(parsed.subject_public_key_info().to_vec())
    }

    /// Where the certificate says that its issuer's is.
    pub fn issuer(&self) -> Option<Uri> {
        let bytes: &[u8] = &self.certificate;
        let at = bytes.windows(CA_ISSUERS.len()).position(|window| window == CA_ISSUERS)? + CA_ISSUERS.len();
        // Above 127 it is the number of bytes of a length: no authority has such a URL.
        let (length, rest) = bytes.get(at..)?.split_first().filter(|(length, _)| **length < 0x80)?;
        let url: Uri = std::str::from_utf8(rest.get(..usize::from(*length))?).ok()?.parse().ok()?;
        let authority = url.authority()?;
        // By its name alone: no user, no port, and no address of some network.
        let host = authority.host();
        let is_name = authority.as_str() == host && !host.starts_with('[') && host.parse::<IpAddr>().is_err();
        let is_plain = url.scheme_str() == Some("http");
        (is_name && is_plain).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    macro_rules! pem {
        ($name:literal) => {
            include_str!(concat!("../../../tests/site/certificates/", $name, ".pem")).as_bytes()
        };
    }

    /// 2023-11-14T22:13:20Z; the certificates are valid from 2020 to 2120.
    const NOW: i64 = 1_700_000_000_000;
    const YEAR: i64 = 365 * 24 * 3_600_000;

    fn roots(pem: &[u8]) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        roots
    }

    fn chain(pem: &[u8]) -> Chain {
        Chain::read(pem, Vec::new()).unwrap()
    }

    #[test]
    fn an_authority_that_is_trusted_vouches_and_a_foreign_one_does_not() {
        let signing = chain(pem!("signing"));
        assert!(signing.trusted_key(&roots(pem!("authority")), NOW).is_ok());
        assert_eq!(signing.trusted_key(&roots(pem!("stranger")), NOW), Err(NoTrust::Issuer));
        let strange = chain(pem!("strange-host"));
        assert_eq!(strange.trusted_key(&roots(pem!("authority")), NOW), Err(NoTrust::Issuer));
        assert!(strange.trusted_key(&roots(pem!("stranger")), NOW).is_ok());
    }

    #[test]
    fn a_certificate_is_of_use_while_it_is_valid() {
        let (signing, roots) = (chain(pem!("signing")), roots(pem!("authority")));
        for (now, is_valid) in
            [(NOW - 5 * YEAR, false), (NOW, true), (NOW + 90 * YEAR, true), (NOW + 100 * YEAR, false), (-1, false)]
        {
            let key = signing.trusted_key(&roots, now);
            assert_eq!(key.is_ok(), is_valid, "{now}: {key:?}");
            assert!(is_valid || matches!(key, Err(NoTrust::Refused(_))), "no issuer helps: {key:?}");
        }
    }

    #[test]
    fn a_certificate_between_is_found_where_there_is_one() {
        let root = roots(pem!("root"));
        let alone = chain(pem!("issued"));
        assert_eq!(alone.trusted_key(&root, NOW), Err(NoTrust::Issuer));
        assert_eq!(alone.issuer().unwrap().to_string(), "http://crt.issuer.example/issuer.cer");
        let issuer = CertificateDer::from_pem_slice(pem!("issuer")).unwrap();
        // In the file, from the host, or from where the certificate says.
        let whole = [pem!("issued"), pem!("issuer")].concat();
        assert!(chain(&whole).trusted_key(&root, NOW).is_ok());
        assert!(Chain::read(pem!("issued"), vec![issuer.clone()]).unwrap().trusted_key(&root, NOW).is_ok());
        assert!(chain(pem!("issued")).and(issuer.to_vec()).trusted_key(&root, NOW).is_ok());
        assert!(chain(pem!("issued")).and(pem!("issuer").to_vec()).trusted_key(&root, NOW).is_ok());
        for other in [pem!("authority").to_vec(), pem!("root").to_vec(), b"nothing".to_vec(), Vec::new()] {
            assert!(chain(pem!("issued")).and(other).trusted_key(&root, NOW).is_err());
        }
        // Whoever is no authority issues nothing.
        let (leaf, root) = (CertificateDer::from_pem_slice(pem!("signing")).unwrap(), roots(pem!("authority")));
        assert!(Chain::read(pem!("issued"), vec![leaf]).unwrap().trusted_key(&root, NOW).is_err());
        assert_eq!(chain(pem!("signing")).issuer(), None, "it says nothing of its issuer");
    }

    #[test]
    fn where_an_issuer_is_is_read_with_care() {
        let at = |url: &str| {
            let length = u8::try_from(url.len()).unwrap();
            let bytes = [&[1, 2, 3][..], &CA_ISSUERS[..], &[length], url.as_bytes(), &[9]].concat();
            Chain { certificate: CertificateDer::from(bytes), between: Vec::new() }.issuer()
        };
        assert!(at("http://crt.r2m01.amazontrust.com/r2m01.cer").is_some());
        for wrong in [
            "https://crt.issuer.example/issuer.cer",
            "http://crt.issuer.example:8080/issuer.cer",
            "http://user@crt.issuer.example/issuer.cer",
            "http://127.0.0.1/issuer.cer",
            "http://[::1]/issuer.cer",
            "ldap://crt.issuer.example/issuer.cer",
            "issuer.cer",
            "",
        ] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
        let cut = [&CA_ISSUERS[..], &[40], b"http://crt"].concat();
        assert_eq!(Chain { certificate: CertificateDer::from(cut), between: Vec::new() }.issuer(), None);
        let long = [&CA_ISSUERS[..], &[0x82, 1, 0], &[b'a'; 256]].concat();
        assert_eq!(Chain { certificate: CertificateDer::from(long), between: Vec::new() }.issuer(), None);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert!(Chain::read(b"nothing", Vec::new()).is_err());
        assert!(Chain::read(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", Vec::new()).is_err());
        assert!(chain(pem!("signing")).is_for(&["sns.amazonaws.com".to_owned()]));
        assert!(!chain(pem!("signing")).is_for(&["hooks.example.com".to_owned()]));
    }
}
