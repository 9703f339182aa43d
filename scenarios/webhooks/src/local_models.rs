//! kserve/kserve#4130: with local models switched on the defaulting webhook may not read them. No release has it; that none comes to is worth a proof.

use proofmark_env::Identity;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::{LOCAL_MODELS, SERVICES};
use proofmark_scenarios_serving::samples::namespace;
use proofmark_scenarios_serving::universe::{CONTROL_PLANE, affected, with_control_plane};

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "has no LocalModelCaches";
    Scenario::new(
        "localmodel-rbac",
        "Every InferenceService is refused once local models are switched on",
        affected("no release: a state of the main branch between v0.14.0 and v0.14.1", Some((Release::V0_14_1, lacks)), |_| false),
    )
    .family("webhooks")
    .summary("The control plane's own role does not let it list LocalModelCaches, which its webhook does for every service.")
    .story(
        "An administrator sets localModel.enabled. From then on every InferenceService is refused by the defaulting webhook, and so is every \
         LocalModelCache by its validator: the control plane may not list localmodelcaches.",
    )
    .cause("The kind came with code that lists it, and the rule for it in the role kserve-manager-role came a change later.")
    .remedy("Add get, list and watch on localmodelcaches to kserve-manager-role, as every release with the kind has it.")
    .link(Link::issue("kserve/kserve", 4130))
    .link(Link::pull("kserve/kserve", 4131))
    .profile(Profile::KserveExtended, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| vec![namespace(TEAM)])
    .reproduce(|_| {
        vec![step("the control plane lists LocalModelCaches").by(&manager()).list(LOCAL_MODELS.cluster_wide()).forbidden()]
    })
    .verify(|_| {
        vec![
            step("the control plane lists LocalModelCaches").by(&manager()).list(LOCAL_MODELS.cluster_wide()).lists(&[]),
            step("and watches them").by(&manager()).watch(LOCAL_MODELS.cluster_wide()).succeeds(),
        ]
    })
    .guard(|_| {
        let nobody = Identity::service_account(TEAM, "default");
        vec![
            step("an account of a user may not list them").by(&nobody).list(LOCAL_MODELS.cluster_wide()).forbidden(),
            step("nor InferenceServices").by(&nobody).list(SERVICES.cluster_wide()).forbidden(),
        ]
    })
}

/// As whom the control plane asks.
fn manager() -> Identity {
    Identity::service_account(CONTROL_PLANE, "kserve-controller-manager")
}
