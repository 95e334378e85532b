//! E-mail, by SMTP: plain text and HTML, with one link.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_desk::notify::{Carrier, Carrying, NotCarried, Parcel};
use lettre::Message;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::response::Severity;
use rustls::ClientConfig;
use sha2::{Digest as _, Sha256};

use super::config::Server;
use super::smtp::connect;
use super::words::{Worded, worded};
use crate::server::terminal;

/// The carrier of e-mail.
pub struct Email {
    server: Server,
    tls: Arc<ClientConfig>,
    credentials: Option<Credentials>,
    from: Mailbox,
    origin: String,
}

impl Email {
    /// A carrier over this server, with a user and a password where it asks for them.
    pub fn new(
        server: Server,
        tls: Arc<ClientConfig>,
        credentials: Option<(String, String)>,
        from: Mailbox,
        origin: &str,
    ) -> Self {
        let credentials = credentials.map(|(user, password)| Credentials::new(user, password));
        Self { server, tls, credentials, from, origin: origin.to_owned() }
    }
}

impl Carrier for Email {
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> Carrying<'a> {
        Box::pin(async move {
            let message = message(parcel, &self.from, &self.origin)?;
            let mut connection = connect(&self.server, &self.tls)
                .await
                .map_err(|why| NotCarried { why: terminal::line(&why), for_good: false })?;
            if let Some(credentials) = &self.credentials {
                connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(|error| not_carried(&error))?;
            }
            let sent = connection.send(message.envelope(), &message.formatted()).await;
            sent.map_err(|error| not_carried(&error))?;
            // It was taken: whether the server says goodbye changes nothing.
            let _ = connection.quit().await;
            Ok(())
        })
    }
}

fn not_carried(error: &lettre::transport::smtp::Error) -> NotCarried {
    // The codes about signing in may be mended meanwhile; the others are about this message and its recipient.
    let is_refused = error.status().is_some_and(|code| {
        code.severity == Severity::PermanentNegativeCompletion && !matches!(u16::from(code), 530 | 534 | 535 | 538)
    });
    NotCarried { why: format!("the mail server: {}", terminal::line(&error.to_string())), for_good: is_refused }
}

/// The e-mail for one recipient.
fn message(parcel: &Parcel, from: &Mailbox, origin: &str) -> Result<Message, NotCarried> {
    let refused = |why: String| NotCarried { why, for_good: true };
    let to = parcel.recipient.parse::<lettre::Address>();
    let to = to.map_err(|error| refused(format!("{:?} is no e-mail address: {error}", parcel.recipient)))?;
    let worded = worded(&parcel.message, origin);
    let made_at = Duration::from_millis(u64::try_from(parcel.made_at).unwrap_or(0));
    // The same for each attempt: mail programs show one of those that have one id.
    let id = countersign_desk::store::anchors::hexadecimal(&Sha256::digest(parcel.key.as_bytes())[..16]);
    let id = format!("<{id}@{}>", from.email.domain());
    let built = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(worded.subject.clone())
        .date(UNIX_EPOCH.checked_add(made_at).unwrap_or(SystemTime::UNIX_EPOCH))
        .message_id(Some(id))
        .multipart(MultiPart::alternative_plain_html(plain(&worded), html(&worded)));
    built.map_err(|error| refused(format!("it cannot be made: {error}")))
}

fn plain(worded: &Worded) -> String {
    let facts: String = worded.facts.iter().map(|(label, value)| format!("{label}: {value}\n")).collect();
    let Worded { subject, sentence, link, .. } = worded;
    format!(
        "{subject}\n\n{sentence}\n\n{facts}\n{link}\n\nThe link opens the page. Nothing is decided before you do it there.\n"
    )
}

fn html(worded: &Worded) -> String {
    let facts: String = worded
        .facts
        .iter()
        .map(|(label, value)| {
            format!("<tr><th align=\"left\" valign=\"top\">{}</th><td>{}</td></tr>", escaped(label), escaped(value))
        })
        .collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><body style=\"font-family:sans-serif\"><h1 style=\"font-size:1.2em\">{}</h1>\
         <p>{}</p><table cellpadding=\"4\">{facts}</table><p><a href=\"{}\">{}</a></p>\
         <p>The link opens the page. Nothing is decided before you do it there.</p></body></html>",
        escaped(&worded.subject),
        escaped(&worded.sentence),
        escaped(&worded.link),
        worded.link_label,
    )
}

/// A text as HTML shows it, also within quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::words::tests::hostile;
    use super::*;

    fn parcel(recipient: &str) -> Parcel {
        let message = hostile();
        Parcel { key: "default:1:waiting".into(), recipient: recipient.into(), message, made_at: 1_700_000_000_000 }
    }

    #[test]
    fn a_hostile_title_adds_no_header_and_no_markup() {
        let from: Mailbox = "Countersign <desk@example.com>".parse().unwrap();
        let mail = message(&parcel("dana@example.com"), &from, "https://a.example").unwrap();
        let text = String::from_utf8(mail.formatted()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"], "{head}");
        assert_eq!(mail.envelope().to().len(), 1, "nobody else gets it");
        assert!(head.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000"), "{head}");
        let html = html(&worded(&hostile(), "https://a.example"));
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert_eq!(html.matches("href=").count(), 1, "one link: {html}");
        assert!(html.contains("href=\"https://a.example/prod/inbox/"), "{html}");
        assert!(body.contains("Content-Type: text/plain") && body.contains("Content-Type: text/html"));
    }

    #[test]
    fn an_address_that_is_none_is_not_tried_again() {
        let from: Mailbox = "desk@example.com".parse().unwrap();
        for recipient in ["", "dana", "a@b.c\r\nBcc: eve@example.com", "a@b.c, eve@example.com"] {
            assert!(message(&parcel(recipient), &from, "").unwrap_err().for_good, "{recipient:?}");
        }
    }
}
