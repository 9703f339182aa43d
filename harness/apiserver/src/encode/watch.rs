//! Watch events as a stream of JSON (or YAML documents, or length-delimited protobuf).

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderValue, Response, header};
use proofmark_builtin::proto;
use proofmark_json::{Value, json};
use proofmark_printers::{IncludeObject, TableOptions, partial_object_metadata, table};
use proofmark_status::{Reason, Status};

use super::negotiate::{Form, Negotiated, Shape};
use super::object::{printer, protobuf};
use super::refusal;
use crate::body::Body;
use crate::handlers::{Event, Watch, bookmark};
use crate::resource::{Resource, shown};
use crate::server::{Exchange, Inner};
use crate::store::Object;

/// Opens the stream of a watch.
pub(super) fn stream(
    server: &Arc<Inner>,
    exchange: &Exchange<'_>,
    wanted: &Negotiated,
    watch: Watch,
) -> Response<Body> {
    if wanted.form == Form::Yaml {
        let accepted = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
        let message = format!("only the following media types are accepted: {accepted}");
        return refusal(wanted, Status::new(406, Reason::NotAcceptable, message).into());
    }
    let include = IncludeObject::parse(exchange.query.get("includeObject")).unwrap_or_default();
    // Custom resources and other shapes have no protobuf.
    let protobuf = wanted.form == Form::Protobuf && wanted.shape == Shape::Object && watch.resource.custom().is_none();
    let writer = Writer {
        protobuf,
        server: server.clone(),
        resource: watch.resource.clone(),
        shape: wanted.shape.clone(),
        include,
        first: true,
    };
    let chunks = stream::unfold((watch, writer), |(mut watch, mut writer)| async move {
        let event = watch.next().await?;
        let bytes = writer.write(event);
        Some((bytes, (watch, writer)))
    });
    let mut response = Response::new(Body::stream(chunks));
    let content_type = if protobuf { "application/vnd.kubernetes.protobuf;stream=watch" } else { "application/json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

struct Writer {
    server: Arc<Inner>,
    resource: Arc<Resource>,
    shape: Shape,
    protobuf: bool,
    include: IncludeObject,
    /// Column definitions go with the first event only.
    first: bool,
}

impl Writer {
    fn write(&mut self, event: Event) -> Bytes {
        let (kind, object) = match event {
            Event::Added(object) => ("ADDED", self.object(&object)),
            Event::Modified(object) => ("MODIFIED", self.object(&object)),
            Event::Deleted(object) => ("DELETED", self.object(&object)),
            Event::Bookmark(revision, initial) => {
                let object = bookmark(&self.resource, revision, initial);
                ("BOOKMARK", self.shaped(&object))
            }
            Event::Error(status) => ("ERROR", self.status(&status.to_value())),
        };
        self.first = false;
        if self.protobuf {
            return proto::encode_event(kind, &object).into();
        }
        let mut out = BytesMut::with_capacity(object.len() + 32);
        out.put_slice(b"{\"type\":\"");
        out.put_slice(kind.as_bytes());
        out.put_slice(b"\",\"object\":");
        out.put_slice(&object);
        out.put_slice(b"}\n");
        out.freeze()
    }

    fn object(&self, object: &Object) -> Bytes {
        if self.protobuf {
            return self.shaped(&shown(&self.resource, &object.value));
        }
        let same = object.value.get("apiVersion").and_then(Value::as_str) == Some(&self.resource.group_version());
        if self.shape == Shape::Object && same {
            return object.json();
        }
        self.shaped(&shown(&self.resource, &object.value))
    }

    fn status(&self, status: &Value) -> Bytes {
        if self.protobuf { protobuf(status).unwrap_or_default() } else { to_bytes(status) }
    }

    fn shaped(&self, value: &Value) -> Bytes {
        let value = match self.shape {
            Shape::Object if self.protobuf => return protobuf(value).unwrap_or_default(),
            Shape::Object => return to_bytes(value),
            Shape::Table(version) => {
                let options = TableOptions { include: self.include, headers: self.first, version };
                table(&printer(&self.resource), value, options, self.server.clock.now())
            }
            Shape::Partial(version) | Shape::PartialList(version) => partial_object_metadata(value, version),
        };
        to_bytes(&value)
    }
}

fn to_bytes(value: &Value) -> Bytes {
    Bytes::from(proofmark_json::to_vec(value).unwrap_or_else(|_| json!(null).to_string().into_bytes()))
}
