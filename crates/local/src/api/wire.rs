//! Values as AWS writes them on the wire.

use std::io::{self, Read};

use md5::{Digest, Md5};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

fn moment(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Seconds since the epoch with milliseconds, as JSON 1.0 carries times.
#[must_use]
pub fn seconds(millis: i64) -> Value {
    // Milliseconds since the epoch stay below 2^53.
    let seconds = millis as f64 / 1_000.0;
    json!(seconds)
}

/// A date of HTTP, such as `Tue, 24 Nov 2026 01:02:03 GMT`.
#[must_use]
pub fn http_date(millis: i64) -> String {
    moment(millis).format(&Rfc2822).unwrap_or_default().replace("+0000", "GMT")
}

/// ISO 8601 in UTC.
#[must_use]
pub fn iso(millis: i64) -> String {
    moment(millis).format(&Rfc3339).unwrap_or_default()
}

/// The MD5 of a message body, which SQS returns.
#[must_use]
pub fn md5(text: impl AsRef<[u8]>) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same for the bytes of a reader.
///
/// # Errors
/// The reader failed.
pub fn md5_of(mut reader: impl Read) -> io::Result<String> {
    let mut sum = Md5::new();
    io::copy(&mut reader, &mut sum)?;
    Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Decodes a text of a URL or a form, where `%20` and `+` are spaces.
#[must_use]
pub fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                out.push(value.unwrap_or(b'?'));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Encodes a text for a URL, slashes included.
#[must_use]
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sums_read_as_aws_writes_them() {
        assert_eq!(http_date(1_700_000_000_123), "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(iso(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(seconds(1_700_000_000_123), json!(1_700_000_000.123));
        assert_eq!(encoded("a b/{ü}"), "a%20b%2F%7B%C3%BC%7D");
        assert_eq!(md5("a"), "0cc175b9c0f1b6a831c399e269772661");
        assert_eq!(md5_of(&b"a"[..]).ok(), Some(md5("a")));
    }
}
