//! Access control lists of buckets and objects: read, written, and made for what is new.

use super::super::acl::{Written, shown};
use super::super::answer::Context;
use super::super::store::{Acl, Bucket, Grantee, Object, Ownership, Version};
use super::super::{access, error};
use super::list;
use crate::Fault;
use crate::world::{AccountId, World};
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

fn canonical_id(world: &World, account: &AccountId) -> String {
    world.account(account.as_str()).map(|account| account.canonical_id.clone()).unwrap_or_default()
}

fn off() -> Fault {
    Fault::new(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
}

/// The list of a new object. Where lists are off, only those that give nothing to others may be asked for.
pub(super) fn of_new(
    context: &Context,
    world: &World,
    bucket: &Bucket,
    written: &Written<'_>,
    owner: &AccountId,
    action: &str,
    resource: &str,
) -> Result<Acl, Fault> {
    let [owner, bucket_owner] = [owner, &bucket.owner].map(|account| canonical_id(world, account));
    let acl = written.read(world, &owner, &bucket_owner)?;
    if bucket.ownership == Ownership::BucketOwnerEnforced {
        let harmless = matches!(written.canned, Some("private" | "bucket-owner-full-control"));
        return if !written.is_any() || harmless { Ok(acl) } else { Err(off()) };
    }
    check_public(context, world, bucket, &acl, action, resource)?;
    Ok(acl)
}

/// The list of a new bucket.
pub(super) fn of_new_bucket(world: &World, bucket: &Bucket, written: &Written<'_>) -> Result<Acl, Fault> {
    let owner = canonical_id(world, &bucket.owner);
    let acl = written.read(world, &owner, &owner)?;
    check_ownership(world, bucket, &acl, bucket.ownership)?;
    if acl.is_public() && bucket.blocks(world).block_acls {
        let message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled";
        return Err(Fault::new(400, "InvalidBucketAclWithBlockPublicAccessError", message));
    }
    Ok(acl)
}

/// Where lists are off, the bucket's own must give others nothing.
pub(super) fn check_ownership(world: &World, bucket: &Bucket, acl: &Acl, ownership: Ownership) -> Result<(), Fault> {
    let own = Grantee::Account(canonical_id(world, &bucket.owner));
    let gives = acl.0.iter().any(|(grantee, _)| *grantee != own);
    if gives && ownership == Ownership::BucketOwnerEnforced {
        let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        return Err(Fault::new(400, "InvalidBucketAclWithObjectOwnership", message));
    }
    Ok(())
}

fn check_public(
    context: &Context,
    world: &World,
    bucket: &Bucket,
    acl: &Acl,
    action: &str,
    resource: &str,
) -> Result<(), Fault> {
    if !(acl.is_public() && bucket.blocks(world).block_acls) {
        return Ok(());
    }
    let principal = context.call.caller.principal.arn();
    let message = format!(
        "User: {principal} is not authorized to perform: {action} on resource: \"{resource}\" because public access control lists (ACLs) are blocked by the BlockPublicAcls block public access setting."
    );
    Err(Fault::new(403, "AccessDenied", message))
}

/// What counts: where lists are off, everything is its bucket's owner's.
fn counting(world: &World, bucket: &Bucket, owner: &AccountId, acl: &Acl) -> (dto::Owner, dto::Grants) {
    let enforced = bucket.ownership == Ownership::BucketOwnerEnforced;
    let id = canonical_id(world, if enforced { &bucket.owner } else { owner });
    let only_owner = Acl::canned("private", &id, &id).filter(|_| enforced);
    (dto::Owner { id: Some(id), display_name: None }, shown(only_owner.as_ref().unwrap_or(acl)))
}

pub(in crate::s3) async fn get_bucket(
    context: Arc<Context>,
    input: dto::GetBucketAclInput,
) -> Answer<dto::GetBucketAclOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetBucketAcl", Keys::default())?;
    let (owner, grants) = counting(&world, bucket, &bucket.owner, &bucket.acl);
    Ok(S3Response::new(dto::GetBucketAclOutput { grants: Some(grants), owner: Some(owner) }))
}

