//! A key with `..` in it, and a file outside of the model's directory.

use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, step};

use crate::cloud::{self, BUCKET, FILE, KEY, WEIGHTS, models_admin, pod};
use crate::initializer::{affected, in_pod, steps};

/// S3 takes keys whose `..` do not lead above their beginning.
const ESCAPING: &str = "churn/a/b/../../../planted.so";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "key-escapes-destination",
        "An object's key writes a file outside of the model's directory",
        affected("every release", |_| true),
    )
    .summary("A key with `..` in it is joined to /mnt/models as it is: whoever writes to the bucket writes files elsewhere in the container.")
    .story(
        "Somebody who may write to a bucket of models adds an object below the key of a model, with `..` in it. The storage initializer reports \
         success; the object's file is not below /mnt/models but beside it, with the rights of the container's user.",
    )
    .cause("The path is the destination joined with the rest of the key. S3 keeps `..` as characters of a key; the file system does not.")
    .remedy(
        "No release refuses such keys. Let only those write to the bucket whom the cluster trusts, take such objects away, and run the initializer as \
         a user who owns nothing but the volume.",
    )
    .link(Link { title: "CWE-22".to_owned(), url: "https://cwe.mitre.org/data/definitions/22.html".to_owned() })
    .profile(Profile::KserveCore, Level::Extended)
    .universe(|_| cloud::universe())
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let mut steps = cloud::arrange_readable();
    steps.push(step("an object has a key with .. in it").by(&models_admin()).put_object(
        BUCKET,
        ESCAPING,
        "not a model",
    ));
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    let files = [(FILE, WEIGHTS), ("/mnt/planted.so", "not a model")];
    vec![step("a file lands beside the model's directory").load(in_pod(release)).leaves(&files)]
}

fn fix() -> Vec<Step> {
    vec![step("the object is taken away").by(&models_admin()).delete_object(BUCKET, ESCAPING)]
}

fn verify(release: Release) -> Vec<Step> {
    vec![step("nothing but the model is left").load(in_pod(release)).leaves(&[(FILE, WEIGHTS)])]
}

fn guard() -> Vec<Step> {
    vec![
        step("the cluster's role cannot plant one")
            .by(&pod())
            .put_object(BUCKET, ESCAPING, "not a model")
            .denied("Access Denied"),
        step("it reads the model as before").by(&pod()).get_object(BUCKET, KEY).prints(WEIGHTS),
    ]
}
