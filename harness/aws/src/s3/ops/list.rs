//! Lists of keys and of versions.

use super::super::answer::Context;
use super::super::listing::{self, Wanted};
use super::super::store::{Bucket, Version};
use super::super::{access, error};
use super::stamp;
use crate::Fault;
use crate::world::World;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proofmark_aws_policy::Context as Keys;
use proofmark_aws_sigv4::encode_path;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// As many keys as a page has at most.
const MOST: i32 = 1000;

/// What the lists share.
struct Asked<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    max: i32,
    url: bool,
}

impl<'a> Asked<'a> {
    fn read(
        prefix: &'a Option<String>,
        delimiter: &'a Option<String>,
        max: Option<i32>,
        encoding: Option<&dto::EncodingType>,
    ) -> Result<Self, Fault> {
        if let Some(max) = max.filter(|max| *max < 0) {
            let message = "Argument maxKeys must be an integer between 0 and 2147483647";
            return Err(error::invalid_argument(message, "maxKeys", &max.to_string()));
        }
        let url = match encoding.map(dto::EncodingType::as_str) {
            None => false,
            Some("url") => true,
            Some(other) => {
                return Err(error::invalid_argument(
                    "Invalid Encoding Method specified in Request",
                    "encoding-type",
                    other,
                ));
            }
        };
        let prefix = prefix.as_deref().unwrap_or_default();
        Ok(Self { prefix, delimiter: delimiter.as_deref().unwrap_or_default(), max: max.unwrap_or(MOST), url })
    }

    fn wanted(&self, after: &'a str) -> Wanted<'a> {
        let max = usize::try_from(self.max.min(MOST)).unwrap_or(0);
        Wanted { prefix: self.prefix, delimiter: self.delimiter, after, max }
    }

    /// Asks for an action with the keys that a list has.
    fn allow(&self, context: &Context, world: &World, bucket: &Bucket, action: &str) -> Result<(), Fault> {
        let mut keys = Keys::default();
        // Only what was sent is a key: a policy that asks for a prefix is not met by a list without one.
        let query = |name: &str| context.queried(name);
        if query("prefix") {
            keys.set("s3:prefix", self.prefix);
        }
        if query("delimiter") {
            keys.set("s3:delimiter", self.delimiter);
        }
        if query("max-keys") {
            keys.set("s3:max-keys", self.max.to_string());
        }
        context.allow(world, bucket, action, keys)
    }

    /// As the answer spells a text.
    fn spell(&self, text: &str) -> String {
        if self.url { encode_path(text) } else { text.to_owned() }
    }

    fn encoding(&self) -> Option<dto::EncodingType> {
        self.url.then(|| dto::EncodingType::from_static(dto::EncodingType::URL))
    }

    fn prefixes(&self, prefixes: &[String]) -> Option<dto::CommonPrefixList> {
        (!prefixes.is_empty())
            .then(|| prefixes.iter().map(|prefix| dto::CommonPrefix { prefix: Some(self.spell(prefix)) }).collect())
    }

    fn shown_delimiter(&self) -> Option<String> {
        (!self.delimiter.is_empty()).then(|| self.spell(self.delimiter))
    }
}

pub(in crate::s3) async fn v1(context: Arc<Context>, input: dto::ListObjectsInput) -> Answer<dto::ListObjectsOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let asked = Asked::read(&input.prefix, &input.delimiter, input.max_keys, input.encoding_type.as_ref())?;
    asked.allow(&context, &world, bucket, "s3:ListBucket")?;
    let marker = input.marker.as_deref().unwrap_or_default();
    let page = listing::list(bucket.versions(), asked.wanted(marker), |versions| is_there(versions));
    let owner = owner(&world, bucket);
    Ok(S3Response::new(dto::ListObjectsOutput {
        name: Some(input.bucket.clone()),
        prefix: Some(asked.spell(asked.prefix)),
        marker: Some(asked.spell(marker)),
        max_keys: Some(asked.max),
        is_truncated: Some(page.next.is_some()),
        contents: contents(&asked, &page.keys, Some(&owner)),
        common_prefixes: asked.prefixes(&page.prefixes),
        delimiter: asked.shown_delimiter(),
        // Without a delimiter, clients take the last key.
        next_marker: page.next.as_ref().filter(|_| !asked.delimiter.is_empty()).map(|next| asked.spell(next)),
        encoding_type: asked.encoding(),
        ..Default::default()
    }))
}

