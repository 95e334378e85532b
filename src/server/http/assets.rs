//! The site's files: part of the binary, compressed when it was built, and checked by their hash.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "target/site/"]
#[allow_missing = true]
struct Files;

/// The file at `path` in the best encoding that the client accepts, or 304 if the client has it already.
pub fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    // A compressed twin is an encoding of its file, not a file of its own.
    let plain = Files::get(path).filter(|_| !path.ends_with(".br"))?;
    let tag = tag(&plain);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let compressed = accepted.split(',').any(|one| one.split(';').next().is_some_and(|name| name.trim() == "br"));
        match compressed.then(|| Files::get(&format!("{path}.br"))).flatten() {
            Some(twin) => ([(header::CONTENT_ENCODING, "br")], twin.data.into_owned()).into_response(),
            None => plain.data.into_owned().into_response(),
        }
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // File names have no version: the browser caches a file and revalidates it.
    let cache = if path.starts_with("fonts/") { "public, max-age=604800" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    Some(response)
}

/// Whether there is a file at `path`.
pub fn is_file(path: &str) -> bool {
    Files::get(path).is_some()
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some("webmanifest" | "json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the site was not built there is nothing to measure.
    #[test]
    fn the_part_in_the_browser_stays_small() {
        let Some(wasm) = Files::get("pkg/countersign_bg.wasm.br") else { return };
        assert!(wasm.data.len() <= 400_000, "{} bytes, compressed", wasm.data.len());
    }
}
