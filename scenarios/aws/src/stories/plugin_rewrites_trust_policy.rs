//! Kubeflow's AWS plugin for Profiles, and the statements of a trust policy that it drops.

use proofmark_aws::setup::{AccessKeySpec, UserSpec};
use proofmark_env::{AccountToken, AwsIdentity, PatchFormat, Plan};
use proofmark_json::{Value, json};
use proofmark_replay::{Affected, Expected, Level, Link, Profile, Resource, Scenario, Step, Target, step};
use std::time::Duration;

use crate::cloud::{
    self, ACCOUNT, MODELS, OTHER_ACCOUNT, ROLE, ROLE_ARN, SERVICE_ACCOUNTS, WORKLOADS, pod, token, trust,
    workloads_admin,
};

const PROFILES: Resource = Resource::new("kubeflow.org", "v1", "profiles", "Profile");
/// The profile whose editor is to be the role.
const TEAM: &str = "team";
const EDITOR: &str = "default-editor";

/// Somebody of another account whom the role trusts as well.
const AUDITOR: &str = "arn:aws:iam::222222222222:user/auditor";
const AUDITOR_KEY: [&str; 2] = ["AKIAAUDITORAUDITORAU", "auditors-secret"];

/// How long a controller may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "plugin-rewrites-trust-policy",
        "The AWS plugin of a Profile drops statements of a role's trust policy",
        Affected::new("every release of Kubeflow", judge),
    )
    .summary("Kubeflow's profile controller writes a role's trust policy anew from its first statement: whoever stood in others is locked out.")
    .story(
        "A role is trusted by the cluster and, in a second statement, by an auditor of another account. A Profile with the plugin \
         AwsIamForServiceAccount names the role. The profile's editor can be the role from then on; the auditor cannot any more, and nothing says why.",
    )
    .cause(
        "The plugin reads the first statement of the trust policy, takes its provider and its subjects, and writes a whole new document with that one \
         statement and the audience sts.amazonaws.com.",
    )
    .remedy("Set `annotateOnly: true` in the plugin, and keep the trust policy oneself. Or give each profile a role that nobody else needs.")
    .link(Link {
        title: "Kubeflow: plugin_iam.go".to_owned(),
        url: "https://github.com/kubeflow/kubeflow/blob/v1.10.0/components/profile-controller/controllers/plugin_iam.go".to_owned(),
    })
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .profile(Profile::KubeflowMultiuser, Level::Extended)
    .universe(universe)
    .arrange(|_| arrange())
    .reproduce(|_| reproduce())
    .fix(|_| fix())
    .verify(|_| verify())
    .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let mut steps = cloud::arrange();
    steps
        .push(step("the role trusts an auditor as well").by(&workloads_admin()).update_trust(ROLE, &with_auditor(&[])));
    steps
}

fn reproduce() -> Vec<Step> {
    vec![
        is_role("the service account is the role", &pod()).either_way(),
        is_role("so is the auditor", &auditor()).either_way(),
        step("a profile asks for the role").create(&PROFILES, profile(false)).either_way(),
        annotated().either_way(),
        is_role("its editor is the role from now on", &editor()).either_way(),
        step("the auditor is locked out")
            .by(&auditor().assuming(ROLE_ARN))
            .caller_identity()
            .denied(LOCKED_OUT)
            .stays(),
    ]
}

fn fix() -> Vec<Step> {
    let only = json!({"spec": profile(true)["spec"]});
    let place = PROFILES.cluster_wide().named(TEAM);
    vec![
        step("the plugin is told to annotate and nothing else").patch(place, PatchFormat::Merge, only),
        step("the trust policy is written by hand").by(&workloads_admin()).update_trust(ROLE, &with_auditor(&[TEAM])),
    ]
}

fn verify() -> Vec<Step> {
    vec![
        is_role("the auditor is the role again", &auditor()).stays(),
        is_role("so is the service account", &pod()),
        is_role("and the profile's editor", &editor()),
        annotated(),
    ]
}

