//! The failure is gone: what was refused is allowed, by the same clients.

use kube::api::{Api, DynamicObject};
use proofmark_env::PatchFormat;
use proofmark_json::{Value, json};
use proofmark_replay::{Step, step};

use super::symptoms::api_resource;
use crate::inspect::{Gap, Grade};
use crate::stories::{Sample, Story};
use proofmark_scenarios_people::TEAM;

/// The editor writes, the viewer reads, the owner does both.
pub(crate) fn verify(story: &Story) -> Vec<Step> {
    let Story { file, sample, .. } = story;
    let Sample { resource, name, .. } = sample;
    let collection = resource.in_namespace(TEAM.namespace);
    let place = collection.clone().named(*name);
    let (editor, viewer, owner) = (TEAM.editor(), TEAM.viewer(), TEAM.owner());
    let called = format!("{}.{}/{name}", resource.kind.to_lowercase(), resource.group);
    let seen = json!({"kind": resource.kind, "metadata": {"name": name, "namespace": TEAM.namespace}});
    let label = json!({"metadata": {"labels": {"team": "ours"}}});
    let (api, named) = (api_resource(resource), *name);
    vec![
        step(format!("default-editor runs kubectl apply -f {file}"))
            .by(&editor)
            .apply(*file, resource, sample.object())
            .prints(format!("{called} created")),
        step("default-editor reads it through a typed client")
            .by(&editor)
            .client(format!("Api::<{}>::get", resource.kind), move |client| {
                let objects: Api<DynamicObject> = Api::namespaced_with(client, TEAM.namespace, &api);
                async move { objects.get(named).await }
            })
            .shows(seen.clone()),
        step("default-viewer reads it").by(&viewer).get(place.clone()).shows(seen),
        step("default-viewer lists all").by(&viewer).list(collection.clone()).lists(&[name]),
        step("default-viewer watches all").by(&viewer).watch(collection.clone()).succeeds(),
        step("the owner lists all").by(&owner).list(collection).lists(&[name]),
        step("the owner patches it").by(&owner).patch(place.clone(), PatchFormat::Merge, label.clone()).shows(label),
        step("default-editor deletes it").by(&editor).delete(place).succeeds(),
        // Not the same once more: a controller may hold it for long.
        step("the owner creates another one").by(&owner).create(resource, another(sample)),
    ]
}

/// The same under another name.
fn another(sample: &Sample) -> Value {
    let mut object = sample.object();
    object["metadata"]["name"] = format!("{}-2", sample.name).into();
    object
}

/// For kinds without a story: everybody concerned lists them, and there are none.
pub(crate) fn lists_succeed(gaps: &[Gap]) -> Vec<Step> {
    let lists = |gap: &Gap| {
        let who = match gap.grade {
            Grade::Edit => vec![("default-editor", TEAM.editor()), ("the owner", TEAM.owner())],
            Grade::View => vec![("default-viewer", TEAM.viewer())],
        };
        let collection = gap.resource().in_namespace(TEAM.namespace);
        let list = move |(title, who)| {
            step(format!("{title} lists {}", collection.resource.plural)).by(&who).list(collection.clone()).lists(&[])
        };
        who.into_iter().map(list).collect::<Vec<_>>()
    };
    gaps.iter().flat_map(lists).collect()
}
