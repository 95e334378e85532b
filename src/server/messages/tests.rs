//! The carriers over servers of ours: SMTP with and without TLS, a webhook, and SNS with the real SDK.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use countersign_desk::notify::{Channel, NotCarried, Parcel};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::config::{Configured, Security, Server, configured};
use super::email::Email;
use super::words::tests::hostile;
use super::*;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../../../tests/site/certificates/", $name, ".pem"))
    };
}

fn parcel(recipient: &str) -> Parcel {
    Parcel { key: "default:1:waiting".into(), recipient: recipient.into(), message: hostile(), made_at: 0 }
}

/// A folder with this `countersign.toml`, and its only channel.
async fn channel(test: &str, text: &str) -> (Configured, Channel) {
    let folder = std::env::temp_dir().join(format!("countersign-messages-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("countersign.toml"), text).unwrap();
    let one = configured(&folder).unwrap().remove(0);
    let opened = open(&one, &folder, "https://desk.example").await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    (one, opened)
}

/// What a mail server got: the commands, and the mails.
type Got = Arc<Mutex<Vec<String>>>;

/// A mail server: it knows nobody who begins with `nobody`, and is busy for whoever begins with `busy`.
async fn mail_server(tls: Option<(TlsAcceptor, bool)>) -> (u16, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, got) = (listener.local_addr().unwrap().port(), Got::default());
    let all = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let got = Arc::clone(&all);
            match &tls {
                None => drop(talk(BufReader::new(stream), &got, true, false).await),
                Some((acceptor, false)) => {
                    let Ok(stream) = acceptor.accept(stream).await else { continue };
                    talk(BufReader::new(stream), &got, true, false).await;
                }
                Some((acceptor, true)) => {
                    let Some(stream) = talk(BufReader::new(stream), &got, true, true).await else { continue };
                    let Ok(stream) = acceptor.accept(stream.into_inner()).await else { continue };
                    talk(BufReader::new(stream), &got, false, false).await;
                }
            }
        }
    });
    (port, got)
}

