//! Plays many cases at once.
//!
//! Each case has a universe, a runtime and a clock of its own and lives on one thread, so cases share nothing and threads only decide how many
//! are under way. Where two targets are the same universe (a release of Kubeflow, and the KServe that it bundles), a case is played once and told of both.
//! A case's seed depends on the run's seed and on its own names alone. Events are handed out in the order of the plan. So the
//! output of a run depends on its scenarios, targets and seed, and on nothing else.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::{io, iter};

use proofmark_env::{Environment, shell_word};

use crate::inspect::inspections;
use crate::play::{CONFORMANCE, Planned, WITH_FAILURE, WITHOUT_FAILURE};
use crate::shard::{Shard, Slice};
use crate::{Case, Collector, Event, Expected, Profile, RunResult, Scenario, Sink, Target, Verdict, seed};

/// The stack of a case's thread, in bytes; as much as a process begins with. Programs recurse in cases as they do in reality: boto3 does, once for each
/// redirect that it follows.
const STACK: usize = 8 << 20;

/// What a run is to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Purpose {
    /// The documented failures, and that the fixes mend them.
    #[default]
    Story,
    /// That a target conforms to profiles. Where a distribution can have got it right, it must have: arrange, verify and guard are played, without a
    /// fix. Where no distribution can, because the fix is its users' affair, the whole story is played.
    Conformance(Vec<Profile>),
}

/// Plays scenarios against targets.
pub struct Runner<'a> {
    environment: &'a dyn Environment,
    seed: u64,
    threads: NonZeroUsize,
    interrupted: Arc<AtomicBool>,
    purpose: Purpose,
    brief: bool,
    shard: Option<Shard>,
    read_only: bool,
}

impl<'a> Runner<'a> {
    /// A runner with seed 0 and as many threads as the machine has processors.
    pub fn new(environment: &'a dyn Environment) -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            environment,
            seed: 0,
            threads,
            interrupted: Arc::default(),
            purpose: Purpose::Story,
            brief: false,
            shard: None,
            read_only: false,
        }
    }

    /// Sets the seed that everything random comes from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many cases may be under way at once.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Sets what the run is to show.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// Leaves the phases of cases that nobody must look at out of the result; the sink is told everything.
    #[must_use]
    pub fn brief(mut self) -> Self {
        self.brief = true;
        self
    }

    /// Plays the cases of one part only.
    #[must_use]
    pub fn shard(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }

    /// Plays only cases that write nothing; others are left out. What a target has is read besides, by every scenario that can.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Skips the cases that have not begun once this flag is set, and ends those that have after the step that is under way.
    #[must_use]
    pub fn interrupted_by(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupted = flag;
        self
    }

    /// Plays every scenario against every target, or its part of that, and tells the sink as it goes.
    ///
    /// # Errors
    /// When the sink fails; the run ends there.
    pub fn run(&self, scenarios: &[Scenario], targets: &[Target], sink: &mut dyn Sink) -> io::Result<RunResult> {
        let mut plan = self.plan(scenarios, targets);
        let shard = self.shard.map(|shard| {
            let slice = Slice::of(shard, plan.iter().map(|planned| &planned.case));
            plan.retain(|planned| shard.holds(&planned.case));
            slice
        });
        let mut collector = Collector::default();
        if self.brief {
            collector.be_brief();
        }
        let mut tell = |event: &Event| {
            collector.take(event);
            sink.event(event)
        };
        tell(&Event::RunStarted {
            seed: self.seed,
            scenarios: scenarios.iter().map(|scenario| scenario.about().clone()).collect(),
            targets: targets.iter().map(|target| target.name.clone()).collect(),
            cases: plan.len(),
            shard,
        })?;
        self.play_all(&plan, &mut tell)?;
        if self.read_only {
            for manifests in targets.iter().filter_map(|target| target.manifests.as_deref()) {
                inspections(scenarios, manifests)
                    .try_for_each(|inspection| tell(&Event::InspectionFinished { inspection }))?;
            }
        }
        let totals = collector.result().totals();
        sink.event(&Event::RunFinished { totals })?;
        Ok(collector.into_result())
    }

    fn plan<'s>(&self, scenarios: &'s [Scenario], targets: &'s [Target]) -> Vec<Planned<'s>> {
        let mut plan = Vec::new();
        for scenario in scenarios {
            for target in targets {
                let expected = self.expected(scenario, target);
                let variants = &scenario.about().variants;
                match expected {
                    Expected::Reproduces if !variants.is_empty() => {
                        plan.extend(
                            (0..variants.len()).map(|index| self.planned(scenario, Some(index), target, &expected)),
                        );
                    }
                    _ => plan.push(self.planned(scenario, None, target, &expected)),
                }
            }
        }
        plan
    }

    fn expected(&self, scenario: &Scenario, target: &Target) -> Expected {
        match (scenario.expected(target), &self.purpose, scenario.inspector()) {
            (Expected::Reproduces, Purpose::Conformance(_), Some(_)) => Expected::Absent,
            (expected, _, _) => expected,
        }
    }

    fn planned<'s>(
        &self,
        scenario: &'s Scenario,
        variant: Option<usize>,
        target: &'s Target,
        expected: &Expected,
    ) -> Planned<'s> {
        let about = scenario.about();
        let id = variant.and_then(|index| about.variants.get(index)).map(|variant| variant.id.clone());
        let seed = seed::derive(self.seed, &[&about.id, id.as_deref().unwrap_or_default(), &target.universe]);
        let mut case = Case {
            scenario: about.id.clone(),
            variant: id,
            target: target.name.clone(),
            expected: expected.clone(),
            rerun: String::new(),
        };
        let mut words = vec!["proofmark".to_owned()];
        match &self.purpose {
            Purpose::Conformance(profiles) => {
                let profile = profiles.iter().find(|profile| about.profiles.contains_key(profile));
                words.push("certify".to_owned());
                words.extend(profile.into_iter().flat_map(|profile| ["--profile".to_owned(), profile.to_string()]));
            }
            Purpose::Story => words.extend(["run".to_owned(), case.name()]),
        }
        words.extend(target.arguments.iter().cloned());
        words.extend(match self.purpose {
            Purpose::Conformance(_) => ["--output".to_owned(), "bundle".to_owned()],
            Purpose::Story => ["--seed".to_owned(), self.seed.to_string()],
        });
        case.rerun = words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
        // Nothing can be said of what nobody can recognise.
        let untold = matches!(self.purpose, Purpose::Conformance(_))
            && target.manifests.is_some()
            && scenario.inspector().is_none();
        let phases = match (&self.purpose, expected) {
            _ if untold => [].as_slice(),
            (Purpose::Conformance(_), Expected::Absent) => &CONFORMANCE,
            (_, Expected::Absent) => &WITHOUT_FAILURE,
            _ => &WITH_FAILURE,
        };
        Planned { scenario, variant, target, case, seed, phases }
    }

    /// The events of a case.
    fn events(&self, planned: &Planned<'_>) -> Vec<Event> {
        if self.interrupted.load(Ordering::Relaxed) {
            return planned.left_out(Verdict::Skipped, "interrupted");
        }
        let may_be_played = !matches!(planned.case.expected, Expected::NotApplicable { .. });
        let Some(step) = (self.read_only && may_be_played).then(|| planned.first_write()).flatten() else {
            return planned.play(self.environment, &self.interrupted);
        };
        // Of what conforms something is missing, if nobody has looked; a story is just not told.
        let verdict = match self.purpose {
            Purpose::Conformance(_) => Verdict::Skipped,
            Purpose::Story => Verdict::NotApplicable,
        };
        planned.left_out(verdict, &format!("nothing may be written, and the scenario has to ({step})"))
    }

    /// Plays the plan on several threads and hands out its events in order.
    fn play_all(&self, plan: &[Planned<'_>], tell: &mut dyn FnMut(&Event) -> io::Result<()>) -> io::Result<()> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (done, played) = mpsc::channel();
        let threads = self.environment.at_once().map_or(self.threads, |most| self.threads.min(most));
        let same = same(plan);
        thread::scope(|scope| {
            for _ in 0..threads.get().min(same.len()) {
                let (done, next, stop, same) = (done.clone(), &next, &stop, &same);
                let work = move || {
                    while !stop.load(Ordering::Relaxed) {
                        let Some(cases) = same.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        let Some((first, others)) = cases.split_first() else { continue };
                        let events = self.events(first.1);
                        let retold: Vec<_> =
                            others.iter().map(|(index, case)| (*index, case.retold(&events))).collect();
                        let told = iter::once((first.0, events)).chain(retold);
                        if told.map(|case| done.send(case)).any(|sent| sent.is_err()) {
                            break;
                        }
                    }
                };
                if let Err(no_thread) = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
                    stop.store(true, Ordering::Relaxed);
                    return Err(no_thread);
                }
            }
            drop(done);
            let told = in_order(&played, tell);
            stop.store(true, Ordering::Relaxed);
            told
        })
    }
}

