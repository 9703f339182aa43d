//! What is right or wrong with a request whatever it asks for. Source: S3 User Guide, "Naming Amazon S3 objects", "Working with object metadata".

use crate::Fault;
use http::request::Parts;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use s3s::dto;
use s3s::path::check_bucket_name;

/// The longest key, in bytes.
const KEY: usize = 1024;
/// The most user-defined metadata, names and values together, in bytes.
const METADATA: usize = 2048;

/// Checks a request in path style.
pub(super) fn check(parts: &mut Parts) -> Result<(), Fault> {
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if !bucket.is_empty() && !check_bucket_name(bucket) {
        let message = "The specified bucket is not valid.";
        return Err(Fault::new(400, "InvalidBucketName", message).with("BucketName", bucket));
    }
    let length = percent_decode_str(key).count();
    if length > KEY {
        return Err(Fault::new(400, "KeyTooLongError", "Your key is too long")
            .with("Size", length.to_string())
            .with("MaxSizeAllowed", KEY.to_string()));
    }
    let metadata = metadata(&parts.headers);
    if metadata > METADATA {
        let message = "Your metadata headers exceed the maximum allowed metadata size";
        return Err(Fault::new(400, "MetadataTooLarge", message)
            .with("Size", metadata.to_string())
            .with("MaxSizeAllowed", METADATA.to_string()));
    }
    // A range that is none, or several, is not asked for: the whole is the answer.
    let range = parts.headers.get(header::RANGE);
    if range.is_some_and(|range| !range.to_str().is_ok_and(|text| dto::Range::parse(text).is_ok())) {
        parts.headers.remove(header::RANGE);
    }
    Ok(())
}

fn metadata(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .filter_map(|(name, value)| Some(name.as_str().strip_prefix("x-amz-meta-")?.len() + value.len()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::check;
    use http::Request;
    use rstest::rstest;

    fn checked(path: &str, name: &str, value: &str) -> Result<bool, String> {
        let request = Request::get(path).header(name, value).body(()).unwrap();
        let mut parts = request.into_parts().0;
        check(&mut parts).map_err(|fault| fault.code.into_owned())?;
        Ok(parts.headers.contains_key(name))
    }

    #[rstest]
    #[case("bytes=0-9", true)]
    #[case("bytes=-5", true)]
    #[case("bytes=5-", true)]
    #[case("bytes=5-2", false)]
    #[case("bytes=0-1,3-4", false)]
    #[case("lines=1-2", false)]
    fn ranges(#[case] range: &str, #[case] kept: bool) {
        assert_eq!(checked("/models/m", "range", range), Ok(kept));
    }

    #[rstest]
    #[case("/models/m", Ok(true))]
    #[case("/", Ok(true))]
    #[case("/a.b-c", Ok(true))]
    #[case("/ab", Err("InvalidBucketName"))]
    #[case("/Models/m", Err("InvalidBucketName"))]
    fn names_of_buckets(#[case] path: &str, #[case] expected: Result<bool, &str>) {
        assert_eq!(checked(path, "accept", "*/*"), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case(1024, 2047, Ok(true))]
    #[case(1025, 1, Err("KeyTooLongError"))]
    #[case(1, 2048, Err("MetadataTooLarge"))]
    fn lengths(#[case] key: usize, #[case] value: usize, #[case] expected: Result<bool, &str>) {
        let path = format!("/models/{}", "%6b".repeat(key));
        assert_eq!(checked(&path, "x-amz-meta-a", &"v".repeat(value)), expected.map_err(str::to_owned));
    }
}
