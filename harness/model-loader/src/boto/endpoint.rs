//! Where requests go: S3's and STS' endpoint rules, as a pure function of settings.
//!
//! Source: `endpoint-rule-set-1.json` of S3 in botocore, `_resolve_sts_variables` for STS' legacy endpoints.

use crate::exception::{Exception, Result};
use crate::python;
use regex::Regex;
use std::sync::LazyLock;

/// What decides where a request for a bucket goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The region; `aws-global` where none is set.
    pub(crate) region: String,
    /// An endpoint of one's own.
    pub(crate) endpoint: Option<String>,
    /// The bucket stands in the path, whatever its name.
    pub(crate) path_style: bool,
    pub(crate) accelerate: bool,
    pub(crate) dual_stack: bool,
    pub(crate) fips: bool,
    /// `us-east-1` means the global endpoint.
    pub(crate) global: bool,
    /// Directory buckets are recognised by their names.
    pub(crate) express: bool,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Scheme and host, and the path that stands in front of everything, without a slash at its end.
    pub(crate) base: String,
    /// The region that requests are signed for.
    pub(crate) region: String,
    /// A directory bucket: signed with the credentials of a session.
    pub(crate) express: bool,
}

impl Endpoint {
    /// The URL of an object, or of the bucket; `query` is sent as it is.
    pub(crate) fn url(&self, key: Option<&str>, query: &str) -> String {
        let path = key.map(|key| format!("/{}", encode_key(key))).unwrap_or_default();
        let has_path = self.base.splitn(4, '/').nth(3).is_some() || !path.is_empty();
        let slash = if has_path { "" } else { "/" };
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        format!("{}{path}{slash}{query}", self.base)
    }
}

/// Encodes a key for a path: everything but unreserved characters and slashes.
fn encode_key(key: &str) -> String {
    const KEEP: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    percent_encoding::utf8_percent_encode(key, KEEP).to_string()
}

fn refuse(message: impl Into<String>) -> Exception {
    Exception::new("botocore.exceptions.EndpointResolutionError", message)
}

/// Where requests for a bucket go.
pub(crate) fn s3(bucket: &str, rules: &Rules) -> Result<Endpoint> {
    let (suffix, partition) = partition(&rules.region);
    if rules.accelerate && rules.fips {
        return Err(refuse("Accelerate cannot be used with FIPS"));
    }
    if rules.endpoint.is_some() {
        if rules.dual_stack {
            return Err(refuse("Cannot set dual-stack in combination with a custom endpoint."));
        }
        if rules.fips {
            return Err(refuse("A custom endpoint cannot be combined with FIPS"));
        }
        if rules.accelerate {
            return Err(refuse("A custom endpoint cannot be combined with S3 Accelerate"));
        }
    }
    if rules.fips && partition == "aws-cn" {
        return Err(refuse("Partition does not support FIPS"));
    }
    let custom = rules.endpoint.as_deref().map(Custom::parse);
    if rules.express && bucket.ends_with("--x-s3") {
        return express(bucket, rules, suffix, custom);
    }
    let custom = match custom {
        Some(None) => {
            let endpoint = rules.endpoint.as_deref().unwrap_or_default();
            return Err(refuse(format!("Custom endpoint `{endpoint}` was not a valid URI")));
        }
        Some(Some(custom)) => Some(custom),
        None => None,
    };
    if bucket.starts_with("arn:") {
        return access_point(bucket, rules, custom);
    }
    let region = if rules.region == "aws-global" { "us-east-1" } else { &rules.region };
    let plain_http = custom.as_ref().is_some_and(|custom| custom.scheme == "http");
    let by_host = !rules.path_style && is_host_name(bucket, plain_http);
    if by_host {
        if !is_host_label(&rules.region) {
            return Err(refuse("Invalid region: region was not a valid DNS name."));
        }
        if rules.accelerate && partition == "aws-cn" {
            return Err(refuse("S3 Accelerate cannot be used in this region"));
        }
    } else if rules.accelerate {
        return Err(refuse("Path-style addressing cannot be used with S3 Accelerate"));
    }
    let base = match custom {
        Some(custom) if by_host && !custom.is_ip => {
            format!("{}://{bucket}.{}{}", custom.scheme, custom.authority, custom.path)
        }
        Some(custom) => format!("{}://{}{}/{bucket}", custom.scheme, custom.authority, custom.path),
        None => {
            let service = if rules.accelerate {
                if rules.dual_stack { "s3-accelerate.dualstack".to_owned() } else { "s3-accelerate".to_owned() }
            } else {
                let name = if rules.fips { "s3-fips" } else { "s3" };
                match (rules.dual_stack, rules.fips) {
                    (true, _) => format!("{name}.dualstack.{region}"),
                    (false, true) => format!("{name}.{region}"),
                    (false, false) if rules.region == "aws-global" || (rules.global && region == "us-east-1") => {
                        name.to_owned()
                    }
                    (false, false) => format!("{name}.{region}"),
                }
            };
            if by_host {
                format!("https://{bucket}.{service}.{suffix}")
            } else {
                format!("https://{service}.{suffix}/{bucket}")
            }
        }
    };
    Ok(Endpoint { base, region: region.to_owned(), express: false })
}

