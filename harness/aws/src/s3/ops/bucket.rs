//! Buckets: made, found, listed, removed.

use super::super::acl::Written;
use super::super::answer::Context;
use super::super::error;
use super::super::store::Bucket;
use super::{lists, stamp};
use crate::Fault;
use crate::world::AccountId;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

pub(in crate::s3) async fn create(
    context: Arc<Context>,
    input: dto::CreateBucketInput,
) -> Answer<dto::CreateBucketOutput> {
    let mut world = context.cloud.world().write();
    let name = input.bucket;
    let asked = input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
    let place = asked.as_ref().map(dto::BucketLocationConstraint::as_str);
    let mut keys = Keys::default();
    for (name, value) in [
        ("s3:LocationConstraint", place),
        ("s3:x-amz-acl", input.acl.as_ref().map(dto::BucketCannedACL::as_str)),
        ("s3:x-amz-object-ownership", input.object_ownership.as_ref().map(dto::ObjectOwnership::as_str)),
    ] {
        if let Some(value) = value {
            keys.set(name, value);
        }
    }
    context.allow_account(&world, "s3:CreateBucket", &format!("arn:aws:s3:::{name}"), keys)?;
    let owner = context.call.caller.principal.account().and_then(AccountId::parse).ok_or_else(error::access_denied)?;
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_write,
        &input.grant_read_acp,
        &input.grant_write_acp,
    ]
    .map(Option::as_deref);
    let acl = Written { canned: input.acl.as_ref().map(dto::BucketCannedACL::as_str), grants, policy: None };
    let region = region(&context, place)?;
    if let Some(there) = world.buckets.0.get(&name) {
        // In its oldest region, making one's own bucket once more changes nothing.
        return match (there.owner == owner, there.region.as_str()) {
            (true, "us-east-1") if region == "us-east-1" => Ok(located(&name)),
            (true, _) => {
                let message = "Your previous request to create the named bucket succeeded and you already own it.";
                Err(Fault::new(409, "BucketAlreadyOwnedByYou", message).with("BucketName", &name))
            }
            (false, _) => {
                let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
                Err(Fault::new(409, "BucketAlreadyExists", message).with("BucketName", &name))
            }
        };
    }
    let mut bucket = Bucket::new(name.clone(), owner, region, context.cloud.now());
    if let Some(ownership) = &input.object_ownership {
        bucket.ownership = super::configuration::ownership(ownership.as_str())?;
    }
    bucket.acl = lists::of_new_bucket(&world, &bucket, &acl)?;
    world.buckets.0.insert(name.clone(), bucket);
    Ok(located(&name))
}

fn located(name: &str) -> S3Response<dto::CreateBucketOutput> {
    S3Response::new(dto::CreateBucketOutput { location: Some(format!("/{name}")) })
}

/// Where the bucket shall be: what is asked for, which must be where the request is sent unless that is us-east-1.
fn region(context: &Context, asked: Option<&str>) -> Result<String, Fault> {
    let here = context.endpoint_region.as_deref().unwrap_or(&context.call.region);
    let incompatible = |constraint: &str| {
        let message = format!(
            "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        Fault::new(400, "IllegalLocationConstraintException", message)
    };
    match asked {
        None if here == "us-east-1" => Ok(here.to_owned()),
        None => Err(incompatible("unspecified")),
        Some(asked) if asked == "us-east-1" || !(asked == "EU" || is_region(asked)) => {
            let message = "The specified location-constraint is not valid";
            Err(Fault::new(400, "InvalidLocationConstraint", message).with("LocationConstraint", asked))
        }
        Some("EU") => Ok("eu-west-1".to_owned()),
        Some(asked) if here == "us-east-1" || asked == here => Ok(asked.to_owned()),
        Some(asked) => Err(incompatible(asked)),
    }
}

/// Whether it looks like the name of a region, such as `eu-central-1` or `us-gov-west-1`: there are new ones every year.
fn is_region(name: &str) -> bool {
    const AREAS: [&str; 10] = ["af", "ap", "ca", "cn", "eu", "il", "me", "mx", "sa", "us"];
    const SIDES: [&str; 9] =
        ["north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"];
    let labels: Vec<&str> = name.split('-').filter(|label| *label != "gov").collect();
    let [area, side, number] = labels.as_slice() else { return false };
    AREAS.contains(area) && SIDES.contains(side) && number.len() == 1 && number.parse::<u8>().is_ok()
}

pub(in crate::s3) async fn delete(
    context: Arc<Context>,
    input: dto::DeleteBucketInput,
) -> Answer<dto::DeleteBucketOutput> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:DeleteBucket", Keys::default())?;
    if !bucket.is_empty() {
        let message = if bucket.versions().values().all(|versions| versions.iter().all(|version| version.id.is_none()))
        {
            "The bucket you tried to delete is not empty"
        } else {
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        };
        return Err(Fault::new(409, "BucketNotEmpty", message).with("BucketName", &input.bucket));
    }
    world.buckets.0.remove(&input.bucket);
    Ok(S3Response::new(dto::DeleteBucketOutput {}))
}

