//! Objects: read whole, in ranges, or only their headers.

use super::super::answer::Context;
use super::super::encryption::Shown;
use super::super::store::{Bucket, Checksum, Object, Version};
use super::super::{access, error};
use super::list::missing as list_missing;
use super::stamp;
use crate::Fault;
use crate::world::World;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use s3s::{S3Response, dto};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// What a read asks for.
struct Wanted<'a> {
    key: &'a str,
    version: Option<&'a str>,
    if_match: Option<&'a dto::IfMatch>,
    if_none_match: Option<&'a dto::IfNoneMatch>,
    if_modified_since: Option<&'a dto::Timestamp>,
    if_unmodified_since: Option<&'a dto::Timestamp>,
    part: Option<i32>,
    range: Option<dto::Range>,
}

/// What a read finds.
struct Found {
    object: Arc<Object>,
    modified: dto::Timestamp,
    version_id: Option<String>,
    range: Range<u64>,
    partial: bool,
    parts: Option<i32>,
}

/// The version of a key, if the caller may read it.
pub(super) fn readable<'w>(
    context: &Context,
    world: &'w World,
    bucket: &'w Bucket,
    key: &str,
    version: Option<&str>,
) -> Result<(&'w Version, &'w Arc<Object>), Fault> {
    let found = bucket.version(key, version);
    let object = found.and_then(Version::object);
    let mut keys = access::existing(object.map(Arc::as_ref));
    let action = match version {
        Some(id) => {
            keys.set("s3:VersionId", id);
            "s3:GetObjectVersion"
        }
        None => "s3:GetObject",
    };
    context.allow_existing(world, bucket, key, object.map(Arc::as_ref), action, keys)?;
    let Some(found) = found else { return Err(list_missing(context, world, bucket, key, version)) };
    match (object, version) {
        (Some(object), _) => {
            context.decrypt(world, bucket, key, &object.encryption)?;
            Ok((found, object))
        }
        (None, None) => Err(list_missing(context, world, bucket, key, None)
            .with_header("x-amz-delete-marker", "true")
            .with_header("x-amz-version-id", found.shown_id())),
        (None, Some(_)) => {
            let message = "The specified method is not allowed against this resource.";
            Err(Fault::new(405, "MethodNotAllowed", message)
                .with("Method", "GET")
                .with("ResourceType", "DeleteMarker")
                .with_header("allow", "DELETE")
                .with_header("x-amz-delete-marker", "true")
                .with_header("x-amz-version-id", found.shown_id()))
        }
    }
}

fn find(context: &Context, bucket: &str, expected_owner: Option<&str>, wanted: &Wanted<'_>) -> Result<Found, Fault> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, bucket, expected_owner)?;
    let (version, object) = readable(context, &world, bucket, wanted.key, wanted.version)?;
    let modified = stamp(version.modified);
    check_conditions(wanted, &object.etag, &modified)?;
    let whole = 0..object.data.len();
    let (range, partial, parts) = match (wanted.part, &wanted.range) {
        (Some(_), Some(_)) => {
            let message = "Cannot specify both Range header and partNumber query parameter";
            return Err(Fault::new(400, "InvalidRequest", message));
        }
        (Some(part), None) => {
            (part_range(object, part)?, true, i32::try_from(object.parts.len()).ok().filter(|n| *n > 0))
        }
        (None, Some(range)) => {
            let checked = range.check(object.data.len()).map_err(|_| {
                Fault::new(416, "InvalidRange", "The requested range is not satisfiable")
                    .with("RangeRequested", range.to_header_string())
                    .with("ActualObjectSize", object.data.len().to_string())
            })?;
            (checked, true, None)
        }
        (None, None) => (whole, false, None),
    };
    let version_id = version.id.clone().or_else(|| bucket.keeps_versions().then(|| "null".to_owned()));
    Ok(Found { object: Arc::clone(object), modified, version_id, range, partial, parts })
}

