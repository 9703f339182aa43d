//! Uploads in parts.
//!
//! Source: S3 User Guide, "Uploading and copying objects using multipart upload"; S3 API Reference, "CompleteMultipartUpload".

use super::super::acl::Written;
use super::super::answer::Context;
use super::super::checksum;
use super::super::encryption::{self, Shown};
use super::super::error;
use super::super::listing::{self, Wanted};
use super::super::store::{Bucket, Checksum, Data, Headers, Object, Part, Upload};
use super::object::{Sums, readable, refuse_customer_keys};
use super::stamp;
use super::transfer::{Asked, check_write, hex, may_write, receive, writer};
use crate::Fault;
use crate::world::World;
use md5::{Digest, Md5};
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::collections::BTreeMap;
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// Every part but the last is at least this long.
const SMALLEST: u64 = 5 << 20;
/// The highest number of a part.
const MOST: i32 = 10_000;
/// As many entries as a list has at most.
const PAGE: i32 = 1000;

fn no_such_upload(id: &str) -> Fault {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    Fault::new(404, "NoSuchUpload", message).with("UploadId", id)
}

fn upload<'b>(bucket: &'b Bucket, key: &str, id: &str) -> Result<&'b Upload, Fault> {
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
    let [full, read, read_acp, write_acp] =
        [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write_acp]
            .map(Option::as_deref);
    let asked = Asked {
        acl: Written {
            canned: input.acl.as_ref().map(dto::ObjectCannedACL::as_str),
            grants: [full, read, None, read_acp, write_acp],
            policy: None,
        },
        encryption: encryption::Asked::new(
            input.server_side_encryption.as_ref(),
            input.ssekms_key_id.as_ref(),
            input.bucket_key_enabled,
        ),
        storage_class: input.storage_class.as_ref().map(dto::StorageClass::as_str),
        tagging: input.tagging.as_deref(),
    };
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
        headers: Headers {
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_type: input.content_type,
            expires: context.header("expires").map(str::to_owned),
            storage_class: input
                .storage_class
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != "STANDARD"),
            website_redirect: input.website_redirect_location,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        },
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
fn allow(context: &Context, world: &World, bucket: &Bucket, key: &str, action: &str) -> Result<(), Fault> {
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
        e_tag: Some(dto::ETag::Strong(hex(&part.md5))),
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
    let (mut digest, mut sum) = (Md5::new(), checksum::Running::new(algorithm));
    for slice in data.slices(0..data.len()) {
        digest.update(&slice);
        sum.update(&slice);
    }
    let part = Part { data, md5: digest.finalize().into(), checksum: sum.finish(), modified: context.cloud.now() };
    let part = keep(&context, &input.bucket, &input.key, &input.upload_id, input.part_number, part)?;
    let sums = Sums::of(Some(&part.checksum));
    let result = dto::CopyPartResult {
        e_tag: Some(dto::ETag::Strong(hex(&part.md5))),
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

pub(in crate::s3) async fn complete(
    context: Arc<Context>,
    input: dto::CompleteMultipartUploadInput,
) -> Answer<dto::CompleteMultipartUploadOutput> {
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
        etag: format!("{}-{}", hex(&digest.finalize()), parts.len()),
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
        location: Some(format!(
            "https://{}.s3.{}.amazonaws.com/{}",
            input.bucket,
            found.region,
            proofmark_aws_sigv4::encode_query(&input.key)
        )),
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
        let part = upload.parts.get(&number).filter(|part| hex(&part.md5) == etag).ok_or_else(|| {
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
    // The marker is the number of the last part of the page before, as text.
    let marker = input.part_number_marker.as_ref().and_then(|marker| marker.to_string().parse().ok()).unwrap_or(0);
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
        part_number_marker: input.part_number_marker,
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
        e_tag: Some(dto::ETag::Strong(hex(&part.md5))),
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
