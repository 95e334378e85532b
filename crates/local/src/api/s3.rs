//! S3 over HTTP, for buckets in a local folder: a request's path, query and headers become an operation of
//! `integrations`.

mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::callers;
use super::wire::{decoded, http_date};
use super::xml::element;
use crate::host::Host;
use crate::integrations::{Buckets, ObjectRefusal, etag, on_files, operate_objects};
use crate::random;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// The largest body, in bytes: it is held in memory.
pub const BODY: usize = 256 * 1024 * 1024;

/// A parsed request.
struct Ask {
    method: Method,
    bucket: String,
    key: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    region: String,
}

/// Handles every request that no other route takes. One that was not signed for S3 is refused, with the name of its
/// service.
pub async fn object(State(host): State<Arc<Host>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = query_of(&parts);
    let presigned = query.get("X-Amz-Credential").is_some_and(|scope| scope.contains("/s3/"));
    let service = callers::service(&parts.headers);
    if service != "s3" && !presigned {
        return nowhere(&parts, service);
    }
    let (bucket, key) = place_of(&parts);
    let region = callers::place(&host.place, &parts.headers).region;
    let ask = Ask { method: parts.method, bucket, key, query, headers: parts.headers, region };
    let Ok(body) = to_bytes(body, BODY).await else {
        return error(
            &ask,
            &ObjectRefusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size".to_owned(), 400),
        );
    };
    on_files(move || answer(&host, &ask, body)).await
}

/// The refusal of a request that belongs neither to S3 nor to a route.
fn nowhere(parts: &Parts, service: &str) -> Response {
    if service.is_empty() {
        let message =
            format!("There is nothing at {} here. This is Step Functions' API: POST to /.\n", parts.uri.path());
        return (StatusCode::NOT_FOUND, message).into_response();
    }
    let call = format!("{} {}", parts.method, parts.uri.path());
    (StatusCode::NOT_FOUND, callers::not_served(callers::titled(service), &call).into_response()).into_response()
}

fn query_of(parts: &Parts) -> BTreeMap<String, String> {
    let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

/// Bucket and key: both in the path, or the bucket in the host name, `BUCKET.localhost` or `BUCKET.s3.localhost`.
fn place_of(parts: &Parts) -> (String, String) {
    // In a path a plus is a plus.
    let path = decoded(&parts.uri.path().replace('+', "%2B"));
    let path = path.strip_prefix('/').unwrap_or(&path);
    let host = callers::authority(&parts.headers).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let below = name.strip_suffix(".localhost").filter(|below| *below != "s3");
    match below.map(|below| below.strip_suffix(".s3").unwrap_or(below)) {
        Some(bucket) => (bucket.to_owned(), path.to_owned()),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (bucket.to_owned(), key.to_owned())
        }
    }
}

/// Query fields that do not change which operation the path asks for.
const PLAIN: [&str; 10] = [
    "x-id",
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "continuation-token",
    "start-after",
    "encoding-type",
    "fetch-owner",
    "max-buckets",
];