/// Source: RFC 9110, section 13.2.2, with S3's words.
fn check_conditions(wanted: &Wanted<'_>, etag: &str, modified: &dto::Timestamp) -> Result<(), Fault> {
    let failed = |condition: &str| {
        let message = "At least one of the pre-conditions you specified did not hold";
        Fault::new(412, "PreconditionFailed", message).with("Condition", condition)
    };
    let not_modified = || Fault::new(304, "NotModified", "Not Modified").with_header("etag", format!("\"{etag}\""));
    match (wanted.if_match, wanted.if_unmodified_since) {
        (Some(expected), _) if !matches_etag(expected, etag) => return Err(failed("If-Match")),
        (None, Some(since)) if modified > since => return Err(failed("If-Unmodified-Since")),
        _ => {}
    }
    match (wanted.if_none_match, wanted.if_modified_since) {
        (Some(known), _) if matches_etag(known, etag) => Err(not_modified()),
        (None, Some(since)) if modified <= since => Err(not_modified()),
        _ => Ok(()),
    }
}

/// Whether a condition names this entity tag.
pub(super) fn matches_etag(condition: &dto::ETagCondition, etag: &str) -> bool {
    match condition {
        dto::ETagCondition::Any => true,
        dto::ETagCondition::ETag(tag) => tag.value() == etag,
    }
}

fn part_range(object: &Object, part: i32) -> Result<Range<u64>, Fault> {
    if !(1..=10_000).contains(&part) {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return Err(error::invalid_argument(message, "partNumber", &part.to_string()));
    }
    let invalid = || {
        Fault::new(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
            .with("PartNumberRequested", part.to_string())
    };
    if part == 1 && object.parts.is_empty() {
        return Ok(0..object.data.len());
    }
    let index = usize::try_from(part).ok().and_then(|part| part.checked_sub(1)).ok_or_else(invalid)?;
    let size = object.parts.get(index).ok_or_else(invalid)?;
    let start: u64 = object.parts.iter().take(index).sum();
    Ok(start..start + size)
}

/// The segments of a body, one after the other.
struct Segments(VecDeque<Bytes>);

fn body(segments: Segments) -> dto::StreamingBlob {
    let Segments(slices) = segments;
    dto::StreamingBlob::wrap(stream::iter(slices.into_iter().map(Ok::<_, Infallible>)))
}

pub(in crate::s3) async fn get(context: Arc<Context>, input: dto::GetObjectInput) -> Answer<dto::GetObjectOutput> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some())?;
    let wanted = Wanted {
        key: &input.key,
        version: input.version_id.as_deref(),
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
        part: input.part_number,
        range: input.range,
    };
    let found = find(&context, &input.bucket, input.expected_bucket_owner.as_deref(), &wanted)?;
    let Found { object, range, .. } = &found;
    check_archived(object)?;
    let headers = &object.headers;
    let encryption = Shown::of(&object.encryption);
    let wants_checksum = input.checksum_mode.is_some() && !found.partial;
    let sums = Sums::of(object.checksum.as_ref().filter(|_| wants_checksum));
    let output = dto::GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        body: Some(body(Segments(object.data.slices(range.clone())))),
        cache_control: input.response_cache_control.or_else(|| headers.cache_control.clone()),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        checksum_type: sums.kind,
        content_disposition: input.response_content_disposition.or_else(|| headers.content_disposition.clone()),
        content_encoding: input.response_content_encoding.or_else(|| headers.content_encoding.clone()),
        content_language: input.response_content_language.or_else(|| headers.content_language.clone()),
        content_length: length(range),
        content_range: content_range(&found),
        content_type: input.response_content_type.or_else(|| Some(content_type(object))),
        e_tag: Some(dto::ETag::Strong(object.etag.clone())),
        last_modified: Some(found.modified.clone()),
        metadata: metadata(object),
        parts_count: found.parts,
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        storage_class: object.headers.storage_class.clone().map(Into::into),
        tag_count: i32::try_from(object.tags.len()).ok().filter(|count| *count > 0),
        version_id: found.version_id.clone(),
        website_redirect_location: headers.website_redirect.clone(),
        ..Default::default()
    };
    Ok(finish(output, &found))
}

