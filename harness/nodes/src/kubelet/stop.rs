//! The end of a container that is still wanted by its process: preStop hook, SIGTERM, a grace period, SIGKILL.

use std::time::Duration;

use proofmark_latest as latest;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::container::Role;
use super::hooks;
use super::pod::PodWorker;
use crate::recorder::Kind;

/// Whoever is asked to stop gets at least this long (`minimumGracePeriodInSeconds`).
const LEAST: Duration = Duration::from_secs(2);

impl PodWorker {
    /// Asks a container to stop, unless it has been asked. `why` is the event's message; `after` has to be over first.
    pub(super) fn stop(&mut self, index: usize, why: Option<String>, grace: Duration, after: Vec<CancellationToken>) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let (spec, role) = (slot.spec.clone(), slot.role);
        let Some(run) = slot.running_mut() else { return };
        let deadline = Instant::now() + grace;
        if let Some(stopping) = &run.stopping {
            // A second request can only hurry it.
            stopping.send_if_modified(|at| {
                let sooner = deadline < *at;
                *at = deadline.min(*at);
                sooner
            });
            return;
        }
        let sender = latest::Sender::new(deadline);
        let mut ends = sender.subscribe();
        run.stopping = Some(sender);
        run.probes = None;
        let (container, kill, exited) = (run.container.clone(), run.kill.clone(), run.exited.clone());
        let (recorder, subject, source) = (self.agent.recorder.clone(), self.subject(role, &spec.name), self.source());
        let why = why.unwrap_or_else(|| format!("Stopping container {}", spec.name));
        recorder.record(source.clone(), subject.clone(), Kind::Normal, "Killing", why);
        let stop = async move {
            let hook = spec.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref());
            if let Some(hook) = hook.filter(|_| !grace.is_zero()) {
                tokio::select! {
                    biased;
                    done = hooks::run(&container, &spec, hook) => if done.is_err() {
                        recorder.record(source, subject, Kind::Warning, "FailedPreStopHook", "PreStopHook failed");
                    },
                    () = until(&mut ends) => {}
                    () = exited.cancelled() => return,
                }
            }
            let turn = async {
                for other in &after {
                    other.cancelled().await;
                }
            };
            tokio::select! {
                biased;
                () = turn => {}
                () = until(&mut ends) => {}
                () = exited.cancelled() => return,
            }
            container.stop.cancel();
            let least = Instant::now() + LEAST;
            let patience = async {
                until(&mut ends).await;
                tokio::time::sleep_until(least).await;
            };
            tokio::select! {
                biased;
                () = exited.cancelled() => {}
                () = patience => kill.cancel(),
            }
        };
        let all = self.agent.stop.clone();
        tokio::spawn(async move { all.run_until_cancelled_owned(stop).await });
    }

    /// Asks everything to stop: main containers at once, sidecars after them, the last one first.
    pub(super) fn stop_all(&mut self, grace: Duration) {
        let exits = |worker: &Self, role: Role| -> Vec<(usize, CancellationToken)> {
            let slots = worker.slots.iter().enumerate().filter(|(_, slot)| slot.role == role);
            slots.filter_map(|(at, slot)| Some((at, slot.running()?.exited.clone()))).collect()
        };
        for role in [Role::Ephemeral, Role::Init, Role::Main] {
            for (index, _) in exits(self, role) {
                self.stop(index, None, grace, Vec::new());
            }
        }
        let mut before: Vec<CancellationToken> =
            exits(self, Role::Main).into_iter().map(|(_, exited)| exited).collect();
        for (index, exited) in exits(self, Role::Sidecar).into_iter().rev() {
            self.stop(index, None, grace, before.clone());
            before.push(exited);
        }
    }

    /// Ends everything at once.
    pub(super) fn kill_all(&mut self) {
        for run in self.slots.iter().filter_map(|slot| slot.running()) {
            run.kill.cancel();
        }
    }
}

/// Waits for a time that may come to be sooner.
async fn until(ends: &mut latest::Receiver<Instant>) {
    loop {
        let at = *ends.borrow_and_update();
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(at) => return,
            changed = ends.changed() => if changed.is_err() {
                return tokio::time::sleep_until(at).await;
            },
        }
    }
}
