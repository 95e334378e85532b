//! Uploads in parts, as the SDKs send large objects.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Ask, document, operation_of, plain};
use crate::api::callers;
use crate::api::xml::element;
use crate::host::Host;
use crate::integrations::{ObjectRefusal, Uploads, etag};

/// The steps of an upload in parts.
pub fn handle(host: &Host, ask: &Ask, body: Bytes) -> Result<Response, ObjectRefusal> {
    let uploads = Uploads::of(host);
    let (bucket, key) = (ask.bucket.as_str(), ask.key.as_str());
    let field = |name: &str| ask.query.get(name).map_or("", String::as_str);
    let (id, number) = (field("uploadId"), field("partNumber"));
    match (ask.method.as_str(), ask.query.contains_key("uploads"), ask.query.contains_key("partNumber")) {
        ("POST", true, _) => {
            let id = uploads.begin(bucket, key)?;
            let inner = [element("Bucket", bucket), element("Key", key), element("UploadId", id)];
            Ok(document("InitiateMultipartUploadResult", &inner.concat()))
        }
        ("PUT", _, true) if !ask.headers.contains_key("x-amz-copy-source") => {
            let body = plain(ask, body)?;
            uploads.put(bucket, key, id, number.parse().unwrap_or_default(), &body)?;
            Ok((StatusCode::OK, [(header::ETAG, etag(&body))]).into_response())
        }
        ("POST", ..) => {
            let body = uploads.complete(bucket, key, id, &parts_of(&String::from_utf8_lossy(&body)))?;
            let inner = [element("Bucket", bucket), element("Key", key), element("ETag", etag(&body))];
            Ok(document("CompleteMultipartUploadResult", &inner.concat()))
        }
        ("DELETE", ..) => uploads.abort(bucket, key, id).map(|()| StatusCode::NO_CONTENT.into_response()),
        _ => {
            let other = if ask.query.contains_key("uploads") { "uploads" } else { "uploadId" };
            let why = callers::why_not_served("S3", &operation_of(ask, Some(other)));
            Err(ObjectRefusal("NotImplemented", why, 501))
        }
    }
}

/// The numbers of the parts that an upload is completed with.
fn parts_of(xml: &str) -> Vec<u32> {
    let numbers = xml.split("<PartNumber>").skip(1);
    numbers.filter_map(|rest| rest.split("</PartNumber>").next()?.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::parts_of;

    #[test]
    fn parts_are_named_by_their_numbers() {
        let xml = "<CompleteMultipartUpload><Part><ETag>\"a\"</ETag><PartNumber>1</PartNumber></Part><Part><PartNumber> 2 \
                   </PartNumber></Part></CompleteMultipartUpload>";
        assert_eq!(parts_of(xml), [1, 2]);
    }
}
