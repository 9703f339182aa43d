//! One container of a pod: what it is to be, and what became of it so far.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{self as core, ContainerStateTerminated};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use proofmark_latest as latest;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::backoff::Backoff;
use super::names;
use crate::logs::Log;
use crate::process::{Container, Exit};

/// A container's part in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Runs to its end before the next one starts.
    Init,
    /// An init container that goes on running (KEP-753).
    Sidecar,
    Main,
    /// Added to a pod that runs; never restarted.
    Ephemeral,
}

impl Role {
    /// Where the pod's spec has it.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Init | Self::Sidecar => "initContainers",
            Self::Main => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// Why a container does not run yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// How far the image of the next run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Image {
    #[default]
    Wanted,
    /// It has been on its way since.
    Pulling(Instant),
    There,
}

/// One container of a pod.
pub(super) struct Slot {
    pub(super) spec: Arc<core::Container>,
    pub(super) role: Role,
    /// The newest run, whether it still runs or not.
    pub(super) run: Option<Run>,
    /// How the run before that ended.
    pub(super) last: Option<ContainerStateTerminated>,
    pub(super) waiting: Option<Waiting>,
    /// Not to be tried before.
    pub(super) retry: Option<Instant>,
    pub(super) image: Image,
    pub(super) crash: Backoff,
    pub(super) pull: Backoff,
    /// When and how the last pull failed.
    pub(super) pull_failed: Option<(Instant, String)>,
}

/// One run of a container.
pub(super) struct Run {
    /// How many came before it.
    pub(super) number: u32,
    pub(super) id: String,
    pub(super) started_at: Timestamp,
    pub(super) container: Container,
    pub(super) log: Log,
    pub(super) end: Option<End>,
    /// Whether its startup probe succeeded, or it has none.
    pub(super) started: latest::Sender<bool>,
    /// Whether its readiness probe succeeds, or it has none.
    pub(super) ready: bool,
    /// SIGKILL
    pub(super) kill: CancellationToken,
    /// Cancelled when it has ended.
    pub(super) exited: CancellationToken,
    /// The end of its grace period, once it is asked to stop.
    pub(super) stopping: Option<latest::Sender<Instant>>,
    /// Ends its probes.
    pub(super) probes: Option<DropGuard>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) at: Instant,
    pub(super) state: ContainerStateTerminated,
}

impl Slot {
    pub(super) fn new(spec: Arc<core::Container>, role: Role) -> Self {
        Self {
            spec,
            role,
            run: None,
            last: None,
            waiting: None,
            retry: None,
            image: Image::Wanted,
            crash: Backoff::default(),
            pull: Backoff::default(),
            pull_failed: None,
        }
    }

    /// The run that goes on.
    pub(super) fn running(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| run.end.is_none())
    }

    /// The same, to change it.
    pub(super) fn running_mut(&mut self) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.end.is_none())
    }

    /// How the newest run ended, if it has.
    pub(super) fn end(&self) -> Option<&End> {
        self.run.as_ref().and_then(|run| run.end.as_ref())
    }

    /// Whether it has to run again after it ended with this code (`ContainerShouldRestart`, KEP-5307).
    pub(super) fn restarts(&self, pod_policy: &str, code: i32) -> bool {
        match self.role {
            Role::Ephemeral => return false,
            Role::Sidecar => return true,
            Role::Init | Role::Main => {}
        }
        let rules = self.spec.restart_policy_rules.iter().flatten();
        let fits = |rule: &&core::ContainerRestartRule| {
            rule.exit_codes.as_ref().is_some_and(|codes| {
                let among = codes.values.iter().flatten().any(|value| *value == code);
                if codes.operator == "NotIn" { !among } else { among }
            })
        };
        if self.spec.restart_policy.is_some()
            && rules.into_iter().find(fits).is_some_and(|rule| rule.action == "Restart")
        {
            return true;
        }
        match self.spec.restart_policy.as_deref().unwrap_or(pod_policy) {
            "Never" => false,
            "OnFailure" => code != 0,
            // An init container that succeeded is done, whatever the policy.
            _ => self.role == Role::Main || code != 0,
        }
    }

    /// Whether it ended and will run again.
    pub(super) fn will_restart(&self, pod_policy: &str) -> bool {
        self.end().is_some_and(|end| self.restarts(pod_policy, end.state.exit_code))
    }
}

impl Run {
    /// Notes how it ended.
    pub(super) fn ended(&mut self, exit: Exit, message: String, now: Timestamp) {
        let state = ContainerStateTerminated {
            container_id: Some(self.id.clone()),
            exit_code: exit.code,
            finished_at: Some(Time(now)),
            message: Some(message).filter(|message| !message.is_empty()),
            reason: Some(exit.reason().to_owned()),
            signal: None,
            started_at: Some(Time(self.started_at)),
        };
        self.end = Some(End { at: Instant::now(), state });
        self.ready = false;
        self.probes = None;
    }
}

/// The name of a container's image as its status has it, and by its content.
pub(super) fn image_names(spec: &core::Container) -> (String, String) {
    let name = spec.image.as_deref().unwrap_or_default();
    (names::image(name), names::image_id(name))
}

#[cfg(test)]
mod tests {
    use proofmark_json::{Value, json};

    use super::*;

    fn slot(role: Role, more: Value) -> Slot {
        let mut spec = json!({"name": "c"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Slot::new(proofmark_json::from_value(spec).unwrap(), role)
    }

    #[test]
    fn what_is_restarted() {
        for (role, policy, code, again) in [
            (Role::Main, "Always", 0, true),
            (Role::Main, "Always", 1, true),
            (Role::Main, "OnFailure", 0, false),
            (Role::Main, "OnFailure", 1, true),
            (Role::Main, "Never", 1, false),
            (Role::Init, "Always", 0, false),
            (Role::Init, "Always", 1, true),
            (Role::Init, "Never", 1, false),
            (Role::Sidecar, "Never", 0, true),
            (Role::Ephemeral, "Always", 1, false),
        ] {
            assert_eq!(slot(role, json!({})).restarts(policy, code), again, "{role:?} {policy} {code}");
        }
    }

    #[test]
    fn rules_of_the_container_go_first() {
        let rules = json!([{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]);
        let slot = slot(Role::Main, json!({"restartPolicy": "Never", "restartPolicyRules": rules}));
        assert!(slot.restarts("Always", 42));
        assert!(!slot.restarts("Always", 1));
    }
}
