//! The same failure of kinds that have no story: only a distribution's own manifests can show it.

use proofmark_json::Value;
use proofmark_manifests::ManifestSet;
use proofmark_replay::{Affected, Expected, Finding, Inspector, Level, Link, Scenario, Target};

use super::has_a_story;
use super::story::PROFILE;
use crate::inspect::{Gap, describe_gap, describe_stray, gaps, strays};
use crate::play;

const ID: &str = "user-kind-403";

pub(super) fn scenario() -> Scenario {
    let judge = |target: &Target| Expected::NotApplicable {
        reason: format!("every kind of {} that users miss has a scenario of its own", target.name),
    };
    Scenario::new(ID, "Nobody in a profile may touch a kind that is made for users", Affected::new("any distribution; see `check`", judge))
        .family("rbac")
        .summary("A component's roles for users leave out a kind that its definitions bring, or misspell it.")
        .story(
            "A component of the distribution brings kinds for users and a pair of ClusterRoles that name them, one for editing and one for viewing. \
             A kind that came later is in neither, and everybody in a profile is answered 403 on it.",
        )
        .cause("RBAC grants what roles name and nothing else, and nothing checks that what they name exists.")
        .remedy("Name the kind in the component's roles, or add ClusterRoles of one's own that join kubeflow-edit and kubeflow-view by label.")
        .link(Link::issue("kserve/kserve", 4224))
        .profile(PROFILE, Level::Extended)
        .arrange(|target| play::arrange(target, None))
        .reproduce(|target| play::lists_are_refused(&gaps_of(target)))
        .fix_variant("role", play::ROLE, |target| play::name_in_roles(target, &gaps_of(target)))
        .fix_variant("own-role", play::OWN_ROLE, |target| play::add_roles(&gaps_of(target)))
        .verify(|target| play::lists_succeed(&gaps_of(target)))
        .guard(|target| play::guard_reading(&gaps_of(target)))
        .inspected_by(Untold)
}

fn gaps_of(target: &Target) -> Vec<Gap> {
    untold(gaps(&target.plan.outlines().iter().collect::<Vec<_>>()))
}

fn untold(mut gaps: Vec<Gap>) -> Vec<Gap> {
    gaps.retain(|gap| !has_a_story(&gap.group, &gap.plural));
    gaps
}

/// Reads manifests for gaps of kinds without a story, and for names that mean nothing.
struct Untold;

impl Inspector for Untold {
    fn inspect(&self, manifests: &ManifestSet) -> Vec<Finding> {
        let objects: Vec<&Value> = manifests.objects.iter().map(|object| &object.value).collect();
        let all = gaps(&objects);
        let strays = strays(&objects, &all);
        let links = [Link::issue("kserve/kserve", 4224)];
        let gaps = untold(all);
        let missing = gaps.iter().map(|gap| describe_gap(gap, manifests.objects.get(gap.object), ID, &links));
        let unknown = strays.iter().map(|stray| describe_stray(stray, manifests.objects.get(stray.object), ID));
        missing.chain(unknown).collect()
    }

    /// A stray name is worth telling, but there is nothing to play about it.
    fn applies(&self, manifests: &ManifestSet) -> Result<(), String> {
        let objects: Vec<&Value> = manifests.objects.iter().map(|object| &object.value).collect();
        if untold(gaps(&objects)).is_empty() {
            return Err("the manifests forget no kind that has no scenario of its own".to_owned());
        }
        Ok(())
    }
}
