//! The stories of this family, one kind each.

mod inference_graph;
mod llm_inference_service_config;
mod local_model_namespace_cache;
mod roles_missing;
mod serving_runtime;
mod story;
mod trained_model;
mod untold;

use proofmark_replay::Scenario;
use proofmark_scenario_files::embedded;

pub(crate) use story::{Sample, Story};

static STORIES: [&Story; 5] = [
    &trained_model::STORY,
    &inference_graph::STORY,
    &serving_runtime::STORY,
    &llm_inference_service_config::STORY,
    &local_model_namespace_cache::STORY,
];

/// The scenarios of this family: documented failures of a kind first, those that only the fixtures show after them, then the one that finds the
/// same failure of any other kind in a distribution's own manifests, and last those that are about no kind.
pub fn scenarios() -> Vec<Scenario> {
    let wrong_namespace = embedded("wrong-namespace.yaml", include_str!("../../stories/wrong-namespace.yaml"));
    let others = [untold::scenario(), wrong_namespace, roles_missing::scenario()];
    STORIES.iter().map(|story| story.scenario()).chain(others).collect()
}

/// Whether a kind has a story of its own.
fn has_a_story(group: &str, plural: &str) -> bool {
    STORIES.iter().any(|story| story.sample.resource.group == group && story.sample.resource.plural == plural)
}
