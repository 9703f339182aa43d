//! The failure, to the letter: who asks for what, and the words in which he is refused.

use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use proofmark_env::{Identity, PatchFormat};
use proofmark_json::json;
use proofmark_replay::{Place, Resource, Step, error_text, step};

use crate::inspect::{Gap, Grade};
use crate::stories::{Sample, Story};
use proofmark_scenarios_people::TEAM;

/// Every member of the profile is refused whatever he tries; with `gaps`, only those that these speak of.
pub(crate) fn reproduce(story: &Story, gaps: &[Gap]) -> Vec<Step> {
    let forgotten = |grade: Grade| gaps.is_empty() || gaps.iter().any(|gap| gap.grade == grade);
    let mut steps = Vec::new();
    if forgotten(Grade::Edit) {
        steps.extend(works(story, "default-editor", &TEAM.editor()));
        steps.push(typed_list(&story.sample.resource, "default-editor", &TEAM.editor()));
        steps.extend(works(story, "the owner", &TEAM.owner()));
    }
    if forgotten(Grade::View) {
        let (who, collection) = (TEAM.viewer(), story.sample.resource.in_namespace(TEAM.namespace));
        steps.push(
            step("default-viewer reads it").by(&who).get(collection.clone().named(story.sample.name)).forbidden(),
        );
        steps.push(step("default-viewer lists all").by(&who).list(collection.clone()).forbidden());
        steps.push(step("default-viewer watches all").by(&who).watch(collection).forbidden());
    }
    steps
}

/// Everything that somebody who may write does in his first hour.
fn works(story: &Story, title: &str, who: &Identity) -> Vec<Step> {
    let Story { file, sample, .. } = story;
    let Sample { resource, name, .. } = sample;
    let collection = resource.in_namespace(TEAM.namespace);
    let place = collection.clone().named(*name);
    let user = who.user_name().unwrap_or_default();
    let says = |words: &str| step(format!("{title} {words}")).by(who);
    let label = json!({"metadata": {"labels": {"team": "ours"}}});
    vec![
        says(&format!("runs kubectl apply -f {file}"))
            .apply(*file, resource, sample.object())
            .forbidden()
            .prints(refused_apply(&place, &user, file))
            .stays(),
        says("reads it").get(place.clone()).forbidden(),
        says("lists all").list(collection).forbidden(),
        says("creates it").create(resource, sample.object()).forbidden(),
        says("patches it").patch(place.clone(), PatchFormat::Merge, label).forbidden(),
        says("deletes it").delete(place).forbidden(),
    ]
}

/// A list through the Rust client, which reads the refusal as an error of its own.
fn typed_list(resource: &Resource, title: &str, who: &Identity) -> Step {
    let collection = resource.in_namespace(TEAM.namespace);
    let refusal = collection.forbidden(&who.user_name().unwrap_or_default(), "list");
    let api = api_resource(resource);
    step(format!("{title} lists all through a typed client"))
        .by(who)
        .client(format!("Api::<{}>::list", resource.kind), move |client| {
            let models: Api<DynamicObject> = Api::namespaced_with(client, TEAM.namespace, &api);
            async move { models.list(&ListParams::default()).await }
        })
        .refused(&refusal)
}

/// A resource as the Rust client names it.
pub(super) fn api_resource(resource: &Resource) -> ApiResource {
    ApiResource {
        group: resource.group.to_string(),
        version: resource.version.to_string(),
        api_version: resource.api_version(),
        kind: resource.kind.to_string(),
        plural: resource.plural.to_string(),
    }
}

/// What kubectl prints when apply may not read what it is about to change.
fn refused_apply(place: &Place, user: &str, file: &str) -> String {
    let Resource { group, version, plural, kind } = &place.resource;
    let (name, namespace) = (place.name.as_deref().unwrap_or_default(), place.namespace.as_deref().unwrap_or_default());
    let context = format!(
        "error when retrieving current configuration of:\n\
         Resource: \"{group}/{version}, Resource={plural}\", GroupVersionKind: \"{group}/{version}, Kind={kind}\"\n\
         Name: \"{name}\", Namespace: \"{namespace}\"\nfrom server for: \"{file}\": "
    );
    error_text(&place.forbidden(user, "get").to_value(), 403, &context)
}

/// For kinds without a story, of which nothing is known but their names: everybody concerned is refused a list.
pub(crate) fn lists_are_refused(gaps: &[Gap]) -> Vec<Step> {
    let list = |gap: &Gap, title: &str, who: &Identity| {
        let collection = gap.resource().in_namespace(TEAM.namespace);
        step(format!("{title} lists {}", gap.plural)).by(who).list(collection).forbidden().stays()
    };
    let lists = |gap: &Gap| match gap.grade {
        Grade::Edit => vec![list(gap, "default-editor", &TEAM.editor()), list(gap, "the owner", &TEAM.owner())],
        Grade::View => vec![list(gap, "default-viewer", &TEAM.viewer())],
    };
    gaps.iter().flat_map(lists).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_issue() {
        let models = Resource::new("serving.kserve.io", "v1alpha1", "trainedmodels", "TrainedModel");
        let user = TEAM.editor().user_name().expect("a service account");
        assert_eq!(
            refused_apply(&models.in_namespace("rchiores").named("simple-string"), &user, "model2.yaml"),
            r#"Error from server (Forbidden): error when retrieving current configuration of:
Resource: "serving.kserve.io/v1alpha1, Resource=trainedmodels", GroupVersionKind: "serving.kserve.io/v1alpha1, Kind=TrainedModel"
Name: "simple-string", Namespace: "rchiores"
from server for: "model2.yaml": trainedmodels.serving.kserve.io "simple-string" is forbidden: User "system:serviceaccount:rchiores:default-editor" cannot get resource "trainedmodels" in API group "serving.kserve.io" in the namespace "rchiores""#
        );
    }
}
