//! What is known of an object without its bytes, as much of it as is asked for.

use super::super::access;
use super::super::answer::Context;
use super::super::error;
use super::super::store::Object;
use super::object::{Sums, readable, refuse_customer_keys};
use super::stamp;
use crate::Fault;
use s3s::{S3Response, dto};
use std::sync::Arc;

const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
/// As many parts as an answer has at most.
const MOST: i32 = 1000;

pub(in crate::s3) async fn get(
    context: Arc<Context>,
    input: dto::GetObjectAttributesInput,
) -> Result<S3Response<dto::GetObjectAttributesOutput>, Fault> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some())?;
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let asked: Vec<&str> =
        input.object_attributes.iter().flat_map(|names| names.as_str().split(',')).map(str::trim).collect();
    if let Some(unknown) = asked.iter().find(|name| !KNOWN.contains(name)) {
        return Err(error::invalid_argument("Invalid attribute name specified.", "x-amz-object-attributes", unknown));
    }
    let id = input.version_id.as_deref();
    let (version, object) = readable(&context, &world, bucket, &input.key, id)?;
    let mut keys = access::existing(Some(object));
    let action = match id {
        Some(id) => {
            keys.set("s3:VersionId", id);
            "s3:GetObjectVersionAttributes"
        }
        None => "s3:GetObjectAttributes",
    };
    context.allow_existing(&world, bucket, &input.key, Some(object), action, keys)?;
    let wants = |name: &str| asked.contains(&name);
    let storage_class = object.headers.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned());
    Ok(S3Response::new(dto::GetObjectAttributesOutput {
        checksum: wants("Checksum").then(|| checksum(object)),
        e_tag: wants("ETag").then(|| dto::ETag::Strong(object.etag.clone())),
        last_modified: Some(stamp(version.modified)),
        object_parts: (wants("ObjectParts") && !object.parts.is_empty())
            .then(|| parts(object, input.max_parts, input.part_number_marker)),
        object_size: wants("ObjectSize").then(|| i64::try_from(object.data.len()).unwrap_or(i64::MAX)),
        storage_class: wants("StorageClass").then(|| storage_class.into()),
        version_id: version.id.clone(),
        ..Default::default()
    }))
}

fn checksum(object: &Object) -> dto::Checksum {
    let sums = Sums::of(object.checksum.as_ref());
    dto::Checksum {
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        checksum_type: sums.kind,
    }
}

/// How many parts there were; each of them only if they have checksums of their own to show, which a checksum over the whole does away with.
fn parts(object: &Object, max: Option<i32>, marker: Option<i32>) -> dto::GetObjectAttributesParts {
    let total = i32::try_from(object.parts.len()).unwrap_or(i32::MAX);
    let (max, marker) = (max.unwrap_or(MOST).clamp(0, MOST), marker.unwrap_or(0).max(0));
    let listed = object.checksum.as_ref().is_some_and(|checksum| checksum.composite);
    let last = marker.saturating_add(max).min(total);
    let page = (1..).zip(&object.parts).filter(|(number, _)| *number > marker && *number <= last);
    let page = page.map(|(number, size)| dto::ObjectPart {
        part_number: Some(number),
        size: i64::try_from(*size).ok(),
        ..Default::default()
    });
    dto::GetObjectAttributesParts {
        is_truncated: listed.then_some(last < total),
        max_parts: listed.then_some(max),
        next_part_number_marker: listed.then_some(last),
        part_number_marker: listed.then_some(marker),
        parts: listed.then(|| page.collect()),
        total_parts_count: Some(total),
    }
}
