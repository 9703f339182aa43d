//! What is right or wrong with a request whatever it asks for. Source: S3 User Guide, "Naming Amazon S3 objects", "Working with object metadata".

use super::{checksum, error};
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
    if !bucket.is_empty() && (!check_bucket_name(bucket) || is_reserved(bucket)) {
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
    check_query(parts.uri.query().unwrap_or_default())?;
    check_copy(&parts.headers)?;
    let sums =
        parts.headers.keys().filter_map(|name| checksum::algorithm(name.as_str().strip_prefix("x-amz-checksum-")?));
    if sums.count() > 1 {
        let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
        return Err(Fault::new(400, "InvalidRequest", message));
    }
    // A range that is none, or several, is not asked for: the whole is the answer.
    let range = parts.headers.get(header::RANGE);
    if range.is_some_and(|range| !range.to_str().is_ok_and(|text| dto::Range::parse(text).is_ok())) {
        parts.headers.remove(header::RANGE);
    }
    Ok(())
}

/// Names that S3 keeps for itself.
fn is_reserved(bucket: &str) -> bool {
    ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| bucket.starts_with(prefix))
        || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|suffix| bucket.ends_with(suffix))
}

/// How many are wanted has to be a number, and a version that is named has a name.
fn check_query(query: &str) -> Result<(), Fault> {
    for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
        let counts = matches!(name, "max-keys" | "max-parts" | "max-uploads" | "max-buckets");
        if counts && !value.is_empty() && value.parse::<i32>().is_err() {
            let message = format!("Provided {name} not an integer or within integer range");
            return Err(error::invalid_argument(&message, name, value));
        }
        if name == "versionId" && value.is_empty() {
            return Err(error::invalid_argument("Version id cannot be the empty string", name, value));
        }
    }
    Ok(())
}

/// A copy names its source, and says what becomes of metadata and tags in words that there are.
fn check_copy(headers: &HeaderMap) -> Result<(), Fault> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(source) = header("x-amz-copy-source") else { return Ok(()) };
    let plain = percent_decode_str(source).decode_utf8_lossy();
    let named = plain
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    if !named && !plain.starts_with("arn:") {
        let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
        return Err(error::invalid_argument(message, "x-amz-copy-source", source));
    }
    for (name, what) in [("x-amz-metadata-directive", "metadata"), ("x-amz-tagging-directive", "tagging")] {
        if let Some(other) = header(name).filter(|directive| !matches!(*directive, "COPY" | "REPLACE")) {
            return Err(error::invalid_argument(&format!("Unknown {what} directive."), name, other));
        }
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
    #[case("/models-s3alias", Err("InvalidBucketName"))]
    #[case("/sthree-models/m", Err("InvalidBucketName"))]
    #[case("/models?max-keys=3", Ok(true))]
    #[case("/models/m?versionId=", Err("InvalidArgument"))]
    #[case("/models?max-keys=three", Err("InvalidArgument"))]
    fn names_of_buckets(#[case] path: &str, #[case] expected: Result<bool, &str>) {
        assert_eq!(checked(path, "accept", "*/*"), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case("x-amz-copy-source", "/models/m?versionId=null", Ok(true))]
    #[case("x-amz-copy-source", "models%2Fm", Ok(true))]
    #[case("x-amz-copy-source", "models", Err("InvalidArgument"))]
    #[case("x-amz-copy-source", "models/", Err("InvalidArgument"))]
    #[case("x-amz-checksum-crc32", "AAAAAA==", Ok(true))]
    fn sources(#[case] name: &str, #[case] value: &str, #[case] expected: Result<bool, &str>) {
        assert_eq!(checked("/models/m", name, value), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case(&[("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-sha1", "x")], "InvalidRequest")]
    #[case(&[("x-amz-copy-source", "a/b"), ("x-amz-metadata-directive", "KEEP")], "InvalidArgument")]
    #[case(&[("x-amz-copy-source", "a/b"), ("x-amz-tagging-directive", "KEEP")], "InvalidArgument")]
    fn headers_that_do_not_go(#[case] headers: &[(&str, &str)], #[case] expected: &str) {
        let request = headers.iter().fold(Request::put("/models/m"), |made, (name, value)| made.header(*name, *value));
        let mut parts = request.body(()).unwrap().into_parts().0;
        assert_eq!(check(&mut parts).unwrap_err().code, expected);
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
