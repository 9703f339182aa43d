//! A pod's worker: owns everything about one pod, and decides what of it runs when (`computePodActions`, `SyncPod`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, PodCondition, PodSpec};
use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Value, json};
use serde::Deserialize as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::agent::{Node, Shared};
use super::container::{Role, Slot};
use super::probe::{self, Report};
use super::view::View;
use super::{status, volumes};
use crate::kinds::PODS;
use crate::process::{Exit, PodIdentity, Volume};
use crate::recorder::{Kind, Source, Subject};

/// After a mount failed: the first wait, doubled each time, and the longest (`pkg/util/goroutinemap/exponentialbackoff`).
const REMOUNT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(122));
/// How soon a status that could not be written is written again.
const REWRITE: Duration = Duration::from_secs(1);

/// What a worker is told.
pub(super) enum Message {
    /// The pod is now this.
    Updated(Arc<Value>),
    /// It is gone.
    Removed,
    /// An image has arrived.
    Pulled { slot: usize, took: Duration },
    /// A process has ended.
    Exited { slot: usize, number: u32, exit: Exit, message: String },
    /// A probe has something to say.
    Probed { slot: usize, number: u32, kind: probe::Kind, report: Report },
}

/// A pod, by what never changes of it.
#[derive(Debug, Clone)]
pub(super) struct PodRef {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) ip: IpAddr,
}

/// Why a pod failed as a whole.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// Owns everything about one pod.
pub(super) struct PodWorker {
    pub(super) agent: Shared,
    pub(super) node: Arc<Node>,
    pub(super) pod: PodRef,
    pub(super) object: Arc<Value>,
    pub(super) spec: Arc<PodSpec>,
    /// Init containers and sidecars in order, then main containers, then ephemeral ones.
    pub(super) slots: Vec<Slot>,
    /// When the node took it on.
    pub(super) accepted_at: Timestamp,
    accepted: Instant,
    /// Whether it has its network and volumes.
    pub(super) sandbox: bool,
    pub(super) volumes: Option<BTreeMap<String, Volume>>,
    /// When to try to mount again, after how long.
    remount: Option<(Instant, Duration)>,
    pub(super) verdict: Option<Verdict>,
    pub(super) view: Arc<View>,
    inbox: mpsc::UnboundedReceiver<Message>,
    pub(super) outbox: mpsc::UnboundedSender<Message>,
    /// The last status that was written.
    written: Option<Value>,
    conditions: Vec<PodCondition>,
    /// Something ended that has to show before anything follows from it.
    news: bool,
    removed: bool,
    /// Nothing is left to do.
    done: bool,
}

