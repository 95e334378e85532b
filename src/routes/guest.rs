//! The paths of guests: the dashboard's page that shows their code, and those of the listener on which their phones come.

use super::{Routes, segment, with_query};

/// The segment behind the connection, of the page that shows a code.
pub const GUEST: &str = "guest";

/// Where a code leads, and where it is used.
pub const OPEN: &str = "/";
/// Where the one request is, and where it is decided.
pub const REQUEST: &str = "/request";

/// The path that a code leads to.
#[must_use]
pub fn open(code: &str) -> String {
    with_query(OPEN.to_owned(), [("code", Some(code))])
}

/// The path of the request that was handed over.
#[must_use]
pub fn request(execution_arn: &str, event: u64) -> String {
    format!("{REQUEST}/{}/{event}", segment(execution_arn))
}

impl Routes {
    /// The page that shows a code for guests: one of any request that waits, or of this one.
    #[must_use]
    pub fn guest(&self, request: Option<(&str, u64)>) -> String {
        let event = request.map(|(_, event)| event.to_string());
        with_query(self.page(GUEST), [("arn", request.map(|(arn, _)| arn)), ("event", event.as_deref())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_a_request_have_an_address_each() {
        assert_eq!(open("c0de"), "/?code=c0de");
        let arn = "arn:aws:states:us-east-1:000000000000:execution:order:a1";
        assert_eq!(request(arn, 17), format!("/request/{arn}/17"));
        assert_eq!(request("..", 1), "/request/~../1");
    }
}
