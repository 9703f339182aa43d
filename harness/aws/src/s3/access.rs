//! May they? Finds what a request is about, and asks for the actions that it needs.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".

use super::acl::Side;
use super::answer::Context;
use super::error;
use super::store::{Bucket, Object};
use crate::Fault;
use crate::authorize::Ask;
use crate::gate::{Signed, version2};
use crate::world::World;
use proofmark_aws_policy::{Attached, Context as Keys, ResourceRule};

impl Context {
    /// The bucket, if it is there, is where the request was sent, and is whose it is expected to be.
    pub(super) fn bucket<'w>(
        &self,
        world: &'w World,
        name: &str,
        expected_owner: Option<&str>,
    ) -> Result<&'w Bucket, Fault> {
        let bucket = world.buckets.0.get(name).ok_or_else(|| error::no_such_bucket(name))?;
        self.check_region(bucket)?;
        if let Some(expected) = expected_owner {
            if crate::world::AccountId::parse(expected).is_none() {
                let message = "The value of the expected bucket owner parameter must be an AWS Account ID";
                return Err(Fault::new(400, "InvalidBucketOwnerAWSAccountID", format!("{message}... [{expected}]")));
            }
            if expected != bucket.owner.as_str() {
                return Err(error::access_denied());
            }
        }
        Ok(bucket)
    }

    /// Endpoints of other regions redirect; signatures for other regions are refused. Source: S3 API Reference, "Error responses".
    fn check_region(&self, bucket: &Bucket) -> Result<(), Fault> {
        let region = bucket.region.as_str();
        if let Some(endpoint) = &self.endpoint_region
            && endpoint != region
        {
            let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
            let right = format!("{}.s3.{region}.amazonaws.com", bucket.name);
            return Err(Fault::new(301, "PermanentRedirect", message)
                .with("Endpoint", right)
                .with("Bucket", &bucket.name)
                .with_header("x-amz-bucket-region", region));
        }
        if matches!(self.call.caller.signed, Signed::Version2 | Signed::Form { scope: None })
            && !version2::is_spoken_in(region)
        {
            let message =
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
            return Err(Fault::new(400, "InvalidRequest", message).with_header("x-amz-bucket-region", region));
        }
        match self.call.caller.signed.region() {
            Some(signed) if signed != region => {
                let message = format!(
                    "The authorization header is malformed; the region '{signed}' is wrong; expecting '{region}'"
                );
                Err(Fault::new(400, "AuthorizationHeaderMalformed", message)
                    .with("Region", region)
                    .with_header("x-amz-bucket-region", region))
            }
            _ => Ok(()),
        }
    }

    /// Asks for an action on the bucket.
    pub(super) fn allow(&self, world: &World, bucket: &Bucket, action: &str, keys: Keys) -> Result<(), Fault> {
        self.ask(world, bucket, None, action, &bucket.arn(), keys)
    }

    /// Asks for an action on an object that the bucket alone decides: to write it, to delete it.
    pub(super) fn allow_object(
        &self,
        world: &World,
        bucket: &Bucket,
        key: &str,
        action: &str,
        keys: Keys,
    ) -> Result<(), Fault> {
        self.ask(world, bucket, None, action, &bucket.object_arn(key), keys)
    }

    /// Asks for an action on what is there, in which its owner has a say.
    pub(super) fn allow_existing(
        &self,
        world: &World,
        bucket: &Bucket,
        key: &str,
        object: Option<&Object>,
        action: &str,
        keys: Keys,
    ) -> Result<(), Fault> {
        self.ask(world, bucket, object, action, &bucket.object_arn(key), keys)
    }

    fn ask(
        &self,
        world: &World,
        bucket: &Bucket,
        object: Option<&Object>,
        action: &str,
        resource: &str,
        keys: Keys,
    ) -> Result<(), Fault> {
        // What Block Public Access restricts, a public policy does not give to other accounts.
        let restricted = bucket.blocks(world).restrict_buckets
            && self.call.caller.principal.account() != Some(bucket.owner.as_str())
            && bucket.policy.as_ref().is_some_and(|policy| policy.policy.is_public());
        let name = format!("bucket policy of {}", bucket.name);
        let side = Side::of(world, bucket, object, resource, restricted);
        let policy = bucket.policy.as_ref().filter(|_| !restricted).map(|document| &*document.policy);
        let policy = side.as_ref().map_or(policy, |side| Some(&side.policy));
        let resource_policy = policy.map(|policy| Attached { name: &name, policy });
        let ask = Ask {
            action,
            resource,
            owner: side.as_ref().map_or(bucket.owner.as_str(), |side| &side.owner),
            resource_policy,
            resource_rule: ResourceRule::MayGrant,
            keys: self.keys(bucket, keys),
        };
        self.cloud.authorize(world, &self.call, &ask).map_err(|refusal| refusal.for_s3())
    }

    /// An action that is about no bucket of the world: `s3:ListAllMyBuckets`, `s3:CreateBucket`.
    pub(super) fn allow_account(&self, world: &World, action: &str, resource: &str, keys: Keys) -> Result<(), Fault> {
        let Some(account) = self.call.caller.principal.account() else { return Err(error::access_denied()) };
        let ask = Ask { action, resource, owner: account, keys: self.common(keys), ..Ask::default() };
        self.cloud.authorize(world, &self.call, &ask).map_err(|refusal| refusal.for_s3())
    }

    fn keys(&self, bucket: &Bucket, keys: Keys) -> Keys {
        self.common(keys).with("s3:ResourceAccount", bucket.owner.as_str())
    }

    /// The keys that every action has.
    fn common(&self, mut keys: Keys) -> Keys {
        let signed = &self.call.caller.signed;
        if let Some(kind) = signed.auth_type() {
            keys.set("s3:authType", kind);
        }
        if let Some(version) = signed.version() {
            keys.set("s3:signatureversion", version);
        }
        if let Signed::Query { age, .. } = signed {
            keys.set("s3:signatureAge", age.to_string());
        }
        if self.call.secure {
            keys.set("s3:TlsVersion", "1.3");
        }
        if let Some(digest) = self.header("x-amz-content-sha256") {
            keys.set("s3:x-amz-content-sha256", digest);
        }
        keys
    }
}

/// The keys of an object that is there: its tags.
pub(super) fn existing(object: Option<&Object>) -> Keys {
    let mut keys = Keys::default();
    for (key, value) in object.into_iter().flat_map(|object| &object.tags) {
        keys.set(&format!("s3:ExistingObjectTag/{key}"), value);
    }
    keys
}
