//! A pod's phase, from the statuses of its containers (`getPhase` in `pkg/kubelet/kubelet_pods.go`).

use super::container::{Role, Slot};

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// Whether nothing comes after it.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What a container counts as.
enum State {
    New,
    Running,
    /// Ended with this code, whether or not it waits to run again.
    Ended(i32),
}

fn state(slot: &Slot) -> State {
    match &slot.run {
        None => State::New,
        Some(run) => run.end.as_ref().map_or(State::Running, |end| State::Ended(end.state.exit_code)),
    }
}

/// The phase of a pod. `over` says that nothing of it will run again; `initialized` that its main containers have begun to run.
pub(super) fn phase(slots: &[Slot], policy: &str, over: bool, initialized: bool) -> Phase {
    let mut pending = false;
    let mut sidecar_pending = false;
    let (mut running, mut waiting) = (0, 0);
    let (mut ended, mut succeeded, mut finished) = (0, 0, 0);
    for slot in slots {
        match (slot.role, state(slot)) {
            (Role::Ephemeral, _) | (Role::Sidecar, State::Ended(_)) => {}
            (Role::Init, State::New | State::Running) => pending = true,
            (Role::Init, State::Ended(0)) => {}
            (Role::Init, State::Ended(code)) => {
                if !slot.restarts(policy, code) {
                    return Phase::Failed;
                }
            }
            (Role::Sidecar, State::New) => {
                sidecar_pending = true;
                waiting += 1;
            }
            (Role::Sidecar, State::Running) => {
                sidecar_pending |= !slot.run.as_ref().is_some_and(|run| *run.started.borrow());
                running += 1;
            }
            (Role::Main, State::New) => waiting += 1,
            (Role::Main, State::Running) => running += 1,
            (Role::Main, State::Ended(code)) => {
                ended += 1;
                succeeded += usize::from(code == 0);
                finished += usize::from(!slot.restarts(policy, code));
            }
        }
    }
    let done = || if ended == succeeded { Phase::Succeeded } else { Phase::Failed };
    if pending || (sidecar_pending && !initialized) || waiting > 0 {
        Phase::Pending
    } else if running > 0 {
        Phase::Running
    } else if ended == 0 {
        Phase::Pending
    } else if over || ended == finished {
        done()
    } else {
        Phase::Running
    }
}
