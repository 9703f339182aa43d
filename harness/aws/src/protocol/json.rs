//! The JSON protocol 1.1: the action in `X-Amz-Target`, JSON in, JSON out.

use crate::{Body, Fault, full};
use http::{Response, StatusCode};
use proofmark_json::{Value, json};

/// Writes a result.
pub(crate) fn answer(result: &Value, request_id: &str) -> Response<Body> {
    respond(StatusCode::OK, result, request_id)
}

/// Writes a fault. KMS and Organizations spell their messages differently; clients read either.
pub(crate) fn refuse(fault: &Fault, request_id: &str) -> Response<Body> {
    let mut response = respond(fault.status, &json!({"__type": fault.code, "message": fault.message}), request_id);
    if let Ok(code) = fault.code.parse() {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

fn respond(status: StatusCode, body: &Value, request_id: &str) -> Response<Body> {
    let mut response = Response::new(full(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(id) = request_id.parse() {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