pub(in crate::s3) async fn v2(
    context: Arc<Context>,
    input: dto::ListObjectsV2Input,
) -> Answer<dto::ListObjectsV2Output> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let asked = Asked::read(&input.prefix, &input.delimiter, input.max_keys, input.encoding_type.as_ref())?;
    asked.allow(&context, &world, bucket, "s3:ListBucket")?;
    let after = match &input.continuation_token {
        None => input.start_after.clone().unwrap_or_default(),
        Some(token) => read_token(token)?,
    };
    let page = listing::list(bucket.versions(), asked.wanted(&after), |versions| is_there(versions));
    let owner = input.fetch_owner.unwrap_or(false).then(|| owner(&world, bucket));
    Ok(S3Response::new(dto::ListObjectsV2Output {
        name: Some(input.bucket.clone()),
        prefix: Some(asked.spell(asked.prefix)),
        max_keys: Some(asked.max),
        key_count: i32::try_from(page.keys.len() + page.prefixes.len()).ok(),
        continuation_token: input.continuation_token.clone(),
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.as_ref().map(|next| BASE64_STANDARD.encode(next)),
        contents: contents(&asked, &page.keys, owner.as_ref()),
        common_prefixes: asked.prefixes(&page.prefixes),
        delimiter: asked.shown_delimiter(),
        encoding_type: asked.encoding(),
        start_after: input.start_after.as_deref().map(|after| asked.spell(after)),
        ..Default::default()
    }))
}

fn read_token(token: &str) -> Result<String, Fault> {
    let text = BASE64_STANDARD
        .decode(token)
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| {
        Fault::new(400, "InvalidArgument", "The continuation token provided is incorrect")
            .with("ArgumentName", "continuation-token")
    })
}

fn is_there(versions: &[Version]) -> bool {
    versions.first().is_some_and(|newest| newest.object().is_some())
}

fn owner(world: &World, bucket: &Bucket) -> dto::Owner {
    dto::Owner {
        id: world.account(bucket.owner.as_str()).map(|account| account.canonical_id.clone()),
        display_name: None,
    }
}

fn contents(asked: &Asked<'_>, keys: &[(&str, &Vec<Version>)], owner: Option<&dto::Owner>) -> Option<dto::ObjectList> {
    let shown = keys.iter().filter_map(|(key, versions)| {
        let newest = versions.first()?;
        let object = newest.object()?;
        Some(dto::Object {
            key: Some(asked.spell(key)),
            e_tag: Some(dto::ETag::Strong(object.etag.clone())),
            last_modified: Some(stamp(newest.modified)),
            owner: owner.cloned(),
            size: i64::try_from(object.data.len()).ok(),
            storage_class: Some(object.headers.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()).into()),
            checksum_algorithm: object.checksum.as_ref().map(|sum| vec![sum.algorithm.clone().into()]),
            checksum_type: object.checksum.as_ref().map(super::object::checksum_type),
            ..Default::default()
        })
    });
    (!keys.is_empty()).then(|| shown.collect())
}

