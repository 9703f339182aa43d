//! Plays one case in a universe of its own, phase by phase.
//!
//! Where the failure is expected, all five phases are played and every symptom of the reproduce phase must appear. Where it is not, the fix is
//! left out: every symptom must be missing, and verify and guard must hold as they are. What the attempts created there is removed again
//! before verify, so that verify finds the same cluster in both cases.
//!
//! A phase begins when no controller has work left. In arrange and fix a step builds on those before it, so the first unexpected one ends the
//! phase; the others are played to their end, so that a report names everything that is wrong. A phase with something unexpected ends the
//! case, except that guard is always played after verify.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use proofmark_env::{EnvError, Environment, Limit, Plan};

use crate::player::{Player, panic_message};
use crate::{Case, Conclusion, Event, Expected, Phase, Scenario, StepResult, StepVerdict, Target, Verdict};

/// A case that is about to be played.
pub(crate) struct Planned<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) variant: Option<usize>,
    pub(crate) target: &'a Target,
    pub(crate) case: Case,
    pub(crate) seed: u64,
    /// What is played; nothing if nothing can be told.
    pub(crate) phases: &'static [Phase],
}

/// Where the failure is expected.
pub(crate) const WITH_FAILURE: [Phase; 5] = [Phase::Arrange, Phase::Reproduce, Phase::Fix, Phase::Verify, Phase::Guard];
/// Where it is not.
pub(crate) const WITHOUT_FAILURE: [Phase; 4] = [Phase::Arrange, Phase::Reproduce, Phase::Verify, Phase::Guard];
/// Where only that matters.
pub(crate) const CONFORMANCE: [Phase; 3] = [Phase::Arrange, Phase::Verify, Phase::Guard];

/// What a case has come to so far.
struct Course {
    verdict: Verdict,
    reason: Option<String>,
}

impl Course {
    /// What the case leaves behind is told whatever else happened.
    fn spoil(&mut self, why: String) {
        let before = self.reason.take().map(|reason| format!("{reason}; ")).unwrap_or_default();
        (self.verdict, self.reason) = (Verdict::InnerError, Some(format!("{before}{why}")));
    }

    /// The first bad thing that happens is the reason.
    fn turn(&mut self, verdict: Verdict, reason: String) {
        if self.verdict == Verdict::Passed {
            (self.verdict, self.reason) = (verdict, Some(reason));
        }
    }
}

