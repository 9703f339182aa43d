//! The end of an upload in parts: an object.
//!
//! Source: S3 API Reference, "CompleteMultipartUpload".

use super::super::answer::Context;
use super::super::checksum;
use super::super::encryption::Shown;
use super::super::error;
use super::super::store::{Checksum, Data, Object, Part, Upload};
use super::multipart::{allow, upload};
use super::object::Sums;
use super::write::check_write;
use crate::Fault;
use md5::{Digest as _, Md5};
use s3s::{S3Response, dto};
use std::sync::Arc;

/// Every part but the last is at least this long.
const SMALLEST: u64 = 5 << 20;

pub(in crate::s3) async fn complete(
    context: Arc<Context>,
    input: dto::CompleteMultipartUploadInput,
) -> Result<S3Response<dto::CompleteMultipartUploadOutput>, Fault> {
    let mut world = context.cloud.world().write();
    let found = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    allow(&context, &world, found, &input.key, "s3:PutObject")?;
    let upload = upload(found, &input.key, &input.upload_id)?;
    context.decrypt(&world, found, &input.key, &upload.encryption)?;
    let parts = chosen_parts(&input, upload)?;
    let current = found.version(&input.key, None).and_then(|version| version.object());
    check_write(input.if_match.as_ref(), input.if_none_match.as_ref(), current.map(Arc::as_ref), &input.key)?;
    let checksum = whole_checksum(upload, &parts);
    check_given(&input, checksum.as_ref())?;
    let mut digest = Md5::new();
    parts.iter().for_each(|part| digest.update(part.md5));
    let object = Object {
        data: Data::concat(parts.iter().map(|part| &part.data)),
        etag: format!("{}-{}", hex::encode(digest.finalize()), parts.len()),
        headers: upload.headers.clone(),
        checksum,
        tags: upload.tags.clone(),
        encryption: upload.encryption.clone(),
        owner: upload.owner.clone(),
        acl: upload.acl.clone(),
        parts: parts.iter().map(|part| part.data.len()).collect(),
    };
    if input.mpu_object_size.is_some_and(|size| u64::try_from(size) != Ok(object.data.len())) {
        let message = "The provided 'x-amz-mp-object-size' header does not match what was computed.";
        return Err(Fault::new(400, "InvalidRequest", message));
    }
    let sums = Sums::of(object.checksum.as_ref());
    let encryption = Shown::of(&object.encryption);
    let mut output = dto::CompleteMultipartUploadOutput {
        e_tag: Some(dto::ETag::Strong(object.etag.clone())),
        location: Some(found.object_url(&input.key)),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        checksum_type: sums.kind,
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        ..Default::default()
    };
    let bucket = world.buckets.0.get_mut(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
    bucket.uploads.remove(&input.upload_id);
    output.version_id = bucket.put(&input.key, object, context.cloud.now(), || context.cloud.random().token(32));
    output.bucket = Some(input.bucket);
    output.key = Some(input.key);
    Ok(S3Response::new(output))
}

/// The parts that make the object, in their order.
fn chosen_parts<'u>(input: &dto::CompleteMultipartUploadInput, upload: &'u Upload) -> Result<Vec<&'u Part>, Fault> {
    let listed = input.multipart_upload.as_ref().and_then(|parts| parts.parts.as_deref()).unwrap_or_default();
    if listed.is_empty() {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(Fault::new(400, "MalformedXML", message));
    }
    if !listed.is_sorted_by(|one, next| one.part_number < next.part_number) {
        let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(Fault::new(400, "InvalidPartOrder", message).with("UploadId", &input.upload_id));
    }
    let mut parts = vec![];
    for (index, listed_part) in listed.iter().enumerate() {
        let number = listed_part.part_number.unwrap_or_default();
        let etag = listed_part.e_tag.as_ref().map(dto::ETag::value).unwrap_or_default();
        let part = upload.parts.get(&number).filter(|part| hex::encode(part.md5) == etag).ok_or_else(|| {
            let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
            Fault::new(400, "InvalidPart", message)
                .with("UploadId", &input.upload_id)
                .with("PartNumber", number.to_string())
                .with("ETag", etag)
        })?;
        if index + 1 < listed.len() && part.data.len() < SMALLEST {
            return Err(Fault::new(
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
            )
            .with("ETag", etag)
            .with("MinSizeAllowed", SMALLEST.to_string())
            .with("PartNumber", number.to_string())
            .with("ProposedSize", part.data.len().to_string()));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn whole_checksum(upload: &Upload, parts: &[&Part]) -> Option<Checksum> {
    // Parts may come with a checksum of another algorithm than the default; then there is none of the whole.
    if parts.iter().any(|part| part.checksum.algorithm != upload.algorithm) {
        return None;
    }
    let parts: Vec<(&Checksum, u64)> = parts.iter().map(|part| (&part.checksum, part.data.len())).collect();
    checksum::of_parts(upload.algorithm, upload.composite, &parts)
}

/// A checksum of the whole that the client gives must be right.
fn check_given(input: &dto::CompleteMultipartUploadInput, computed: Option<&Checksum>) -> Result<(), Fault> {
    let Some(computed) = computed else { return Ok(()) };
    let given = match computed.algorithm.as_str() {
        "CRC32" => &input.checksum_crc32,
        "CRC32C" => &input.checksum_crc32c,
        "CRC64NVME" => &input.checksum_crc64nvme,
        "SHA1" => &input.checksum_sha1,
        _ => &input.checksum_sha256,
    };
    let plain = computed.value.split('-').next();
    match given.as_deref() {
        Some(given) if given != computed.value && Some(given) != plain => {
            let message = format!(
                "The {} you specified did not match the calculated checksum.",
                computed.algorithm.to_lowercase()
            );
            Err(Fault::new(400, "BadDigest", message))
        }
        _ => Ok(()),
    }
}
