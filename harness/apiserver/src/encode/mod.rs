//! From an answer to bytes: in the form that the client accepts.
//!
//! [`hand_over`] skips all of it for clients in this process that take objects as they are. [`Negotiated`] is what the client accepts; [`reply`] and [`refusal`] write answers and refusals; [`watch`] writes events.
//! Lists of plain JSON are copies of bytes that the store keeps; every other form is made from values.

mod hand;
mod negotiate;
mod object;
mod watch;
mod yaml;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use proofmark_json::Value;
use proofmark_printers::partial_object_metadata;
use proofmark_status::{Details, Reason, Status};

pub(crate) use hand::hand_over;
pub(crate) use negotiate::{Form, Negotiated, Shape, choose, takes_json};

use crate::body::Body;
use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::server::{Exchange, Inner};

/// The media type of Kubernetes' protobuf.
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Writes an answer.
pub(crate) fn reply(server: &Arc<Inner>, exchange: &Exchange<'_>, wanted: &Negotiated, reply: Reply) -> Response<Body> {
    let Reply { status, content } = reply;
    match content {
        Content::Watch(opened) => watch::stream(server, exchange, wanted, opened),
        Content::Document { content_type, body } => document(status, content_type, body),
        Content::Groups { content_type, document: groups } => document(status, content_type, groups.line.clone()),
        Content::Stream { content_type, body } => {
            let mut response = document(status, content_type, Bytes::new());
            *response.body_mut() = body;
            response
        }
        Content::Discovery(value) => discovery(wanted, status, &value),
        Content::Status(answer) => written(wanted, status, &answer.to_value()),
        // What no resource stores has no columns.
        Content::Other(value) => match wanted.shape {
            Shape::Table(_) => refusal(wanted, only_media_types()),
            Shape::Partial(version) => written(wanted, status, &partial_object_metadata(&value, version)),
            _ => written(wanted, status, &value),
        },
        Content::Scale { value, custom } => match object::scale(server, exchange, wanted, custom, value) {
            Ok(value) => written(wanted, status, &value),
            Err(refused) => refusal(wanted, refused),
        },
        Content::Object { resource, object } => match object::one(server, exchange, wanted, &resource, &object) {
            Ok(object::One::Bytes(bytes)) => document(status, "application/json", bytes),
            Ok(object::One::Value(value)) => written(wanted, status, &value),
            Err(refused) => refusal(wanted, refused),
        },
        Content::List { resource, list } => match object::list(server, exchange, wanted, &resource, &list) {
            Ok(object::Listed::Bytes(bytes)) => document(status, "application/json", bytes),
            Ok(object::Listed::Protobuf(bytes)) => document(status, PROTOBUF, bytes),
            Ok(object::Listed::Value(value)) => written(wanted, status, &value),
            Err(refused) => refusal(wanted, refused),
        },
    }
}

/// Adds `Warning` headers; the same text counts once.
pub(crate) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    for (i, warning) in warnings.iter().enumerate() {
        if !warnings[..i].contains(warning)
            && let Ok(value) = HeaderValue::from_str(&format!("299 - {}", warning_text(warning)))
        {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}

/// A warning as an HTTP quoted-string.
fn warning_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Writes a refusal.
pub(crate) fn refusal(wanted: &Negotiated, refused: Refusal) -> Response<Body> {
    match refused {
        Refusal::NoSuchPage => plain(404, "404 page not found\n"),
        Refusal::Text(code, text) if text.is_empty() => document(code, "", Bytes::new()),
        Refusal::Text(code, text) => plain(code, text),
        Refusal::Later(seconds, refused) => {
            let mut response = refusal(wanted, *refused);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Refusal::Worded(code, status) => {
            let retry = status.pointer("/details/retryAfterSeconds").and_then(Value::as_u64).unwrap_or(0);
            told(wanted, code, &status, retry)
        }
        Refusal::Status(status) => {
            let retry = status.details.as_ref().map_or(0, |d| d.retry_after_seconds);
            told(wanted, status.code, &status.to_value(), u64::from(retry))
        }
    }
}

/// A `Status`, and after how many seconds to try again.
fn told(wanted: &Negotiated, code: u16, status: &Value, retry: u64) -> Response<Body> {
    let mut response = match wanted.plain {
        Some(form) => in_form(form, wanted.pretty, code, status),
        // What cannot be negotiated is JSON for people.
        None => json(code, status, true),
    };
    if retry > 0 {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry));
    }
    response
}

/// Plain text, as Go's `http.Error` writes it.
pub(crate) fn plain(code: u16, text: impl Into<String>) -> Response<Body> {
    let mut response = document(code, "text/plain; charset=utf-8", Bytes::from(text.into()));
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// Bytes of a type.
fn document(code: u16, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::whole(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !content_type.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A value as JSON or YAML.
fn written(wanted: &Negotiated, code: u16, value: &Value) -> Response<Body> {
    in_form(wanted.form, wanted.pretty, code, value)
}

fn in_form(form: Form, pretty: bool, code: u16, value: &Value) -> Response<Body> {
    match form {
        Form::Yaml => document(code, "application/yaml", Bytes::from(yaml::to_yaml(value))),
        Form::Protobuf => match object::protobuf(value) {
            Some(bytes) => document(code, PROTOBUF, bytes),
            None => json(code, value, pretty),
        },
        Form::Json => json(code, value, pretty),
    }
}

/// JSON on a line of its own, or indented and without an end of the last line: both as Go does it.
fn json(code: u16, value: &Value, pretty: bool) -> Response<Body> {
    let body = if pretty { proofmark_json::to_vec_pretty(value) } else { proofmark_json::to_vec(value) };
    let mut body = body.unwrap_or_default();
    if !pretty {
        body.push(b'\n');
    }
    document(code, "application/json", Bytes::from(body))
}

/// A discovery document: JSON or YAML, whatever else the client would like.
fn discovery(wanted: &Negotiated, code: u16, value: &Value) -> Response<Body> {
    match wanted.plain {
        Some(form) => in_form(form, wanted.pretty, code, value),
        None => refusal(wanted, only_media_types()),
    }
}

/// 406 of an object that has no acceptable form.
pub(crate) fn not_acceptable(watch: bool) -> Refusal {
    let streams = ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    let streams = if watch { streams } else { "" };
    not_available(&format!("application/json, application/yaml, application/vnd.kubernetes.protobuf{streams}"))
}

/// 406 of a shape that does not exist.
fn only_media_types() -> Refusal {
    let accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    let message = format!("only the following media types are accepted: {accepted}");
    Status::new(406, Reason::NotAcceptable, message).into()
}

/// 406 of a path that has JSON only.
pub(crate) fn only_json() -> Refusal {
    not_available("application/json")
}

/// 406 of a path that has one form only.
pub(crate) fn not_available(form: &str) -> Refusal {
    let message = format!("406: Not Acceptable\n\nAvailable representations: {form}");
    Status::new(406, Reason::NotAcceptable, message).with_details(Details::default()).into()
}
