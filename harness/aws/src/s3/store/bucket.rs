//! Buckets.

use super::{Acl, Content, DefaultEncryption, Object, Upload, Version};
use crate::world::{AccountId, Document, World};
use jiff::Timestamp;
use s3s::dto;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) owner: AccountId,
    pub(crate) region: String,
    pub(crate) created: Timestamp,
    /// The bucket policy.
    pub(crate) policy: Option<Document>,
    /// The bucket's own configuration of Block Public Access, if there is one.
    pub(crate) public_access: Option<PublicAccess>,
    pub(crate) ownership: Ownership,
    /// Counts unless `ownership` says otherwise.
    pub(crate) acl: Acl,
    pub(crate) versioning: Versioning,
    pub(crate) encryption: DefaultEncryption,
    pub(crate) tags: BTreeMap<String, String>,
    /// Uploads in parts, by id.
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// CORS rules, as they were given.
    pub(crate) cors: Option<dto::CORSRules>,
    /// Lifecycle rules, as they were given.
    pub(crate) lifecycle: Option<dto::LifecycleRules>,
    /// Versions by key, newest first; no key without any.
    objects: BTreeMap<String, Vec<Version>>,
}

/// Block Public Access: of a new bucket everything is blocked, of an account nothing. Source: S3 User Guide, "Blocking public access to your Amazon
/// S3 storage".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PublicAccess {
    pub(crate) block_acls: bool,
    pub(crate) ignore_acls: bool,
    pub(crate) block_policy: bool,
    pub(crate) restrict_buckets: bool,
}

impl PublicAccess {
    pub(crate) const BLOCKED: Self =
        Self { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true };

    /// What blocks if either does.
    fn or(self, other: Self) -> Self {
        Self {
            block_acls: self.block_acls || other.block_acls,
            ignore_acls: self.ignore_acls || other.ignore_acls,
            block_policy: self.block_policy || other.block_policy,
            restrict_buckets: self.restrict_buckets || other.restrict_buckets,
        }
    }

    /// As an operation was given it.
    pub(crate) fn read(configuration: &dto::PublicAccessBlockConfiguration) -> Self {
        Self {
            block_acls: configuration.block_public_acls.unwrap_or(false),
            ignore_acls: configuration.ignore_public_acls.unwrap_or(false),
            block_policy: configuration.block_public_policy.unwrap_or(false),
            restrict_buckets: configuration.restrict_public_buckets.unwrap_or(false),
        }
    }

    /// As an operation tells it.
    pub(crate) fn shown(self) -> dto::PublicAccessBlockConfiguration {
        dto::PublicAccessBlockConfiguration {
            block_public_acls: Some(self.block_acls),
            block_public_policy: Some(self.block_policy),
            ignore_public_acls: Some(self.ignore_acls),
            restrict_public_buckets: Some(self.restrict_buckets),
        }
    }
}

/// Who owns objects that others write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// The bucket's owner; access control lists are off.
    BucketOwnerEnforced,
    /// The bucket's owner, if the writer says `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// Whoever writes them.
    ObjectWriter,
    /// As `ObjectWriter`, but not said: the controls were deleted.
    Unset,
}

/// Whether older versions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versioning {
    /// Never was.
    Off,
    Enabled,
    /// Was: old versions stay, new ones replace the version `null`.
    Suspended,
}

impl Bucket {
    /// An empty bucket with the defaults since April 2023: nothing public, access control lists off.
    pub(crate) fn new(name: String, owner: AccountId, region: String, created: Timestamp) -> Self {
        Self {
            name,
            owner,
            region,
            created,
            policy: None,
            public_access: Some(PublicAccess::BLOCKED),
            ownership: Ownership::BucketOwnerEnforced,
            acl: Acl::default(),
            versioning: Versioning::Off,
            encryption: DefaultEncryption::default(),
            tags: BTreeMap::new(),
            uploads: BTreeMap::new(),
            cors: None,
            lifecycle: None,
            objects: BTreeMap::new(),
        }
    }

