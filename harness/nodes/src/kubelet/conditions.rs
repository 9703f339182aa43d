//! The conditions that a kubelet keeps (`pkg/kubelet/status/generate.go`).

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodCondition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use proofmark_json::Value;

use super::container::{Role, Slot};
use super::phase::Phase;

/// A condition's content.
struct Draft {
    kind: &'static str,
    fails: Option<(&'static str, String)>,
}

impl Draft {
    fn holds(kind: &'static str) -> Self {
        Self { kind, fails: None }
    }

    fn fails(kind: &'static str, reason: &'static str, message: String) -> Self {
        Self { kind, fails: Some((reason, message)) }
    }
}

/// What conditions are made from.
pub(super) struct Situation<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) phase: Phase,
    /// Whether the pod has its network.
    pub(super) sandbox: bool,
    /// Whether a main container has ever run.
    pub(super) initialized: bool,
    pub(super) generation: Option<i64>,
    /// The pod, for conditions of others that it waits for.
    pub(super) pod: &'a Value,
    pub(super) gates: Vec<&'a str>,
}

/// The conditions now. `before` are those of the last time: what has not changed keeps its time.
pub(super) fn conditions(of: &Situation<'_>, before: &[PodCondition], now: Timestamp) -> Vec<PodCondition> {
    let containers_ready = containers_ready(of);
    let ready = match &containers_ready.fails {
        Some(fails) => Draft { kind: "Ready", fails: Some(fails.clone()) },
        None => gated(of),
    };
    let sandbox = if of.sandbox {
        Draft::holds("PodReadyToStartContainers")
    } else {
        Draft::fails("PodReadyToStartContainers", "", String::new())
    };
    let (initialized, done) = initialized(of);
    let drafts = [sandbox, initialized, ready, containers_ready, Draft::holds("PodScheduled")];
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    drafts
        .into_iter()
        .map(|draft| {
            let status = if draft.fails.is_some() { "False" } else { "True" };
            let old = before.iter().find(|c| c.type_ == draft.kind && c.status == status);
            let since = old.and_then(|c| c.last_transition_time.clone()).unwrap_or(Time(now));
            let completed = done && draft.kind == "Initialized";
            let (reason, message) = draft.fails.unwrap_or((if completed { "PodCompleted" } else { "" }, String::new()));
            PodCondition {
                last_probe_time: None,
                last_transition_time: Some(since),
                message: text(&message),
                observed_generation: of.generation,
                reason: text(reason),
                status: status.to_owned(),
                type_: draft.kind.to_owned(),
            }
        })
        .collect()
}

/// Names as Go prints a list of texts.
fn list(names: &[&str]) -> String {
    format!("[{}]", names.join(" "))
}

fn containers_ready(of: &Situation<'_>) -> Draft {
    const KIND: &str = "ContainersReady";
    match of.phase {
        Phase::Succeeded => return Draft::fails(KIND, "PodCompleted", String::new()),
        Phase::Failed => return Draft::fails(KIND, "PodFailed", String::new()),
        Phase::Pending | Phase::Running => {}
    }
    let counts = |slot: &&Slot| matches!(slot.role, Role::Main | Role::Sidecar);
    let unready = of.slots.iter().filter(counts).filter(|slot| !is_ready(slot));
    let names: Vec<&str> = unready.map(|slot| slot.spec.name.as_str()).collect();
    if names.is_empty() {
        return Draft::holds(KIND);
    }
    Draft::fails(KIND, "ContainersNotReady", format!("containers with unready status: {}", list(&names)))
}

/// Whether a container's status says `ready`.
pub(super) fn is_ready(slot: &Slot) -> bool {
    match slot.role {
        Role::Init => slot.end().is_some_and(|end| end.state.exit_code == 0),
        Role::Sidecar | Role::Main => slot.running().is_some_and(|run| *run.started.borrow() && run.ready),
        Role::Ephemeral => false,
    }
}

/// Whether a container's status says `started`.
pub(super) fn is_started(slot: &Slot) -> bool {
    slot.running().is_some_and(|run| *run.started.borrow())
}

fn gated(of: &Situation<'_>) -> Draft {
    let found = |gate: &str| {
        let mut conditions = of.pod["status"]["conditions"].as_array().into_iter().flatten();
        conditions.find(|c| c["type"] == gate).map(|c| c["status"].as_str().unwrap_or_default())
    };
    let complaints: Vec<String> = of
        .gates
        .iter()
        .filter_map(|gate| match found(gate) {
            None => Some(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
            Some("True") => None,
            Some(status) => Some(format!("the status of pod readiness gate \"{gate}\" is not \"True\", but {status}")),
        })
        .collect();
    if complaints.is_empty() {
        return Draft::holds("Ready");
    }
    Draft::fails("Ready", "ReadinessGatesNotReady", complaints.join(", "))
}

/// The condition, and whether it is so because everything is done.
fn initialized(of: &Situation<'_>) -> (Draft, bool) {
    const KIND: &str = "Initialized";
    if of.phase == Phase::Succeeded {
        return (Draft::holds(KIND), true);
    }
    let incomplete = of.slots.iter().filter(|slot| match slot.role {
        Role::Init => !is_ready(slot),
        Role::Sidecar => !is_started(slot),
        Role::Main | Role::Ephemeral => false,
    });
    let names: Vec<&str> = incomplete.map(|slot| slot.spec.name.as_str()).collect();
    if names.is_empty() || of.initialized {
        return (Draft::holds(KIND), false);
    }
    let message = format!("containers with incomplete status: {}", list(&names));
    (Draft::fails(KIND, "ContainersNotInitialized", message), false)
}