/// Cases with their numbers, those together that are the same, in the order of the first of them.
fn same<'p, 's>(plan: &'p [Planned<'s>]) -> Vec<Vec<(usize, &'p Planned<'s>)>> {
    let mut same: Vec<Vec<(usize, &Planned<'_>)>> = Vec::new();
    // Cases of one scenario stand together in a plan.
    let mut scenario = 0;
    for (index, planned) in plan.iter().enumerate() {
        if !index.checked_sub(1).is_some_and(|last| std::ptr::eq(plan[last].scenario, planned.scenario)) {
            scenario = same.len();
        }
        match same[scenario..].iter_mut().find(|cases| cases[0].1.is_as(planned)) {
            Some(cases) => cases.push((index, planned)),
            None => same.push(vec![(index, planned)]),
        }
    }
    same
}

/// Hands out what arrives in any order by its number.
fn in_order(
    played: &mpsc::Receiver<(usize, Vec<Event>)>,
    tell: &mut dyn FnMut(&Event) -> io::Result<()>,
) -> io::Result<()> {
    let mut waiting = BTreeMap::new();
    let mut due = 0;
    for (index, events) in played {
        waiting.insert(index, events);
        while let Some(events) = waiting.remove(&due) {
            events.iter().try_for_each(&mut *tell)?;
            due += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_the_plan() {
        let (done, played) = mpsc::channel();
        let event =
            |ms| Event::PhaseStarted { phase: [crate::Phase::Arrange, crate::Phase::Fix, crate::Phase::Guard][ms] };
        for index in [2, 0, 1] {
            done.send((index, vec![event(index)])).unwrap();
        }
        drop(done);
        let mut told = Vec::new();
        in_order(&played, &mut |event| {
            told.push(event.clone());
            Ok(())
        })
        .unwrap();
        assert_eq!(told, [event(0), event(1), event(2)]);
    }
}