fn guard() -> Vec<Step> {
    let other = AccountToken { account: OTHER_ACCOUNT.to_owned(), ..token() };
    let other = AwsIdentity::with_token(ROLE_ARN, other);
    vec![
        step("no other service account can be the role")
            .by(&other)
            .caller_identity()
            .denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    ]
}

const LOCKED_OUT: &str = "User: arn:aws:iam::222222222222:user/auditor is not authorized to perform: sts:AssumeRole on resource: \
    arn:aws:iam::111111111111:role/model-reader";

fn judge(target: &Target) -> Expected {
    match target.plan.kubeflow {
        Some(_) => Expected::Reproduces,
        None => Expected::NotApplicable {
            reason: format!("{} comes without Kubeflow, whose plugin this is about", target.name),
        },
    }
}

/// The target's Kubeflow alone, and an auditor.
fn universe(target: &Target) -> Plan {
    let [id, secret] = AUDITOR_KEY.map(str::to_owned);
    let user = UserSpec {
        name: "auditor".into(),
        policies: [("assume".into(), cloud::policy(&[cloud::allow("sts:AssumeRole", &[ROLE_ARN])]))].into(),
        access_keys: vec![AccessKeySpec { id, secret }],
        ..UserSpec::default()
    };
    let mut plan = cloud::with(|spec| {
        spec.accounts
            .iter_mut()
            .filter(|account| account.id == MODELS)
            .for_each(|account| account.users.push(user.clone()));
    });
    plan.cloud.iter_mut().for_each(|cloud| cloud.profile_controller = Some(WORKLOADS.into()));
    Plan { kubeflow: target.plan.kubeflow, ..plan }
}

fn auditor() -> AwsIdentity {
    let [key, secret] = AUDITOR_KEY.map(str::to_owned);
    AwsIdentity::User { arn: AUDITOR.to_owned(), key, secret }
}

fn editor() -> AwsIdentity {
    AwsIdentity::with_token(ROLE_ARN, AccountToken::of(TEAM, EDITOR))
}

/// Whoever is known to be the role.
fn is_role(title: &str, who: &AwsIdentity) -> Step {
    let who = match who {
        AwsIdentity::User { .. } => who.clone().assuming(ROLE_ARN),
        other => other.clone(),
    };
    step(title).by(&who).caller_identity().succeeds()
}

/// Tokens of the service account and of the editors of these profiles, and the auditor.
fn with_auditor(profiles: &[&str]) -> Value {
    let mut policy = trust(WORKLOADS, Some(ACCOUNT));
    let subject = format!("{}:sub", cloud::issuer());
    let mut subjects = vec![cloud::subject(ACCOUNT)];
    subjects.extend(profiles.iter().map(|profile| format!("system:serviceaccount:{profile}:{EDITOR}")));
    policy["Statement"][0]["Condition"]["StringEquals"][subject] = json!(subjects);
    if let Some(statements) = policy["Statement"].as_array_mut() {
        statements.push(
            json!({"Sid": "Audit", "Effect": "Allow", "Principal": {"AWS": AUDITOR}, "Action": "sts:AssumeRole"}),
        );
    }
    policy
}

fn profile(annotate_only: bool) -> Value {
    let plugin =
        json!({"kind": "AwsIamForServiceAccount", "spec": {"awsIamRole": ROLE_ARN, "annotateOnly": annotate_only}});
    PROFILES.object(
        None,
        TEAM,
        json!({"spec": {"owner": {"kind": "User", "name": "team@example.com"}, "plugins": [plugin]}}),
    )
}

fn annotated() -> Step {
    step("the plugin annotates the editor's service account")
        .get(SERVICE_ACCOUNTS.in_namespace(TEAM).named(EDITOR))
        .shows(json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE_ARN}}}))
        .within(PATIENCE)
}