fn answer(host: &Host, ask: &Ask, body: Bytes) -> Response {
    let other = ask
        .query
        .keys()
        .find(|key| !PLAIN.contains(&key.as_str()) && !key.starts_with("X-Amz-") && !key.starts_with("response-"));
    let came = match (ask.method.as_str(), ask.key.as_str(), other.map(String::as_str)) {
        ("GET", "", None) if ask.bucket.is_empty() => buckets(host),
        ("PUT", "", None) => run(host, ask, "createBucket")
            .map(|_| (StatusCode::OK, [(header::LOCATION, format!("/{}", ask.bucket))]).into_response()),
        ("HEAD", "", None) => run(host, ask, "headBucket")
            .map(|_| (StatusCode::OK, [("x-amz-bucket-region", ask.region.clone())]).into_response()),
        ("GET", "", Some("location")) => run(host, ask, "headBucket").map(|_| location(&ask.region)),
        ("GET", "", Some("encryption")) => run(host, ask, "headBucket").map(|_| encryption()),
        ("GET", "", Some("versioning")) => {
            run(host, ask, "headBucket").map(|_| document("VersioningConfiguration", ""))
        }
        ("DELETE", "", None) => run(host, ask, "deleteBucket").map(|_| StatusCode::NO_CONTENT.into_response()),
        ("GET", "", None) if ask.query.get("list-type").is_some_and(|kind| kind == "2") => list(host, ask),
        ("HEAD", _, None) if !ask.key.is_empty() => head(host, ask),
        ("GET", _, None) if !ask.key.is_empty() => get(host, ask),
        ("PUT", _, None) if !ask.key.is_empty() => put(host, ask, body),
        (_, _, Some("uploads" | "uploadId" | "partNumber")) if !ask.key.is_empty() => parts::handle(host, ask, body),
        ("DELETE", _, None) if !ask.key.is_empty() => {
            run(host, ask, "deleteObject").map(|_| StatusCode::NO_CONTENT.into_response())
        }
        (_, _, other) => {
            let why = callers::why_not_served("S3", &operation_of(ask, other));
            Err(ObjectRefusal("NotImplemented", why, 501))
        }
    };
    came.unwrap_or_else(|refusal| error(ask, &refusal))
}

/// The name of an operation without a local form, in the words of S3's reference where they fit.
fn operation_of(ask: &Ask, other: Option<&str>) -> String {
    let of = if ask.key.is_empty() { "Bucket" } else { "Object" };
    let letters = ask.method.as_str().to_ascii_lowercase();
    let capital = |text: &str| {
        let words = text.split('-').map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        });
        words.collect::<String>()
    };
    match (ask.method.as_str(), other) {
        ("POST", Some("delete")) => "DeleteObjects".to_owned(),
        ("POST", Some("uploads")) => "CreateMultipartUpload".to_owned(),
        ("PUT", Some("partNumber" | "uploadId")) => "UploadPart".to_owned(),
        ("POST", Some("uploadId")) => "CompleteMultipartUpload".to_owned(),
        ("DELETE", Some("uploadId")) => "AbortMultipartUpload".to_owned(),
        ("GET", Some("uploads")) => "ListMultipartUploads".to_owned(),
        ("GET", Some("versions")) => "ListObjectVersions".to_owned(),
        ("GET", None) => "ListObjects".to_owned(),
        (_, other) => format!("{}{of}{}", capital(&letters), capital(other.unwrap_or_default())),
    }
}

/// An operation with its parameters from the path and the query.
fn run(host: &Host, ask: &Ask, action: &str) -> Result<Value, ObjectRefusal> {
    let field = |name: &str| ask.query.get(name).map_or("", String::as_str);
    let mut parameters = json!({ "Bucket": ask.bucket, "Key": ask.key });
    for (name, from) in [
        ("Prefix", "prefix"),
        ("Delimiter", "delimiter"),
        ("ContinuationToken", "continuation-token"),
        ("StartAfter", "start-after"),
    ] {
        parameters[name] = json!(field(from));
    }
    if let Some(most) = ask.query.get("max-keys") {
        let most = most.parse::<u32>().ok().filter(|most| i32::try_from(*most).is_ok());
        parameters["MaxKeys"] = json!(most.ok_or_else(no_number_of_keys)?);
    }
    if let Some(source) = ask.headers.get("x-amz-copy-source").and_then(|value| value.to_str().ok()) {
        parameters["CopySource"] = json!(source);
    }
    // Every action named here has a local form.
    operate_objects(host, action, &parameters).unwrap_or_else(|| Ok(json!({})))
}

fn no_number_of_keys() -> ObjectRefusal {
    let why = "Provided max-keys not an integer or within integer range";
    ObjectRefusal("InvalidArgument", why.to_owned(), 400)
}