/// Access points: `arn:aws:s3:REGION:ACCOUNT:accesspoint:NAME`.
fn access_point(arn: &str, rules: &Rules, custom: Option<Custom>) -> Result<Endpoint> {
    if rules.path_style {
        return Err(refuse("Path-style addressing cannot be used with ARN buckets"));
    }
    let parts: Vec<&str> = arn.split([':', '/']).collect();
    let ["arn", _, "s3", region, account, "accesspoint", name] = parts.as_slice() else {
        return Err(refuse(format!("{arn}: only access points of one region are supported")));
    };
    if rules.accelerate {
        return Err(refuse("Access Points do not support S3 Accelerate"));
    }
    let fips = if rules.fips { "-fips" } else { "" };
    let dual_stack = if rules.dual_stack { ".dualstack" } else { "" };
    let base = match custom {
        Some(custom) => format!("{}://{name}-{account}.{}{}", custom.scheme, custom.authority, custom.path),
        None => format!("https://{name}-{account}.s3-accesspoint{fips}{dual_stack}.{region}.{}", partition(region).0),
    };
    Ok(Endpoint { base, region: (*region).to_owned(), express: false })
}

/// Directory buckets, whose names end in their zone: `name--use1-az4--x-s3`.
fn express(bucket: &str, rules: &Rules, suffix: &str, custom: Option<Option<Custom>>) -> Result<Endpoint> {
    if rules.dual_stack {
        return Err(refuse("S3Express does not support Dual-stack."));
    }
    if rules.accelerate {
        return Err(refuse("S3Express does not support S3 Accelerate."));
    }
    let base = match custom.flatten() {
        Some(custom) if custom.is_ip => format!("{}://{}/{bucket}{}", custom.scheme, custom.authority, custom.path),
        Some(custom) if is_host_name(bucket, false) => {
            format!("{}://{bucket}.{}{}", custom.scheme, custom.authority, custom.path)
        }
        Some(_) => return Err(refuse("S3Express bucket name is not a valid virtual hostable name.")),
        None if !is_host_name(bucket, false) => {
            return Err(refuse("S3Express bucket name is not a valid virtual hostable name."));
        }
        None => {
            let zone = bucket
                .strip_suffix("--x-s3")
                .and_then(|rest| rest.rsplit_once("--"))
                .map(|(_, zone)| zone)
                .ok_or_else(|| refuse("Unrecognized S3Express bucket name format."))?;
            let fips = if rules.fips { "fips-" } else { "" };
            format!("https://{bucket}.s3express-{fips}{zone}.{}.{suffix}", rules.region)
        }
    };
    Ok(Endpoint { base, region: rules.region.clone(), express: true })
}

