//! Credentials from a container's endpoint: ECS, and EKS Pod Identity.

use super::super::exceptions::Teller;
use super::super::settings::Settings;
use super::{Held, from_json};
use crate::environment::Environment;
use crate::exception::{Exception, Link, Result};
use crate::files::FileSystem;
use crate::host::Host;
use crate::net::{self, NameCheck, Url};
use crate::python;
use crate::release::Urllib3;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use proofmark_json::Value;
use std::net::IpAddr;
use std::time::Duration;

/// How often the endpoint is asked, and how many seconds it has to answer.
const ATTEMPTS: usize = 3;
const TIMEOUT: u64 = 2;
/// Where ECS answers.
const ECS: &str = "169.254.170.2";

/// A container's endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    url: String,
    token: Option<Token>,
    environment: Environment,
    urllib3: Urllib3,
}

#[derive(Debug, Clone)]
enum Token {
    Text(String),
    File(String),
}

/// The endpoint that the variables name.
pub(super) fn endpoint(settings: &Settings, files: &dyn FileSystem) -> Result<Option<Endpoint>> {
    let environment = &settings.environment;
    let url = match (
        environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ) {
        (Some(path), _) => format!("http://{ECS}{path}"),
        (None, Some(url)) => {
            check_host(settings, url)?;
            url.to_owned()
        }
        (None, None) => return Ok(None),
    };
    let token = match environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").filter(|_| settings.pod_identity) {
        Some(path) => {
            files.read(path)?;
            Some(Token::File(path.to_owned()))
        }
        None => environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(|token| Token::Text(token.to_owned())),
    };
    Ok(Some(Endpoint { url, token, environment: environment.clone(), urllib3: settings.behaviour.urllib3 }))
}

/// Refuses hosts that could be anybody's.
fn check_host(settings: &Settings, url: &str) -> Result<()> {
    let host = python::urlsplit(url).hostname().unwrap_or_default();
    let (allowed, list) = if settings.pod_identity {
        let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let allowed = loopback || [ECS, "169.254.170.23", "fd00:ec2::23", "localhost"].contains(&host.as_str());
        (allowed, "a loopback address or one of these hosts: 169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost")
    } else {
        ([ECS, "localhost", "127.0.0.1"].contains(&host.as_str()), "these hosts: 169.254.170.2, localhost, 127.0.0.1")
    };
    if allowed {
        return Ok(());
    }
    Err(Exception::value(format!("Unsupported host '{host}'.  Can only retrieve metadata from {list}")))
}

impl Endpoint {
    /// Asks for credentials.
    pub(super) async fn fetch(&self, host: &Host) -> Result<Held> {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            match self.ask(host).await? {
                Ok(held) => return Ok(held),
                Err(why) => last = why,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let why = format!("Error retrieving metadata: {last}");
        let message = format!("Error when retrieving credentials from container-role: {why}");
        Err(Exception::new("botocore.exceptions.CredentialRetrievalError", message)
            .because(Link::Context, Exception::new("botocore.exceptions.MetadataRetrievalError", why)))
    }

    async fn ask(&self, host: &Host) -> Result<std::result::Result<Held, String>> {
        let url = Url::parse(&self.url).ok_or_else(|| Exception::value(format!("Invalid endpoint: {}", self.url)))?;
        let mut headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let token = match &self.token {
            None => None,
            Some(Token::Text(token)) => Some(token.clone()),
            Some(Token::File(path)) => Some(String::from_utf8_lossy(&host.files.read(path)?).into_owned()),
        };
        if let Some(token) = token {
            let value = HeaderValue::from_str(&token)
                .map_err(|_| Exception::value("Auth token value is not a legal header value"))?;
            headers.insert(header::AUTHORIZATION, value);
        }
        let mut client = net::Client::new(&self.environment);
        client.names = NameCheck::Afterwards;
        client.proxies = Default::default();
        client.connect_timeout = Some(Duration::from_secs(TIMEOUT));
        client.read_timeout = client.connect_timeout;
        let request = net::Request { method: Method::GET, url: url.clone(), headers, body: Bytes::new() };
        let response = match client.send(host, request).await {
            Ok(response) => response,
            Err(error) => {
                let teller = Teller {
                    urllib3: self.urllib3,
                    url: &url,
                    text: &self.url,
                    read_timeout: TIMEOUT,
                    connect_timeout: TIMEOUT,
                };
                let why = teller.botocore(&error).message;
                return Ok(Err(format!("Received error when attempting to retrieve container metadata: {why}")));
            }
        };
        let status = response.status;
        let body = response.body.bytes().await.unwrap_or_default();
        if status != 200 {
            let text = String::from_utf8_lossy(&body);
            return Ok(Err(format!("Received non 200 response {status} from container metadata: {text}")));
        }
        let Ok(answer) = proofmark_json::from_slice::<Value>(&body) else {
            return Ok(Err("Unable to parse JSON returned from container metadata services".to_owned()));
        };
        for key in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"] {
            if answer.get(key).is_none() {
                return Err(Exception::new("KeyError", format!("'{key}'")));
            }
        }
        from_json(&answer).map(Ok).ok_or_else(|| Exception::value("credentials of the container are no texts"))
    }
}
