//! Two ways to mend a role that forgot a kind.

use proofmark_env::{ApiRequest, PatchFormat};
use proofmark_json::{Value, json};
use proofmark_replay::{Permission, Step, Target, permissions, step};

use super::CLUSTER_ROLES;
use crate::inspect::{Gap, Grade};
use proofmark_scenarios_people::TEAM;

/// The first way, in words.
pub(crate) const ROLE: &str = "the distribution's own roles name the kind";
/// The second way, in words.
pub(crate) const OWN_ROLE: &str = "ClusterRoles of one's own join the users' roles by label";

/// Applies the component's roles again, with the kind in the rule that speaks of its group, as the next release of the distribution would.
/// A misspelt name beside it stays: it grants nothing.
pub(crate) fn name_in_roles(target: &Target, gaps: &[Gap]) -> Vec<Step> {
    let objects = target.plan.outlines();
    let mut mended: Vec<(usize, Value)> = Vec::new();
    for gap in gaps {
        let at = mended.iter().position(|(object, _)| *object == gap.object).unwrap_or_else(|| {
            mended.push((gap.object, objects.get(gap.object).cloned().unwrap_or_default()));
            mended.len() - 1
        });
        let role = mended.get_mut(at).map(|(_, role)| role);
        let resources = role.and_then(|role| role.pointer_mut(&format!("/rules/{}/resources", gap.rule)));
        if let Some(Value::Array(resources)) = resources {
            resources.push(gap.plural.as_str().into());
        }
    }
    mended.into_iter().map(|(_, role)| apply_server_side(role)).collect()
}

/// `kubectl apply --server-side --force-conflicts -f FILE`, which is how a distribution is upgraded.
fn apply_server_side(role: Value) -> Step {
    let name = role["metadata"]["name"].as_str().unwrap_or_default();
    let path = format!("{}?fieldManager=kubectl&force=true", CLUSTER_ROLES.cluster_wide().named(name).path());
    step(format!("ClusterRole {name} is applied with the missing name in it")).request(ApiRequest::patch(
        path,
        PatchFormat::Apply,
        role,
    ))
}

/// Adds one ClusterRole for each gap, with the label that joins it to Kubeflow's role.
pub(crate) fn add_roles(gaps: &[Gap]) -> Vec<Step> {
    let add = |gap: &Gap| {
        let grade = match gap.grade {
            Grade::Edit => "edit",
            Grade::View => "view",
        };
        let name = format!("our-{}-{grade}", gap.plural);
        let mut role = CLUSTER_ROLES.object(
            None,
            &name,
            json!({"rules": [{"apiGroups": [gap.group], "resources": [gap.plural], "verbs": gap.verbs}]}),
        );
        role["metadata"]["labels"] =
            json!({format!("rbac.authorization.kubeflow.org/aggregate-to-kubeflow-{grade}"): "true"});
        step(format!("ClusterRole {name} is applied"))
            .apply(format!("{name}.yaml"), &CLUSTER_ROLES, role)
            .prints(format!("clusterrole.rbac.authorization.k8s.io/{name} created"))
    };
    gaps.iter().map(add).collect()
}

/// What the profile's members may do after the fix and could not before: editors and the owner what the editing role grants, viewers what the
/// viewing role grants.
pub(super) fn opened(gaps: &[Gap]) -> Vec<Permission> {
    let opens = |gap: &Gap| {
        let verbs: Vec<&str> = gap.verbs.iter().map(String::as_str).collect();
        let who = match gap.grade {
            Grade::Edit => vec![TEAM.editor(), TEAM.owner()],
            Grade::View => vec![TEAM.viewer()],
        };
        who.iter().flat_map(|who| permissions(who, TEAM.namespace, &gap.resource(), &verbs)).collect::<Vec<_>>()
    };
    gaps.iter().flat_map(opens).collect()
}
