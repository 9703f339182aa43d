//! CORS and lifecycle rules of a bucket: checked, kept and given back. Nothing acts on them: time expires no object, and answers carry no CORS headers.

use super::super::answer::Context;
use super::super::error;
use super::super::store::Bucket;
use crate::Fault;
use crate::world::World;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::collections::BTreeSet;
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// Changes the rules of a bucket, if the caller may.
fn set(
    context: &Context,
    name: &str,
    expected_owner: Option<&str>,
    action: &str,
    edit: impl FnOnce(&mut Bucket) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut world = context.cloud.world().write();
    find(context, &world, name, expected_owner, action)?;
    world.buckets.0.get_mut(name).map_or(Ok(()), edit)
}

fn find<'w>(
    context: &Context,
    world: &'w World,
    name: &str,
    expected_owner: Option<&str>,
    action: &str,
) -> Result<&'w Bucket, Fault> {
    let bucket = context.bucket(world, name, expected_owner)?;
    context.allow(world, bucket, action, Keys::default())?;
    Ok(bucket)
}

pub(in crate::s3) async fn get_cors(
    context: Arc<Context>,
    input: dto::GetBucketCorsInput,
) -> Answer<dto::GetBucketCorsOutput> {
    let world = context.cloud.world().read();
    let bucket = find(&context, &world, &input.bucket, input.expected_bucket_owner.as_deref(), "s3:GetBucketCORS")?;
    let rules = bucket.cors.clone().ok_or_else(|| {
        Fault::new(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
            .with("BucketName", &input.bucket)
    })?;
    Ok(S3Response::new(dto::GetBucketCorsOutput { cors_rules: Some(rules) }))
}

pub(in crate::s3) async fn put_cors(
    context: Arc<Context>,
    input: dto::PutBucketCorsInput,
) -> Answer<dto::PutBucketCorsOutput> {
    let rules = input.cors_configuration.cors_rules;
    set(&context, &input.bucket, input.expected_bucket_owner.as_deref(), "s3:PutBucketCORS", |bucket| {
        check_cors(&rules)?;
        bucket.cors = Some(rules);
        Ok(())
    })?;
    Ok(S3Response::new(dto::PutBucketCorsOutput {}))
}

pub(in crate::s3) async fn delete_cors(
    context: Arc<Context>,
    input: dto::DeleteBucketCorsInput,
) -> Answer<dto::DeleteBucketCorsOutput> {
    set(&context, &input.bucket, input.expected_bucket_owner.as_deref(), "s3:PutBucketCORS", |bucket| {
        bucket.cors = None;
        Ok(())
    })?;
    Ok(S3Response::with_status(dto::DeleteBucketCorsOutput {}, http::StatusCode::NO_CONTENT))
}

/// Source: S3 User Guide, "Elements of a CORS configuration".
fn check_cors(rules: &[dto::CORSRule]) -> Result<(), Fault> {
    let invalid = |message: String| Fault::new(400, "InvalidRequest", message);
    if rules.is_empty() || rules.len() > 100 {
        return Err(error::malformed_xml());
    }
    for rule in rules {
        if rule.allowed_methods.is_empty() || rule.allowed_origins.is_empty() {
            return Err(error::malformed_xml());
        }
        if let Some(method) =
            rule.allowed_methods.iter().find(|m| !["GET", "PUT", "POST", "DELETE", "HEAD"].contains(&m.as_str()))
        {
            let message =
                format!("Found unsupported HTTP method in CORS config. Unsupported method is {}", method.as_str());
            return Err(invalid(message));
        }
        let one_wildcard = |text: &&String| text.matches('*').count() > 1;
        if let Some(origin) = rule.allowed_origins.iter().find(one_wildcard) {
            return Err(invalid(format!("AllowedOrigin \"{origin}\" can not have more than one wildcard.")));
        }
        if let Some(header) = rule.allowed_headers.iter().flatten().find(one_wildcard) {
            return Err(invalid(format!("AllowedHeader \"{header}\" can not have more than one wildcard.")));
        }
        if let Some(header) = rule.expose_headers.iter().flatten().find(|header| header.contains('*')) {
            let message = "We currently do not support wildcard for ExposeHeader.";
            return Err(invalid(format!("ExposeHeader \"{header}\" contains wildcard. {message}")));
        }
    }
    Ok(())
}

pub(in crate::s3) async fn get_lifecycle(
    context: Arc<Context>,
    input: dto::GetBucketLifecycleConfigurationInput,
) -> Answer<dto::GetBucketLifecycleConfigurationOutput> {
    let world = context.cloud.world().read();
    let owner = input.expected_bucket_owner.as_deref();
    let bucket = find(&context, &world, &input.bucket, owner, "s3:GetLifecycleConfiguration")?;
    let rules = bucket.lifecycle.clone().ok_or_else(|| {
        Fault::new(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
            .with("BucketName", &input.bucket)
    })?;
    Ok(S3Response::new(dto::GetBucketLifecycleConfigurationOutput { rules: Some(rules), ..Default::default() }))
}

pub(in crate::s3) async fn put_lifecycle(
    context: Arc<Context>,
    input: dto::PutBucketLifecycleConfigurationInput,
) -> Answer<dto::PutBucketLifecycleConfigurationOutput> {
    let mut rules = input.lifecycle_configuration.map(|configuration| configuration.rules).unwrap_or_default();
    let owner = input.expected_bucket_owner.as_deref();
    set(&context, &input.bucket, owner, "s3:PutLifecycleConfiguration", |bucket| {
        check_lifecycle(&rules)?;
        for rule in &mut rules {
            rule.id.get_or_insert_with(|| context.cloud.random().token(48));
        }
        bucket.lifecycle = Some(rules);
        Ok(())
    })?;
    Ok(S3Response::new(dto::PutBucketLifecycleConfigurationOutput::default()))
}

pub(in crate::s3) async fn delete_lifecycle(
    context: Arc<Context>,
    input: dto::DeleteBucketLifecycleInput,
) -> Answer<dto::DeleteBucketLifecycleOutput> {
    let owner = input.expected_bucket_owner.as_deref();
    set(&context, &input.bucket, owner, "s3:PutLifecycleConfiguration", |bucket| {
        bucket.lifecycle = None;
        Ok(())
    })?;
    Ok(S3Response::with_status(dto::DeleteBucketLifecycleOutput {}, http::StatusCode::NO_CONTENT))
}

/// Source: S3 User Guide, "Lifecycle configuration elements".
fn check_lifecycle(rules: &[dto::LifecycleRule]) -> Result<(), Fault> {
    let invalid = |message: &str| Err(Fault::new(400, "InvalidArgument", message));
    if rules.is_empty() || rules.len() > 1000 {
        return Err(error::malformed_xml());
    }
    let mut ids = BTreeSet::new();
    for rule in rules {
        if !["Enabled", "Disabled"].contains(&rule.status.as_str()) || rule.filter.is_some() == rule.prefix.is_some() {
            return Err(error::malformed_xml());
        }
        if let Some(id) = &rule.id {
            if id.len() > 255 {
                return invalid("ID length should not exceed allowed limit of 255");
            }
            if !ids.insert(id) {
                return invalid("Rule ID must be unique. Found same ID for more than one rule");
            }
        }
        let acts = rule.expiration.is_some()
            || rule.noncurrent_version_expiration.is_some()
            || rule.abort_incomplete_multipart_upload.is_some()
            || rule.transitions.as_ref().is_some_and(|transitions| !transitions.is_empty())
            || rule.noncurrent_version_transitions.as_ref().is_some_and(|transitions| !transitions.is_empty());
        if !acts {
            return Err(Fault::new(400, "InvalidRequest", "At least one action needs to be specified in a rule"));
        }
        if rule.expiration.as_ref().and_then(|expiration| expiration.days).is_some_and(|days| days < 1) {
            return invalid("'Days' for Expiration action must be a positive integer");
        }
    }
    Ok(())
}
