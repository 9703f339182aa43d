//! The storage initializer of a target's release, and its words for what went wrong.

use proofmark_model_loader::Release;
use proofmark_replay::{Affected, Expected, Load, Step, Target};

use crate::cloud::{ROLE_ARN, URI, token};

/// The initializer of the target's release of KServe, if it is known.
fn of(target: &Target) -> Option<Release> {
    target.plan.kserve?.version().parse().ok()
}

/// The releases for whose initializer this holds.
pub(crate) fn affected(words: &str, affected: impl Fn(Release) -> bool + Send + Sync + 'static) -> Affected {
    judged(words, move |release| if affected(release) { Expected::Reproduces } else { Expected::Absent })
}

/// What is expected of the initializer of each release.
pub(crate) fn judged(words: &str, judge: impl Fn(Release) -> Expected + Send + Sync + 'static) -> Affected {
    Affected::new(words, move |target| match (of(target), target.plan.kserve) {
        (Some(release), _) => judge(release),
        (None, Some(release)) => {
            Expected::NotApplicable { reason: format!("the storage initializer of KServe {release} is not known here") }
        }
        (None, None) => {
            Expected::NotApplicable { reason: format!("{} brings no known release of KServe", target.name) }
        }
    })
}

/// Steps that depend on the initializer; none where it is not known, and nothing is played.
pub(crate) fn steps(steps: impl Fn(Release) -> Vec<Step>) -> impl Fn(&Target) -> Vec<Step> {
    move |target| of(target).map(&steps).unwrap_or_default()
}

/// The initializer of a pod whose service account may be the role: it fetches the model of the stories.
pub(crate) fn in_pod(release: Release) -> Load {
    Load::new(release, URI).variable("AWS_DEFAULT_REGION", "us-east-1").as_role(ROLE_ARN, token())
}

/// From this release on failures of boto3 are translated into words for users, and the bucket is looked at before it is listed.
pub(crate) fn translates(release: Release) -> bool {
    release.behaviour().modern_s3
}

/// The last words when a call of boto3 is refused: `code` and `message` are the service's. Releases that translate say `translated`.
pub(crate) fn refused(release: Release, operation: &str, code: &str, message: &str, translated: &str) -> String {
    if translates(release) {
        format!("Storage initialization failed: {translated}")
    } else {
        format!(
            "botocore.exceptions.ClientError: An error occurred ({code}) when calling the {operation} operation: {message}"
        )
    }
}

/// The last words when S3 refuses the bucket to whoever asks.
pub(crate) fn bucket_denied(release: Release) -> String {
    refused(release, "ListObjects", "AccessDenied", "Access Denied", "S3 error [403]: Forbidden")
}

/// The last words when STS refuses the token's role.
pub(crate) fn role_denied(release: Release) -> String {
    refused(
        release,
        "AssumeRoleWithWebIdentity",
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "S3 authentication failed. Set AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY or use awsAnonymousCredential=true.",
    )
}

/// The last words without any credentials.
pub(crate) fn without_credentials(release: Release) -> String {
    if translates(release) {
        "Storage initialization failed: S3 authentication failed. Set AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY or use awsAnonymousCredential=true.".to_owned()
    } else {
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials".to_owned()
    }
}
