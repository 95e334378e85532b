//! The request of an HTTP task: the definition's parameters, the connection's additions, and Step Functions' own
//! headers.

use axum::body::Bytes;
use axum::http::{Method, Request, Uri};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::Serializer;
use http_body_util::Full;
use serde_json::{Map, Value};

use super::form::{Lists, encode, plain};
use crate::connections::{Authorization, Connection, Secret};

/// A request before it is sent, with the task's fields.
#[derive(Debug)]
pub struct Draft {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// Shows or hides the secrets.
pub type Writing<'a> = &'a dyn Fn(&Secret) -> String;

impl Draft {
    /// The request for a task's parameters. `token` is the token of an OAuth connection.
    ///
    /// # Errors
    /// Why the parameters make no request.
    pub fn of(
        parameters: &Value,
        connection: &Connection,
        token: Option<&Secret>,
        region: &str,
        secret: Writing<'_>,
    ) -> Result<Self, String> {
        let method = parameters["Method"].as_str().unwrap_or_default();
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("'{method}' is no HTTP method"))?;
        let endpoint = parameters["ApiEndpoint"].as_str().unwrap_or_default();
        check(endpoint)?;
        let body = body(parameters, connection, secret)?;
        let mut headers = Vec::new();
        for (name, value) in parameters["Headers"].as_object().into_iter().flatten() {
            set(&mut headers, name, several(value));
        }
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            set(&mut headers, "Content-Type", "application/json; charset=UTF-8".to_owned());
        }
        connection.headers.iter().for_each(|(name, value)| set(&mut headers, name, secret(value)));
        if let Some((name, value)) = signed_in(&connection.authorization, token, secret) {
            set(&mut headers, &name, value);
        }
        set(&mut headers, "User-Agent", format!("Amazon|StepFunctions|HttpInvoke|{region}"));
        set(&mut headers, "Range", "bytes=0-262144".to_owned());
        let added: Vec<_> = connection.query.iter().map(|(name, value)| (name.clone(), secret(value))).collect();
        Ok(Self { method, url: with_query(endpoint, parameters, &added), headers, body })
    }

    /// The HTTP request.
    ///
    /// # Errors
    /// A header or the URL contains characters that HTTP does not allow. The error names neither: they may hold
    /// secrets.
    pub fn request(&self) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder().method(&self.method).uri(&self.url);
        // The client counts the body: another length would cut it, or make the server wait for more.
        for (name, value) in self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
            request = request.header(name, value);
        }
        let body = self.body.clone().unwrap_or_default();
        request.body(Full::new(Bytes::from(body))).map_err(|error| format!("the request cannot be written: {error}"))
    }
}

/// The request for an OAuth token.
pub fn token(url: &str, client_id: &str, client_secret: &Secret, scope: Option<&str>) -> Result<Draft, String> {
    check(url)?;
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = scope {
        form.append_pair("scope", scope);
    }
    let headers = vec![
        ("Authorization".to_owned(), basic(client_id, client_secret.reveal())),
        ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    Ok(Draft { method: Method::POST, url: url.to_owned(), headers, body: Some(form.finish()) })
}

/// Only `https`; `http` reaches this machine alone.
fn check(endpoint: &str) -> Result<(), String> {
    let wrong = || format!("the ApiEndpoint '{endpoint}' is no HTTPS URL");
    let uri: Uri = endpoint.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?;
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_here(host) => Ok(()),
        Some("http") => {
            Err(format!("the ApiEndpoint '{endpoint}' must begin with https:// (http:// reaches this machine alone)"))
        }
        _ => Err(wrong()),
    }
}

/// Whether the host of a URL is this machine.
pub fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The endpoint with every query parameter, and with the additional ones.
pub fn with_query(endpoint: &str, parameters: &Value, added: &[(String, String)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters["QueryParameters"].as_object().into_iter().flatten() {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        query.extend_pairs(values.iter().map(|value| (name, plain(value))));
    }
    let query = query.extend_pairs(added).finish();
    let endpoint = endpoint.split('#').next().unwrap_or_default();
    match (query.is_empty(), endpoint.contains('?')) {
        (true, _) => endpoint.to_owned(),
        (false, true) => format!("{endpoint}&{query}"),
        (false, false) => format!("{endpoint}?{query}"),
    }
}

fn body(parameters: &Value, connection: &Connection, secret: Writing<'_>) -> Result<Option<String>, String> {
    let mut body = parameters.get("RequestBody").cloned().unwrap_or(Value::Null);
    if !connection.body.is_empty() {
        if body.is_null() {
            body = Value::Object(Map::new());
        }
        let fields = body.as_object_mut().ok_or("the connection adds fields to the RequestBody, which is no object")?;
        fields.extend(connection.body.iter().map(|(name, value)| (name.clone(), secret(value).into())));
    }
    let transform = &parameters["Transform"];
    let as_form = match transform["RequestBodyEncoding"].as_str() {
        None | Some("NONE") => false,
        Some("URL_ENCODED") => true,
        Some(other) => return Err(format!("the RequestBodyEncoding '{other}' is neither NONE nor URL_ENCODED")),
    };
    let format = transform["RequestEncodingOptions"]["ArrayFormat"].as_str();
    let lists = Lists::named(format).ok_or_else(|| {
        let format = format.unwrap_or_default();
        format!("the ArrayFormat '{format}' is none of INDICES, REPEAT, COMMAS and BRACKETS")
    })?;
    Ok(match body {
        Value::Null => None,
        Value::String(text) => Some(text),
        body if as_form => Some(encode(&body, lists)),
        body => Some(body.to_string()),
    })
}

/// The header that authorises a request.
fn signed_in(authorization: &Authorization, token: Option<&Secret>, secret: Writing<'_>) -> Option<(String, String)> {
    let header = |value: String| ("Authorization".to_owned(), value);
    match authorization {
        Authorization::ApiKey { name, value } => Some((name.clone(), secret(value))),
        Authorization::Basic { username, password } => Some(header(basic(username, &secret(password)))),
        Authorization::OAuth { .. } => token.map(|token| header(format!("Bearer {}", secret(token)))),
    }
}

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}")))
}

/// Sets a header; replaces one of the same name.
pub fn set(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value));
}

/// A header's value; several are separated by commas.
pub fn several(value: &Value) -> String {
    match value {
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        value => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_url(url: &str, allowed: bool) {
        assert_eq!(check(url).is_ok(), allowed, "{url}");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        check_url("https://api.example.com/x", true);
        check_url("http://127.0.0.1:4000/x", true);
        check_url("http://[::1]:4000/", true);
        check_url("http://localhost/", true);
        check_url("http://api.example.com/", false);
        check_url("http://127.0.0.1.example.com/", false);
        check_url("http://localhost@example.com/", false);
        check_url("ftp://localhost/", false);
        check_url("/x", false);
    }
}