pub(in crate::s3) async fn versions(
    context: Arc<Context>,
    input: dto::ListObjectVersionsInput,
) -> Answer<dto::ListObjectVersionsOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let asked = Asked::read(&input.prefix, &input.delimiter, input.max_keys, input.encoding_type.as_ref())?;
    asked.allow(&context, &world, bucket, "s3:ListBucketVersions")?;
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    let version_marker = input.version_id_marker.as_deref();
    if version_marker.is_some() && key_marker.is_empty() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(error::invalid_argument(message, "version-id-marker", version_marker.unwrap_or_default()));
    }
    let flat = Flat::of(bucket, &asked, key_marker, version_marker);
    let owner = owner(&world, bucket);
    let storage_class = |class: Option<&String>| class.cloned().unwrap_or_else(|| "STANDARD".to_owned()).into();
    let (mut shown, mut markers) = (vec![], vec![]);
    for (key, version, is_latest) in flat.entries {
        let (key, id, modified) =
            (Some(asked.spell(key)), Some(version.shown_id().to_owned()), Some(stamp(version.modified)));
        match version.object() {
            Some(object) => shown.push(dto::ObjectVersion {
                key,
                version_id: id,
                last_modified: modified,
                is_latest: Some(is_latest),
                e_tag: Some(dto::ETag::Strong(object.etag.clone())),
                owner: Some(owner.clone()),
                size: i64::try_from(object.data.len()).ok(),
                storage_class: Some(storage_class(object.headers.storage_class.as_ref())),
                checksum_algorithm: object.checksum.as_ref().map(|sum| vec![sum.algorithm.clone().into()]),
                checksum_type: object.checksum.as_ref().map(super::object::checksum_type),
                ..Default::default()
            }),
            None => markers.push(dto::DeleteMarkerEntry {
                key,
                version_id: id,
                last_modified: modified,
                is_latest: Some(is_latest),
                owner: Some(owner.clone()),
            }),
        }
    }
    Ok(S3Response::new(dto::ListObjectVersionsOutput {
        name: Some(input.bucket.clone()),
        prefix: Some(asked.spell(asked.prefix)),
        key_marker: Some(asked.spell(key_marker)),
        version_id_marker: Some(version_marker.unwrap_or_default().to_owned()),
        max_keys: Some(asked.max),
        is_truncated: Some(flat.next.is_some()),
        next_key_marker: flat.next.as_ref().map(|(key, _)| asked.spell(key)),
        next_version_id_marker: flat.next.and_then(|(_, id)| id),
        versions: Some(shown),
        delete_markers: Some(markers),
        common_prefixes: asked.prefixes(&flat.prefixes),
        delimiter: asked.shown_delimiter(),
        encoding_type: asked.encoding(),
        ..Default::default()
    }))
}

/// Versions of all keys in one row.
struct Flat<'a> {
    entries: Vec<(&'a str, &'a Version, bool)>,
    prefixes: Vec<String>,
    next: Option<(String, Option<String>)>,
}

impl<'a> Flat<'a> {
    fn of(bucket: &'a Bucket, asked: &Asked<'_>, key_marker: &str, version_marker: Option<&str>) -> Self {
        let wanted = asked.wanted(key_marker);
        let mut flat = Self { entries: vec![], prefixes: vec![], next: None };
        // The rest of the key at which the last page ended within.
        if let (Some(id), Some((key, versions))) = (version_marker, bucket.versions().get_key_value(key_marker)) {
            let at = versions.iter().position(|version| version.shown_id() == id).map_or(versions.len(), |at| at + 1);
            flat.entries.extend(
                versions.iter().enumerate().skip(at).map(|(index, version)| (key.as_str(), version, index == 0)),
            );
        }
        let page = listing::list(bucket.versions(), wanted, |_| true);
        flat.prefixes = page.prefixes;
        for (key, versions) in page.keys {
            flat.entries.extend(versions.iter().enumerate().map(|(index, version)| (key, version, index == 0)));
        }
        flat.next = page.next.map(|next| (next, None));
        let room = wanted.max.saturating_sub(flat.prefixes.len());
        if flat.entries.len() > room {
            flat.entries.truncate(room);
            flat.next =
                flat.entries.last().map(|(key, version, _)| ((*key).to_owned(), Some(version.shown_id().to_owned())));
            // Prefixes behind the cut belong to the next page.
            if let Some((key, _)) = &flat.next {
                flat.prefixes.retain(|prefix| prefix < key);
            }
        }
        flat
    }
}

/// What `GET` and `HEAD` answer for a key that is not there: who may not list is not told so.
pub(super) fn missing(context: &Context, world: &World, bucket: &Bucket, key: &str, version: Option<&str>) -> Fault {
    let action = if version.is_some() { "s3:ListBucketVersions" } else { "s3:ListBucket" };
    match context.allow(world, bucket, action, access::existing(None)) {
        Err(fault) => fault,
        Ok(()) => match version {
            None => error::no_such_key(key),
            Some(id) if is_version_id(id) => error::no_such_version(key, id),
            Some(id) => error::invalid_argument("Invalid version id specified", "versionId", id),
        },
    }
}

/// Whether a text could be a version's id.
pub(super) fn is_version_id(text: &str) -> bool {
    text == "null" || (text.len() == 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)))
}
