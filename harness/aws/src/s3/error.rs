//! Refusals as S3 writes them.

use crate::{Body, Fault, full};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};

/// Writes a fault. Answers to HEAD have no body (nor has what is unchanged), so clients of HEAD see the bare status.
pub(super) fn refuse(fault: &Fault, method: &Method, request_id: &str, host_id: &str) -> Response<Body> {
    let mut xml = crate::protocol::Xml::default();
    xml.element("Error", |xml| {
        xml.text("Code", &fault.code).text("Message", &fault.message);
        for (name, value) in &fault.extra {
            xml.text(name, value);
        }
        xml.text("RequestId", request_id).text("HostId", host_id);
    });
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", xml.into_text());
    let unchanged = fault.status == StatusCode::NOT_MODIFIED;
    let bare = unchanged || method == Method::HEAD;
    let mut response = Response::new(if bare { full(Bytes::new()) } else { full(text) });
    *response.status_mut() = fault.status;
    let headers = response.headers_mut();
    if !unchanged {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    for (name, value) in &fault.headers {
        if let Ok(value) = value.parse() {
            headers.insert(*name, value);
        }
    }
    response
}

pub(super) fn no_such_bucket(name: &str) -> Fault {
    Fault::new(404, "NoSuchBucket", "The specified bucket does not exist").with("BucketName", name)
}

pub(super) fn no_such_key(key: &str) -> Fault {
    Fault::new(404, "NoSuchKey", "The specified key does not exist.").with("Key", key)
}

pub(super) fn no_such_version(key: &str, id: &str) -> Fault {
    Fault::new(404, "NoSuchVersion", "The specified version does not exist.").with("Key", key).with("VersionId", id)
}

pub(super) fn no_public_access_block() -> Fault {
    let message = "The public access block configuration was not found";
    Fault::new(404, "NoSuchPublicAccessBlockConfiguration", message)
}

pub(super) fn access_denied() -> Fault {
    Fault::new(403, "AccessDenied", "Access Denied")
}

pub(super) fn invalid_argument(message: &str, name: &str, value: &str) -> Fault {
    Fault::new(400, "InvalidArgument", message).with("ArgumentName", name).with("ArgumentValue", value)
}

pub(super) fn malformed_xml() -> Fault {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Fault::new(400, "MalformedXML", message)
}

pub(super) fn malformed_acl() -> Fault {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Fault::new(400, "MalformedACLError", message)
}

pub(super) fn not_implemented(header: &str) -> Fault {
    Fault::new(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
        .with("Header", header)
}