pub(in crate::s3) async fn head(context: Arc<Context>, input: dto::HeadObjectInput) -> Answer<dto::HeadObjectOutput> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some())?;
    let wanted = Wanted {
        key: &input.key,
        version: input.version_id.as_deref(),
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
        part: input.part_number,
        range: input.range,
    };
    let found = find(&context, &input.bucket, input.expected_bucket_owner.as_deref(), &wanted)?;
    let Found { object, range, .. } = &found;
    let headers = &object.headers;
    let encryption = Shown::of(&object.encryption);
    let sums = Sums::of(object.checksum.as_ref().filter(|_| input.checksum_mode.is_some() && !found.partial));
    let output = dto::HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: headers.cache_control.clone(),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        checksum_type: sums.kind,
        content_disposition: headers.content_disposition.clone(),
        content_encoding: headers.content_encoding.clone(),
        content_language: headers.content_language.clone(),
        content_length: length(range),
        content_range: content_range(&found),
        content_type: Some(content_type(object)),
        e_tag: Some(dto::ETag::Strong(object.etag.clone())),
        last_modified: Some(found.modified.clone()),
        metadata: metadata(object),
        parts_count: found.parts,
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        storage_class: object.headers.storage_class.clone().map(Into::into),
        version_id: found.version_id.clone(),
        website_redirect_location: headers.website_redirect.clone(),
        ..Default::default()
    };
    Ok(finish(output, &found))
}

/// Keys of the customer's own are not kept here.
pub(super) fn refuse_customer_keys(given: bool) -> Result<(), Fault> {
    if given { Err(error::not_implemented("x-amz-server-side-encryption-customer-algorithm")) } else { Ok(()) }
}

/// Archived objects have headers, but no bytes until they are restored, which is not done here.
pub(super) fn check_archived(object: &Object) -> Result<(), Fault> {
    match object.headers.storage_class.as_deref() {
        Some(class @ ("GLACIER" | "DEEP_ARCHIVE")) => {
            let message = "The operation is not valid for the object's storage class";
            Err(Fault::new(403, "InvalidObjectState", message).with("StorageClass", class))
        }
        _ => Ok(()),
    }
}

fn finish<T>(output: T, found: &Found) -> S3Response<T> {
    let mut response = if found.partial {
        S3Response::with_status(output, StatusCode::PARTIAL_CONTENT)
    } else {
        S3Response::new(output)
    };
    if let Some(expires) = found.object.headers.expires.as_deref().and_then(|expires| expires.parse().ok()) {
        response.headers.insert(http::header::EXPIRES, expires);
    }
    response
}

fn length(range: &Range<u64>) -> Option<i64> {
    i64::try_from(range.end - range.start).ok()
}

fn content_range(found: &Found) -> Option<String> {
    let Range { start, end } = found.range;
    found.partial.then(|| format!("bytes {start}-{}/{}", end.saturating_sub(1), found.object.data.len()))
}

fn content_type(object: &Object) -> String {
    object.headers.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned())
}

fn metadata(object: &Object) -> Option<dto::Metadata> {
    let metadata = &object.headers.metadata;
    (!metadata.is_empty()).then(|| metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// `COMPOSITE` or `FULL_OBJECT`.
pub(super) fn checksum_type(sum: &Checksum) -> dto::ChecksumType {
    let kind = if sum.composite { dto::ChecksumType::COMPOSITE } else { dto::ChecksumType::FULL_OBJECT };
    dto::ChecksumType::from_static(kind)
}

/// A checksum in the member of answers that is its algorithm's.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
    pub(super) kind: Option<dto::ChecksumType>,
}

impl Sums {
    pub(super) fn of(sum: Option<&Checksum>) -> Self {
        let mut sums = Self::default();
        let Some(sum) = sum else { return sums };
        let value = Some(sum.value.clone());
        match sum.algorithm.as_str() {
            "CRC32" => sums.crc32 = value,
            "CRC32C" => sums.crc32c = value,
            "CRC64NVME" => sums.crc64nvme = value,
            "SHA1" => sums.sha1 = value,
            _ => sums.sha256 = value,
        }
        sums.kind = Some(checksum_type(sum));
        sums
    }
}