fn buckets(host: &Host) -> Result<Response, ObjectRefusal> {
    let listed = operate_objects(host, "listBuckets", &json!({})).unwrap_or_else(|| Ok(json!({})))?;
    let named = listed["Buckets"].as_array().into_iter().flatten().filter_map(|bucket| bucket["Name"].as_str());
    let named: String = named.map(|name| format!("<Bucket>{}</Bucket>", element("Name", name))).collect();
    let owner = format!("<Owner>{}</Owner>", element("ID", &host.place.account));
    Ok(document("ListAllMyBucketsResult", &format!("{owner}<Buckets>{named}</Buckets>")))
}

/// The bucket's region; none for us-east-1, as on S3.
fn location(region: &str) -> Response {
    document("LocationConstraint", if region == "us-east-1" { "" } else { region })
}

/// The encryption that every bucket has since 2023, unless its owner asks for another one.
fn encryption() -> Response {
    let default = format!(
        "<ApplyServerSideEncryptionByDefault>{}</ApplyServerSideEncryptionByDefault>",
        element("SSEAlgorithm", "AES256")
    );
    let rule = format!("<Rule>{default}{}</Rule>", element("BucketKeyEnabled", false));
    document("ServerSideEncryptionConfiguration", &rule)
}

fn document(root: &str, inner: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">{inner}</{root}>");
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn list(host: &Host, ask: &Ask) -> Result<Response, ObjectRefusal> {
    let listed = run(host, ask, "listObjectsV2")?;
    let coded = ask.query.get("encoding-type").is_some_and(|kind| kind == "url");
    let shown = |text: &str| if coded { encoded(text) } else { text.to_owned() };
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut inner = String::new();
    for name in ["Name", "KeyCount", "MaxKeys", "IsTruncated", "NextContinuationToken"] {
        if let Some(value) = listed.get(name) {
            inner += &element(name, plain(value));
        }
    }
    for name in ["Prefix", "Delimiter"] {
        inner += &element(name, shown(listed[name].as_str().unwrap_or_default()));
    }
    if coded {
        inner += &element("EncodingType", "url");
    }
    for object in listed["Contents"].as_array().into_iter().flatten() {
        let key = element("Key", shown(object["Key"].as_str().unwrap_or_default()));
        let rest = ["LastModified", "ETag", "Size", "StorageClass"].map(|name| element(name, plain(&object[name])));
        inner += &format!("<Contents>{key}{}</Contents>", rest.concat());
    }
    for group in listed["CommonPrefixes"].as_array().into_iter().flatten() {
        let prefix = element("Prefix", shown(group["Prefix"].as_str().unwrap_or_default()));
        inner += &format!("<CommonPrefixes>{prefix}</CommonPrefixes>");
    }
    Ok(document("ListBucketResult", &inner))
}

/// A key as in a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn head(host: &Host, ask: &Ask) -> Result<Response, ObjectRefusal> {
    let head = run(host, ask, "headObject")?;
    let text = |name: &str| head[name].as_str().map_or_else(|| head[name].to_string(), str::to_owned);
    let written = time::OffsetDateTime::parse(&text("LastModified"), &time::format_description::well_known::Rfc3339);
    let millis = written.map_or(0, |at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default());
    Ok(described(&text("ETag"), millis)
        .header(header::CONTENT_LENGTH, text("ContentLength"))
        .body(Body::empty())
        .unwrap_or_default())
}

fn described(etag: &str, written: i64) -> axum::http::response::Builder {
    Response::builder()
        .header(header::ETAG, etag)
        .header(header::LAST_MODIFIED, http_date(written))
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_TYPE, "binary/octet-stream")
        .header("x-amz-server-side-encryption", "AES256")
}

fn get(host: &Host, ask: &Ask) -> Result<Response, ObjectRefusal> {
    let (body, written) = Buckets::of(host).get(&ask.bucket, &ask.key)?;
    let (size, response) = (body.len(), described(&etag(&body), written));
    let range = ask.headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| range_of(range, size)).transpose()? else {
        return Ok(response.body(Body::from(body)).unwrap_or_default());
    };
    let part = Bytes::from(body).slice(first..=last);
    let response = response.status(StatusCode::PARTIAL_CONTENT);
    Ok(response
        .header(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))
        .body(Body::from(part))
        .unwrap_or_default())
}

