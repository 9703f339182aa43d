//! S3 Control: what an account blocks in all of its buckets.
//!
//! Requests are addressed to an account: by a header, and by the first label of the host name. They are signed for S3. Other operations of S3 Control are
//! answered with `NotImplemented`. Source: Amazon S3 API Reference, "Amazon S3 Control".

use super::answer::Context;
use super::error;
use super::store::PublicAccess;
use crate::protocol::Xml;
use crate::world::AccountId;
use crate::{Body, BodyError, Fault, full};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use proofmark_aws_policy::Context as Keys;
use s3s::dto;
use s3s::xml::Deserializer;

const NAMESPACE: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";
const VERSION: &str = "/v20180820/";
/// More than any configuration needs.
const LIMIT: usize = 64 * 1024;

/// Whether a request is one for S3 Control. A bucket may have the same name as its version, but no such request names an account.
pub(super) fn is_for(parts: &Parts) -> bool {
    parts.headers.contains_key("x-amz-account-id") && parts.uri.path().starts_with(VERSION)
}

/// Answers a request.
pub(super) async fn answer(
    context: &Context,
    request: Request<Body>,
    request_id: &str,
    host_id: &str,
) -> Response<Body> {
    let account = context.header("x-amz-account-id").unwrap_or_default().to_owned();
    match operate(context, &account, request).await {
        Ok((status, body)) => respond(status, body),
        Err(fault) => {
            let mut xml = Xml::default();
            xml.element("ErrorResponse", |xml| {
                xml.element("Error", |xml| {
                    xml.text("Code", &fault.code).text("Message", &fault.message);
                    for (name, value) in &fault.extra {
                        xml.text(name, value);
                    }
                });
                xml.text("RequestId", request_id).text("HostId", host_id);
            });
            respond(fault.status, xml.into_text())
        }
    }
}

fn respond(status: StatusCode, xml: String) -> Response<Body> {
    let text = if xml.is_empty() { xml } else { format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}") };
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// Status and body of what succeeds.
async fn operate(context: &Context, account: &str, request: Request<Body>) -> Result<(StatusCode, String), Fault> {
    let (parts, body) = request.into_parts();
    if parts.uri.path().strip_prefix(VERSION) != Some("configuration/publicAccessBlock") {
        let message = "This operation of S3 Control is not simulated.";
        return Err(Fault::new(501, "NotImplemented", message));
    }
    match parts.method {
        Method::GET => {
            let world = context.cloud.world().read();
            allow(context, &world, account, "s3:GetAccountPublicAccessBlock")?;
            let access = world.account(account).and_then(|account| account.public_access);
            let access = access.ok_or_else(|| error::no_public_access_block().with("AccountId", account))?;
            Ok((StatusCode::OK, written(access)))
        }
        Method::PUT => {
            let access = read(body).await?;
            set(context, account, Some(access))?;
            Ok((StatusCode::CREATED, String::new()))
        }
        Method::DELETE => {
            set(context, account, None)?;
            Ok((StatusCode::NO_CONTENT, String::new()))
        }
        _ => {
            let message = "The specified method is not allowed against this resource.";
            Err(Fault::new(405, "MethodNotAllowed", message).with("Method", parts.method.as_str()))
        }
    }
}

/// An account's own principals may, if their policies say so; nobody else.
fn allow(context: &Context, world: &crate::world::World, account: &str, action: &str) -> Result<(), Fault> {
    let account = AccountId::parse(account).ok_or_else(|| {
        Fault::new(400, "InvalidRequest", "The account id must be twelve digits").with("AccountId", account)
    })?;
    if context.call.caller.principal.account() != Some(account.as_str()) {
        return Err(error::access_denied().with("AccountId", account.as_str()));
    }
    context.allow_account(world, action, "*", Keys::default())
}

fn set(context: &Context, account: &str, access: Option<PublicAccess>) -> Result<(), Fault> {
    let mut world = context.cloud.world().write();
    allow(context, &world, account, "s3:PutAccountPublicAccessBlock")?;
    if let Some(account) = world.accounts.get_mut(account) {
        account.public_access = access;
    }
    Ok(())
}

async fn read(body: Body) -> Result<PublicAccess, Fault> {
    let body = Limited::new(body, LIMIT).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return error::malformed_xml();
        }
        let fault = error.downcast_ref::<BodyError>().and_then(BodyError::fault).cloned();
        fault.unwrap_or_else(|| Fault::new(400, "IncompleteBody", "The request body terminated unexpectedly"))
    })?;
    let bytes = body.to_bytes();
    let mut xml = Deserializer::new(&bytes);
    let configuration =
        xml.named_element("PublicAccessBlockConfiguration", |xml| xml.content::<dto::PublicAccessBlockConfiguration>());
    configuration.map(|configuration| PublicAccess::read(&configuration)).map_err(|_| error::malformed_xml())
}

fn written(access: PublicAccess) -> String {
    let PublicAccess { block_acls, ignore_acls, block_policy, restrict_buckets } = access;
    let mut xml = Xml::default();
    for (name, is_on) in [
        ("BlockPublicAcls", block_acls),
        ("IgnorePublicAcls", ignore_acls),
        ("BlockPublicPolicy", block_policy),
        ("RestrictPublicBuckets", restrict_buckets),
    ] {
        xml.text(name, if is_on { "true" } else { "false" });
    }
    let inner = xml.into_text();
    format!("<PublicAccessBlockConfiguration xmlns=\"{NAMESPACE}\">{inner}</PublicAccessBlockConfiguration>")
}
