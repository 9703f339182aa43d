//! The family on the releases around which something changes, played in this process. CI plays the whole matrix with the binary.

use proofmark_env::Embedded;
use proofmark_kserve::Release;
use proofmark_replay::{Event, Runner, Target};
use proofmark_scenarios_mesh::scenarios;

const RELEASES: [Release; 4] = [Release::V0_11_2, Release::V0_12_1, Release::V0_15_2, Release::V0_20_0];

#[test]
fn releases_have_what_they_are_known_to_have() {
    let targets: Vec<_> = RELEASES.into_iter().map(Target::kserve).collect();
    let result = Runner::new(&Embedded).run(&scenarios(), &targets, &mut |_: &Event| Ok(())).expect("a sink");
    let bad: Vec<_> = result.cases.iter().filter(|case| case.conclusion.verdict.is_bad()).collect();
    let told: Vec<_> = bad
        .iter()
        .map(|case| {
            let steps = case.phases.iter().flat_map(|phase| &phase.steps);
            let differences: Vec<_> = steps.flat_map(|step| &step.differences).collect();
            format!("{} on {}: {:?}\n{differences:#?}", case.case.name(), case.case.target, case.conclusion)
        })
        .collect();
    assert!(bad.is_empty(), "{}", told.join("\n"));
}
