//! What a run tells while it runs: the one interface between the runner and every output.
//!
//! ```text
//! RunStarted ( CaseStarted ( PhaseStarted StepFinished* )* CaseFinished )* InspectionFinished* RunFinished
//! ```
//! Cases come one after the other, in the order of the plan, whatever order they were played in: a case's events are held back until those
//! before it are out. So any output of a run is the same, byte by byte, however many threads played it.
//!
//! [`Collector`] is the output that rebuilds the whole as a [`RunResult`].

use std::io;

use serde::Serialize;

use crate::{
    About, Case, CaseResult, Conclusion, Inspection, Phase, PhaseResult, RunResult, Slice, StepResult, Totals,
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The first event.
    RunStarted {
        /// The run's seed.
        seed: u64,
        /// The scenarios, in order.
        scenarios: Vec<About>,
        /// The targets' names, in order.
        targets: Vec<String>,
        /// How many cases will follow.
        cases: usize,
        /// The part of the run that this is, if it is not all of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        shard: Option<Slice>,
    },
    /// A case begins.
    CaseStarted {
        /// Which.
        case: Case,
    },
    /// A phase of the case begins.
    PhaseStarted {
        /// Which.
        phase: Phase,
    },
    /// A step of the phase is over.
    StepFinished {
        /// What it came to.
        step: StepResult,
    },
    /// The case is over.
    CaseFinished {
        /// Which.
        case: Case,
        /// What it came to.
        conclusion: Conclusion,
    },
    /// A scenario has read the manifests.
    InspectionFinished {
        /// What it found.
        inspection: Inspection,
    },
    /// The last event.
    RunFinished {
        /// How many of each.
        totals: Totals,
    },
}

/// Whoever wants to know.
pub trait Sink {
    /// Takes the next event.
    ///
    /// # Errors
    /// When it cannot be written; the run ends there.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

impl<F: FnMut(&Event) -> io::Result<()>> Sink for F {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self(event)
    }
}

/// Rebuilds the whole from its events.
#[derive(Debug, Default)]
pub struct Collector {
    result: RunResult,
    phases: Vec<PhaseResult>,
    brief: bool,
}

impl Collector {
    /// Forgets the phases of cases that nobody must look at: those of a whole matrix, with every exchange, are large.
    pub fn be_brief(&mut self) {
        self.brief = true;
    }

    /// What has been told so far.
    pub fn result(&self) -> &RunResult {
        &self.result
    }

    /// The phases of the case that is under way.
    pub fn phases(&self) -> &[PhaseResult] {
        &self.phases
    }

    /// What was told.
    pub fn into_result(self) -> RunResult {
        self.result
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event) {
        match event.clone() {
            Event::RunStarted { seed, scenarios, targets, shard, .. } => {
                self.result = RunResult { seed, scenarios, targets, shard, ..RunResult::default() };
            }
            Event::CaseStarted { .. } => self.phases.clear(),
            Event::PhaseStarted { phase } => self.phases.push(PhaseResult { phase, steps: Vec::new() }),
            Event::StepFinished { step } => {
                if let Some(phase) = self.phases.last_mut() {
                    phase.steps.push(step);
                }
            }
            Event::CaseFinished { case, conclusion } => {
                let mut phases = std::mem::take(&mut self.phases);
                if self.brief && !conclusion.verdict.is_bad() {
                    phases.clear();
                }
                self.result.cases.push(CaseResult { case, conclusion, phases });
            }
            Event::InspectionFinished { inspection } => self.result.inspections.push(inspection),
            Event::RunFinished { .. } => {}
        }
    }
}

impl RunResult {
    /// The events that tell of it: what a [`Collector`] would rebuild it from.
    pub fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::RunStarted {
            seed: self.seed,
            scenarios: self.scenarios.clone(),
            targets: self.targets.clone(),
            cases: self.cases.len(),
            shard: self.shard.clone(),
        }];
        for played in &self.cases {
            events.push(Event::CaseStarted { case: played.case.clone() });
            for phase in &played.phases {
                events.push(Event::PhaseStarted { phase: phase.phase });
                events.extend(phase.steps.iter().map(|step| Event::StepFinished { step: step.clone() }));
            }
            events.push(Event::CaseFinished { case: played.case.clone(), conclusion: played.conclusion.clone() });
        }
        let found = self.inspections.iter().cloned();
        events.extend(found.map(|inspection| Event::InspectionFinished { inspection }));
        events.push(Event::RunFinished { totals: self.totals() });
        events
    }
}
