//! STS: AssumeRole and AssumeRoleWithWebIdentity.

use super::client::{Client, Operation};
use super::credentials::Credentials;
use super::settings::{Settings, invalid_parameters};
use crate::exception::{Exception, Result};
use crate::host::Host;
use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use proofmark_aws_sigv4::Credentials as Keys;

/// What is asked of STS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assume<'a> {
    pub(crate) role_arn: &'a str,
    pub(crate) session_name: &'a str,
    /// With a token the request is not signed.
    pub(crate) web_identity_token: Option<&'a str>,
    pub(crate) external_id: Option<&'a str>,
    /// Seconds.
    pub(crate) duration: Option<&'a str>,
}

impl Assume<'_> {
    /// Refuses what STS' description does not allow; nothing is sent then.
    fn check(&self) -> Result<()> {
        let lengths = [
            ("RoleArn", Some(self.role_arn), 20),
            ("RoleSessionName", Some(self.session_name), 2),
            ("WebIdentityToken", self.web_identity_token, 4),
            ("ExternalId", self.external_id, 2),
        ];
        let reports: Vec<String> = lengths
            .into_iter()
            .filter_map(|(name, value, least)| {
                let length = value?.chars().count();
                (length < least)
                    .then(|| format!("Invalid length for parameter {name}, value: {length}, valid min length: {least}"))
            })
            .collect();
        if reports.is_empty() { Ok(()) } else { Err(invalid_parameters(&reports)) }
    }

    /// The body of the request.
    pub(crate) fn form(&self, action: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", "2011-06-15");
        form.append_pair("RoleArn", self.role_arn).append_pair("RoleSessionName", self.session_name);
        for (name, value) in [
            ("WebIdentityToken", self.web_identity_token),
            ("ExternalId", self.external_id),
            ("DurationSeconds", self.duration),
        ] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        form.finish()
    }
}

/// Assumes a role; `signer` signs, unless there is a token.
pub(super) async fn assume(
    host: &Host,
    settings: &Settings,
    signer: Option<Keys>,
    assume: &Assume<'_>,
) -> Result<(Keys, Option<Timestamp>)> {
    let name = if assume.web_identity_token.is_some() { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
    let client = Client::sts(host, settings, signer.map(Credentials::fixed))?;
    assume.check()?;
    let mut operation = Operation::s3(name, Method::POST, "", None);
    operation.body = Bytes::from(assume.form(name));
    operation.headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    let body = client.call(&operation).await?.whole();
    credentials(&body).ok_or_else(|| Exception::new("KeyError", format!("'{name}Result'")))
}

/// The credentials in an answer, and when they expire.
pub(crate) fn credentials(body: &[u8]) -> Option<(Keys, Option<Timestamp>)> {
    let text = std::str::from_utf8(body).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    let credentials = document.descendants().find(|node| node.tag_name().name() == "Credentials")?;
    let child =
        |name: &str| credentials.children().find(|node| node.tag_name().name() == name)?.text().map(str::to_owned);
    let keys = Keys {
        access_key_id: child("AccessKeyId")?,
        secret_access_key: child("SecretAccessKey")?,
        session_token: child("SessionToken"),
    };
    Some((keys, child("Expiration").and_then(|time| time.parse().ok())))
}
