//! Failures in the words of aws-sdk-go.

use crate::boto::{Service, failure};
use crate::files::FileError;
use crate::go::{UrlError, path_error};
use crate::net::BundleError;
use http::{HeaderMap, StatusCode};

/// Why there is no answer, or none that says yes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The request was not answered.
    #[error("RequestError: send request failed\ncaused by: {0}")]
    Unsent(#[from] UrlError),
    /// It was answered with an error.
    #[error("{code}: {message}\n\tstatus code: {status}, request id: {request}, host id: {host}")]
    Refused { code: String, message: String, status: u16, request: String, host: String },
}

impl Error {
    /// The error in an answer of S3 to a request that was sent to `url` for this bucket.
    pub(super) fn of_s3(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Self {
        let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (request, host) = (told("x-amz-request-id"), told("x-amz-id-2"));
        if status == 301 {
            let Asked { region, endpoint } = asked;
            let mut message =
                format!("incorrect region, the bucket is not in '{region}' region at endpoint '{endpoint}'");
            match told("x-amz-bucket-region").as_str() {
                "" => {}
                other => message += &format!(", bucket is in '{other}' region"),
            }
            return Self::Refused { code: "BucketRegionError".to_owned(), message, status, request, host };
        }
        let found = failure(Service::S3, status, body).ok().filter(|_| !body.is_empty()).map(|failure| failure.error);
        let code = found.as_ref().and_then(|error| error.code.clone()).filter(|code| !code.is_empty());
        let (code, message) = match code {
            Some(code) => (code, found.and_then(|error| error.message).unwrap_or_default()),
            None => of_status(status),
        };
        Self::Refused { code, message, status, request, host }
    }

    /// Whether it says that there is nothing in the range that was asked for.
    pub(crate) fn is_beyond_the_end(&self) -> bool {
        matches!(self, Self::Refused { status: 416, .. })
    }
}

/// Where S3 was asked.
pub(super) struct Asked<'a> {
    pub(super) region: &'a str,
    /// The endpoint that was given; empty where it follows from the region.
    pub(super) endpoint: &'a str,
}

/// What stands for an error without a code.
fn of_status(status: u16) -> (String, String) {
    let text = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    (text.replace(' ', ""), text.to_owned())
}

/// Why a session does not begin whose authorities were to be those of a file.
pub(crate) fn bundle_error(file: &str, error: &BundleError) -> String {
    let why = match error {
        BundleError::Empty => "failed to load custom CA bundle PEM file".to_owned(),
        BundleError::System(errno) => {
            let why = path_error("open", &FileError::new(*errno, file));
            format!("unable to open custom CA bundle PEM file\ncaused by: {why}")
        }
    };
    format!("LoadCustomCABundleError: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str, region: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-request-id", "R".parse().unwrap());
        headers.insert("x-amz-id-2", "H".parse().unwrap());
        if let Some(region) = region {
            headers.insert("x-amz-bucket-region", region.parse().unwrap());
        }
        let asked = Asked { region: "us-east-1", endpoint: "" };
        Error::of_s3(status, &headers, body.as_bytes(), &asked).to_string()
    }

    #[rstest::rstest]
    #[case(
        403,
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        "AccessDenied: Access Denied"
    )]
    #[case(404, "", "NotFound: Not Found")]
    #[case(503, "", "ServiceUnavailable: Service Unavailable")]
    fn errors_have_a_code_or_are_called_by_their_status(#[case] status: u16, #[case] body: &str, #[case] words: &str) {
        assert_eq!(told(status, body, None), format!("{words}\n\tstatus code: {status}, request id: R, host id: H"));
    }

    #[test]
    fn a_bucket_of_another_region_is_told() {
        let there = "incorrect region, the bucket is not in 'us-east-1' region at endpoint ''";
        let ids = "\n\tstatus code: 301, request id: R, host id: H";
        let named = format!("BucketRegionError: {there}, bucket is in 'eu-west-1' region{ids}");
        assert_eq!(told(301, "<Error/>", Some("eu-west-1")), named);
        assert_eq!(told(301, "", None), format!("BucketRegionError: {there}{ids}"));
    }
}
