//! Reading manifests: what can be found before anything is played.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proofmark_manifests::ManifestSet;

use crate::player::panic_message;
use crate::{Collector, Event, Finding, Inspection, RunResult, Scenario, Sink};

/// Finds a failure in manifests by reading them.
///
/// An inspector reads what the manifests say and knows no list of releases. Where the failure is not, it finds nothing.
pub trait Inspector: Send + Sync {
    /// What is wrong in these manifests. An error says that the scenario's failure is there.
    fn inspect(&self, manifests: &ManifestSet) -> Vec<Finding>;

    /// Whether the scenario can be played on these manifests, failure or not.
    ///
    /// # Errors
    /// The reason why the scenario has nothing to do with them, in words.
    fn applies(&self, _manifests: &ManifestSet) -> Result<(), String> {
        Ok(())
    }
}

impl<F: Fn(&ManifestSet) -> Vec<Finding> + Send + Sync> Inspector for F {
    fn inspect(&self, manifests: &ManifestSet) -> Vec<Finding> {
        self(manifests)
    }
}

/// Lets every scenario that can read manifests read these, in the order of the catalogue.
///
/// # Errors
/// When the sink fails; the check ends there.
pub fn check(scenarios: &[Scenario], manifests: &ManifestSet, sink: &mut dyn Sink) -> io::Result<RunResult> {
    let mut collector = Collector::default();
    let mut tell = |event: Event| {
        collector.take(&event);
        sink.event(&event)
    };
    let able = scenarios.iter().filter(|scenario| scenario.inspector().is_some());
    let abouts = able.map(|scenario| scenario.about().clone()).collect();
    tell(Event::RunStarted { seed: 0, scenarios: abouts, targets: Vec::new(), cases: 0, shard: None })?;
    for inspection in inspections(scenarios, manifests) {
        tell(Event::InspectionFinished { inspection })?;
    }
    let totals = collector.result().totals();
    sink.event(&Event::RunFinished { totals })?;
    Ok(collector.into_result())
}

/// What each scenario finds that can read manifests.
pub(crate) fn inspections<'a>(
    scenarios: &'a [Scenario],
    manifests: &'a ManifestSet,
) -> impl Iterator<Item = Inspection> + 'a {
    scenarios.iter().filter_map(|scenario| Some(inspect(scenario, scenario.inspector()?, manifests)))
}

/// One scenario's findings, by place; a panic is its inner error.
fn inspect(scenario: &Scenario, inspector: &dyn Inspector, manifests: &ManifestSet) -> Inspection {
    let scenario = scenario.about().id.clone();
    match catch_unwind(AssertUnwindSafe(|| inspector.inspect(manifests))) {
        Ok(mut findings) => {
            findings.sort_by(|a, b| a.location.cmp(&b.location));
            Inspection { scenario, findings, inner_error: None }
        }
        Err(panic) => Inspection {
            scenario,
            findings: Vec::new(),
            inner_error: Some(format!("panic: {}", panic_message(&*panic))),
        },
    }
}