/// Where STS is.
pub(crate) fn sts(region: Option<&str>, endpoint: Option<&str>, regional: bool) -> Endpoint {
    let signing = |region: &str| region.to_owned();
    match (endpoint, region) {
        (Some(endpoint), region) => Endpoint {
            base: endpoint.trim_end_matches('/').to_owned(),
            region: signing(region.unwrap_or("us-east-1")),
            express: false,
        },
        (None, None | Some("aws-global")) => {
            Endpoint { base: "https://sts.amazonaws.com".to_owned(), region: signing("us-east-1"), express: false }
        }
        (None, Some(region)) if !regional && LEGACY_STS_REGIONS.contains(&region) => {
            Endpoint { base: "https://sts.amazonaws.com".to_owned(), region: signing("us-east-1"), express: false }
        }
        (None, Some(region)) => Endpoint {
            base: format!("https://sts.{region}.{}", partition(region).0),
            region: signing(region),
            express: false,
        },
    }
}

/// The regions whose STS is the global one, unless told otherwise.
const LEGACY_STS_REGIONS: [&str; 15] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The suffix of host names, and the name, of the partition that a region belongs to. Regions that nobody knows belong to `aws`.
fn partition(region: &str) -> (&'static str, &'static str) {
    const PARTITIONS: [(&str, &str, &str); 7] = [
        ("cn-", "amazonaws.com.cn", "aws-cn"),
        ("us-gov-", "amazonaws.com", "aws-us-gov"),
        ("us-iso-", "c2s.ic.gov", "aws-iso"),
        ("us-isob-", "sc2s.sgov.gov", "aws-iso-b"),
        ("eu-isoe-", "cloud.adc-e.uk", "aws-iso-e"),
        ("us-isof-", "csp.hci.ic.gov", "aws-iso-f"),
        ("eusc-de-", "amazonaws.eu", "aws-eusc"),
    ];
    PARTITIONS
        .into_iter()
        .find(|(prefix, ..)| region.starts_with(prefix))
        .map_or(("amazonaws.com", "aws"), |(_, suffix, name)| (suffix, name))
}

/// An endpoint of one's own, cut as the rules need it.
struct Custom {
    scheme: String,
    authority: String,
    /// With a slash in front and none behind; empty without one.
    path: String,
    is_ip: bool,
}

impl Custom {
    fn parse(endpoint: &str) -> Option<Self> {
        let parts = python::urlsplit(endpoint);
        let valid_port = parts.port_text().is_none_or(|port| port.parse::<u16>().is_ok());
        if !matches!(parts.scheme.as_str(), "http" | "https")
            || parts.netloc.is_empty()
            || !parts.query.is_empty()
            || !valid_port
        {
            return None;
        }
        let host = parts.hostname()?;
        let slashes: Vec<&str> = parts.path.split('/').filter(|part| !part.is_empty()).collect();
        let path = if slashes.is_empty() { String::new() } else { format!("/{}", slashes.join("/")) };
        Some(Self {
            scheme: parts.scheme,
            authority: parts.netloc,
            path,
            is_ip: host.parse::<std::net::IpAddr>().is_ok(),
        })
    }
}

/// Whether a bucket's name can stand in front of a host name; with dots only where there is no TLS.
fn is_host_name(bucket: &str, dots: bool) -> bool {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$").ok());
    let label = |label: &str| NAME.as_ref().is_some_and(|name| name.is_match(label));
    if dots { bucket.split('.').all(label) && bucket.parse::<std::net::Ipv4Addr>().is_err() } else { label(bucket) }
}

fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(region: &str) -> Rules {
        Rules { region: region.to_owned(), global: true, express: true, ..Rules::default() }
    }

    #[test]
    fn buckets_are_found_where_the_rules_say() {
        let custom = |endpoint: &str| Rules { endpoint: Some(endpoint.to_owned()), ..rules("us-west-2") };
        for (bucket, rules, base) in [
            ("my-bucket", rules("us-west-2"), "https://my-bucket.s3.us-west-2.amazonaws.com"),
            ("my-bucket", rules("us-east-1"), "https://my-bucket.s3.amazonaws.com"),
            (
                "my-bucket",
                Rules { global: false, ..rules("us-east-1") },
                "https://my-bucket.s3.us-east-1.amazonaws.com",
            ),
            ("my-bucket", rules("aws-global"), "https://my-bucket.s3.amazonaws.com"),
            ("my-bucket", rules("cn-north-1"), "https://my-bucket.s3.cn-north-1.amazonaws.com.cn"),
            ("my.bucket", rules("us-west-2"), "https://s3.us-west-2.amazonaws.com/my.bucket"),
            ("MyBucket", rules("us-east-1"), "https://s3.amazonaws.com/MyBucket"),
            (
                "my-bucket",
                Rules { dual_stack: true, ..rules("us-east-1") },
                "https://my-bucket.s3.dualstack.us-east-1.amazonaws.com",
            ),
            (
                "my-bucket",
                Rules { fips: true, ..rules("us-east-1") },
                "https://my-bucket.s3-fips.us-east-1.amazonaws.com",
            ),
            (
                "my-bucket",
                Rules { accelerate: true, ..rules("us-west-2") },
                "https://my-bucket.s3-accelerate.amazonaws.com",
            ),
            ("my-bucket", custom("http://localhost:9000"), "http://my-bucket.localhost:9000"),
            ("my-bucket", custom("http://127.0.0.1:9000/"), "http://127.0.0.1:9000/my-bucket"),
            ("my.bucket", custom("http://minio:9000"), "http://minio:9000/my.bucket"),
            ("my.bucket.x", custom("https://minio:9000"), "https://minio:9000/my.bucket.x"),
            (
                "my-bucket",
                Rules { path_style: true, ..custom("http://minio:9000/s3") },
                "http://minio:9000/s3/my-bucket",
            ),
            (
                "b--use1-az4--x-s3",
                rules("us-east-1"),
                "https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
            ),
        ] {
            assert_eq!(s3(bucket, &rules).map(|endpoint| endpoint.base), Ok(base.to_owned()), "{bucket} {rules:?}");
        }
    }

    #[test]
    fn what_cannot_be_combined_is_refused() {
        let custom = Rules { endpoint: Some("http://minio".to_owned()), ..rules("us-east-1") };
        for (rules, message) in [
            (Rules { accelerate: true, ..custom.clone() }, "A custom endpoint cannot be combined with S3 Accelerate"),
            (
                Rules { dual_stack: true, ..custom.clone() },
                "Cannot set dual-stack in combination with a custom endpoint.",
            ),
            (Rules { fips: true, ..custom }, "A custom endpoint cannot be combined with FIPS"),
            (Rules { fips: true, accelerate: true, ..rules("us-east-1") }, "Accelerate cannot be used with FIPS"),
            (
                Rules { path_style: true, accelerate: true, ..rules("us-east-1") },
                "Path-style addressing cannot be used with S3 Accelerate",
            ),
            (rules(""), "Invalid region: region was not a valid DNS name."),
        ] {
            assert_eq!(s3("my-bucket", &rules).unwrap_err().message, message);
        }
    }

    #[test]
    fn sts_is_global_where_it_always_was() {
        for (region, regional, base) in [
            (None, false, "https://sts.amazonaws.com"),
            (Some("us-west-2"), false, "https://sts.amazonaws.com"),
            (Some("us-west-2"), true, "https://sts.us-west-2.amazonaws.com"),
            (Some("eu-south-1"), false, "https://sts.eu-south-1.amazonaws.com"),
            (Some("cn-north-1"), false, "https://sts.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(sts(region, None, regional).base, base);
        }
    }

    #[test]
    fn urls_are_put_together() {
        let endpoint = s3("my-bucket", &rules("us-east-1")).unwrap();
        assert_eq!(endpoint.url(None, "prefix=a"), "https://my-bucket.s3.amazonaws.com/?prefix=a");
        assert_eq!(endpoint.url(Some("a/../b c+ü"), ""), "https://my-bucket.s3.amazonaws.com/a/../b%20c%2B%C3%BC");
        let endpoint = s3("MyBucket", &rules("us-east-1")).unwrap();
        assert_eq!(endpoint.url(None, "x=1"), "https://s3.amazonaws.com/MyBucket?x=1");
    }
}