pub(in crate::s3) async fn put_bucket(
    context: Arc<Context>,
    input: dto::PutBucketAclInput,
) -> Answer<dto::PutBucketAclOutput> {
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_write,
        &input.grant_read_acp,
        &input.grant_write_acp,
    ]
    .map(Option::as_deref);
    let canned = input.acl.as_ref().map(dto::BucketCannedACL::as_str);
    let written = Written { canned, grants, policy: input.access_control_policy.as_ref() };
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:PutBucketAcl", canned_key(canned, Keys::default()))?;
    if bucket.ownership == Ownership::BucketOwnerEnforced {
        return Err(off());
    }
    if !written.is_any() {
        return Err(missing_header());
    }
    let owner = canonical_id(&world, &bucket.owner);
    let acl = written.read(&world, &owner, &owner)?;
    check_public(&context, &world, bucket, &acl, "s3:PutBucketAcl", &bucket.arn())?;
    if let Some(bucket) = world.buckets.0.get_mut(&input.bucket) {
        bucket.acl = acl;
    }
    Ok(S3Response::new(dto::PutBucketAclOutput {}))
}

fn canned_key(canned: Option<&str>, mut keys: Keys) -> Keys {
    if let Some(canned) = canned {
        keys.set("s3:x-amz-acl", canned);
    }
    keys
}

fn missing_header() -> Fault {
    let message = "Your request was missing a required header";
    Fault::new(400, "MissingSecurityHeader", message).with("MissingHeaderName", "x-amz-acl")
}

/// The object whose list is meant, if the caller may do this with it.
fn find<'w>(
    context: &Context,
    world: &'w World,
    bucket: &'w Bucket,
    key: &str,
    id: Option<&str>,
    actions: [&str; 2],
    canned: Option<&str>,
) -> Result<(&'w Version, &'w Arc<Object>), Fault> {
    let found = bucket.version(key, id);
    let object = found.and_then(Version::object);
    let mut keys = canned_key(canned, access::existing(object.map(Arc::as_ref)));
    let [current, of_version] = actions;
    let action = id.map_or(current, |id| {
        keys.set("s3:VersionId", id);
        of_version
    });
    context.allow_existing(world, bucket, key, object.map(Arc::as_ref), action, keys)?;
    found.zip(object).ok_or_else(|| list::missing(context, world, bucket, key, id))
}

pub(in crate::s3) async fn get_object(
    context: Arc<Context>,
    input: dto::GetObjectAclInput,
) -> Answer<dto::GetObjectAclOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let actions = ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"];
    let (_, object) = find(&context, &world, bucket, &input.key, input.version_id.as_deref(), actions, None)?;
    let (owner, grants) = counting(&world, bucket, &object.owner, &object.acl);
    Ok(S3Response::new(dto::GetObjectAclOutput { grants: Some(grants), owner: Some(owner), ..Default::default() }))
}

pub(in crate::s3) async fn put_object(
    context: Arc<Context>,
    input: dto::PutObjectAclInput,
) -> Answer<dto::PutObjectAclOutput> {
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_write,
        &input.grant_read_acp,
        &input.grant_write_acp,
    ]
    .map(Option::as_deref);
    let canned = input.acl.as_ref().map(dto::ObjectCannedACL::as_str);
    let written = Written { canned, grants, policy: input.access_control_policy.as_ref() };
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let (id, actions) = (input.version_id.as_deref(), ["s3:PutObjectAcl", "s3:PutObjectVersionAcl"]);
    let (_, object) = find(&context, &world, bucket, &input.key, id, actions, canned)?;
    if bucket.ownership == Ownership::BucketOwnerEnforced && canned != Some("bucket-owner-full-control") {
        return Err(off());
    }
    if !written.is_any() {
        return Err(missing_header());
    }
    let [owner, bucket_owner] = [&object.owner, &bucket.owner].map(|account| canonical_id(&world, account));
    let acl = written.read(&world, &owner, &bucket_owner)?;
    check_public(&context, &world, bucket, &acl, actions[0], &bucket.object_arn(&input.key))?;
    let bucket = world.buckets.0.get_mut(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
    bucket.edit(&input.key, id, |object| object.acl = acl);
    Ok(S3Response::new(dto::PutObjectAclOutput::default()))
}
