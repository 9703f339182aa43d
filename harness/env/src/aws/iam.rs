//! The part of IAM that Kubeflow's profile controller changes, with the rights of an account's root user.

use http::{HeaderValue, Request};
use http_body_util::BodyExt as _;
use proofmark_aws::{Cloud, Service, full};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_kubeflow::profile::{Answer, Iam};

use super::AwsRequest;

/// Who may change the roles of an account.
pub(crate) struct RoleEditor {
    pub(crate) cloud: Cloud,
    pub(crate) account: String,
}

impl RoleEditor {
    /// Calls an action of IAM. An error reads as the AWS SDK for Go words it.
    async fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
        let request = AwsRequest::action(Service::Iam, action, parameters);
        let mut wire = Request::new(request.body);
        *wire.method_mut() = request.method;
        *wire.uri_mut() = request.url.parse().map_err(|_| format!("{} is no URL", request.url))?;
        let (mut parts, body) = wire.into_parts();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        parts.headers.insert(http::header::CONTENT_TYPE, form);
        let credentials = Credentials {
            access_key_id: self.account.clone(),
            secret_access_key: self.cloud.settings().root_secret.clone(),
            session_token: None,
        };
        let (region, payload) = (request.region.as_str(), Payload::Bytes(&body));
        sign(&mut parts, &credentials, region, Service::Iam.signing_name(), payload, self.cloud.now());
        let (parts, body) = self.cloud.answer(Request::from_parts(parts, full(body))).await.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        if parts.status.is_success() {
            return Ok(text);
        }
        let part = |name: &str| element(&text, name).unwrap_or_default();
        let (code, message, id) = (part("Code"), part("Message"), part("RequestId"));
        Err(format!("{code}: {message}\n\tstatus code: {}, request id: {id}", parts.status.as_u16()))
    }
}

impl Iam for RoleEditor {
    fn trust_policy<'a>(&'a self, role: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let answer = self.call("GetRole", &[("RoleName", role)]).await?;
            let document = element(&answer, "AssumeRolePolicyDocument").unwrap_or_default();
            let decoded = percent_encoding::percent_decode_str(&document).decode_utf8();
            decoded.map(|text| text.into_owned()).map_err(|error| error.to_string())
        })
    }

    fn set_trust_policy<'a>(&'a self, role: &'a str, document: String) -> Answer<'a, ()> {
        Box::pin(async move {
            let parameters = [("RoleName", role), ("PolicyDocument", document.as_str())];
            self.call("UpdateAssumeRolePolicy", &parameters).await.map(drop)
        })
    }
}

/// The text of the first element of this name, which holds nothing else.
pub(super) fn element(text: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(text).ok()?;
    let element = document.descendants().find(|node| node.tag_name().name() == name)?;
    Some(element.text().unwrap_or_default().to_owned())
}
