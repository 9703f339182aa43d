//! Uploads in parts.
//!
//! Source: S3 User Guide, "Uploading and copying objects using multipart upload".

use super::super::answer::Context;
use super::super::checksum;
use super::super::digests::Digests;
use super::super::encryption::{self, Shown};
use super::super::error;
use super::super::listing::{self, Wanted};
use super::super::store::{Bucket, Part, Upload};
use super::object::{Sums, readable, refuse_customer_keys};
use super::receive::receive;
use super::stamp;
use super::write::{Asked, kept, may_write, writer};
use crate::Fault;
use crate::world::World;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::collections::BTreeMap;
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// The highest number of a part.
const MOST: i32 = 10_000;
/// As many entries as a list has at most.
const PAGE: i32 = 1000;

fn no_such_upload(id: &str) -> Fault {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    Fault::new(404, "NoSuchUpload", message).with("UploadId", id)
}

/// The upload with this id, if it is one of the key.
pub(super) fn upload<'b>(bucket: &'b Bucket, key: &str, id: &str) -> Result<&'b Upload, Fault> {
    bucket.uploads.get(id).filter(|upload| upload.key == key).ok_or_else(|| no_such_upload(id))
}

fn check_number(number: i32) -> Result<(), Fault> {
    if (1..=MOST).contains(&number) {
        return Ok(());
    }
    let message = "Part number must be an integer between 1 and 10000, inclusive";
    Err(error::invalid_argument(message, "partNumber", &number.to_string()))
}

/// How the object's checksum will be made: CRC64NVME over the whole unless told.
fn checksum_of(algorithm: Option<&str>, kind: Option<&str>) -> Result<(&'static str, bool), Fault> {
    let Some(asked) = algorithm else { return Ok(("CRC64NVME", false)) };
    let invalid = |message: &str| Fault::new(400, "InvalidRequest", message);
    let algorithm = checksum::algorithm(asked).ok_or_else(|| invalid("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"))?;
    let sha = algorithm.starts_with("SHA");
    let fits = |kind: &str| {
        Fault::new(
            400,
            "InvalidRequest",
            format!(
                "The {kind} checksum type cannot be used with the {} checksum algorithm.",
                algorithm.to_lowercase()
            ),
        )
    };
    match kind {
        None => Ok((algorithm, algorithm != "CRC64NVME")),
        Some("COMPOSITE") if algorithm != "CRC64NVME" => Ok((algorithm, true)),
        Some("FULL_OBJECT") if !sha => Ok((algorithm, false)),
        Some(kind) => Err(fits(kind)),
    }
}

pub(in crate::s3) async fn create(
    context: Arc<Context>,
    input: dto::CreateMultipartUploadInput,
) -> Answer<dto::CreateMultipartUploadOutput> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some())?;
    let encryption = encryption::Asked::new(
        input.server_side_encryption.as_ref(),
        input.ssekms_key_id.as_ref(),
        input.bucket_key_enabled,
    );
    let asked = Asked::of(&context, encryption);
    let chosen = input.checksum_algorithm.as_ref().map(dto::ChecksumAlgorithm::as_str);
    let (algorithm, composite) = checksum_of(chosen, input.checksum_type.as_ref().map(dto::ChecksumType::as_str))?;
    context.make_default_key(&input.bucket, asked.encryption);
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let granted = may_write(&context, &world, bucket, &input.key, &asked)?;
    let upload = Upload {
        key: input.key.clone(),
        initiated: context.cloud.now(),
        initiator: writer(&context, bucket),
        owner: granted.owner,
        acl: granted.acl,
        headers: kept(&context, input.content_encoding, input.metadata),
        tags: granted.tags,
        encryption: granted.encryption,
        algorithm,
        chosen: chosen.is_some(),
        composite,
        parts: BTreeMap::new(),
    };
    let encryption = Shown::of(&upload.encryption);
    let id = context.cloud.random().token(64);
    if let Some(bucket) = world.buckets.0.get_mut(&input.bucket) {
        bucket.uploads.insert(id.clone(), upload);
    }
    Ok(S3Response::new(dto::CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: chosen.map(|_| algorithm.to_owned().into()),
        checksum_type: chosen.map(|_| kind(composite)),
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        ..Default::default()
    }))
}

fn kind(composite: bool) -> dto::ChecksumType {
    dto::ChecksumType::from_static(if composite {
        dto::ChecksumType::COMPOSITE
    } else {
        dto::ChecksumType::FULL_OBJECT
    })
}

/// Asks for an action on the key of an upload.
pub(super) fn allow(context: &Context, world: &World, bucket: &Bucket, key: &str, action: &str) -> Result<(), Fault> {
    context.allow_object(world, bucket, key, action, Keys::default())
}