impl Planned<'_> {
    /// The events of a case that is not played.
    pub(crate) fn left_out(&self, verdict: Verdict, reason: &str) -> Vec<Event> {
        let conclusion = Conclusion::without_playing(verdict, reason);
        vec![
            Event::CaseStarted { case: self.case.clone() },
            Event::CaseFinished { case: self.case.clone(), conclusion },
        ]
    }

    /// Whether the same is played in both, in universes that are the same.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        std::ptr::eq(self.scenario, other.scenario)
            && self.variant == other.variant
            && self.target.universe == other.target.universe
            && self.case.expected == other.case.expected
            && self.phases == other.phases
    }

    /// The events of a case that [is the same](Self::is_as), told of this one.
    pub(crate) fn retold(&self, events: &[Event]) -> Vec<Event> {
        let this = || self.case.clone();
        let retell = |event: &Event| match event {
            Event::CaseStarted { .. } => Event::CaseStarted { case: this() },
            Event::CaseFinished { conclusion, .. } => {
                Event::CaseFinished { case: this(), conclusion: conclusion.clone() }
            }
            other => other.clone(),
        };
        events.iter().map(retell).collect()
    }

    /// The first of its steps that may write: the phase, and the step's title.
    pub(crate) fn first_write(&self) -> Option<String> {
        self.phases.iter().find_map(|phase| {
            let steps = self.scenario.steps(*phase, self.variant, self.target);
            let writing = steps.iter().find(|step| step.writes())?;
            Some(format!("{phase}: {}", writing.title))
        })
    }

    /// Plays the case; nothing that happens in it reaches the caller as a panic.
    pub(crate) fn play(&self, environment: &dyn Environment, interrupted: &AtomicBool) -> Vec<Event> {
        if let Expected::NotApplicable { reason } = &self.case.expected {
            return self.left_out(Verdict::NotApplicable, reason);
        }
        if self.phases.is_empty() {
            return self.left_out(Verdict::Skipped, "cannot be told from what the distribution has");
        }
        let told = RefCell::new(vec![Event::CaseStarted { case: self.case.clone() }]);
        let played = catch_unwind(AssertUnwindSafe(|| self.in_universe(environment, interrupted, &told)));
        let conclusion = played
            .unwrap_or_else(|panic| Err(format!("panic: {}", panic_message(&*panic))))
            .unwrap_or_else(|why| Conclusion::without_playing(Verdict::InnerError, why));
        let mut told = told.into_inner();
        told.push(Event::CaseFinished { case: self.case.clone(), conclusion });
        told
    }

    fn in_universe(
        &self,
        environment: &dyn Environment,
        interrupted: &AtomicBool,
        told: &RefCell<Vec<Event>>,
    ) -> Result<Conclusion, String> {
        let runtime = environment.runtime().map_err(|error| format!("no runtime: {error}"))?;
        let played = runtime.block_on(self.with_limit(environment, interrupted, told));
        // What a thread of the runtime still waits for (a name that is looked up) is nobody's business any more.
        runtime.shutdown_background();
        played
    }

    async fn with_limit(
        &self,
        environment: &dyn Environment,
        interrupted: &AtomicBool,
        told: &RefCell<Vec<Event>>,
    ) -> Result<Conclusion, String> {
        let new_limit = || environment.case_limit().map_or(Limit::NONE, Limit::of);
        let limit = new_limit();
        let plan = Plan { seed: self.seed, ..self.scenario.plan(self.target) };
        let wants_cloud = plan.cloud.is_some();
        let prepared = limit.wait("the universe of the case", environment.prepare(plan)).await;
        let prepared = match prepared.and_then(|prepared| prepared) {
            Ok(universe) if wants_cloud && universe.cloud.is_none() => Err(EnvError::Unsupported("cloud")),
            prepared => prepared,
        };
        let universe = match prepared {
            Ok(universe) => universe,
            Err(lacking @ EnvError::Unsupported(_)) => {
                return Ok(Conclusion::without_playing(Verdict::Skipped, lacking.to_string()));
            }
            Err(error) => return Err(error.to_string()),
        };
        let mut player = Player::new(&universe, limit);
        let mut course = self.phases(&mut player, interrupted, told).await;
        let simulated_ms = player.elapsed_ms();
        let left_out = universe.left_out.iter().map(ToString::to_string).collect();
        // A case that has used up its time must still clean up.
        let ended = new_limit().wait("what the case made to be taken away", universe.end()).await;
        if let Err(error) = ended.and_then(|ended| ended) {
            course.spoil(error.to_string());
        }
        Ok(Conclusion { verdict: course.verdict, reason: course.reason, simulated_ms, left_out })
    }

    async fn phases(&self, player: &mut Player, interrupted: &AtomicBool, told: &RefCell<Vec<Event>>) -> Course {
        let absent = self.case.expected == Expected::Absent;
        let mut course = Course { verdict: Verdict::Passed, reason: None };
        for phase in self.phases.iter().copied() {
            if course.verdict != Verdict::Passed
                && !(phase == Phase::Guard && course.verdict == Verdict::Failed && played_verify(told))
            {
                break;
            }
            told.borrow_mut().push(Event::PhaseStarted { phase });
            player.settle().await;
            self.phase(phase, absent, player, interrupted, told, &mut course).await;
        }
        course
    }

    async fn phase(
        &self,
        phase: Phase,
        absent: bool,
        player: &mut Player,
        interrupted: &AtomicBool,
        told: &RefCell<Vec<Event>>,
        course: &mut Course,
    ) {
        let steps = self.scenario.steps(phase, self.variant, self.target);
        let tell = |step: StepResult| told.borrow_mut().push(Event::StepFinished { step });
        if phase == Phase::Reproduce && steps.iter().all(|step| step.either_way) {
            course.turn(Verdict::DidNotReproduce, "the scenario names no symptom".to_owned());
        }
        for step in &steps {
            if interrupted.load(Ordering::Relaxed) {
                course.turn(Verdict::Skipped, "interrupted".to_owned());
                break;
            }
            let symptom = phase == Phase::Reproduce && !step.either_way;
            let result = player.play(step, symptom && absent).await;
            let reason = || format!("{phase}: {}: {}", result.title, result.found);
            let verdict = result.verdict;
            match verdict {
                StepVerdict::AsExpected => {}
                StepVerdict::InnerError if player.is_fenced() => course.turn(Verdict::Skipped, reason()),
                StepVerdict::InnerError => course.turn(Verdict::InnerError, reason()),
                StepVerdict::Unexpected if symptom && !absent => course.turn(Verdict::DidNotReproduce, reason()),
                StepVerdict::Unexpected => course.turn(Verdict::Failed, reason()),
            }
            tell(result);
            let builds_up = matches!(phase, Phase::Arrange | Phase::Fix);
            if verdict == StepVerdict::InnerError || (builds_up && verdict != StepVerdict::AsExpected) {
                break;
            }
        }
        let created = player.take_created();
        if phase == Phase::Reproduce && absent {
            let what = "what the attempts created to be removed again";
            match player.limit().wait(what, created.remove(player.cluster())).await {
                Ok(Some(result)) => {
                    if result.verdict != StepVerdict::AsExpected {
                        course.turn(Verdict::InnerError, format!("{phase}: {}: {}", result.title, result.found));
                    }
                    tell(result);
                }
                Ok(None) => {}
                Err(over) => course.turn(Verdict::InnerError, format!("{phase}: {over}")),
            }
        }
    }
}

fn played_verify(told: &RefCell<Vec<Event>>) -> bool {
    told.borrow().iter().any(|event| matches!(event, Event::PhaseStarted { phase: Phase::Verify }))
}
