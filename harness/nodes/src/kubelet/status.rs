//! A pod's status, from what its containers do (`generateAPIPodStatus`, `convertToAPIContainerStatuses`).

use k8s_openapi::api::core::v1::{
    self as core, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, ContainerUser, HostIP, LinuxContainerUser, PodIP, PodStatus, VolumeMountStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::conditions::{Situation, conditions, is_ready, is_started};
use super::container::{Role, Slot, image_names};
use super::phase::{Phase, phase};
use super::pod::{PodWorker, Verdict};

/// The status of a pod now.
pub(super) fn status(worker: &PodWorker) -> PodStatus {
    let spec = &worker.spec;
    let now = (worker.agent.clock)();
    let initialized = worker.has_run();
    let verdict = worker.verdict.as_ref();
    let stopped = worker.is_stopped();
    let by_containers = phase(&worker.slots, worker.policy(), worker.is_ending() && stopped, initialized);
    let phase = match verdict {
        Some(_) => Phase::Failed,
        None if worker.is_deleted() && stopped && by_containers != Phase::Succeeded => Phase::Failed,
        None => by_containers,
    };
    let unknown = phase.is_final() && stopped && by_containers != Phase::Succeeded;
    let statuses = |roles: &[Role]| -> Option<Vec<ContainerStatus>> {
        let slots = worker.slots.iter().filter(|slot| roles.contains(&slot.role));
        let statuses: Vec<_> =
            slots.map(|slot| container(worker, slot, unknown && initialized_part(slot, initialized))).collect();
        (!statuses.is_empty()).then_some(statuses)
    };
    let mut main = statuses(&[Role::Main]);
    if let Some(main) = &mut main {
        main.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let situation = Situation {
        slots: &worker.slots,
        phase,
        sandbox: worker.sandbox && !(phase.is_final() && stopped),
        initialized,
        generation: worker.generation(),
        pod: &worker.object,
        gates: spec.readiness_gates.iter().flatten().map(|gate| gate.condition_type.as_str()).collect(),
    };
    let ip = worker.sandbox.then(|| worker.pod.ip.to_string());
    let host = worker.node.ip.to_string();
    PodStatus {
        conditions: Some(conditions(&situation, worker.conditions_before(), now)),
        container_statuses: main,
        ephemeral_container_statuses: statuses(&[Role::Ephemeral]),
        host_ip: Some(host.clone()),
        host_ips: Some(vec![HostIP { ip: host }]),
        init_container_statuses: statuses(&[Role::Init, Role::Sidecar]),
        message: verdict.map(|Verdict { message, .. }| message.clone()),
        observed_generation: worker.generation(),
        phase: Some(phase.as_str().to_owned()),
        pod_ip: ip.clone(),
        pod_ips: ip.map(|ip| vec![PodIP { ip }]),
        reason: verdict.map(|Verdict { reason, .. }| (*reason).to_owned()),
        start_time: Some(Time(worker.accepted_at)),
        ..PodStatus::default()
    }
}

/// Whether a container's turn to run had come.
fn initialized_part(slot: &Slot, initialized: bool) -> bool {
    slot.role == Role::Main || initialized || slot.run.is_some()
}

/// A container's status. `lost` says that it has to be over, whether or not anybody saw it end.
fn container(worker: &PodWorker, slot: &Slot, lost: bool) -> ContainerStatus {
    let (state, last) = states(worker, slot, lost);
    let run = slot.run.as_ref();
    let (image, image_id) = match run {
        Some(_) => image_names(&slot.spec),
        None => (slot.spec.image.clone().unwrap_or_default(), String::new()),
    };
    let resources = slot.spec.resources.clone().unwrap_or_default();
    ContainerStatus {
        allocated_resources: run.and(resources.requests.clone()).filter(|requests| !requests.is_empty()),
        container_id: run.map(|run| run.id.clone()),
        image,
        image_id,
        last_state: Some(last),
        name: slot.spec.name.clone(),
        ready: is_ready(slot),
        resources: run.map(|_| resources),
        restart_count: run.map_or(0, |run| i32::try_from(run.number).unwrap_or(i32::MAX)),
        started: (slot.role != Role::Ephemeral).then(|| is_started(slot)),
        state: Some(state),
        user: run.map(|_| user(&worker.spec, &slot.spec)),
        volume_mounts: mounts(&slot.spec),
        ..ContainerStatus::default()
    }
}

/// The present and the last state.
fn states(worker: &PodWorker, slot: &Slot, lost: bool) -> (ContainerState, ContainerState) {
    let ended = |end: Option<ContainerStateTerminated>| ContainerState { terminated: end, ..ContainerState::default() };
    let last = || ended(slot.last.clone());
    let end = slot.end().map(|end| end.state.clone());
    let waits = |reason: &str, message: Option<String>| ContainerState {
        waiting: Some(ContainerStateWaiting { reason: Some(reason.to_owned()), message }),
        ..ContainerState::default()
    };
    if let Some(run) = slot.running() {
        let running = Some(ContainerStateRunning { started_at: Some(Time(run.started_at)) });
        return (ContainerState { running, ..ContainerState::default() }, last());
    }
    match (&slot.waiting, end) {
        (Some(_), end) | (None, end) if lost && end.is_none() => {
            let gone = ContainerStateTerminated {
                exit_code: 137,
                message: Some("The container could not be located when the pod was terminated".to_owned()),
                reason: Some("ContainerStatusUnknown".to_owned()),
                ..ContainerStateTerminated::default()
            };
            (ended(Some(gone)), last())
        }
        (Some(waiting), end) if !lost => {
            let message = Some(waiting.message.clone()).filter(|message| !message.is_empty());
            let last = if end.is_some() { ended(end) } else { last() };
            (waits(waiting.reason, message), last)
        }
        (_, Some(end)) => (ended(Some(end)), last()),
        (_, None) => {
            let initializing = worker.slots.iter().any(|slot| matches!(slot.role, Role::Init | Role::Sidecar));
            (waits(if initializing { "PodInitializing" } else { "ContainerCreating" }, None), last())
        }
    }
}

/// Whom the process runs as: what the pod asks for, or root.
fn user(pod: &core::PodSpec, container: &core::Container) -> ContainerUser {
    let (own, of_pod) = (container.security_context.as_ref(), pod.security_context.as_ref());
    let uid = own.and_then(|c| c.run_as_user).or(of_pod.and_then(|c| c.run_as_user)).unwrap_or(0);
    let gid = own.and_then(|c| c.run_as_group).or(of_pod.and_then(|c| c.run_as_group)).unwrap_or(0);
    let mut groups = vec![gid];
    groups.extend(of_pod.and_then(|c| c.fs_group));
    groups.extend(of_pod.iter().flat_map(|c| c.supplemental_groups.iter().flatten().copied()));
    groups.sort_unstable();
    groups.dedup();
    ContainerUser { linux: Some(LinuxContainerUser { uid, gid, supplemental_groups: Some(groups) }) }
}

fn mounts(container: &core::Container) -> Option<Vec<VolumeMountStatus>> {
    let mounts = container.volume_mounts.iter().flatten();
    let statuses: Vec<_> = mounts
        .map(|mount| {
            let read_only = mount.read_only.filter(|read_only| *read_only);
            let recursive = mount.recursive_read_only.as_deref();
            let mode = if matches!(recursive, Some("Enabled" | "IfPossible")) { "Enabled" } else { "Disabled" };
            VolumeMountStatus {
                mount_path: mount.mount_path.clone(),
                name: mount.name.clone(),
                read_only,
                recursive_read_only: read_only.map(|_| mode.to_owned()),
            }
        })
        .collect();
    (!statuses.is_empty()).then_some(statuses)
}