pub(in crate::s3) async fn upload_part(
    context: Arc<Context>,
    input: dto::UploadPartInput,
) -> Answer<dto::UploadPartOutput> {
    check_number(input.part_number)?;
    let (algorithm, encryption) = {
        let world = context.cloud.world().read();
        let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
        allow(&context, &world, bucket, &input.key, "s3:PutObject")?;
        let upload = upload(bucket, &input.key, &input.upload_id)?;
        // What has been encrypted with the upload's key is read again when it is put together.
        context.decrypt(&world, bucket, &input.key, &upload.encryption)?;
        (upload.algorithm, Shown::of(&upload.encryption))
    };
    let received =
        receive(&context, input.body, input.content_length, input.content_md5.as_deref(), Some(algorithm)).await?;
    let part =
        Part { data: received.data, md5: received.md5, checksum: received.checksum, modified: context.cloud.now() };
    let part = keep(&context, &input.bucket, &input.key, &input.upload_id, input.part_number, part)?;
    let sums = Sums::of(Some(&part.checksum));
    Ok(S3Response::new(dto::UploadPartOutput {
        e_tag: Some(dto::ETag::Strong(hex::encode(part.md5))),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        ..Default::default()
    }))
}

/// Puts a part in its place; the upload may have ended meanwhile.
fn keep(context: &Context, bucket: &str, key: &str, id: &str, number: i32, part: Part) -> Result<Part, Fault> {
    let mut world = context.cloud.world().write();
    let bucket = world.buckets.0.get_mut(bucket).ok_or_else(|| error::no_such_bucket(bucket))?;
    let upload = bucket.uploads.get_mut(id).filter(|upload| upload.key == key).ok_or_else(|| no_such_upload(id))?;
    if upload.chosen && part.checksum.algorithm != upload.algorithm {
        let message = format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            upload.algorithm.to_lowercase(),
            part.checksum.algorithm.to_lowercase()
        );
        return Err(Fault::new(400, "InvalidRequest", message));
    }
    upload.parts.insert(number, part.clone());
    Ok(part)
}

pub(in crate::s3) async fn copy_part(
    context: Arc<Context>,
    input: dto::UploadPartCopyInput,
) -> Answer<dto::UploadPartCopyOutput> {
    check_number(input.part_number)?;
    refuse_customer_keys(input.sse_customer_algorithm.is_some() || input.copy_source_sse_customer_algorithm.is_some())?;
    let dto::CopySource::Bucket { bucket: source, key: source_key, version_id } = &input.copy_source else {
        return Err(error::not_implemented("x-amz-copy-source"));
    };
    let (data, source_version, algorithm, encryption) = {
        let world = context.cloud.world().read();
        let from = context.bucket(&world, source, input.expected_source_bucket_owner.as_deref())?;
        let (version, object) = readable(&context, &world, from, source_key, version_id.as_deref())?;
        let data = match &input.copy_source_range {
            None => object.data.clone(),
            Some(range) => object.data.part(source_range(range, object.data.len())?),
        };
        let to = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
        allow(&context, &world, to, &input.key, "s3:PutObject")?;
        let upload = upload(to, &input.key, &input.upload_id)?;
        context.decrypt(&world, to, &input.key, &upload.encryption)?;
        (data, version.id.clone(), upload.algorithm, Shown::of(&upload.encryption))
    };
    let (md5, checksum) = Digests::of(&data, algorithm);
    let part = Part { data, md5, checksum, modified: context.cloud.now() };
    let part = keep(&context, &input.bucket, &input.key, &input.upload_id, input.part_number, part)?;
    let sums = Sums::of(Some(&part.checksum));
    let result = dto::CopyPartResult {
        e_tag: Some(dto::ETag::Strong(hex::encode(part.md5))),
        last_modified: Some(stamp(part.modified)),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
    };
    Ok(S3Response::new(dto::UploadPartCopyOutput {
        copy_part_result: Some(result),
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        copy_source_version_id: source_version,
        ..Default::default()
    }))
}

/// `bytes=first-last`, both of which must be given and lie within.
fn source_range(text: &str, len: u64) -> Result<std::ops::Range<u64>, Fault> {
    let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy";
    let invalid = || error::invalid_argument(message, "x-amz-copy-source-range", text);
    let range = dto::Range::parse(text).map_err(|_| invalid())?;
    match range {
        dto::Range::Int { first, last: Some(last) } if last < len => Ok(first..last + 1),
        dto::Range::Int { last: Some(_), .. } => {
            let message = format!("Range specified is not valid for source object of size: {len}");
            Err(error::invalid_argument(&message, "x-amz-copy-source-range", text))
        }
        _ => Err(invalid()),
    }
}

pub(in crate::s3) async fn abort(
    context: Arc<Context>,
    input: dto::AbortMultipartUploadInput,
) -> Answer<dto::AbortMultipartUploadOutput> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    allow(&context, &world, bucket, &input.key, "s3:AbortMultipartUpload")?;
    upload(bucket, &input.key, &input.upload_id)?;
    if let Some(bucket) = world.buckets.0.get_mut(&input.bucket) {
        bucket.uploads.remove(&input.upload_id);
    }
    Ok(S3Response::with_status(dto::AbortMultipartUploadOutput::default(), http::StatusCode::NO_CONTENT))
}

