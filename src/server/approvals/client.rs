//! The client of a server's API: where it is, with which token, and what a refusal says.

use std::fmt;
use std::path::Path;

use axum::http::{Method, Request, Uri, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::routes;
use crate::server::calls::{Calls, keeps_secrets};
use crate::server::config::ApprovalsArgs;
use crate::server::http::api::problem::Problem;

/// The environment variable with the token.
const TOKEN: &str = "COUNTERSIGN_TOKEN";

/// Why a command was not carried out.
#[derive(Debug)]
pub enum Failure {
    /// The command is wrong.
    Usage(String),
    /// Something on this side.
    Local(String),
    /// The server does not answer, or not as an API does.
    Unreached(String),
    /// The server refused it.
    Refused(Box<Problem>),
}

impl Failure {
    /// What the program ends with.
    pub const fn exit_status(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Local(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreached(_) => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Local(text) | Self::Unreached(text) => out.write_str(text),
            // What is wrong with each field is in the sentence, too.
            Self::Refused(problem) => write!(out, "{}\n{}", problem.detail, problem.remedy),
        }
    }
}

/// Where a server is, who calls it, and about which of its connections.
pub struct Server<'a> {
    pub url: &'a str,
    /// A file with the API token; without one, the environment may have it.
    pub token_file: Option<&'a Path>,
    pub connection: &'a str,
    /// Who acts, where nobody signs in.
    pub person: Option<&'a str>,
}

/// A server, and who calls it.
pub struct Client {
    calls: Calls,
    base: String,
    connection: String,
    token: Option<String>,
    person: Option<String>,
}

impl Client {
    /// The server and the token of a command.
    pub fn of(args: &ApprovalsArgs) -> Result<Self, Failure> {
        Self::to(&Server {
            url: &args.url,
            token_file: args.token_file.as_deref(),
            connection: &args.connection,
            person: args.person.as_deref(),
        })
    }

    /// A client of this server.
    pub fn to(server: &Server<'_>) -> Result<Self, Failure> {
        let base = server.url.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = base.parse().ok().filter(|uri: &Uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
        });
        let uri = uri.ok_or_else(|| {
            Failure::Usage(format!(
                "{:?} is no address of a server.\nGive one such as --url http://127.0.0.1:3000.",
                server.url
            ))
        })?;
        let token = match server.token_file {
            Some(file) => Some(of_file(file)?),
            None => std::env::var(TOKEN).ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()),
        };
        if token.is_some() && !keeps_secrets(&uri) {
            let why =
                format!("The token is not sent to {base}: it would be readable on the way.\nGive an https:// address.");
            return Err(Failure::Usage(why));
        }
        let is_header = |token: &String| token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.as_ref().is_some_and(|token| !is_header(token)) {
            return Err(Failure::Usage("The API token has characters that no token has.\nCopy it again.".to_owned()));
        }
        let is_id = |id: &str| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if server.person.is_some_and(|id| !is_id(id)) {
            return Err(Failure::Usage("--as takes the id of a person, such as dana.".to_owned()));
        }
        let (connection, person) = (server.connection.to_owned(), server.person.map(str::to_owned));
        Ok(Self { calls: Calls::default(), base, connection, token, person })
    }

    /// Reads: the server's text, and what it says.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<(String, T), Failure> {
        self.call(Method::GET, path, query, &[], Vec::new()).await
    }

    /// Acts, under a key.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<(String, T), Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::Local(error.to_string()))?;
        let headers = [("idempotency-key", key), ("content-type", "application/json")];
        self.call(Method::POST, path, &[], &headers, body).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(String, T), Failure> {
        let pairs = query.iter().copied().chain([("connection", self.connection.as_str())]);
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", routes::encode(value))).collect();
        let uri = format!("{}{path}?{}", self.base, pairs.join("&"));
        let mut request = Request::builder().method(method).uri(uri).header(header::ACCEPT, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        } else if let Some(person) = &self.person {
            request = request.header(header::COOKIE, format!("{}={person}", crate::server::personas::COOKIE));
        }
        let request = request.body(body).map_err(|error| Failure::Usage(format!("This cannot be sent: {error}.")))?;
        let answer = self.calls.send(request).await.map_err(|fault| {
            Failure::Unreached(format!(
                "{} does not answer: {fault}.\nStart it with countersign, or give its address with --url.",
                self.base
            ))
        })?;
        let (head, body) = answer.into_parts();
        let text = String::from_utf8_lossy(&body).into_owned();
        if head.status.is_success()
            && let Ok(read) = serde_json::from_str(&text)
        {
            return Ok((text, read));
        }
        if let Ok(problem) = serde_json::from_str::<Problem>(&text) {
            return Err(Failure::Refused(Box::new(problem)));
        }
        Err(Failure::Unreached(format!(
            "{} answers {}, and not as a Countersign does.\nGive the address of one with --url.",
            self.base, head.status
        )))
    }
}

/// The token of a file.
fn of_file(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("The token cannot be read from {shown}: {error}.")))?;
    let token = text.trim().to_owned();
    if token.is_empty() {
        return Err(Failure::Usage(format!("{shown} has no token.\nWrite one into it, of the page Account.")));
    }
    Ok(token)
}

/// A key for one decision.
#[expect(clippy::disallowed_methods, reason = "a key that nobody else has")]
pub fn new_key() -> String {
    Uuid::new_v4().to_string()
}
