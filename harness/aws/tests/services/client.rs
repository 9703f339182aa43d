//! A client of a cloud in process: signs as SDKs do, and reads answers as text.

use http::Request;
use http_body_util::{BodyExt as _, Full};
use proofmark_aws::{Cloud, Settings};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use proofmark_json::Value;
use tower::ServiceExt as _;

pub(crate) const A: &str = "111111111111";
pub(crate) const B: &str = "222222222222";

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) cloud: Cloud,
    credentials: Option<Credentials>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// An empty cloud, in simulated time.
pub(crate) fn cloud() -> Cloud {
    Cloud::new(Settings::default(), Clock::simulated())
}

impl Client {
    /// The root user of an account.
    pub(crate) fn root(cloud: &Cloud, account: &str) -> Self {
        Self::new(cloud, account, "test", None)
    }

    pub(crate) fn new(cloud: &Cloud, key: &str, secret: &str, token: Option<&str>) -> Self {
        let credentials = Credentials {
            access_key_id: key.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: token.map(str::to_owned),
        };
        Self { cloud: cloud.clone(), credentials: Some(credentials) }
    }

    pub(crate) fn anonymous(cloud: &Cloud) -> Self {
        Self { cloud: cloud.clone(), credentials: None }
    }

    /// The credentials in an answer of STS or IAM.
    pub(crate) fn of(cloud: &Cloud, answer: &Answer) -> Self {
        let token = answer.find("SessionToken");
        Self::new(cloud, answer.element("AccessKeyId"), answer.element("SecretAccessKey"), token)
    }

    /// A call in the Query protocol.
    pub(crate) async fn query(&self, service: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).extend_pairs(parameters);
        let request = Request::post("/")
            .header("host", format!("{service}.amazonaws.com"))
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        self.send(service, request.body(form.finish()).expect("a request")).await
    }

    pub(crate) async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.query("iam", action, parameters).await
    }

    pub(crate) async fn sts(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.query("sts", action, parameters).await
    }

    /// A call in the JSON protocol.
    pub(crate) async fn json(&self, service: &str, target: &str, body: &Value) -> Answer {
        let request = Request::post("/")
            .header("host", format!("{service}.us-east-1.amazonaws.com"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        self.send(service, request.body(body.to_string()).expect("a request")).await
    }

    async fn send(&self, service: &str, request: Request<String>) -> Answer {
        let (mut parts, body) = request.into_parts();
        if let Some(credentials) = &self.credentials {
            sign(&mut parts, credentials, "us-east-1", service, Payload::Bytes(body.as_bytes()), self.cloud.now());
        }
        let request = Request::from_parts(parts, Full::new(bytes::Bytes::from(body)));
        let response = self.cloud.clone().oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        Answer { status, text: String::from_utf8_lossy(&body).into_owned() }
    }
}

impl Answer {
    /// The text of the first element of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(&format!("<{name}>"))?;
        rest.split_once('<').map(|(text, _)| text)
    }

    pub(crate) fn element(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// The answer, which must be a good one.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }

    /// `CODE: message`, whichever protocol it came in.
    pub(crate) fn fault(&self) -> String {
        if let Ok(json) = proofmark_json::from_str::<Value>(&self.text) {
            return format!(
                "{}: {}",
                json["__type"].as_str().unwrap_or_default(),
                json["message"].as_str().unwrap_or_default()
            );
        }
        let text = format!("{}: {}", self.find("Code").unwrap_or("200"), self.find("Message").unwrap_or_default());
        text.replace("&apos;", "'").replace("&quot;", "\"")
    }
}
