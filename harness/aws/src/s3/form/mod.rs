//! Uploads by the forms of web pages: POST with `multipart/form-data`.
//!
//! ```text
//! fields (up to the file) -> gate (whose policy is it?) -> policy (may the form say that?) -> a PUT, whose headers are the fields -> answer
//! ```
//!
//! What a form asks for beside its own fields it asks for as a PUT would, so it becomes one, and goes the way of every other request.
//!
//! Source: Amazon S3 API Reference, "POST Object", "Browser-Based Uploads Using POST (AWS Signature Version 4)".

mod fields;
mod measured;
mod policy;
mod reply;

pub(super) use reply::Reply;

use super::answer::Context;
use super::{address, error, request};
use crate::authorize::Call;
use crate::{Body, Cloud, Fault, gate};
use fields::Form;
use form_urlencoded::Serializer;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use policy::Policy;
use s3s::dto;
use s3s::xml::Deserializer;
use std::sync::Arc;

/// A form as the request that it stands for, and how that is to be answered.
pub(super) struct Unfolded {
    pub(super) context: Arc<Context>,
    pub(super) request: Request<Body>,
    pub(super) reply: Reply,
}

/// Whether a request is a form.
pub(super) fn is_one(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::POST && kind.starts_with("multipart/form-data")
}

/// A field that has to stand before the file, and does not.
pub(crate) fn missing_field(name: &str) -> Fault {
    let message = format!(
        "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    );
    error::invalid_argument(&message, name, "")
}

/// Reads a form up to its file, and makes the PUT of it.
pub(super) async fn unfold(cloud: &Cloud, mut parts: Parts, body: Body, request_id: &str) -> Result<Unfolded, Fault> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let host = address::read(&host, &cloud.settings().domains);
    let path = parts.uri.path().trim_matches('/');
    let bucket = match (host.bucket, path) {
        (Some(bucket), "") => bucket.to_owned(),
        (None, path) if !path.is_empty() && !path.contains('/') => path.to_owned(),
        _ => {
            let message = "The specified method is not allowed against this resource.";
            return Err(Fault::new(405, "MethodNotAllowed", message)
                .with("Method", "POST")
                .with("ResourceType", "OBJECT"));
        }
    };
    let region = host.region.map(str::to_owned);
    let mut form = Form::read(&parts.headers, body).await?;
    let key = form.complete_key()?;
    let caller = gate::form::identify(cloud, |name| form.get(name))?;
    let policy = form.get("policy").map(Policy::parse).transpose()?;
    if let Some(policy) = &policy {
        policy.check(&form.all(), &bucket, cloud.now())?;
    }
    let reply = Reply::of(&form, &bucket, &key);
    let call = Call::new(cloud, &parts, caller, request_id.to_owned());
    parts.method = Method::PUT;
    parts.headers = headers(&form)?;
    let uri = format!("/{bucket}{}", proofmark_aws_sigv4::encode_path(&format!("/{key}")));
    parts.uri = uri.parse().map_err(|_| error::invalid_argument("The key cannot be read.", "key", &key))?;
    request::check(&mut parts)?;
    let context = Arc::new(Context::of_form(cloud.clone(), call, parts.headers.clone(), region));
    parts.extensions.insert(Arc::clone(&context));
    let body = measured::within(form.file, policy.and_then(|policy| policy.length()));
    Ok(Unfolded { context, request: Request::from_parts(parts, body), reply })
}

/// Headers that fields of the same name stand for; those that begin with `x-amz-` are others.
const NAMES: [&str; 5] = ["cache-control", "content-disposition", "content-encoding", "content-type", "expires"];
/// Fields of the signature, which say nothing of the object.
const SIGNATURE: [&str; 5] =
    ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature"];

fn headers(form: &Form) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    // The host has been read; a bucket in it would be read again.
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    for (field, value) in form.all() {
        let (name, value) = match field {
            "acl" => ("x-amz-acl", value.to_owned()),
            "tagging" => ("x-amz-tagging", tagging(value)?),
            name if NAMES.contains(&name) => (name, value.to_owned()),
            name if name.starts_with("x-amz-") && !SIGNATURE.contains(&name) => (name, value.to_owned()),
            _ => continue,
        };
        let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let (name, value) = header.ok_or_else(|| error::invalid_argument("A field cannot be read.", field, &value))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Tags, which forms write as XML and headers as a query.
fn tagging(xml: &str) -> Result<String, Fault> {
    let mut reader = Deserializer::new(xml.as_bytes());
    let tagging = reader.named_element("Tagging", Deserializer::content::<dto::Tagging>);
    let tags = tagging.map_err(|_| error::malformed_xml())?.tag_set;
    let pairs =
        tags.iter().map(|tag| (tag.key.as_deref().unwrap_or_default(), tag.value.as_deref().unwrap_or_default()));
    Ok(Serializer::new(String::new()).extend_pairs(pairs).finish())
}
