//! kserve/kserve#3482: an endpoint for S3 becomes the endpoint of STS.

use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, BUCKET, FILE, KEY, WEIGHTS, pod};
use crate::initializer::{affected, in_pod, refused, steps};

/// What KServe makes of the annotation `serving.kserve.io/s3-endpoint: s3.us-east-1.amazonaws.com`.
const ENDPOINT: &str = "https://s3.us-east-1.amazonaws.com";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "irsa-with-s3-endpoint",
        "An S3 endpoint breaks IAM roles for service accounts",
        affected("0.12.0 and later", |release| release >= Release::V0_12Rc0),
    )
    .summary("With the s3-endpoint annotation of KServe's own example the storage initializer trades its token at S3 instead of STS.")
    .story(
        "Following KServe's example for IAM roles, the service account has the role's annotation and `serving.kserve.io/s3-endpoint: \
         s3.amazonaws.com`. The storage initializer ends with `An error occurred (Unknown) when calling the AssumeRoleWithWebIdentity operation: \
         Unknown`. The role, its trust policy and the bucket are as they should be.",
    )
    .cause(
        "KServe hands the endpoint on as AWS_ENDPOINT_URL. Since botocore 1.31 that variable holds for every service, so the token is sent to \
         S3, which answers 405 in an XML that STS' clients cannot read. KServe 0.11 brought an older botocore, which did not read it.",
    )
    .remedy(
        "Leave the endpoint out: S3's own is found by the region. For another storage set AWS_ENDPOINT_URL_STS as well, by a ClusterStorageContainer.",
    )
    .link(Link::issue("kserve/kserve", 3482))
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .universe(|_| cloud::universe())
    .arrange(|_| cloud::arrange_readable())
    .reproduce(steps(reproduce))
    .fix(|_| vec![step("the annotation is left out")])
    .verify(steps(verify))
    .guard(|_| guard())
}

fn reproduce(release: Release) -> Vec<Step> {
    let words = "An error occurred (Unknown) when calling the AssumeRoleWithWebIdentity operation: Unknown";
    let translated = format!("S3 error: {words}");
    vec![
        step("the role may read the model").by(&pod()).get_object(BUCKET, KEY).prints(WEIGHTS).either_way(),
        step("with the endpoint the storage initializer cannot become the role")
            .load(with_endpoint(release))
            .gives_up(refused(release, "AssumeRoleWithWebIdentity", "Unknown", "Unknown", &translated)),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    let sts = with_endpoint(release).variable("AWS_ENDPOINT_URL_STS", "https://sts.us-east-1.amazonaws.com");
    vec![
        step("without the endpoint the storage initializer fetches the model")
            .load(in_pod(release))
            .leaves(&[(FILE, WEIGHTS)]),
        step("so it does where STS has an endpoint of its own").load(sts).leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn guard() -> Vec<Step> {
    vec![
        step("the role reads, and does not write")
            .by(&pod())
            .put_object(BUCKET, KEY, "other weights")
            .denied("Access Denied"),
    ]
}

fn with_endpoint(release: Release) -> Load {
    in_pod(release).variable("AWS_ENDPOINT_URL", ENDPOINT)
}
