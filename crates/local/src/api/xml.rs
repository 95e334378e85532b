//! XML, the format of the older services.

use std::fmt::Display;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::random;

/// Escapes a text for XML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A character that XML cannot hold in any form becomes the replacement character.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}')
            }
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
    out
}

/// An element with a text.
pub fn element(name: &str, text: impl Display) -> String {
    format!("<{name}>{}</{name}>", escaped(&text.to_string()))
}

/// The response of an operation of the query protocol; `result` is XML.
pub fn answer(namespace: &str, action: &str, result: &str) -> Response {
    let id = random::uuid();
    let body = format!(
        "<{action}Response xmlns=\"{namespace}\"><{action}Result>{result}</{action}Result><ResponseMetadata>\
         <RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    );
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}

/// An error of the query protocol.
pub fn error(namespace: &str, status: StatusCode, code: &str, message: &str) -> Response {
    let id = random::uuid();
    let body = format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type>{}{}</Error><RequestId>{id}</RequestId>\
         </ErrorResponse>",
        element("Code", code),
        element("Message", message)
    );
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_cannot_hold_is_marked() {
        assert_eq!(escaped("a<b>&\"c\"\u{1}\r\n"), "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}&#13;\n");
    }
}
