//! From a container's image to its running process.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use k8s_openapi::api::core::v1::Container as Spec;
use parking_lot::Mutex;
use proofmark_latest as latest;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::go_duration;
use super::container::{Image, Role, Run, Waiting};
use super::env::{self, Env};
use super::fields::Facts;
use super::objects::Objects;
use super::pod::{Message, PodWorker};
use super::probe::{self, Prober, Report};
use super::{expand::expand, hooks, names, volumes};
use crate::logs::{Log, LogWriter};
use crate::process::{Container, ContainerParts, Exit, Files, Ports, Pull};
use crate::recorder::Kind;

/// How soon a pod that could not be brought further is looked at again (a kubelet takes 10 to 15 seconds).
const RESYNC: Duration = Duration::from_secs(10);
/// How soon the back-off after a failed pull shows.
const NOTICE: Duration = Duration::from_secs(1);
/// A termination message is no longer (`MaxContainerTerminationMessageLength`).
const MESSAGE: usize = 4096;

/// Whether a container can be made now, and when to look again otherwise (none: something will tell).
type Ready = Result<(), Option<Instant>>;

/// A container whose process runs. When it ends, or nobody runs it any more, what it holds of itself goes.
struct Alive(Container);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl PodWorker {
    /// Starts a container if it may start now. Answers when to look again.
    pub(super) async fn ensure(&mut self, index: usize) -> Option<Instant> {
        let now = Instant::now();
        let pod = self.full_name();
        let slot = self.slots.get_mut(index)?;
        if let Some(at) = slot.retry.filter(|at| *at > now) {
            return Some(at);
        }
        slot.retry = None;
        if let Some(failed) = slot.end().map(|end| end.at).filter(|_| slot.image == Image::Wanted) {
            if let Some(until) = slot.crash.until(failed, now) {
                let (name, delay) = (slot.spec.name.clone(), go_duration(slot.crash.delay()));
                let message = format!("back-off {delay} restarting failed container={name} pod={pod}");
                slot.waiting = Some(Waiting { reason: "CrashLoopBackOff", message });
                slot.retry = Some(until);
                let told = format!("Back-off restarting failed container {name} in pod {pod}");
                self.event(index, Kind::Warning, "BackOff", told);
                return Some(until);
            }
            slot.crash.next(failed, now);
        }
        if let Err(later) = self.image(index, now) {
            return later;
        }
        match self.create(index).await {
            Ok(()) => None,
            Err((reason, message)) => self.put_off(index, reason, message, now + RESYNC),
        }
    }

    /// Notes why a container does not start, and that it failed to.
    fn put_off(&mut self, index: usize, reason: &'static str, message: String, at: Instant) -> Option<Instant> {
        let error = if reason == "CreateContainerConfigError" { message.clone() } else { reason.to_owned() };
        self.event(index, Kind::Warning, "Failed", format!("Error: {error}"));
        let slot = self.slots.get_mut(index)?;
        slot.waiting = Some(Waiting { reason, message });
        slot.retry = Some(at);
        Some(at)
    }

    /// Sees to it that a container's image is on the node (`EnsureImageExists`).
    fn image(&mut self, index: usize, now: Instant) -> Ready {
        let Some(slot) = self.slots.get_mut(index) else { return Err(None) };
        match slot.image {
            Image::There => return Ok(()),
            Image::Pulling(_) => return Err(None),
            Image::Wanted => {}
        }
        let name = slot.spec.image.clone().unwrap_or_default();
        if let Err(why) = names::check_image(&name) {
            let message =
                format!("Failed to apply default image tag \"{name}\": couldn't parse image name \"{name}\": {why}");
            self.event(index, Kind::Warning, "InspectFailed", message.clone());
            return Err(self.put_off(index, "InvalidImageName", message, now + RESYNC));
        }
        let key = (self.node.name.clone(), name.clone());
        let present = self.agent.present.lock().contains(&key);
        let policy = slot.spec.image_pull_policy.clone().unwrap_or_default();
        if present && policy != "Always" {
            slot.image = Image::There;
            let told = format!("Container image \"{name}\" already present on machine and can be accessed by the pod");
            self.event(index, Kind::Normal, "Pulled", told);
            return Ok(());
        }
        if policy == "Never" {
            let message = format!("Container image \"{name}\" is not present with pull policy of Never");
            self.event(index, Kind::Warning, "ErrImageNeverPull", message.clone());
            return Err(self.put_off(index, "ErrImageNeverPull", message, now + RESYNC));
        }
        let back_off =
            slot.pull_failed.as_ref().and_then(|(failed, why)| Some((slot.pull.until(*failed, now)?, why.clone())));
        if let Some((until, why)) = back_off {
            let told = format!("Back-off pulling image \"{name}\"");
            self.event(index, Kind::Normal, "BackOff", told.clone());
            return Err(self.put_off(index, "ImagePullBackOff", format!("{told}: ErrImagePull: {why}"), until));
        }
        self.event(index, Kind::Normal, "Pulling", format!("Pulling image \"{name}\""));
        self.pull(index, &name, now)
    }

