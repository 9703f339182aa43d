//! Pods: one word for the state of all containers.
//!
//! The status is the phase (or its reason) until a container says more: the first init container that has not finished, or else the first
//! container in the list that waits or has ended. A sidecar (an init container with `restartPolicy: Always`) that has started does not
//! hold up the others and counts among the ready containers.

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::read::{age, cells, deleted, filled_or, flag, holds, int, list, name, text};
use crate::duration::human_duration;
use crate::printer::Row;

const NONE: &str = "<none>";

pub(super) fn row(pod: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let phase = text(&status["phase"]);
    let summary = Summary::of(spec, status);
    let terminal = matches!(phase, "Succeeded" | "Failed");
    let reason = match deleted(pod) {
        true if text(&status["reason"]) == "NodeLost" => "Unknown",
        true if !terminal => "Terminating",
        _ => &summary.reason,
    };
    let restarts = match summary.last_restart {
        Some(at) if summary.restarts != 0 => {
            format!("{} ({} ago)", summary.restarts, human_duration(now.duration_since(at)))
        }
        _ => summary.restarts.to_string(),
    };
    // Older writers set podIP alone.
    let ip = list(&status["podIPs"]).first().map_or(&status["podIP"], |first| &first["ip"]);
    let mut row = cells![
        name(pod),
        format!("{}/{}", summary.ready, summary.total),
        reason,
        restarts,
        age(pod, now),
        filled_or(ip, NONE),
        filled_or(&spec["nodeName"], NONE),
        filled_or(&status["nominatedNodeName"], NONE),
        readiness_gates(spec, status),
    ];
    if terminal {
        let message = if phase == "Succeeded" { "The pod has completed successfully." } else { "The pod failed." };
        row.conditions = vec![json!({"type": "Completed", "status": "True", "reason": phase, "message": message})];
    }
    row
}

fn readiness_gates(spec: &Value, status: &Value) -> String {
    let gates = list(&spec["readinessGates"]);
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let met = gates.iter().filter(|gate| holds(&status["conditions"], text(&gate["conditionType"]))).count();
    format!("{met}/{}", gates.len())
}

struct Summary {
    reason: String,
    ready: usize,
    total: usize,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

/// Restarts of some containers, and when the latest of them ended.
#[derive(Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &Value) {
        self.count += int(&container["restartCount"]);
        let ended = text(&container["lastState"]["terminated"]["finishedAt"]).parse().ok();
        self.last = self.last.max(ended);
    }
}

impl Summary {
    fn of(spec: &Value, status: &Value) -> Self {
        let conditions = &status["conditions"];
        let mut reason = filled_or(&status["reason"], text(&status["phase"])).to_owned();
        if list(conditions)
            .iter()
            .any(|c| text(&c["type"]) == "PodScheduled" && text(&c["reason"]) == "SchedulingGated")
        {
            reason = "SchedulingGated".to_owned();
        }

        let init_containers = list(&spec["initContainers"]);
        let is_sidecar = |container: &Value| {
            init_containers
                .iter()
                .rfind(|init| init["name"] == container["name"])
                .is_some_and(|init| text(&init["restartPolicy"]) == "Always")
        };
        let total = list(&spec["containers"]).len() + init_containers.iter().filter(|init| is_sidecar(init)).count();
        let mut ready = 0;
        let (mut all_init, mut sidecars) = (Restarts::default(), Restarts::default());
        let mut initializing = false;
        for (index, container) in list(&status["initContainerStatuses"]).iter().enumerate() {
            all_init.add(container);
            let sidecar = is_sidecar(container);
            if sidecar {
                sidecars.add(container);
            }
            let terminated = &container["state"]["terminated"];
            if terminated.is_object() && int(&terminated["exitCode"]) == 0 {
                continue;
            }
            if sidecar && flag(&container["started"]) {
                ready += usize::from(flag(&container["ready"]));
                continue;
            }
            let waiting = text(&container["state"]["waiting"]["reason"]);
            reason = if terminated.is_object() {
                format!("Init:{}", ended(terminated))
            } else if !waiting.is_empty() && waiting != "PodInitializing" {
                format!("Init:{waiting}")
            } else {
                format!("Init:{index}/{}", init_containers.len())
            };
            initializing = true;
            break;
        }
        if initializing && !holds(conditions, "Initialized") {
            return Self { reason, ready, total, restarts: all_init.count, last_restart: all_init.last };
        }

        let mut restarts = sidecars;
        let mut running = false;
        let mut error = None;
        for container in list(&status["containerStatuses"]).iter().rev() {
            restarts.add(container);
            let state = &container["state"];
            let waiting = text(&state["waiting"]["reason"]);
            let terminated = &state["terminated"];
            if !waiting.is_empty() {
                reason = waiting.to_owned();
            } else if terminated.is_object() {
                reason = ended(terminated);
                if int(&terminated["exitCode"]) != 0 {
                    error = Some(reason.clone());
                }
            } else if flag(&container["ready"]) && state["running"].is_object() {
                running = true;
                ready += 1;
            }
        }
        if reason == "Completed" {
            if running && holds(conditions, "Ready") {
                reason = "Running".to_owned();
            } else if let Some(error) = error {
                reason = error;
            } else if running {
                reason = "NotReady".to_owned();
            }
        }
        Self { reason, ready, total, restarts: restarts.count, last_restart: restarts.last }
    }
}

/// How a container ended: its reason, or else its signal or exit code.
fn ended(terminated: &Value) -> String {
    match (text(&terminated["reason"]), int(&terminated["signal"])) {
        ("", 0) => format!("ExitCode:{}", int(&terminated["exitCode"])),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}
