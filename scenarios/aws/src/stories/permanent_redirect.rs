//! kserve/kserve#4047: the oldest endpoint of S3, and a bucket in another region than the oldest.

use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, FILE, KEY, MODELS, WEIGHTS, models_admin};
use crate::initializer::{affected, steps};

/// A bucket in another region than the first.
const BUCKET: &str = "models-of-ireland";
const REGION: &str = "eu-west-1";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "permanent-redirect",
        "The legacy S3 endpoint cannot reach a bucket of another region",
        affected("before 0.15.0", |release| release < Release::V0_15),
    )
    .summary("With the endpoint s3.amazonaws.com and a bucket outside of us-east-1 the storage initializer ends with PermanentRedirect.")
    .story(
        "The Secret of the service account has `serving.kserve.io/s3-endpoint: s3.amazonaws.com` and `s3-region: eu-west-1`, where the bucket \
         is. The storage initializer ends with `An error occurred (PermanentRedirect) when calling the ListObjects operation: The bucket you are \
         attempting to access must be addressed using the specified endpoint`.",
    )
    .cause(
        "With an endpoint of one's own boto3 writes the bucket into the path. At s3.amazonaws.com such a request can only mean us-east-1, and S3 \
         redirects; with the bucket in the host's name the request would have found its region. 0.15 forces that for this endpoint.",
    )
    .remedy("Leave the endpoint out, or name that of the region, s3.eu-west-1.amazonaws.com. KServe 0.15 and later need nothing.")
    .link(Link::issue("kserve/kserve", 4047))
    .link(Link::pull("kserve/kserve", 4157))
    .profile(Profile::KserveCore, Level::Extended)
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .universe(|_| cloud::universe())
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(steps(guard))
}

fn arrange() -> Vec<Step> {
    let models = models_admin();
    vec![
        step("the models' account has a bucket in another region").by(&models).create_bucket_in(BUCKET, REGION),
        step("a model is in it").by(&models).put_object_in(BUCKET, REGION, KEY, WEIGHTS),
    ]
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![
        step("with the legacy endpoint the storage initializer is sent elsewhere")
            .load(with_endpoint(release, "https://s3.amazonaws.com"))
            .gives_up(REDIRECTED),
    ]
}

fn fix() -> Vec<Step> {
    vec![step("the endpoint is left out, or named by its region")]
}

fn verify(release: Release) -> Vec<Step> {
    let regional = with_endpoint(release, "https://s3.eu-west-1.amazonaws.com");
    vec![
        step("without an endpoint the storage initializer fetches the model")
            .load(load(release))
            .leaves(&[(FILE, WEIGHTS)]),
        step("so it does with the endpoint of the region").load(regional).leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn guard(release: Release) -> Vec<Step> {
    let nobody =
        Load::new(release, URI).variable("AWS_DEFAULT_REGION", REGION).variable("awsAnonymousCredential", "true");
    vec![
        step("without credentials there is nothing to fetch")
            .load(nobody)
            .gives_up(crate::initializer::bucket_denied(release)),
    ]
}

const URI: &str = "s3://models-of-ireland/churn";
const REDIRECTED: &str = "botocore.exceptions.ClientError: An error occurred (PermanentRedirect) when calling the ListObjects operation: The bucket you \
    are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";

/// With the keys of the models' own account, as a Secret of the service account gives them.
fn load(release: Release) -> Load {
    Load::new(release, URI).variable("AWS_DEFAULT_REGION", REGION).with_keys(MODELS, "test")
}

fn with_endpoint(release: Release, endpoint: &str) -> Load {
    load(release).variable("AWS_ENDPOINT_URL", endpoint)
}