    fn pull(&mut self, index: usize, name: &str, now: Instant) -> Ready {
        let pull = self.agent.images.find(name).pull.clone();
        let Some(slot) = self.slots.get_mut(index) else { return Err(None) };
        match pull {
            Pull::Fails(why) => {
                slot.pull.next(now, now);
                slot.pull_failed = Some((now, why.clone()));
                self.event(index, Kind::Warning, "Failed", format!("Failed to pull image \"{name}\": {why}"));
                Err(self.put_off(index, "ErrImagePull", why, now + NOTICE))
            }
            Pull::Takes(time) if time.is_zero() => {
                self.pulled(index, Duration::ZERO);
                Ok(())
            }
            Pull::Takes(time) => {
                slot.image = Image::Pulling(now);
                slot.waiting = None;
                let outbox = self.outbox.clone();
                let arrives = async move {
                    tokio::time::sleep(time).await;
                    let _ = outbox.send(Message::Pulled { slot: index, took: time });
                };
                let stop = self.agent.stop.clone();
                tokio::spawn(async move { stop.run_until_cancelled_owned(arrives).await });
                Err(None)
            }
        }
    }

    /// Notes that an image has arrived.
    pub(super) fn pulled(&mut self, index: usize, took: Duration) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        slot.image = Image::There;
        slot.pull_failed = None;
        let name = slot.spec.image.clone().unwrap_or_default();
        let (time, size) = (go_duration(took), self.agent.images.find(&name).size);
        let told = format!(
            "Successfully pulled image \"{name}\" in {time} ({time} including waiting). Image size: {size} bytes."
        );
        self.agent.present.lock().insert((self.node.name.clone(), name));
        self.event(index, Kind::Normal, "Pulled", told);
    }

    /// Makes a container and starts its process. An error is a reason to wait and its message.
    async fn create(&mut self, index: usize) -> Result<(), (&'static str, String)> {
        let Some(slot) = self.slots.get(index) else { return Ok(()) };
        let (spec, role) = (slot.spec.clone(), slot.role);
        let config = |why: String| ("CreateContainerConfigError", why);
        self.check_user(&spec).map_err(config)?;
        let env = self.environment(&spec).await.map_err(config)?;
        let number = slot.run.as_ref().map_or(0, |run| run.number + 1);
        let log = Log::default();
        let container = self.container(&spec, env, &log);
        let run = self.spawn(index, number, role, &spec, container.clone(), log.clone());
        self.view.running.insert(container.clone());
        self.event(index, Kind::Normal, "Created", "Container created".to_owned());
        self.event(index, Kind::Normal, "Started", "Container started".to_owned());
        if let Some(slot) = self.slots.get_mut(index) {
            slot.waiting = None;
            slot.image = Image::Wanted;
            if let Some(before) = slot.run.replace(run) {
                slot.last = before.end.map(|end| end.state);
            }
        }
        self.keep_logs();
        let hook = spec.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref());
        if let Some(hook) = hook
            && hooks::run(&container, &spec, hook).await.is_err()
        {
            self.event(index, Kind::Warning, "FailedPostStartHook", "PostStartHook failed".to_owned());
            self.stop(index, Some("FailedPostStartHook".to_owned()), self.grace(), Vec::new());
        }
        Ok(())
    }

    /// Refuses to run as root what must not.
    fn check_user(&self, spec: &Spec) -> Result<(), String> {
        let (own, of_pod) = (spec.security_context.as_ref(), self.spec.security_context.as_ref());
        let strict = own.and_then(|c| c.run_as_non_root).or(of_pod.and_then(|c| c.run_as_non_root)) == Some(true);
        let user = own.and_then(|c| c.run_as_user).or(of_pod.and_then(|c| c.run_as_user));
        if strict && user == Some(0) {
            let pod = self.full_name();
            return Err(format!(
                "container's runAsUser breaks non-root policy (pod: \"{pod}\", container: {})",
                spec.name
            ));
        }
        Ok(())
    }

    async fn environment(&self, spec: &Spec) -> Result<Env, String> {
        let links = self.spec.enable_service_links != Some(false);
        let services = env::service_links(&self.agent.services.all(), &self.pod.namespace, links);
        let facts = Facts {
            pod: &self.object,
            spec: &self.spec,
            pod_ip: self.pod.ip,
            host_ip: self.node.ip,
            allocatable: &self.node.allocatable,
        };
        let mut objects = Objects::new(&self.agent.api, &self.pod.namespace);
        env::resolve(spec, &services, &facts, &mut objects).await
    }

    fn container(&self, spec: &Spec, env: Env, log: &Log) -> Container {
        let expanded = |texts: &Option<Vec<String>>| -> Vec<String> {
            texts.iter().flatten().map(|text| expand(text, &[&env])).collect()
        };
        let none = std::collections::BTreeMap::new();
        let mounts = volumes::mounts(spec, self.volumes.as_ref().unwrap_or(&none), &env);
        Container::new(ContainerParts {
            pod: self.identity(),
            name: spec.name.clone(),
            image: spec.image.clone().unwrap_or_default(),
            command: expanded(&spec.command),
            args: expanded(&spec.args),
            working_dir: spec.working_dir.clone().unwrap_or_default(),
            files: Files::new(mounts),
            log: LogWriter::new(log.clone(), self.agent.clock.clone()),
            ports: Ports::new(self.view.running.changes.clone()),
            neighbours: Arc::downgrade(&self.view.running),
            clock: self.agent.clock.clone(),
            stop: CancellationToken::new(),
            begun: CancellationToken::new(),
            exec: Mutex::default(),
            env,
        })
    }

    /// Starts the process and its probes.
    fn spawn(&self, slot: usize, number: u32, role: Role, spec: &Arc<Spec>, container: Container, log: Log) -> Run {
        let (kill, exited) = (self.agent.stop.child_token(), CancellationToken::new());
        let process = Arc::clone(&self.agent.images.find(&container.image).process);
        let running = AssertUnwindSafe(process.run(container.clone())).catch_unwind();
        let (outbox, killed, over) = (self.outbox.clone(), kill.clone(), exited.clone());
        let (own, own_log, own_spec) = (container.clone(), log.clone(), spec.clone());
        tokio::spawn(async move {
            let own = Alive(own);
            let begun = own.0.begun.clone();
            let run = async {
                let mut running = std::pin::pin!(running);
                let first = std::future::poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
                begun.cancel();
                match first {
                    Poll::Ready(ended) => ended,
                    Poll::Pending => running.await,
                }
            };
            let exit = tokio::select! {
                biased;
                () = killed.cancelled() => Exit::killed(),
                // A process that panics has been aborted.
                ended = run => ended.unwrap_or(Exit::code(134)),
            };
            own.0.begun.cancel();
            let message = last_message(&own.0, &own_spec, exit, &own_log).await;
            own_log.close();
            drop(own);
            over.cancel();
            let _ = outbox.send(Message::Exited { slot, number, exit, message });
        });
        let started = latest::Sender::new(spec.startup_probe.is_none());
        let probes = CancellationToken::new();
        let kinds = [
            (probe::Kind::Startup, &spec.startup_probe),
            (probe::Kind::Readiness, &spec.readiness_probe),
            (probe::Kind::Liveness, &spec.liveness_probe),
        ];
        for (kind, probe) in kinds.into_iter().filter(|_| matches!(role, Role::Main | Role::Sidecar)) {
            let Some(probe) = probe.clone() else { continue };
            let (container, started, outbox) = (container.clone(), started.subscribe(), self.outbox.clone());
            let report = move |report: Report| {
                let _ = outbox.send(Message::Probed { slot, number, kind, report });
            };
            let prober = Prober { kind, probe, spec: spec.clone(), container, started, report };
            let stop = probes.child_token();
            tokio::spawn(async move { stop.run_until_cancelled_owned(prober.run()).await });
        }
        Run {
            number,
            id: names::container_id(&self.pod.uid, &spec.name, number),
            started_at: (self.agent.clock)(),
            container,
            log,
            end: None,
            started,
            ready: spec.readiness_probe.is_none(),
            kill,
            exited,
            stopping: None,
            probes: Some(probes.drop_guard()),
        }
    }
}

/// What a process leaves as its termination message.
async fn last_message(container: &Container, spec: &Spec, exit: Exit, log: &Log) -> String {
    let path = spec.termination_message_path.as_deref().unwrap_or("/dev/termination-log");
    let written = container.files.read(path).await.unwrap_or_default();
    let written = &written[..written.len().min(MESSAGE)];
    let fall_back = spec.termination_message_policy.as_deref() == Some("FallbackToLogsOnError");
    if written.is_empty() && fall_back && exit.code != 0 {
        return log.last_words();
    }
    String::from_utf8_lossy(written).into_owned()
}
