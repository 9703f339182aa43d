//! Where a request is addressed: the bucket and the region that its host names, and the path in path style.

use http::Uri;
use http::uri::PathAndQuery;

/// What a host name says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Host<'a> {
    /// `models`, in `models.s3.eu-west-1.amazonaws.com`
    pub(super) bucket: Option<&'a str>,
    /// `eu-west-1`, in the same
    pub(super) region: Option<&'a str>,
}

/// Reads a host name under one of the domains: `[bucket.][s3[.dualstack][.region].]domain`, `[bucket.]s3-region.domain`.
/// Other hosts and addresses name nothing.
pub(super) fn read<'a>(host: &'a str, domains: &[String]) -> Host<'a> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let nothing = Host::default();
    // The oldest endpoint leads to the oldest region; a bucket's own name there leads to its region.
    if name == "s3.amazonaws.com" {
        return Host { bucket: None, region: Some("us-east-1") };
    }
    let under = |domain: &String| name.strip_suffix(domain.as_str())?.strip_suffix('.');
    let Some(rest) = domains.iter().filter(|domain| name != domain.as_str()).find_map(under) else { return nothing };
    let labels: Vec<&str> = rest.split('.').collect();
    let Some(s3) = labels.iter().rposition(|label| *label == "s3" || label.starts_with("s3-")) else {
        return Host { bucket: Some(rest), region: None };
    };
    let region = match (labels[s3].strip_prefix("s3-"), &labels[s3 + 1..]) {
        (Some(region), []) => Some(region),
        (None, ["dualstack", region] | [region]) => Some(*region),
        _ => None,
    };
    let before: usize = labels[..s3].iter().map(|label| label.len() + 1).sum();
    Host { bucket: (before > 0).then(|| &rest[..before - 1]), region }
}

/// The same URI in path style.
pub(super) fn in_path_style(uri: &Uri, bucket: &str) -> Option<Uri> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(format!("/{bucket}{}{query}", uri.path())).ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("127.0.0.1:4566", None, None)]
    #[case("localhost:4566", None, None)]
    #[case("s3.amazonaws.com", None, Some("us-east-1"))]
    #[case("s3.eu-west-1.amazonaws.com", None, Some("eu-west-1"))]
    #[case("models.s3.amazonaws.com", Some("models"), None)]
    #[case("models.v1.s3.eu-west-1.amazonaws.com:443", Some("models.v1"), Some("eu-west-1"))]
    #[case("models.s3-eu-west-1.amazonaws.com", Some("models"), Some("eu-west-1"))]
    #[case("models.s3.dualstack.eu-west-1.amazonaws.com", Some("models"), Some("eu-west-1"))]
    #[case("models.localhost:4566", Some("models"), None)]
    #[case("models.s3.localhost", Some("models"), None)]
    #[case("minio.kserve:9000", None, None)]
    fn hosts(#[case] host: &str, #[case] bucket: Option<&str>, #[case] region: Option<&str>) {
        let domains = ["amazonaws.com".to_owned(), "localhost".to_owned()];
        assert_eq!(read(host, &domains), Host { bucket, region });
    }

    #[test]
    fn the_path_gains_the_bucket() {
        let uri: Uri = "/a%20b?list-type=2".parse().unwrap();
        assert_eq!(in_path_style(&uri, "models").unwrap(), "/models/a%20b?list-type=2");
    }
}
