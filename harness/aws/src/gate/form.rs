//! Forms that browsers send: what is signed is the policy among their fields.
//!
//! Source: Amazon S3 API Reference, "Browser-Based Uploads Using POST (AWS Signature Version 4)"; for version 2 the developer guide's section of that name.

use super::verify::holder;
use super::{Caller, Signed, faults};
use crate::s3::missing_field;
use crate::{Cloud, Fault, Service};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proofmark_aws_sigv4::{Scope, same_signature};
use ring::hmac;

/// Says who signed a policy. Without one nobody did.
///
/// # Errors
/// S3's own fault: fields that are missing, unknown key, wrong or expired token, signature that does not match.
pub(crate) fn identify<'f>(cloud: &Cloud, field: impl Fn(&str) -> Option<&'f str>) -> Result<Caller, Fault> {
    let Some(policy) = field("policy") else { return Ok(Caller::anonymous()) };
    let caller = match field("x-amz-signature") {
        Some(signature) => by_version_4(cloud, policy, signature, &field)?,
        None => by_version_2(cloud, policy, &field)?,
    };
    cloud.note_use(&caller, Service::S3);
    Ok(caller)
}

fn by_version_4<'f>(
    cloud: &Cloud,
    policy: &str,
    signature: &str,
    field: &impl Fn(&str) -> Option<&'f str>,
) -> Result<Caller, Fault> {
    let need = |name: &str, shown: &str| field(name).ok_or_else(|| missing_field(shown));
    let algorithm = need("x-amz-algorithm", "X-Amz-Algorithm")?;
    let credential = need("x-amz-credential", "X-Amz-Credential")?;
    need("x-amz-date", "X-Amz-Date")?;
    if algorithm != "AWS4-HMAC-SHA256" {
        return Err(invalid("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"", "X-Amz-Algorithm", algorithm));
    }
    let &[key, date, region, "s3", "aws4_request"] = credential.split('/').collect::<Vec<_>>().as_slice() else {
        let message = "The Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
        return Err(invalid(message, "X-Amz-Credential", credential));
    };
    let scope = Scope { date: date.to_owned(), region: region.to_owned(), service: "s3".to_owned() };
    let holder = holder(cloud, Service::S3, key)?;
    holder.check_token(Service::S3, field("x-amz-security-token"), cloud.now())?;
    let expected = cloud.signing_keys().get(&holder.secret, &scope).sign(policy);
    if !same_signature(&expected, signature) {
        return Err(faults::version_2_mismatch(key, signature, policy));
    }
    Ok(holder.into_caller(key.to_owned(), Signed::Form { scope: Some(scope) }))
}

fn by_version_2<'f>(cloud: &Cloud, policy: &str, field: &impl Fn(&str) -> Option<&'f str>) -> Result<Caller, Fault> {
    let key = field("awsaccesskeyid").ok_or_else(|| missing_field("AWSAccessKeyId"))?;
    let signature = field("signature").ok_or_else(|| missing_field("Signature"))?;
    let holder = holder(cloud, Service::S3, key)?;
    holder.check_token(Service::S3, field("x-amz-security-token"), cloud.now())?;
    let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, holder.secret.as_bytes());
    let given = BASE64_STANDARD.decode(signature).unwrap_or_default();
    hmac::verify(&secret, policy.as_bytes(), &given).map_err(|_| faults::version_2_mismatch(key, signature, policy))?;
    Ok(holder.into_caller(key.to_owned(), Signed::Form { scope: None }))
}

fn invalid(message: &str, name: &str, value: &str) -> Fault {
    Fault::new(400, "InvalidArgument", message).with("ArgumentName", name).with("ArgumentValue", value)
}