/// The first and the last byte of a range; `None` for an invalid one, which is ignored.
fn range_of(range: &str, size: usize) -> Option<Result<(usize, usize), ObjectRefusal>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = match (first, last) {
        ("", end) => (size.saturating_sub(end.parse().ok()?), size.wrapping_sub(1)),
        (first, "") => (first.parse().ok()?, size.wrapping_sub(1)),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(size.wrapping_sub(1))),
    };
    if size == 0 || first >= size || first > last {
        let why = "The requested range is not satisfiable".to_owned();
        return Some(Err(ObjectRefusal("InvalidRange", why, 416)));
    }
    Some(Ok((first, last)))
}

fn put(host: &Host, ask: &Ask, body: Bytes) -> Result<Response, ObjectRefusal> {
    let buckets = Buckets::of(host);
    if ask.headers.get(header::IF_NONE_MATCH).is_some_and(|mark| mark == "*") && run(host, ask, "headObject").is_ok() {
        let why = "At least one of the pre-conditions you specified did not hold".to_owned();
        return Err(ObjectRefusal("PreconditionFailed", why, 412));
    }
    if ask.headers.contains_key("x-amz-copy-source") {
        let copied = run(host, ask, "copyObject")?;
        let text = |name: &str| copied["CopyObjectResult"][name].as_str().unwrap_or_default();
        let inner = [element("ETag", text("ETag")), element("LastModified", text("LastModified"))].concat();
        return Ok(document("CopyObjectResult", &inner));
    }
    let body = plain(ask, body)?;
    buckets.put(&ask.bucket, &ask.key, &body)?;
    Ok((StatusCode::OK, [(header::ETAG, etag(&body))]).into_response())
}

/// The body without the chunks that it may be sent in.
fn plain(ask: &Ask, body: Bytes) -> Result<Vec<u8>, ObjectRefusal> {
    if !is_chunked(&ask.headers) {
        return Ok(body.to_vec());
    }
    unchunked(&body).ok_or_else(|| {
        ObjectRefusal("IncompleteBody", "The body is not in the chunks that its headers announce".to_owned(), 400)
    })
}

/// Whether a body is sent in signed chunks, or in chunks with a checksum after them.
fn is_chunked(headers: &HeaderMap) -> bool {
    let has = |name: &str, part: &str| {
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains(part))
    };
    has("x-amz-content-sha256", "STREAMING-") || has("content-encoding", "aws-chunked")
}

/// The body inside chunks: `SIZE;chunk-signature=...`, a line end, so many bytes, a line end. The last chunk is empty,
/// and checksums follow it.
fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(&body[..end]).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        body = &body[end + 2..];
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(body.get(..size)?);
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

fn error(ask: &Ask, refusal: &ObjectRefusal) -> Response {
    let ObjectRefusal(code, message, status) = refusal;
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
    let id = random::uuid();
    let inner = [
        element("Code", code),
        element("Message", message),
        element("Resource", format!("/{}/{}", ask.bucket, ask.key)),
        element("RequestId", id),
    ];
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{}</Error>", inner.concat());
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        let body = b"3;chunk-signature=x\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        assert_eq!(unchunked(body).as_deref(), Some(&b"abcde"[..]));
        for broken in [&b"3\r\nab"[..], b"z\r\n", b"", b"3\r\nabcd\r\n0\r\n"] {
            assert_eq!(unchunked(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn ranges_are_within_the_object() {
        for (range, expected) in [
            ("bytes=0-3", Some((0, 3))),
            ("bytes=4-", Some((4, 9))),
            ("bytes=-2", Some((8, 9))),
            ("bytes=5-99", Some((5, 9))),
            ("bytes=10-", None),
        ] {
            assert_eq!(range_of(range, 10).and_then(Result::ok), expected, "{range}");
        }
        assert!(range_of("lines=1-2", 10).is_none());
    }
}
