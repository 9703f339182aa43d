//! kserve/kserve#4162: folders of a model that disappear on the way.

use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, BUCKET, MODELS, models_admin, stranger};
use crate::initializer::{affected, steps};

/// Two versions of a model, in folders of their own.
const FIRST: &str = "triton/model/1/model.plan";
const SECOND: &str = "triton/model/2/model.plan";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "flattened-paths",
        "Folders of a model in S3 are lost, and files overwrite each other",
        affected("0.12.0 to 0.14.1", |release| (Release::V0_12Rc0..Release::V0_15).contains(&release)),
    )
    .summary("Files whose names begin with the name of the model's folder land without their folders; versions overwrite each other.")
    .story(
        "A Triton repository has its versions in folders: model/1/model.plan, model/2/model.plan. The storage initializer reports success and leaves \
         one file, model.plan: the second version, on top of the first. Triton finds no version at all.",
    )
    .cause(
        "To let an URI name a part of a file's name, a file that begins with the last part of the URI keeps nothing but its name. Every file \
         called like its folder is such a file.",
    )
    .remedy("End the URI with a slash, or use KServe 0.15, which cuts the prefix off the front and nothing else.")
    .link(Link::issue("kserve/kserve", 4162))
    .link(Link::issue("kserve/kserve", 4112))
    .profile(Profile::KserveCore, Level::Core)
    .universe(|_| cloud::universe())
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| vec![step("the URI gets a slash at its end")])
    .verify(steps(verify))
    .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let models = models_admin();
    vec![
        step("there is a bucket").by(&models).create_bucket(BUCKET),
        step("the first version of a model is in it").by(&models).put_object(BUCKET, FIRST, "version 1"),
        step("so is the second").by(&models).put_object(BUCKET, SECOND, "version 2"),
    ]
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![step("one file is left of two").load(load(release, "triton/model")).leaves(&[("model.plan", "version 2")])]
}

fn verify(release: Release) -> Vec<Step> {
    let whole = [("1/model.plan", "version 1"), ("2/model.plan", "version 2")];
    let with_slash = load(release, "triton/model/");
    let mut steps =
        vec![step("with a slash at the end both versions are where they belong").load(with_slash).leaves(&whole)];
    if release >= Release::V0_15 {
        steps.push(step("so they are without it").load(load(release, "triton/model")).leaves(&whole));
    }
    steps
}

fn guard() -> Vec<Step> {
    vec![step("nobody else reads them").by(&stranger()).get_object(BUCKET, FIRST).denied("Access Denied")]
}

fn load(release: Release, path: &str) -> Load {
    Load::new(release, format!("s3://{BUCKET}/{path}"))
        .variable("AWS_DEFAULT_REGION", "us-east-1")
        .with_keys(MODELS, "test")
}
