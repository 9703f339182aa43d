//! The Query protocol: parameters in, XML out. Source: the API references of STS and IAM, "Common errors".

use super::Xml;
use crate::{Body, Fault, full};
use http::{Response, StatusCode};

/// Wraps an action's result: `<ActionResponse><ActionResult>...</ActionResult><ResponseMetadata>...`. Actions without a result give none.
pub(crate) fn answer(action: &str, namespace: &str, result: Option<Xml>, request_id: &str) -> Response<Body> {
    let mut xml = Xml::default();
    if let Some(result) = result {
        xml.element(&format!("{action}Result"), |xml| *xml = result);
    }
    xml.element("ResponseMetadata", |xml| {
        xml.text("RequestId", request_id);
    });
    let text = format!("<{action}Response xmlns=\"{namespace}\">{}</{action}Response>\n", xml.into_text());
    respond(StatusCode::OK, text, request_id)
}

/// Writes a fault.
pub(crate) fn refuse(fault: &Fault, namespace: &str, request_id: &str) -> Response<Body> {
    let mut xml = Xml::default();
    xml.element("Error", |xml| {
        xml.text("Type", if fault.status.is_server_error() { "Receiver" } else { "Sender" });
        xml.text("Code", &fault.code).text("Message", &fault.message);
    });
    xml.text("RequestId", request_id);
    let text = format!("<ErrorResponse xmlns=\"{namespace}\">{}</ErrorResponse>\n", xml.into_text());
    respond(fault.status, text, request_id)
}

fn respond(status: StatusCode, text: String, request_id: &str) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/xml"));
    if let Ok(id) = request_id.parse() {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
