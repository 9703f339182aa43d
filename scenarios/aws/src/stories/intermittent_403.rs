//! kserve/kserve#5393: workers that sign with what the process before them held.
//!
//! The pull request blames TLS connections that forked workers share. In the package of 0.17 a worker's client makes connections of its own; what it
//! inherits with boto3's default session are the credentials. This is the refusal that follows from that, and that the release with the fix does not
//! have; it comes now and then because it takes an end of the credentials between the list and the first object.

use proofmark_model_loader::{Release, Workers};
use proofmark_replay::{Expected, Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, BUCKET, FILE, KEY, ROLE, WEIGHTS, stranger, workloads_admin};
use crate::initializer::{in_pod, judged, steps};

/// The first release with the fix.
const FIXED: Release = Release::V0_18;

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "intermittent-403",
        "A model is refused that was listed a moment ago",
        judged("0.17", |release| expected(release.behaviour().workers)),
    )
    .summary("In 0.17 the workers of the storage initializer sign with credentials from before the list; when those have ended, all are refused.")
    .story(
        "A pod lists its model, and then every object of it ends with `An error occurred (403) when calling the HeadObject operation: Forbidden`. \
         Policies are right, and the same pod often loads the model when it starts again. It happens when the credentials end in between, because \
         sessions of the role were revoked.",
    )
    .cause(
        "0.17 fetches objects in forked workers. Their clients come from boto3's default session, and with it they inherit the credentials that the \
         list was signed with. Nobody asks for new ones: they have not expired.",
    )
    .remedy(
        "Use the storage initializer of 0.18 or later: each worker has a session of its own and assumes the role anew. With 0.17, start the pod \
         again.",
    )
    .link(Link::pull("kserve/kserve", 5393))
    .link(Link {
        title: "AWS: revoke IAM role temporary security credentials".to_owned(),
        url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html".to_owned(),
    })
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .universe(|_| cloud::universe())
    .arrange(|_| cloud::arrange_readable())
    .reproduce(steps(reproduce))
    .fix(|_| vec![step("the storage initializer of 0.18 is used in its place")])
    .verify(steps(verify))
    .guard(|_| guard())
}

fn expected(workers: Workers) -> Expected {
    match workers {
        Workers::Inherit => Expected::Reproduces,
        Workers::Own => Expected::Absent,
        Workers::None => {
            Expected::NotApplicable { reason: "objects are fetched one after the other, without workers".to_owned() }
        }
    }
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![
        step("the role's sessions are revoked when the storage initializer has listed the model")
            .load(revoked(release))
            .gives_up(REFUSED),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    vec![
        step("the worker assumes the role anew, and fetches the model")
            .load(revoked(release.max(FIXED)))
            .leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn guard() -> Vec<Step> {
    vec![
        step("a session from before a revocation stays refused").load(revoked(Release::V0_17)).gives_up(REFUSED),
        step("nobody else reads it").by(&stranger()).get_object(BUCKET, KEY).denied("Access Denied"),
    ]
}

const REFUSED: &str = "Storage initialization failed: Failed to download 1 files: churn/model.joblib: An error occurred (403) when calling the \
    HeadObject operation: Forbidden";

/// A pod that is loading its model while somebody revokes the role's sessions.
fn revoked(release: Release) -> Load {
    in_pod(release).revoked_once_listed(&workloads_admin(), ROLE)
}
