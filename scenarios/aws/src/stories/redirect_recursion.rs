//! A gateway that wants TLS, and a client that takes its redirect for S3's.

use proofmark_env::Listener;
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, BUCKET, FILE, KEY, MODELS, URI, WEIGHTS, stranger};
use crate::initializer::{affected, steps};

/// A storage behind a gateway.
const HOST: &str = "storage.example.com";
/// Where the authority of its certificate is mounted.
const BUNDLE: &str = "/etc/ssl/custom-certs/cabundle.crt";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "redirect-recursion",
        "A redirect to https ends in a RecursionError",
        affected("0.17.0 and later", |release| release >= Release::V0_17),
    )
    .summary("With http:// for a storage whose gateway redirects to https://, the storage initializer ends with a RecursionError since 0.17.")
    .story(
        "The annotation s3-usehttps is \"0\" although the storage is behind a gateway that answers http with a redirect to https. The storage \
         initializer ends with `maximum recursion depth exceeded` after dozens of requests, and names neither the endpoint nor the redirect.",
    )
    .cause(
        "boto3 takes a 301 of a bucket for S3's own: the bucket is in another region. It asks for the region with HeadBucket, which is redirected as \
         well, and asks for the region of that.",
    )
    .remedy("Name the endpoint with https://, with the bundle of its authority where it needs one.")
    .link(Link::issue("kserve/kserve", 4047))
    .profile(Profile::KserveCore, Level::Extended)
    .universe(|_| cloud::listening(HOST, &[(80, Listener::Redirect), (443, Listener::PrivateAuthority)]))
    .arrange(|_| cloud::bucket())
    .reproduce(steps(reproduce))
    .fix(|_| vec![step("the endpoint is named with https")])
    .verify(steps(verify))
    .guard(|_| guard())
}

fn reproduce(release: Release) -> Vec<Step> {
    let words = format!("Unexpected error during storage initialization: {}", release.behaviour().recursion);
    vec![step("over http the storage initializer never stops asking").load(load(release, "http")).gives_up(words)]
}

fn verify(release: Release) -> Vec<Step> {
    let verified = load(release, "https").authority_file(BUNDLE).variable("AWS_CA_BUNDLE", BUNDLE);
    vec![step("over https the storage initializer fetches the model").load(verified).leaves(&[(FILE, WEIGHTS)])]
}

fn guard() -> Vec<Step> {
    vec![step("nobody else reads it").by(&stranger()).get_object(BUCKET, KEY).denied("Access Denied")]
}

fn load(release: Release, scheme: &str) -> Load {
    Load::new(release, URI)
        .with_keys(MODELS, "test")
        .variable("AWS_DEFAULT_REGION", "us-east-1")
        .variable("AWS_ENDPOINT_URL", format!("{scheme}://{HOST}"))
}