pub(in crate::s3) async fn list_parts(
    context: Arc<Context>,
    input: dto::ListPartsInput,
) -> Answer<dto::ListPartsOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    allow(&context, &world, bucket, &input.key, "s3:ListMultipartUploadParts")?;
    let upload = upload(bucket, &input.key, &input.upload_id)?;
    let max = input.max_parts.unwrap_or(PAGE);
    let room = usize::try_from(max.min(PAGE)).unwrap_or(0);
    let marker = input.part_number_marker.unwrap_or(0);
    let mut rest = upload.parts.range(marker + 1..);
    let parts: Vec<dto::Part> =
        rest.by_ref().take(room).map(|(number, part)| shown(*number, part, upload.chosen)).collect();
    let more = rest.next().is_some();
    Ok(S3Response::new(dto::ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        initiator: Some(dto::Initiator { id: Some(upload.initiator.to_string()), display_name: None }),
        owner: Some(dto::Owner { id: canonical_id(&world, bucket.owner.as_str()), display_name: None }),
        storage_class: Some(upload.headers.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()).into()),
        part_number_marker: Some(marker),
        next_part_number_marker: parts.last().and_then(|part| part.part_number),
        max_parts: Some(max),
        is_truncated: Some(more),
        parts: (!parts.is_empty()).then_some(parts),
        checksum_algorithm: upload.chosen.then(|| upload.algorithm.to_owned().into()),
        checksum_type: upload.chosen.then(|| kind(upload.composite)),
        ..Default::default()
    }))
}

fn shown(number: i32, part: &Part, with_checksum: bool) -> dto::Part {
    let sums = Sums::of(Some(&part.checksum).filter(|_| with_checksum));
    dto::Part {
        part_number: Some(number),
        e_tag: Some(dto::ETag::Strong(hex::encode(part.md5))),
        last_modified: Some(stamp(part.modified)),
        size: i64::try_from(part.data.len()).ok(),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
    }
}

fn canonical_id(world: &World, account: &str) -> Option<String> {
    world.account(account).map(|account| account.canonical_id.clone())
}

pub(in crate::s3) async fn list(
    context: Arc<Context>,
    input: dto::ListMultipartUploadsInput,
) -> Answer<dto::ListMultipartUploadsOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:ListBucketMultipartUploads", Keys::default())?;
    let mut by_key: BTreeMap<String, Vec<(&String, &Upload)>> = BTreeMap::new();
    for (id, upload) in &bucket.uploads {
        by_key.entry(upload.key.clone()).or_default().push((id, upload));
    }
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    let max = input.max_uploads.unwrap_or(PAGE);
    let wanted = Wanted {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        after: key_marker,
        max: usize::try_from(max.min(PAGE)).unwrap_or(0),
    };
    let page = listing::list(&by_key, wanted, |_| true);
    let uploads: Vec<dto::MultipartUpload> = page
        .keys
        .iter()
        .flat_map(|(key, uploads)| uploads.iter().map(move |(id, upload)| (key, id, upload)))
        .map(|(key, id, upload)| dto::MultipartUpload {
            key: Some((*key).to_owned()),
            upload_id: Some((*id).clone()),
            initiated: Some(stamp(upload.initiated)),
            initiator: Some(dto::Initiator { id: Some(upload.initiator.to_string()), display_name: None }),
            owner: Some(dto::Owner { id: canonical_id(&world, bucket.owner.as_str()), display_name: None }),
            storage_class: Some(upload.headers.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()).into()),
            checksum_algorithm: upload.chosen.then(|| upload.algorithm.to_owned().into()),
            checksum_type: upload.chosen.then(|| kind(upload.composite)),
        })
        .collect();
    let prefixes =
        page.prefixes.into_iter().map(|prefix| dto::CommonPrefix { prefix: Some(prefix) }).collect::<Vec<_>>();
    Ok(S3Response::new(dto::ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        key_marker: Some(key_marker.to_owned()),
        upload_id_marker: Some(input.upload_id_marker.unwrap_or_default()),
        next_key_marker: page.next.clone(),
        next_upload_id_marker: page
            .next
            .as_ref()
            .and_then(|_| uploads.last().and_then(|upload| upload.upload_id.clone())),
        max_uploads: Some(max),
        is_truncated: Some(page.next.is_some()),
        uploads: (!uploads.is_empty()).then_some(uploads),
        common_prefixes: (!prefixes.is_empty()).then_some(prefixes),
        prefix: input.prefix,
        delimiter: input.delimiter,
        encoding_type: input.encoding_type,
        ..Default::default()
    }))
}
