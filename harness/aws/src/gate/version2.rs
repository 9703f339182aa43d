//! URLs that are signed by Signature Version 2: what boto3 makes by default when it presigns, and S3 still takes in its older regions.
//!
//! Only queries are verified; headers of version 2 are refused. Source: Amazon S3 User Guide, "Authenticating requests (AWS Signature Version 2)".

use super::verify::{header, holder};
use super::{Caller, Signed, faults};
use crate::{Cloud, Fault, Service};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::parse;
use http::request::Parts;
use jiff::Timestamp;
use ring::hmac;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Where it is spoken.
const REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];

/// Parameters that name a part of the resource, or change the answer; in the order in which they are signed.
const SIGNED_PARAMETERS: [&str; 26] = [
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Parameters of the signature itself.
const OWN_PARAMETERS: [&str; 4] = ["AWSAccessKeyId", "Expires", "Signature", "x-amz-security-token"];

/// Whether a query carries a signature of version 2, whole or in part.
pub(crate) fn is_in(query: &str) -> bool {
    query.split('&').any(|part| part.starts_with("AWSAccessKeyId=") || part.starts_with("Signature="))
}

/// Whether a parameter is one of the signature.
pub(crate) fn owns(parameter: &str) -> bool {
    OWN_PARAMETERS.contains(&parameter.split('=').next().unwrap_or_default())
}

/// Whether buckets of a region take it.
pub(crate) fn is_spoken_in(region: &str) -> bool {
    REGIONS.contains(&region)
}

/// Says who signed a request. `path` is its path in path style, as it was sent.
///
/// # Errors
/// S3's own fault: incomplete, unknown key, wrong or expired token, expired, signature that does not match.
pub(crate) fn identify(cloud: &Cloud, parts: &Parts, path: &str) -> Result<Caller, Fault> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters: BTreeMap<Cow<'_, str>, Cow<'_, str>> = parse(query.as_bytes()).collect();
    let find = |name: &str| parameters.get(name).map(AsRef::as_ref);
    let (Some(key), Some(signature), Some(expires)) = (find("AWSAccessKeyId"), find("Signature"), find("Expires"))
    else {
        let message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters";
        return Err(Fault::new(403, "AccessDenied", message));
    };
    let ends: i64 = expires.parse().map_err(|_| {
        let message = format!("Invalid date (should be seconds since epoch): {expires}");
        Fault::new(403, "AccessDenied", message)
    })?;
    let now = cloud.now();
    let token = find("x-amz-security-token");
    let holder = holder(cloud, Service::S3, key)?;
    holder.check_token(Service::S3, token, now)?;
    if now.as_second() > ends {
        return Err(faults::version_2_expired(Timestamp::from_second(ends).unwrap_or(Timestamp::MIN), now));
    }
    let text = string_to_sign(parts, path, expires, &parameters);
    let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, holder.secret.as_bytes());
    let given = BASE64_STANDARD.decode(signature).unwrap_or_default();
    hmac::verify(&secret, text.as_bytes(), &given).map_err(|_| faults::version_2_mismatch(key, signature, &text))?;
    let caller = holder.into_caller(key.to_owned(), Signed::Version2);
    cloud.note_use(&caller, Service::S3);
    Ok(caller)
}

fn string_to_sign(
    parts: &Parts,
    path: &str,
    expires: &str,
    parameters: &BTreeMap<Cow<'_, str>, Cow<'_, str>>,
) -> String {
    let standard = |name: &str| header(&parts.headers, name).map(str::trim).unwrap_or_default();
    let [md5, kind] = ["content-md5", "content-type"].map(standard);
    let mut text = format!("{}\n{md5}\n{kind}\n{expires}\n", parts.method);
    let mut custom: BTreeMap<&str, String> = BTreeMap::new();
    for name in parts.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-")) {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim);
        custom.insert(name, values.collect::<Vec<_>>().join(","));
    }
    if let Some(token) = parameters.get("x-amz-security-token") {
        custom.insert("x-amz-security-token", token.to_string());
    }
    for (name, value) in custom {
        text.push_str(&format!("{name}:{value}\n"));
    }
    text.push_str(path);
    let query = parts.uri.query().unwrap_or_default();
    let has_value =
        |name: &str| query.split('&').any(|part| part.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    let named = SIGNED_PARAMETERS.iter().filter_map(|name| {
        let value = parameters.get(*name)?;
        Some(if has_value(name) { format!("{name}={value}") } else { (*name).to_owned() })
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        text.push_str(&format!("?{}", named.join("&")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    /// The example of the user guide: a query string that is good for a while.
    #[test]
    fn the_guides_example() {
        let uri = "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
        let parts = Request::get(uri).body(()).unwrap().into_parts().0;
        let parameters = parse(parts.uri.query().unwrap().as_bytes()).collect();
        let text = string_to_sign(&parts, "/johnsmith/photos/puppy.jpg", "1175139620", &parameters);
        assert_eq!(text, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
        let secret = b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
        let signature = BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        assert_eq!(signature, parameters["Signature"]);
    }

    #[test]
    fn parameters_of_the_resource_are_signed() {
        let uri = "/k?versionId=v%201&acl&x-id=GetObject&Signature=s";
        let parts = Request::get(uri).header("x-amz-b", " 2 ").header("x-amz-a", "1").body(()).unwrap().into_parts().0;
        let parameters = parse(parts.uri.query().unwrap().as_bytes()).collect();
        let text = string_to_sign(&parts, "/b/k", "7", &parameters);
        assert_eq!(text, "GET\n\n\n7\nx-amz-a:1\nx-amz-b:2\n/b/k?acl&versionId=v 1");
    }
}
