//! Credentials of an instance's role, from its metadata service.

use super::super::settings::Settings;
use super::{Held, from_json};
use crate::environment::Environment;
use crate::exception::{Exception, Result};
use crate::host::Host;
use crate::net::{self, NetError, Url};
use crate::python;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::time::Duration;

const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials/";

/// An instance's metadata service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    base: String,
    timeout: Duration,
    attempts: i64,
    environment: Environment,
    token_only: bool,
}

/// The metadata service, unless it shall not be asked.
pub(super) fn service(settings: &Settings) -> Result<Option<Service>> {
    let environment = &settings.environment;
    if environment.says_true("AWS_EC2_METADATA_DISABLED") {
        return Ok(None);
    }
    let number = |variable: &str, key: &str| settings.get(variable, key).map(python::int).transpose();
    let seconds = number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")?.unwrap_or(1);
    let attempts = number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")?.unwrap_or(1);
    let base = settings
        .get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
        .filter(|url| !url.is_empty());
    let six = settings.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    let default = if six.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6")) {
        "http://[fd00:ec2::254]"
    } else {
        "http://169.254.169.254"
    };
    Ok(Some(Service {
        base: base.unwrap_or(default).trim_end_matches('/').to_owned(),
        timeout: Duration::from_secs(u64::try_from(seconds).unwrap_or(1)),
        attempts,
        environment: environment.clone(),
        token_only: settings.is_on("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"),
    }))
}

impl Service {
    /// The role's credentials; nothing where there is no role, or nobody answers.
    pub(super) async fn fetch(&self, host: &Host) -> Result<Option<Held>> {
        let token = match self.token(host).await? {
            Some(token) => Some(token),
            None if self.token_only => return Ok(None),
            None => None,
        };
        let Some(role) = self.get(host, CREDENTIALS, token.as_deref()).await? else { return Ok(None) };
        let Some(answer) = self.get(host, &format!("{CREDENTIALS}{role}"), token.as_deref()).await? else {
            return Ok(None);
        };
        Ok(proofmark_json::from_str(&answer).ok().as_ref().and_then(from_json))
    }

    /// The token of the second version of the service; nothing where there is only the first.
    async fn token(&self, host: &Host) -> Result<Option<String>> {
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", "21600".to_owned())];
        for _ in 0..self.attempts {
            match self.send(host, Method::PUT, "/latest/api/token", &headers).await? {
                Ok((200, token)) => return Ok(Some(token)),
                Ok((403..=405, _)) | Err(NetError::ReadTimeout) => return Ok(None),
                Ok((400, _)) => {
                    let message = "Bad IMDS request";
                    return Err(Exception::new("botocore.utils.BadIMDSRequestError", message));
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(None)
    }

    async fn get(&self, host: &Host, path: &str, token: Option<&str>) -> Result<Option<String>> {
        let headers: Vec<_> = token.map(|token| ("x-aws-ec2-metadata-token", token.to_owned())).into_iter().collect();
        for _ in 0..self.attempts {
            if let Ok((200, body)) = self.send(host, Method::GET, path, &headers).await?
                && !body.is_empty()
            {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }

    async fn send(
        &self,
        host: &Host,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<std::result::Result<(u16, String), NetError>> {
        let text = format!("{}{path}", self.base);
        let url = Url::parse(&text).ok_or_else(|| Exception::value(format!("Invalid endpoint: {}", self.base)))?;
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| Exception::value("Invalid header value"))?;
            sent.insert(HeaderName::from_static(name), value);
        }
        let mut client = net::Client::new(&self.environment);
        client.connect_timeout = Some(self.timeout);
        client.read_timeout = Some(self.timeout);
        let response = match client.send(host, net::Request { method, url, headers: sent, body: Bytes::new() }).await {
            Ok(response) => response,
            Err(error) => return Ok(Err(error)),
        };
        let status = response.status;
        let body = response.body.bytes().await.map(|body| String::from_utf8_lossy(&body).into_owned());
        Ok(body.map(|body| (status, body)).map_err(|_| NetError::Closed))
    }
}
