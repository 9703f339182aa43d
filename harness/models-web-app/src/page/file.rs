//! `/static`: files, as Flask sends them: whole, in part, or not again.

use http::{HeaderMap, Response, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use ring::digest::{SHA256, digest};

use crate::app::App;
use crate::failure::{Failure, NO_SUCH_PAGE};
use crate::handlers::Outcome;
use crate::incoming::Incoming;
use crate::outgoing::{Answer, Body, set, whole};

/// What files are, by the end of their names.
const TYPES: [(&str, &str); 11] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("map", "application/octet-stream"),
    ("svg", "image/svg+xml; charset=utf-8"),
    ("png", "image/png"),
    ("ico", "image/vnd.microsoft.icon"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
];

pub(crate) fn file(app: &App, request: &Incoming) -> Outcome {
    let path = request.name("filename");
    let Some(bytes) = app.assets().get(path) else {
        return Err(Failure::refused(StatusCode::NOT_FOUND, NO_SUCH_PAGE));
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    let kind = TYPES.iter().find(|(known, _)| *known == ending).map_or("application/octet-stream", |(_, kind)| kind);
    let modified = app.assets().modified;
    let digits = hex::encode(digest(&SHA256, bytes));
    let tag = format!("\"{}\"", &digits[..16]);
    let headers = &request.head.headers;
    let mut response = if is_unchanged(headers, &tag, modified) {
        let mut response = whole(StatusCode::NOT_MODIFIED, kind, "");
        response.headers_mut().remove(header::CONTENT_TYPE);
        response
    } else {
        let mut response = content(headers, bytes, kind);
        if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&modified) {
            set(&mut response, header::LAST_MODIFIED, &date);
        }
        response
    };
    set(&mut response, header::CONTENT_DISPOSITION, &format!("inline; filename={name}"));
    set(&mut response, header::CACHE_CONTROL, "no-cache");
    set(&mut response, header::ETAG, &tag);
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    Ok(Answer::written(response))
}

/// Whether the browser has the file already.
fn is_unchanged(headers: &HeaderMap, tag: &str, modified: Timestamp) -> bool {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        return tags
            .split(',')
            .any(|known| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == tag);
    }
    let since = text(header::IF_MODIFIED_SINCE).and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    since.is_some_and(|since| modified.as_second() <= since.as_second())
}

/// The file, or the part of it that was asked for.
fn content(headers: &HeaderMap, bytes: &[u8], kind: &'static str) -> Response<Body> {
    let all = || whole(StatusCode::OK, kind, bytes.to_vec());
    let Some(asked) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else { return all() };
    let Some((first, last)) = asked.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return all();
    };
    let length = bytes.len();
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return all(),
    };
    let total = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
    match bytes.get(range) {
        Some(part) if !part.is_empty() => {
            let mut response = whole(StatusCode::PARTIAL_CONTENT, kind, part.to_vec());
            set(&mut response, header::CONTENT_RANGE, &total);
            response
        }
        _ => {
            let mut response = whole(StatusCode::RANGE_NOT_SATISFIABLE, kind, "");
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bytes=0-6", 206, "bytes 0-6/10")]
    #[case("bytes=8-", 206, "bytes 8-9/10")]
    #[case("bytes=-3", 206, "bytes 7-9/10")]
    #[case("bytes=5-100", 206, "bytes 5-9/10")]
    #[case("bytes=10-", 416, "bytes */10")]
    #[case("lines=1-2", 200, "")]
    #[case("bytes=5-1", 200, "")]
    fn parts_of_files(#[case] asked: &'static str, #[case] status: u16, #[case] told: &str) {
        let headers = HeaderMap::from_iter([(header::RANGE, http::HeaderValue::from_static(asked))]);
        let response = content(&headers, b"0123456789", "text/plain");
        let range = response.headers().get(header::CONTENT_RANGE).map(|range| range.to_str().unwrap());
        assert_eq!((response.status().as_u16(), range.unwrap_or_default()), (status, told));
    }
}