impl PodWorker {
    pub(super) fn new(
        agent: &Shared,
        node: &Arc<Node>,
        pod: &Arc<Value>,
        (outbox, inbox): (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    ) -> Result<Self, proofmark_json::Error> {
        let spec = PodSpec::deserialize(&pod["spec"])?;
        let conditions = Option::<Vec<PodCondition>>::deserialize(&pod["status"]["conditions"])?.unwrap_or_default();
        let host_network = spec.host_network == Some(true);
        let own = PodRef {
            namespace: object::namespace(pod).to_owned(),
            name: object::name(pod).to_owned(),
            uid: object::uid(pod).to_owned(),
            ip: if host_network { node.ip } else { agent.addresses.next() },
        };
        let mut slots = Vec::with_capacity(spec.containers.len() + spec.init_containers.iter().flatten().count());
        for container in spec.init_containers.iter().flatten() {
            let sidecar = container.restart_policy.as_deref() == Some("Always");
            slots.push(Slot::new(Arc::new(container.clone()), if sidecar { Role::Sidecar } else { Role::Init }));
        }
        slots.extend(spec.containers.iter().map(|container| Slot::new(Arc::new(container.clone()), Role::Main)));
        let view = Arc::new(View::default());
        agent.views.insert(&own.namespace, &own.name, Arc::clone(&view));
        let mut worker = Self {
            agent: Arc::clone(agent),
            node: Arc::clone(node),
            pod: own,
            object: Arc::clone(pod),
            spec: Arc::new(spec),
            slots,
            accepted_at: (agent.clock)(),
            accepted: Instant::now(),
            sandbox: false,
            volumes: None,
            remount: None,
            verdict: None,
            view,
            inbox,
            outbox,
            written: None,
            conditions,
            news: false,
            removed: false,
            done: false,
        };
        worker.add_ephemeral()?;
        Ok(worker)
    }

    /// Lives until the pod is gone. Most workers wait most of the time, so neither the worker nor what it is about to do is part of what is kept of the task.
    pub(super) async fn run(mut self: Box<Self>) {
        loop {
            let wake = Box::pin(self.sync()).await;
            if self.removed && self.is_stopped() {
                self.agent.views.remove(&self.pod.namespace, &self.pod.name, &self.view);
                return;
            }
            let message = tokio::select! {
                biased;
                message = self.inbox.recv() => message,
                () = sleep_until(wake) => None,
            };
            if let Some(message) = message {
                self.take(message);
            }
            while let Ok(message) = self.inbox.try_recv() {
                self.take(message);
            }
        }
    }

    /// Does all that is possible now; answers when to look again.
    async fn sync(&mut self) -> Option<Instant> {
        if self.removed || self.done {
            self.kill_all();
            return None;
        }
        if std::mem::take(&mut self.news) {
            self.publish().await;
        }
        let mut wake = self.check_deadline();
        if self.is_ending() {
            let grace = self.grace();
            self.stop_all(grace);
        } else {
            wake = earliest(wake, self.advance().await);
        }
        wake = earliest(wake, self.publish().await);
        if self.is_deleted() && self.is_stopped() && self.written.is_some() {
            self.delete().await;
        }
        wake
    }

    /// Brings the pod as far as it gets.
    async fn advance(&mut self) -> Option<Instant> {
        if let Some(later) = self.mount().await {
            return Some(later);
        }
        self.sandbox = true;
        let mut wake = None;
        for index in self.indices(Role::Ephemeral) {
            if self.slots[index].run.is_none() {
                wake = earliest(wake, self.ensure(index).await);
            }
        }
        let initialized = self.has_run();
        for index in 0..self.slots.len() {
            let slot = &self.slots[index];
            match slot.role {
                Role::Main | Role::Ephemeral => continue,
                Role::Init if initialized || slot.end().is_some_and(|end| end.state.exit_code == 0) => continue,
                Role::Init | Role::Sidecar if slot.running().is_none() => {
                    wake = earliest(wake, self.ensure(index).await);
                }
                Role::Init | Role::Sidecar => {}
            }
            let slot = &self.slots[index];
            let started = slot.role == Role::Sidecar && slot.running().is_some_and(|run| *run.started.borrow());
            if !started && !initialized {
                return wake;
            }
        }
        for index in self.indices(Role::Main) {
            let slot = &self.slots[index];
            if slot.run.is_none() || slot.will_restart(self.policy()) {
                wake = earliest(wake, self.ensure(index).await);
            }
        }
        wake
    }

    fn indices(&self, role: Role) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| slot.role == role).map(|(index, _)| index).collect()
    }

    /// Mounts the volumes, unless they are; answers when to try again.
    async fn mount(&mut self) -> Option<Instant> {
        if self.volumes.is_some() {
            return None;
        }
        let now = Instant::now();
        if let Some((at, _)) = self.remount.filter(|(at, _)| *at > now) {
            return Some(at);
        }
        match volumes::mount(&self.agent, &self.node, &self.pod, &self.spec).await {
            Ok(volumes) => {
                self.volumes = Some(volumes);
                None
            }
            Err(volumes::MountError(why)) => {
                let subject = Subject::pod(&self.object);
                self.agent.recorder.record(self.source(), subject, Kind::Warning, "FailedMount", why);
                let wait = self.remount.map_or(REMOUNT.0, |(_, wait)| (wait * 2).min(REMOUNT.1));
                self.remount = Some((now + wait, wait));
                Some(now + wait)
            }
        }
    }

    /// Fails a pod that has been active for too long; answers when that will be (`active_deadline.go`).
    fn check_deadline(&mut self) -> Option<Instant> {
        let seconds = u64::try_from(self.spec.active_deadline_seconds?).ok()?;
        let at = self.accepted + Duration::from_secs(seconds);
        if self.is_ending() {
            return None;
        }
        if Instant::now() < at {
            return Some(at);
        }
        let message = "Pod was active on the node longer than the specified deadline".to_owned();
        let subject = Subject::pod(&self.object);
        self.agent.recorder.record(self.source(), subject, Kind::Normal, "DeadlineExceeded", message.clone());
        self.verdict = Some(Verdict { reason: "DeadlineExceeded", message });
        None
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Updated(object) => self.update(object),
            Message::Removed => self.removed = true,
            Message::Pulled { slot, took } => self.pulled(slot, took),
            Message::Exited { slot, number, exit, message } => {
                let now = (self.agent.clock)();
                let Some(slot) = self.slots.get_mut(slot) else { return };
                if let Some(run) = slot.running_mut().filter(|run| run.number == number) {
                    run.ended(exit, message, now);
                    slot.waiting = None;
                    self.view.running.remove(&slot.spec.name);
                    self.news = true;
                }
            }
            Message::Probed { slot, number, kind, report } => self.probed(slot, number, kind, report),
        }
    }

    fn probed(&mut self, index: usize, number: u32, kind: probe::Kind, report: Report) {
        let policy = self.policy().to_owned();
        let grace = self.grace();
        let Some(slot) = self.slots.get_mut(index) else { return };
        let (name, role) = (slot.spec.name.clone(), slot.role);
        let restarts = slot.spec.restart_policy.as_deref().unwrap_or(&policy) != "Never";
        let probe = match kind {
            probe::Kind::Startup => &slot.spec.startup_probe,
            probe::Kind::Readiness | probe::Kind::Liveness => &slot.spec.liveness_probe,
        };
        let own = probe.as_ref().and_then(|probe| probe.termination_grace_period_seconds);
        let grace = own.and_then(|s| u64::try_from(s).ok()).map_or(grace, Duration::from_secs);
        let Some(run) = slot.running_mut().filter(|run| run.number == number && run.stopping.is_none()) else { return };
        match (kind, report) {
            (kind, Report::Failed(words)) => {
                self.event(index, Kind::Warning, "Unhealthy", format!("{} probe failed: {words}", kind.name()));
            }
            (probe::Kind::Readiness, Report::Settled(ready)) => run.ready = ready,
            (probe::Kind::Startup, Report::Settled(true)) => {
                run.started.send_replace(true);
            }
            (probe::Kind::Liveness, Report::Settled(true)) => {}
            (kind, Report::Settled(false)) => {
                let what = kind.name().to_lowercase();
                let why = match role {
                    Role::Sidecar => format!("Init container {name} failed {what} probe"),
                    _ if restarts => format!("Container {name} failed {what} probe, will be restarted"),
                    _ => format!("Container {name} failed {what} probe"),
                };
                self.stop(index, Some(why), grace, Vec::new());
            }
        }
    }

    fn update(&mut self, object: Arc<Value>) {
        self.object = object;
        match PodSpec::deserialize(&self.object["spec"]) {
            Ok(spec) => self.spec = Arc::new(spec),
            Err(error) => tracing::warn!(%error, pod = self.pod.name, "a pod cannot be understood"),
        }
        if let Err(error) = self.add_ephemeral() {
            tracing::warn!(%error, pod = self.pod.name, "an ephemeral container cannot be understood");
        }
        let spec = Arc::clone(&self.spec);
        let declared = spec.init_containers.iter().flatten().chain(&spec.containers);
        for (index, new) in declared.enumerate() {
            let Some(slot) = self.slots.get_mut(index) else { return };
            if slot.spec.image == new.image {
                continue;
            }
            Arc::make_mut(&mut slot.spec).image.clone_from(&new.image);
            let what = if slot.role == Role::Main { "Container" } else { "Init container" };
            let why = format!("{what} {} definition changed, will be restarted", new.name);
            if slot.role != Role::Init {
                let grace = self.grace();
                self.stop(index, Some(why), grace, Vec::new());
            }
        }
    }

    /// Takes on ephemeral containers that are new.
    fn add_ephemeral(&mut self) -> Result<(), proofmark_json::Error> {
        for declared in object::list(&self.object, "/spec/ephemeralContainers") {
            // They are containers but for what they are aimed at.
            let spec = Container::deserialize(declared)?;
            let known = self.slots.iter().any(|slot| slot.role == Role::Ephemeral && slot.spec.name == spec.name);
            if !known {
                self.slots.push(Slot::new(Arc::new(spec), Role::Ephemeral));
            }
        }
        Ok(())
    }

    /// Writes the status if it changed; answers when to try again.
    async fn publish(&mut self) -> Option<Instant> {
        let status = status::status(self);
        let new = status.conditions.clone().unwrap_or_default();
        let before = std::mem::replace(&mut self.conditions, new);
        let value = match proofmark_json::to_value(&status) {
            Ok(value) => value,
            Err(error) => {
                tracing::warn!(%error, pod = self.pod.name, "a status cannot be written down");
                return None;
            }
        };
        *self.view.status.lock() = status;
        if self.written.as_ref() == Some(&value) {
            return None;
        }
        let order: Vec<Value> = self.conditions.iter().map(|c| json!({"type": c.type_})).collect();
        let mut patch = json!({"metadata": {"uid": self.pod.uid}, "status": value.clone()});
        patch["status"]["$setElementOrder/conditions"] = Value::Array(order);
        // A patch only takes away what it says is nothing.
        for condition in patch["status"]["conditions"].as_array_mut().into_iter().flatten() {
            let had = before.iter().find(|old| condition["type"] == *old.type_);
            for (field, had) in
                had.map(|old| [("reason", &old.reason), ("message", &old.message)]).into_iter().flatten()
            {
                if had.is_some() && condition.get(field).is_none() {
                    condition[field] = Value::Null;
                }
            }
        }
        match self.agent.api.patch_status(&PODS, &self.pod.namespace, &self.pod.name, &patch).await {
            Ok(_) => {
                self.written = Some(value);
                None
            }
            // It went away meanwhile, which the informer will tell.
            Err(error) if error.is_not_found() || error.is_conflict() => None,
            Err(error) => {
                tracing::debug!(%error, pod = self.pod.name, "a status could not be written");
                Some(Instant::now() + REWRITE)
            }
        }
    }

    /// Lets a pod go that has stopped.
    async fn delete(&mut self) {
        let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": self.pod.uid}});
        match self.agent.api.delete(&PODS, &self.pod.namespace, &self.pod.name, &options).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => {
                tracing::debug!(%error, pod = self.pod.name, "a pod could not be deleted");
            }
            _ => self.done = true,
        }
    }

    /// Keeps the logs that can still be asked for: of the newest run of each container and the one before.
    pub(super) fn keep_logs(&self) {
        let mut logs = self.view.logs.lock();
        let last = |slot: &Slot| slot.last.as_ref().and_then(|end| end.container_id.clone());
        for run in self.slots.iter().filter_map(|slot| slot.run.as_ref()) {
            logs.insert(run.id.clone(), run.log.clone());
        }
        logs.retain(|id, _| {
            self.slots
                .iter()
                .any(|slot| slot.run.as_ref().is_some_and(|run| run.id == *id) || last(slot).as_ref() == Some(id))
        });
    }

    /// Whether its deletion was asked for.
    pub(super) fn is_deleted(&self) -> bool {
        object::is_being_deleted(&self.object)
    }

    /// Whether nothing of it will be started any more.
    pub(super) fn is_ending(&self) -> bool {
        self.is_deleted() || self.verdict.is_some() || self.is_over()
    }

    /// Whether everything it was to do is done, or cannot be done.
    fn is_over(&self) -> bool {
        let policy = self.policy();
        let failed = |slot: &Slot| {
            slot.role == Role::Init
                && slot.end().is_some_and(|end| end.state.exit_code != 0)
                && !slot.will_restart(policy)
        };
        let mut main = self.slots.iter().filter(|slot| slot.role == Role::Main);
        self.slots.iter().any(failed) || main.all(|slot| slot.end().is_some() && !slot.will_restart(policy))
    }

    /// Whether nothing of it runs.
    pub(super) fn is_stopped(&self) -> bool {
        self.slots.iter().all(|slot| slot.running().is_none())
    }

    /// Whether a main container has ever run.
    pub(super) fn has_run(&self) -> bool {
        self.slots.iter().any(|slot| slot.role == Role::Main && slot.run.is_some())
    }

    /// The pod's restart policy.
    pub(super) fn policy(&self) -> &str {
        self.spec.restart_policy.as_deref().unwrap_or("Always")
    }

    /// How long its containers may take to stop.
    pub(super) fn grace(&self) -> Duration {
        let asked = self.object["metadata"]["deletionGracePeriodSeconds"].as_i64();
        let seconds = asked.or(self.spec.termination_grace_period_seconds).unwrap_or(30);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }

    /// The generation of the spec that its status is about.
    pub(super) fn generation(&self) -> Option<i64> {
        self.object["metadata"]["generation"].as_i64()
    }

    /// Its conditions at the last time.
    pub(super) fn conditions_before(&self) -> &[PodCondition] {
        &self.conditions
    }

    /// As messages name it: `name_namespace(uid)`.
    pub(super) fn full_name(&self) -> String {
        format!("{}_{}({})", self.pod.name, self.pod.namespace, self.pod.uid)
    }

    pub(super) fn identity(&self) -> PodIdentity {
        PodIdentity {
            namespace: self.pod.namespace.clone(),
            name: self.pod.name.clone(),
            uid: self.pod.uid.clone(),
            service_account: self.spec.service_account_name.clone().unwrap_or_default(),
            node: self.node.name.clone(),
            ip: self.pod.ip,
        }
    }

    pub(super) fn source(&self) -> Source {
        Source::Kubelet(self.node.name.clone())
    }

    /// What an event about a container is about.
    pub(super) fn subject(&self, role: Role, container: &str) -> Subject {
        let field = format!("spec.{}{{{container}}}", role.field());
        Subject { field, ..Subject::pod(&self.object) }
    }

    /// Records an event about a container.
    pub(super) fn event(&self, index: usize, kind: Kind, reason: &'static str, message: String) {
        let Some(slot) = self.slots.get(index) else { return };
        let subject = self.subject(slot.role, &slot.spec.name);
        self.agent.recorder.record(self.source(), subject, kind, reason, message);
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
