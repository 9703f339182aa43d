//! Which answers mean that a bucket is in another region.
//!
//! Source: `S3RegionRedirectorv2` in botocore.

use super::answer::Failure;
use http::HeaderMap;

/// The header in which S3 tells a bucket's region.
const REGION: &str = "x-amz-bucket-region";

/// Whether an error means that the bucket is elsewhere.
pub(super) fn means_elsewhere(operation: &str, status: u16, failure: &Failure, headers: &HeaderMap) -> bool {
    let code = failure.code();
    let by_head = matches!(code, "301" | "400");
    matches!(status, 301 | 302 | 307)
        || code == "PermanentRedirect"
        || (code == "AuthorizationHeaderMalformed" && failure.region.is_some())
        || (by_head && operation == "HeadObject")
        || (by_head && operation == "HeadBucket" && headers.contains_key(REGION))
        || code == "IllegalLocationConstraintException"
}

/// The region that an answer's headers name.
pub(super) fn region(headers: &HeaderMap) -> Option<String> {
    headers.get(REGION)?.to_str().ok().map(str::to_owned)
}