pub(in crate::s3) async fn head(context: Arc<Context>, input: dto::HeadBucketInput) -> Answer<dto::HeadBucketOutput> {
    let world = context.cloud.world().read();
    let region = world.buckets.0.get(&input.bucket).map(|bucket| bucket.region.clone());
    let tell = |fault: Fault| match &region {
        Some(region) if fault.headers.is_empty() => fault.with_header("x-amz-bucket-region", region),
        _ => fault,
    };
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref()).map_err(tell)?;
    context.allow(&world, bucket, "s3:ListBucket", Keys::default()).map_err(tell)?;
    let output = dto::HeadBucketOutput {
        bucket_region: Some(bucket.region.clone()),
        access_point_alias: Some(false),
        ..Default::default()
    };
    Ok(S3Response::new(output))
}

pub(in crate::s3) async fn list(context: Arc<Context>, input: dto::ListBucketsInput) -> Answer<dto::ListBucketsOutput> {
    let world = context.cloud.world().read();
    context.allow_account(&world, "s3:ListAllMyBuckets", "*", Keys::default())?;
    let account = context.call.caller.principal.account().unwrap_or_default();
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.continuation_token.clone().unwrap_or_default();
    let region = input.bucket_region.as_deref();
    let max = input.max_buckets.and_then(|max| usize::try_from(max).ok()).unwrap_or(10_000);
    let mut own = world.buckets.0.values().filter(|bucket| {
        bucket.owner.as_str() == account
            && bucket.name.starts_with(&prefix)
            && bucket.name > after
            && region.is_none_or(|region| bucket.region == region)
    });
    let shown: Vec<dto::Bucket> = own
        .by_ref()
        .take(max)
        .map(|bucket| dto::Bucket {
            bucket_region: Some(bucket.region.clone()),
            creation_date: Some(stamp(bucket.created)),
            name: Some(bucket.name.clone()),
        })
        .collect();
    let more = own.next().is_some();
    let canonical_id = world.account(account).map(|account| account.canonical_id.clone());
    Ok(S3Response::new(dto::ListBucketsOutput {
        continuation_token: shown.last().and_then(|last| last.name.clone()).filter(|_| more),
        buckets: Some(shown),
        owner: Some(dto::Owner { id: canonical_id, display_name: None }),
        prefix: input.prefix,
    }))
}

pub(in crate::s3) async fn location(
    context: Arc<Context>,
    input: dto::GetBucketLocationInput,
) -> Answer<dto::GetBucketLocationOutput> {
    let world = context.cloud.world().read();
    // It is the question where a bucket is, so it is answered from everywhere.
    let bucket = world.buckets.0.get(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
    context.allow(&world, bucket, "s3:GetBucketLocation", Keys::default())?;
    let constraint = (bucket.region != "us-east-1").then(|| bucket.region.clone().into());
    Ok(S3Response::new(dto::GetBucketLocationOutput { location_constraint: constraint }))
}
