//! Nothing more was opened than the fix needs.

use proofmark_env::PatchFormat;
use proofmark_json::json;
use proofmark_replay::{Resource, Step, step};

use super::BEFORE;
use super::fix::opened;
use crate::inspect::Gap;
use crate::stories::Sample;
use proofmark_scenarios_people::{NEIGHBOUR, TEAM};

/// The viewer cannot write, neighbours stay out of each other's profiles, and no other permission has come or gone.
pub(crate) fn guard(sample: &Sample, gaps: &[Gap]) -> Vec<Step> {
    let (resource, object) = (&sample.resource, sample.object());
    let collection = resource.in_namespace(TEAM.namespace);
    let place = collection.clone().named(sample.name);
    let viewer = TEAM.viewer();
    let label = json!({"metadata": {"labels": {"team": "mine"}}});
    let mut steps = vec![
        step("default-viewer still may not create one")
            .by(&viewer)
            .create(resource, object.clone())
            .forbidden()
            .stays(),
        step("default-viewer still may not patch it")
            .by(&viewer)
            .patch(place.clone(), PatchFormat::Merge, label)
            .forbidden(),
        step("default-viewer still may not delete it").by(&viewer).delete(place.clone()).forbidden(),
        step("default-viewer still may not delete all").by(&viewer).delete_all(collection).forbidden(),
        step("the neighbour's editor may not read it").by(&NEIGHBOUR.editor()).get(place.clone()).forbidden(),
        step("the neighbour may not delete it").by(&NEIGHBOUR.owner()).delete(place).forbidden(),
        step("the neighbour's editor may not create one here")
            .by(&NEIGHBOUR.editor())
            .create(resource, object.clone())
            .forbidden(),
    ];
    steps.extend(fences(resource));
    steps.push(nothing_else(gaps));
    steps
}

/// The same for kinds without a story.
pub(crate) fn guard_reading(gaps: &[Gap]) -> Vec<Step> {
    let mut steps: Vec<_> = gaps.iter().flat_map(|gap| fences(&gap.resource())).collect();
    steps.push(nothing_else(gaps));
    steps
}

/// A profile's members see their own namespace only.
fn fences(resource: &Resource) -> [Step; 3] {
    let plural = &resource.plural;
    [
        step(format!("default-editor may not list {plural} of the neighbour"))
            .by(&TEAM.editor())
            .list(resource.in_namespace(NEIGHBOUR.namespace))
            .forbidden(),
        step(format!("the owner may not list {plural} of the whole cluster"))
            .by(&TEAM.owner())
            .list(resource.cluster_wide())
            .forbidden(),
        step(format!("the neighbour may not list {plural} here"))
            .by(&NEIGHBOUR.owner())
            .list(resource.in_namespace(TEAM.namespace))
            .forbidden(),
    ]
}

fn nothing_else(gaps: &[Gap]) -> Step {
    step("no other permission has come or gone").compare(BEFORE).opens(opened(gaps))
}
