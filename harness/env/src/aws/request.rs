//! Requests to AWS, before they are signed.

use http::Method;
use proofmark_aws::Service;
use proofmark_aws_sigv4::{encode_path, encode_query};

/// A request to a service of AWS. It is signed when it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsRequest {
    /// The service.
    pub service: Service,
    /// The region that it is signed for.
    pub region: String,
    /// The HTTP method.
    pub method: Method,
    /// The URL.
    pub url: String,
    /// Headers beside those of the signature.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The region of requests that name none.
const REGION: &str = "us-east-1";

impl AwsRequest {
    fn new(service: Service, method: Method, url: String) -> Self {
        Self { service, region: REGION.to_owned(), method, url, headers: Vec::new(), body: Vec::new() }
    }

    /// A request to S3 about a bucket, or about an object in it. `query` are names and values; a name without a value is a subresource.
    pub fn s3(method: Method, bucket: &str, key: &str, query: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", encode_query(name), encode_query(value));
        let query = query.iter().map(pair).collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("https://{bucket}.s3.{REGION}.amazonaws.com/{}{mark}{query}", encode_path(key));
        Self::new(Service::S3, method, url)
    }

    /// An action of IAM or STS.
    pub fn action(service: Service, action: &str, parameters: &[(&str, &str)]) -> Self {
        let host = match service {
            Service::Iam => "iam.amazonaws.com".to_owned(),
            _ => format!("{}.{REGION}.amazonaws.com", service.signing_name()),
        };
        let version = if service == Service::Iam { "2010-05-08" } else { "2011-06-15" };
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            form.push_str(&format!("&{}={}", encode_query(name), encode_query(value)));
        }
        Self::new(service, Method::POST, format!("https://{host}/"))
            .with_header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .with_body(form)
    }

    /// An action of KMS.
    pub fn kms(action: &str, parameters: &proofmark_json::Value) -> Self {
        Self::new(Service::Kms, Method::POST, format!("https://kms.{REGION}.amazonaws.com/"))
            .with_header("content-type", "application/x-amz-json-1.1")
            .with_header("x-amz-target", format!("TrentService.{action}"))
            .with_body(parameters.to_string())
    }

    /// The same in another region.
    #[must_use]
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        let (old, region) = (format!(".{}.amazonaws.com", self.region), region.into());
        self.url = self.url.replacen(&old, &format!(".{region}.amazonaws.com"), 1);
        self.region = region;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}
