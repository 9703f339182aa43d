//! The Simple Storage Service.
//!
//! The gate has verified the signature; `s3s` routes, reads and writes the protocol; what operations mean, and which actions they need, is here.

use crate::{Body, Cloud};
use http::Response;
use http::request::Parts;

/// Every bucket, by name.
#[derive(Debug, Default)]
pub struct Buckets {}

/// Answers a request.
pub(crate) async fn answer(_cloud: &Cloud, _parts: Parts, _body: Body) -> Response<Body> {
    Response::new(crate::full("not implemented"))
}
