//! What everybody starts from: two profiles, and a note of what everybody may do.

use proofmark_replay::{Step, Target, step};
use proofmark_scenarios_people::{PATIENCE, TEAM, everybody, profiles};

use super::BEFORE;
use crate::stories::Sample;

/// Both profiles, the object that the one in question needs beside it, and a note of what everybody may do before anything is fixed.
pub(crate) fn arrange(target: &Target, parent: Option<&Sample>) -> Vec<Step> {
    let mut steps = profiles(target);
    steps.extend(parent.map(|parent| {
        step(format!("default-editor creates the {} {}", parent.resource.kind, parent.name))
            .by(&TEAM.editor())
            .create(&parent.resource, parent.object())
            .within(PATIENCE) // the roles are collected by a controller
    }));
    steps.push(step("what everybody may do is noted").survey(BEFORE, everybody()));
    steps
}
