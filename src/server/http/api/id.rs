//! The id of a request: its execution and its event, in a form that an address takes as it is. It is no secret, and no
//! task token.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// What every id begins with.
const MARK: &str = "apr_";
/// The most bytes of an execution's ARN: AWS's limit, with room.
const ARN: usize = 1_000;

/// A request, as addresses name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId {
    pub arn: String,
    pub event: u64,
}

/// A text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoId;

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = format!("{}#{}", self.arn, self.event);
        write!(out, "{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(inner))
    }
}

impl FromStr for RequestId {
    type Err = NoId;

    fn from_str(text: &str) -> Result<Self, NoId> {
        let coded = text.strip_prefix(MARK).filter(|coded| coded.len() <= ARN * 2).ok_or(NoId)?;
        let inner = BASE64_URL_SAFE_NO_PAD.decode(coded).map_err(|_| NoId)?;
        let inner = String::from_utf8(inner).map_err(|_| NoId)?;
        let (arn, event) = inner.rsplit_once('#').ok_or(NoId)?;
        let is_event = event.len() <= 20 && event.bytes().all(|byte| byte.is_ascii_digit());
        let event = event.parse().ok().filter(|_| is_event).ok_or(NoId)?;
        let is_arn = arn.starts_with("arn:") && arn.len() <= ARN && !arn.chars().any(char::is_control);
        if is_arn { Ok(Self { arn: arn.to_owned(), event }) } else { Err(NoId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_its_text_and_from_no_other() {
        let id =
            RequestId { arn: "arn:aws:states:eu-central-1:000000000000:execution:order:Grüße#1".into(), event: 17 };
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{text}");
        let of = |inner: &str| format!("{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(inner));
        for text in [
            "",
            "apr_",
            "apr_***",
            &text[4..],
            &of("arn:x"),
            &of("arn:x#"),
            &of("arn:x#+1"),
            &of("arn:x#99999999999999999999"),
            &of("x#1"),
            &of("arn:\nx#1"),
            &of(&format!("arn:{}#1", "x".repeat(ARN))),
        ] {
            assert_eq!(text.parse::<RequestId>(), Err(NoId), "{text}");
        }
    }
}
