//! Answers.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use proofmark_json::{Value, json};

use crate::failure::Failure;
use crate::python::{self, Style};
use futures_util::StreamExt as _;

/// The body of an answer: whole, or a stream of events.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// An answer before it is written.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
}

/// What an answer holds.
pub(crate) enum Content {
    /// A field beside `status`, `success` and `user`.
    Field(&'static str, Value),
    /// JSON of another shape.
    Json(Value),
    /// Anything else, written already.
    Written(Box<Response<Body>>),
}

impl Answer {
    /// Success, with a field.
    pub(crate) fn field(name: &'static str, value: impl Into<Value>) -> Self {
        Self { status: StatusCode::OK, content: Content::Field(name, value.into()) }
    }

    pub(crate) fn json(status: StatusCode, value: Value) -> Self {
        Self { status, content: Content::Json(value) }
    }

    pub(crate) fn written(response: Response<Body>) -> Self {
        Self { status: response.status(), content: Content::Written(Box::new(response)) }
    }

    pub(crate) fn write(self, user: Option<&str>, style: Style) -> Response<Body> {
        let value = match self.content {
            Content::Written(response) => return *response,
            Content::Json(value) => value,
            Content::Field(name, value) => {
                let mut envelope = json!({"status": self.status.as_u16(), "success": true, "user": user});
                envelope[name] = value;
                envelope
            }
        };
        whole(self.status, "application/json", python::write(&value, style) + "\n")
    }
}

/// A failure in the envelope that every answer has.
pub(crate) fn failed(failure: &Failure, user: Option<&str>, style: Style) -> Response<Body> {
    let status = failure.status();
    let envelope = json!({"log": failure.words(), "status": status.as_u16(), "success": false, "user": user});
    whole(status, "application/json", python::write(&envelope, style) + "\n")
}

/// A body that is complete.
pub(crate) fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, kind);
    response
}

/// A body whose chunks come over time.
pub(crate) fn streamed(kind: &'static str, chunks: impl Stream<Item = String> + Send + 'static) -> Response<Body> {
    let frames = chunks.map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    set(&mut response, header::CONTENT_TYPE, kind);
    response
}

/// Sets a header; a value that cannot be one is left out.
pub(crate) fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        response.headers_mut().insert(name, value);
    }
}

/// Leaves the head alone, for HEAD.
pub(crate) fn without_body(response: Response<Body>) -> Response<Body> {
    response.map(|_| Full::new(Bytes::new()).boxed_unsync())
}
