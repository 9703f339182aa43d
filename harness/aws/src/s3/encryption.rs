//! How objects are encrypted, and whether a caller may use the key.
//!
//! Nothing is enciphered: what counts is who may read, and that a key decides as much as a policy does.
//! Source: S3 User Guide, "Protecting data with server-side encryption", "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys".

use super::answer::Context;
use super::error;
use super::store::{Bucket, Encryption};
use crate::world::{AccountId, World};
use crate::{Fault, kms};
use s3s::dto;

/// What the headers of a write ask for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// `AES256`, `aws:kms`
    pub(super) algorithm: Option<&'a str>,
    /// An id, an alias or an ARN.
    pub(super) key: Option<&'a str>,
    pub(super) bucket_key: Option<bool>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        algorithm: Option<&'a dto::ServerSideEncryption>,
        key: Option<&'a String>,
        bucket_key: Option<bool>,
    ) -> Self {
        Self { algorithm: algorithm.map(dto::ServerSideEncryption::as_str), key: key.map(String::as_str), bucket_key }
    }

    /// What is asked for, or else what the bucket says: the key, unless it is the default one, and whether buckets have keys of their own. None
    /// for S3's own keys.
    fn or_default(self, bucket: &'a Bucket) -> Result<Option<(Option<&'a str>, bool)>, Fault> {
        let name = "x-amz-server-side-encryption";
        let default = &bucket.encryption;
        let bucket_key = self.bucket_key.unwrap_or(default.bucket_key);
        match (self.algorithm, self.key) {
            (Some("AES256") | None, Some(_)) => {
                let message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms";
                Err(error::invalid_argument(message, name, self.algorithm.unwrap_or("null")))
            }
            (Some("AES256"), None) => Ok(None),
            (Some("aws:kms"), key) => Ok(Some((key, bucket_key))),
            (None, None) => Ok(default.kms.then_some((default.key.as_deref(), bucket_key))),
            (Some("aws:kms:dsse"), _) => Err(error::not_implemented(name)),
            (Some(other), _) => {
                Err(error::invalid_argument("The encryption method specified is not supported", name, other))
            }
        }
    }
}

impl Context {
    /// Makes the key `aws/s3` of the caller's account, where a write needs it for the first time.
    pub(super) fn make_default_key(&self, bucket: &str, asked: Asked<'_>) {
        let region = {
            let world = self.cloud.world().read();
            let Some(bucket) = world.buckets.0.get(bucket) else { return };
            if !matches!(asked.or_default(bucket), Ok(Some((None, _)))) {
                return;
            }
            bucket.region.clone()
        };
        if let Some(account) = self.call.caller.principal.account().and_then(AccountId::parse) {
            kms::aws_managed(&self.cloud, &mut self.cloud.world().write(), &account, &region);
        }
    }

    /// How a new object will be encrypted, if the caller may use the key.
    pub(super) fn encrypt(
        &self,
        world: &World,
        bucket: &Bucket,
        key: &str,
        asked: Asked<'_>,
    ) -> Result<Encryption, Fault> {
        let Some((named, bucket_key)) = asked.or_default(bucket)? else { return Ok(Encryption::S3) };
        let named = named.unwrap_or("alias/aws/s3");
        let encryption = Encryption::Kms { key: kms::resolve(world, &self.call, &bucket.region, named)?, bucket_key };
        self.use_key(world, bucket, key, &encryption, "kms:GenerateDataKey")?;
        Ok(encryption)
    }

    /// Whether the caller may use the key of what is there.
    pub(super) fn decrypt(
        &self,
        world: &World,
        bucket: &Bucket,
        key: &str,
        encryption: &Encryption,
    ) -> Result<(), Fault> {
        self.use_key(world, bucket, key, encryption, "kms:Decrypt")
    }

    fn use_key(
        &self,
        world: &World,
        bucket: &Bucket,
        key: &str,
        encryption: &Encryption,
        action: &str,
    ) -> Result<(), Fault> {
        let Encryption::Kms { key: arn, bucket_key } = encryption else { return Ok(()) };
        if !self.call.secure {
            let message = "Requests specifying Server Side Encryption with AWS KMS managed keys must be made over a secure connection.";
            return Err(Fault::new(400, "InvalidArgument", message));
        }
        let about = if *bucket_key { bucket.arn() } else { bucket.object_arn(key) };
        kms::authorize_use(&self.cloud, world, &self.call, arn, action, &kms::encryption_context(&about))
    }
}

/// An encryption in the members of answers.
pub(super) struct Shown {
    pub(super) algorithm: Option<dto::ServerSideEncryption>,
    pub(super) key: Option<String>,
    pub(super) bucket_key: Option<bool>,
}

impl Shown {
    pub(super) fn of(encryption: &Encryption) -> Self {
        let (name, key, bucket_key) = match encryption {
            Encryption::S3 => (dto::ServerSideEncryption::AES256, None, None),
            Encryption::Kms { key, bucket_key } => {
                (dto::ServerSideEncryption::AWS_KMS, Some(key.clone()), bucket_key.then_some(true))
            }
        };
        Self { algorithm: Some(dto::ServerSideEncryption::from_static(name)), key, bucket_key }
    }
}
