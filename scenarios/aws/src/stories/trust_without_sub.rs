//! A trust policy that looks at the audience alone lets every service account of the cluster in.

use proofmark_env::{AccountToken, AwsIdentity};
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{
    self, ACCOUNT, BUCKET, FILE, KEY, OTHER_ACCOUNT, ROLE, ROLE_ARN, WEIGHTS, WORKLOADS, pod, token, trust,
    workloads_admin,
};
use crate::initializer::{affected, in_pod, role_denied, steps};

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "trust-without-sub",
        "A role for one service account is open to the whole cluster",
        affected("every release", |_| true),
    )
    .summary("A trust policy that checks the token's audience and not its subject lets every service account of the cluster be the role.")
    .story(
        "The role is meant for the predictors of one team. Its trust policy names the cluster's provider and the audience sts.amazonaws.com, as \
         many guides do, and everything works. So it does for everybody else: a pod in any namespace asks for a token with that audience, names \
         the role, and reads the team's models.",
    )
    .cause(
        "Every token of the cluster has the same issuer, and anybody who can start a pod can have one with the audience sts.amazonaws.com. Only \
         the subject says whose it is.",
    )
    .remedy("Add a condition on the subject, `ISSUER:sub`, with `system:serviceaccount:NAMESPACE:NAME`.")
    .link(Link::issue("kserve/kserve", 3876))
    .link(Link {
        title: "AWS: assign IAM roles to Kubernetes service accounts".to_owned(),
        url: "https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html".to_owned(),
    })
    .profile(Profile::AwsCrossAccount, Level::Core)
    .universe(|_| {
        cloud::with(|spec| {
            let roles = spec.accounts.iter_mut().flat_map(|account| &mut account.roles);
            roles.for_each(|role| role.trust = trust(WORKLOADS, None));
        })
    })
    .arrange(|_| cloud::arrange_readable())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(steps(guard))
}

fn reproduce(release: Release) -> Vec<Step> {
    let mut steps = vec![
        step("the team's service account reads its model")
            .by(&pod())
            .get_object(BUCKET, KEY)
            .prints(WEIGHTS)
            .either_way(),
    ];
    steps.extend(others().map(|other| {
        let title = format!("so does {}", other.subject());
        step(title).by(&AwsIdentity::with_token(ROLE_ARN, other)).get_object(BUCKET, KEY).prints(WEIGHTS)
    }));
    steps.push(
        step("a storage initializer of another namespace fetches it")
            .load(elsewhere(release))
            .leaves(&[(FILE, WEIGHTS)]),
    );
    steps
}

fn fix() -> Vec<Step> {
    vec![
        step("the trust policy names the subject")
            .by(&workloads_admin())
            .update_trust(ROLE, &trust(WORKLOADS, Some(ACCOUNT))),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    vec![
        step("the team's service account reads its model").by(&pod()).get_object(BUCKET, KEY).prints(WEIGHTS),
        step("its storage initializer fetches it").load(in_pod(release)).leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn guard(release: Release) -> Vec<Step> {
    let refused = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    let mut steps = Vec::from(others().map(|other| {
        let title = format!("{} cannot be the role", other.subject());
        step(title).by(&AwsIdentity::with_token(ROLE_ARN, other)).get_object(BUCKET, KEY).denied(refused)
    }));
    steps.push(step("nor can a storage initializer there").load(elsewhere(release)).gives_up(role_denied(release)));
    steps
}

/// Service accounts that the role was not meant for: of the same namespace, and of another.
fn others() -> [AccountToken; 2] {
    [AccountToken { account: OTHER_ACCOUNT.to_owned(), ..token() }, AccountToken::of("kube-system", OTHER_ACCOUNT)]
}

fn elsewhere(release: Release) -> Load {
    in_pod(release).as_role(ROLE_ARN, AccountToken::of("kube-system", OTHER_ACCOUNT))
}
