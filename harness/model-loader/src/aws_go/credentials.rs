//! Who signs: keys of the environment, then a web identity, then what boto3 would find (files, the container's endpoint, the instance).
//!
//! A session that was given an endpoint gives it to every service, so STS is asked there as well.

use super::client::{Answer, send};
use super::error::Error;
use crate::boto::{self, Assume, Service, failure};
use crate::go::{self, path_error};
use crate::host::Host;
use crate::net::{self, Trust};
use crate::release::Release;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use proofmark_aws_sigv4::Credentials as Keys;

const NONE: &str = "NoCredentialProviders: no valid providers in chain. Deprecated.\n\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors";

/// Finds the keys to sign with.
///
/// # Errors
/// When there are none, in the original's words.
pub(crate) async fn find(host: &Host, trust: &Trust, region: &str, endpoint: Option<&str>) -> Result<Keys, String> {
    let environment = &host.environment;
    let either = |names: [&str; 2]| names.into_iter().find_map(|name| environment.filled(name));
    let access = either(["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]);
    let secret = either(["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]);
    if let (Some(access), Some(secret)) = (access, secret) {
        return Ok(Keys {
            access_key_id: access.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: environment.filled("AWS_SESSION_TOKEN").map(str::to_owned),
        });
    }
    if let Some(file) = environment.filled("AWS_WEB_IDENTITY_TOKEN_FILE") {
        let wrong = |why: String| format!("WebIdentityErr: {why}");
        let role = environment.filled("AWS_ROLE_ARN").ok_or_else(|| wrong("role ARN is not set".to_owned()))?;
        let token = host.files.read(file).map_err(|error| {
            let why = path_error("open", &error);
            let unread = wrong(format!("unable to read file at {file}\ncaused by: {why}"));
            wrong(format!("failed fetching WebIdentity token: \ncaused by: {unread}"))
        })?;
        let token = String::from_utf8_lossy(&token).into_owned();
        let assumed = assume(host, trust, region, endpoint, role, &token).await;
        return assumed.map_err(|why| wrong(format!("failed to retrieve credentials\ncaused by: {why}")));
    }
    let newest = Release::ALL.into_iter().next_back().unwrap_or(Release::V0_21);
    let found = async {
        let settings = boto::Settings::load(environment, &*host.files, &newest.behaviour())?;
        boto::Credentials::resolve(host, &settings).await?.get(host).await
    };
    match found.await {
        Ok(Some(keys)) => Ok(keys),
        Ok(None) => Err(NONE.to_owned()),
        Err(error) => Err(format!("{NONE}\ncaused by: {}", error.message)),
    }
}

/// Trades a token for the keys of a role.
async fn assume(
    host: &Host,
    trust: &Trust,
    region: &str,
    endpoint: Option<&str>,
    role: &str,
    token: &str,
) -> Result<Keys, String> {
    let now = (host.clock)().as_nanosecond().to_string();
    let assume = Assume {
        role_arn: role,
        session_name: host.environment.filled("AWS_ROLE_SESSION_NAME").unwrap_or(&now),
        web_identity_token: Some(token),
        external_id: None,
        duration: None,
    };
    let regional = host.environment.filled("AWS_STS_REGIONAL_ENDPOINTS") == Some("regional");
    let base = boto::endpoint::sts(Some(region), endpoint, regional).base;
    let text = format!("{base}/");
    let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
    let request = net::Request {
        method: Method::POST,
        url: go::parse(&Method::POST, &text).map_err(|error| Error::from(error).to_string())?,
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, form)]),
        body: Bytes::from(assume.form("AssumeRoleWithWebIdentity")),
    };
    let http = net::Client { trust: trust.clone(), ..net::Client::new(&host.environment) };
    let Answer { status, body, .. } = send(host, &http, &text, request).await.map_err(|error| error.to_string())?;
    let unreadable = |id: &str| {
        format!("SerializationError: failed decoding Query response\n\tstatus code: {status}, request id: {id}")
    };
    if status < 300 {
        return boto::assumed(&body).map(|(keys, _)| keys).ok_or_else(|| unreadable(""));
    }
    let id = request_id(&body).unwrap_or_default();
    let error = failure(Service::Sts, status, &body).map_err(|_| unreadable(&id))?.error;
    let (code, message) = (error.code.unwrap_or_default(), error.message.unwrap_or_default());
    Err(format!("{code}: {message}\n\tstatus code: {status}, request id: {id}"))
}

fn request_id(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    document.descendants().find(|node| node.tag_name().name() == "RequestId")?.text().map(str::to_owned)
}