    /// What is blocked here: by the bucket's configuration, or by that of its account.
    pub(crate) fn blocks(&self, world: &World) -> PublicAccess {
        let own = self.public_access.unwrap_or_default();
        let account = world.account(self.owner.as_str()).and_then(|account| account.public_access);
        own.or(account.unwrap_or_default())
    }

    /// `arn:aws:s3:::name`
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    /// `arn:aws:s3:::name/key`
    pub(crate) fn object_arn(&self, key: &str) -> String {
        format!("arn:aws:s3:::{}/{key}", self.name)
    }

    /// `https://name.s3.us-east-1.amazonaws.com/key`
    pub(crate) fn object_url(&self, key: &str) -> String {
        let key = proofmark_aws_sigv4::encode_query(key);
        format!("https://{}.s3.{}.amazonaws.com/{key}", self.name, self.region)
    }

    /// Whether there is nothing in it, not even a delete marker.
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Whether versions are kept, or were.
    pub(crate) fn keeps_versions(&self) -> bool {
        self.versioning != Versioning::Off
    }

    /// Versions of every key, newest first.
    pub(crate) fn versions(&self) -> &BTreeMap<String, Vec<Version>> {
        &self.objects
    }

    /// The newest version of a key, or the one with an id.
    pub(crate) fn version(&self, key: &str, id: Option<&str>) -> Option<&Version> {
        let versions = self.objects.get(key)?;
        match id {
            None => versions.first(),
            Some(id) => versions.iter().find(|version| version.shown_id() == id),
        }
    }

    /// Changes an object in place (its tags, say); whether it is there.
    pub(crate) fn edit(&mut self, key: &str, id: Option<&str>, edit: impl FnOnce(&mut Object)) -> bool {
        let Some(versions) = self.objects.get_mut(key) else { return false };
        let version = match id {
            None => versions.first_mut(),
            Some(id) => versions.iter_mut().find(|version| version.shown_id() == id),
        };
        let Some(Content::Object(object)) = version.map(|version| &mut version.content) else { return false };
        edit(Arc::make_mut(object));
        true
    }

    /// Writes an object; the id of its version, if versions are kept. `fresh_id` makes one.
    pub(crate) fn put(
        &mut self,
        key: &str,
        object: Object,
        now: Timestamp,
        fresh_id: impl FnOnce() -> String,
    ) -> Option<String> {
        self.push(key, Content::Object(Arc::new(object)), now, fresh_id)
    }

    /// Deletes a key: for good where versioning is off, else by a marker, whose id is given back.
    pub(crate) fn delete(&mut self, key: &str, now: Timestamp, fresh_id: impl FnOnce() -> String) -> Option<String> {
        match self.versioning {
            Versioning::Off => {
                self.objects.remove(key);
                None
            }
            Versioning::Enabled | Versioning::Suspended => {
                Some(self.push(key, Content::Deleted, now, fresh_id).unwrap_or_else(|| "null".to_owned()))
            }
        }
    }

    /// Deletes one version for good; what it was, if it was there.
    pub(crate) fn delete_version(&mut self, key: &str, id: &str) -> Option<Version> {
        let versions = self.objects.get_mut(key)?;
        let at = versions.iter().position(|version| version.shown_id() == id)?;
        let gone = versions.remove(at);
        if versions.is_empty() {
            self.objects.remove(key);
        }
        Some(gone)
    }

    fn push(
        &mut self,
        key: &str,
        content: Content,
        modified: Timestamp,
        fresh_id: impl FnOnce() -> String,
    ) -> Option<String> {
        let id = (self.versioning == Versioning::Enabled).then(fresh_id);
        let versions = self.objects.entry(key.to_owned()).or_default();
        if id.is_none() {
            versions.retain(|version| version.id.is_some());
        }
        versions.insert(0, Version { id: id.clone(), modified, content });
        id
    }
}