/// Speaks SMTP until the end, or until TLS begins; `greets` says whether it speaks first.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut line: BufReader<S>,
    got: &Got,
    greets: bool,
    starts: bool,
) -> Option<BufReader<S>> {
    if greets {
        line.write_all(b"220-mail.example\r\n220 ready\r\n").await.ok()?;
    }
    loop {
        let mut command = String::new();
        if line.read_line(&mut command).await.ok()? == 0 {
            return None;
        }
        got.lock().unwrap().push(command.trim_end().to_owned());
        let word = command.split([' ', '\r']).next().unwrap_or_default().to_uppercase();
        let answer = match word.as_str() {
            "EHLO" if starts => "250-mail.example\r\n250 STARTTLS\r\n",
            "EHLO" => "250-mail.example\r\n250 AUTH PLAIN\r\n",
            "STARTTLS" => {
                line.write_all(b"220 go ahead\r\n").await.ok()?;
                return Some(line);
            }
            // "\0dana\0secret"
            "AUTH" if command.contains("AGRhbmEAc2VjcmV0") => "235 welcome\r\n",
            "AUTH" => "535 who are you\r\n",
            "RCPT" if command.contains("<nobody") => "550 no such user\r\n",
            "RCPT" if command.contains("<busy") => "451 later\r\n",
            "DATA" => {
                line.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    line.read_line(&mut mail).await.ok()?;
                }
                got.lock().unwrap().push(mail);
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        line.write_all(answer.as_bytes()).await.ok()?;
    }
}

fn mails(got: &Got) -> Vec<String> {
    got.lock().unwrap().iter().filter(|text| text.contains("\r\n.\r\n")).cloned().collect()
}

#[tokio::test]
async fn an_email_reaches_its_recipient_and_a_refusal_is_told_from_a_delay() {
    let (port, got) = mail_server(None).await;
    let text = format!(
        "[messages.mail]\nkind = \"email\"\nsmtp = \"smtp://127.0.0.1:{port}\"\nfrom = \"Desk <desk@example.com>\"\nto = [\"approvers\"]\n"
    );
    let (_, channel) = channel("mail", &text).await;
    channel.carrier.carry(&parcel("dana@example.com")).await.unwrap();
    let [mail] = mails(&got).try_into().unwrap();
    assert!(mail.contains("To: dana@example.com\r\n") && mail.contains("multipart/alternative"), "{mail}");
    let recipients: Vec<String> = got.lock().unwrap().iter().filter(|one| one.starts_with("RCPT")).cloned().collect();
    assert_eq!(recipients, ["RCPT TO:<dana@example.com>"], "nobody whom a title names");
    let refused = channel.carrier.carry(&parcel("nobody@example.com")).await.unwrap_err();
    assert!(refused.for_good && refused.why.contains("550"), "{refused:?}");
    let busy = channel.carrier.carry(&parcel("busy@example.com")).await.unwrap_err();
    assert!(!busy.for_good, "{busy:?}");
    assert_eq!(mails(&got).len(), 1);
}

fn trusting(authority: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(pem!("mail").as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pem!("mail.key").as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

/// A password is said behind TLS alone, to a server that proves who it is.
#[tokio::test]
async fn with_tls_and_starttls_a_server_proves_who_it_is_before_anything_is_said() {
    for (security, starts) in [(Security::Tls, false), (Security::StartTls, true)] {
        let (port, got) = mail_server(Some((acceptor(), starts))).await;
        let send = async |authority: &str, password: &str| {
            let server = Server { host: "localhost".into(), port, security };
            let credentials = Some(("dana".to_owned(), password.to_owned()));
            let email = Email::new(server, trusting(authority), credentials, "desk@example.com".parse().unwrap(), "");
            email.carry(&parcel("omar@example.com")).await
        };
        let stranger: NotCarried = send(pem!("stranger"), "secret").await.unwrap_err();
        assert!(!stranger.for_good && stranger.why.contains("not reached"), "{stranger:?}");
        assert!(!got.lock().unwrap().iter().any(|said| said.starts_with("AUTH")), "{security:?}");
        send(pem!("authority"), "secret").await.unwrap();
        assert_eq!(mails(&got).len(), 1, "{security:?}");
        let wrong = send(pem!("authority"), "wrong").await.unwrap_err();
        assert!(!wrong.for_good && wrong.why.contains("535"), "a password may be mended: {wrong:?}");
    }
}

/// What a server of ours got, and with which status it answers.
#[derive(Clone)]
pub struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    status: Arc<Mutex<(StatusCode, &'static str)>>,
}

impl Receiver {
    /// It answers with this from now on.
    pub fn answers(&self, status: StatusCode, text: &'static str) {
        *self.status.lock().unwrap() = (status, text);
    }

    /// A field of the last form that it got.
    pub fn last_field(&self, name: &str) -> String {
        let got = self.got.lock().unwrap();
        let form = form_urlencoded::parse(got.last().unwrap().1.as_bytes()).into_owned();
        form.into_iter().find(|(field, _)| field == name).unwrap().1
    }
}

/// What SNS answers to Publish.
pub const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m</MessageId>\
                             </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>";

/// A server that keeps what is posted to it; returns its URL.
pub async fn receiver() -> (String, Receiver) {
    let status = Arc::new(Mutex::new((StatusCode::OK, "ok")));
    let receiver = Receiver { got: Arc::default(), status };
    let take = |State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes| async move {
        receiver.got.lock().unwrap().push((headers, String::from_utf8_lossy(&body).into_owned()));
        let (status, text) = *receiver.status.lock().unwrap();
        (status, [("content-type", "text/xml")], text)
    };
    let router = Router::new().route("/", post(take)).route("/{*path}", post(take)).with_state(receiver.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, receiver)
}

#[tokio::test]
async fn a_webhook_gets_json_and_its_url_stays_a_secret() {
    let (url, receiver) = receiver().await;
    let text = format!("[messages.chat]\nkind = \"webhook\"\nurl = \"{url}/secret-path\"\ntemplate = \"slack\"\n");
    let (one, channel) = channel("webhook", &text).await;
    assert!(!format!("{one:?} {channel:?}").contains("secret-path"));
    channel.carrier.carry(&parcel("")).await.unwrap();
    let (headers, body) = receiver.got.lock().unwrap().remove(0);
    assert_eq!(
        (&headers["content-type"], &headers["idempotency-key"]),
        (&"application/json".parse().unwrap(), &"default:1:waiting".parse().unwrap())
    );
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(body["blocks"].is_array(), "{body}");
    for (status, for_good) in
        [(StatusCode::BAD_REQUEST, true), (StatusCode::BAD_GATEWAY, false), (StatusCode::FOUND, false)]
    {
        receiver.answers(status, "no");
        let refused = channel.carrier.carry(&parcel("")).await.unwrap_err();
        assert_eq!(refused.for_good, for_good, "{status}");
        assert!(!refused.why.contains("secret-path"), "{refused:?}");
    }
    let (_, closed) =
        self::channel("closed", "[messages.chat]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/secret-path\"\n")
            .await;
    let refused = closed.carrier.carry(&parcel("")).await.unwrap_err();
    assert!(!refused.for_good && !refused.why.contains("secret-path"), "{refused:?}");
}

#[tokio::test]
async fn a_topic_gets_a_text_with_attributes_to_filter_by() {
    let (url, receiver) = receiver().await;
    receiver.answers(StatusCode::OK, PUBLISHED);
    let topic = "arn:aws:sns:eu-west-1:123456789012:approvals.fifo";
    let text = format!("[messages.topic]\nkind = \"sns\"\ntopic = \"{topic}\"\nendpoint = \"{url}\"\n");
    let (_, channel) = channel("topic", &text).await;
    channel.carrier.carry(&parcel("")).await.unwrap();
    channel.carrier.carry(&parcel("")).await.unwrap();
    let forms: Vec<Vec<(String, String)>> = receiver
        .got
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| form_urlencoded::parse(body.as_bytes()).into_owned().collect())
        .collect();
    let field =
        |form: &Vec<(String, String)>, name: &str| form.iter().find(|(field, _)| field == name).unwrap().1.clone();
    assert_eq!((field(&forms[0], "Action"), field(&forms[0], "TopicArn")), ("Publish".to_owned(), topic.to_owned()));
    assert!(field(&forms[0], "Subject").starts_with("Waiting: Pay? Bcc: eve@example.com <script>"), "{forms:?}");
    assert!(field(&forms[0], "Message").contains("\nhttps://desk.example/prod/inbox/"), "{forms:?}");
    let id = |form| field(form, "MessageDeduplicationId");
    assert_eq!(id(&forms[0]), id(&forms[1]), "the same for each attempt");
    let refused = "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>AuthorizationError</Code>\
                   <Message>not you</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    receiver.answers(StatusCode::FORBIDDEN, refused);
    let refused = channel.carrier.carry(&parcel("")).await.unwrap_err();
    assert!(!refused.for_good && refused.why.contains("AuthorizationError"), "a permission may be given: {refused:?}");
}
