//! Recorded exchanges with a real kube-apiserver, as far as this crate alone can answer them: custom resources that are created or
//! patched, and CustomResourceDefinitions. Compared are the causes of refusals (as sets: Kubernetes' order is partly random),
//! the objects that result, and the unknown fields that are warned of. CEL is left out.
//!
//! The recordings are found by `PROOFMARK_SHARED`; without them the test says so and passes, except under CI.

mod cases;
mod world;

use std::collections::BTreeMap;

use cases::{Case, load};
use proofmark_json::{Map, Value};
use proofmark_schema::{Schema, openapi};
use world::{Verdict, World};

/// Cases that CEL or conversion decides.
fn is_elsewhere(case: &Case) -> bool {
    ["schema/cel", "crd/refuse-cel", "crd/convert"].iter().any(|prefix| case.name.starts_with(prefix))
}

/// How many steps agree in each file, at least. Raise them when they rise.
const FLOORS: [(&str, usize); 3] = [("schema", 338), ("crd", 196), ("kservecrd", 120)];

#[test]
fn recorded_answers_are_reproduced() {
    let mut figures = BTreeMap::new();
    let mut report = String::new();
    for (file, floor) in FLOORS {
        let Some(cases) = load(file) else { return };
        let (mut agreed, mut compared) = (0, 0);
        for case in cases.iter().filter(|case| !is_elsewhere(case)) {
            let mut world = World::default();
            for (i, step) in case.steps.iter().enumerate() {
                match world.play(step) {
                    Verdict::NotOurs => continue,
                    Verdict::Agreed => agreed += 1,
                    Verdict::Differs(why) => report.push_str(&format!("{} step {i}: {why}\n", case.name)),
                }
                compared += 1;
            }
        }
        figures.insert(file, (agreed, compared, floor));
    }
    let fallen = figures.values().any(|(agreed, _, floor)| agreed < floor);
    assert!(!fallen, "agreed, compared and floor by file: {figures:?}\n{report}");
}

type Publish = fn(Option<&Schema>, openapi::Resource<'_>) -> Map;

#[test]
fn published_definitions_are_those_recorded() {
    let Some(cases) = load("discovery") else { return };
    let Some(case) = cases.iter().find(|case| case.name == "discovery/openapi") else { panic!("no such case") };
    let spec = &case.steps[0]["body"]["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, kind, plural) = (text(&spec["group"]), text(&spec["names"]["kind"]), text(&spec["names"]["plural"]));
    let list_kind = format!("{kind}List");
    let mut compared = 0;
    for version in spec["versions"].as_array().into_iter().flatten() {
        let name = text(&version["name"]);
        let schema = Schema::parse(&version["schema"]["openAPIV3Schema"]).ok();
        let resource = openapi::Resource {
            group: &group,
            version: &name,
            kind: &kind,
            list_kind: &list_kind,
            plural: &plural,
            selectable: &[],
        };
        for (publish, prefix) in [(openapi::v3 as Publish, "/components/schemas/"), (openapi::v2, "/definitions/")] {
            for (name, definition) in publish(schema.as_ref(), resource) {
                let at = format!("{prefix}{name}");
                for expected in case.steps.iter().filter_map(|step| step["expect"]["body"].as_object()) {
                    for (pointer, want) in expected.iter().filter(|(pointer, _)| {
                        pointer.strip_prefix(&at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    }) {
                        assert_eq!(definition.pointer(&pointer[at.len()..]), Some(want), "{pointer}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert_eq!(compared, 5);
}
