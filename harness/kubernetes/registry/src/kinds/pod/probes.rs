//! Probes and lifecycle hooks.

use proofmark_status::FieldError;

use super::spec::Context;
use crate::node::{Errors, Node};
use crate::{check, content};

/// A probe of a container, if it has one: `livenessProbe`, `readinessProbe` or `startupProbe`.
pub(super) fn probe(probe: &Node<'_>, errors: &mut Errors) {
    if !probe.given() {
        return;
    }
    handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], None, errors);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        check::non_negative(&probe.get(field), errors);
    }
    let grace = probe.get("terminationGracePeriodSeconds");
    if grace.given() {
        check::positive(&grace, errors);
    }
    if probe.at.ends_with("readinessProbe") {
        if grace.given() {
            errors.push(grace.invalid("must not be set for readinessProbes"));
        }
    } else if probe.get("successThreshold").number() != 1 {
        let threshold = probe.get("successThreshold");
        errors.push(FieldError::invalid(threshold.at.clone(), threshold.number(), "must be 1"));
    }
}

/// `lifecycle`
pub(super) fn lifecycle(lifecycle: &Node<'_>, spec: &Context<'_>, errors: &mut Errors) {
    let grace = spec.node.get("terminationGracePeriodSeconds").int();
    for hook in ["postStart", "preStop"] {
        let hook = lifecycle.get(hook);
        if hook.given() {
            handler(&hook, &["exec", "httpGet", "tcpSocket", "sleep"], grace, errors);
        }
    }
    let signal = lifecycle.get("stopSignal");
    if signal.given() {
        match spec.node.get("os.name").text() {
            "" => errors.push(signal.forbidden("may not be set for containers with empty `spec.os.name`")),
            "windows" => check::supported_text(&signal, &["SIGKILL", "SIGTERM"], errors),
            _ => check::supported_text(&signal, &SIGNALS, errors),
        }
    }
}

/// Exactly one of several ways to ask a container.
fn handler(node: &Node<'_>, kinds: &[&str], grace: Option<i64>, errors: &mut Errors) {
    let mut seen = false;
    for kind in kinds {
        let action = node.get(kind);
        if !action.given() {
            continue;
        }
        if seen {
            errors.push(action.forbidden("may not specify more than 1 handler type"));
            continue;
        }
        seen = true;
        match *kind {
            "exec" => {
                let command = action.get("command");
                if command.len() == 0 {
                    errors.push(command.required(""));
                }
            }
            "httpGet" => http(&action, errors),
            "sleep" => {
                let seconds = action.get("seconds").number();
                if let Some(grace) = grace.filter(|g| seconds < 0 || seconds > *g) {
                    let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.push(FieldError::invalid(action.at.clone(), seconds, why));
                }
            }
            _ => check::port_or_name(&action.get("port"), errors),
        }
    }
    if !seen {
        errors.push(node.required("must specify a handler type"));
    }
}

fn http(action: &Node<'_>, errors: &mut Errors) {
    check::required(&action.get("path"), errors);
    check::port_or_name(&action.get("port"), errors);
    check::supported_text(&action.get("scheme"), &["HTTP", "HTTPS"], errors);
    let headers = action.get("httpHeaders");
    for header in headers.items() {
        let name = header.get("name").text();
        let complaints = content::http_header(name);
        errors.extend(complaints.into_iter().map(|why| FieldError::invalid(headers.at.clone(), name, why)));
    }
}

const SIGNALS: [&str; 65] = [
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGIOT",
    "SIGKILL",
    "SIGPIPE",
    "SIGPOLL",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGRTMAX",
    "SIGRTMAX-1",
    "SIGRTMAX-10",
    "SIGRTMAX-11",
    "SIGRTMAX-12",
    "SIGRTMAX-13",
    "SIGRTMAX-14",
    "SIGRTMAX-2",
    "SIGRTMAX-3",
    "SIGRTMAX-4",
    "SIGRTMAX-5",
    "SIGRTMAX-6",
    "SIGRTMAX-7",
    "SIGRTMAX-8",
    "SIGRTMAX-9",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+10",
    "SIGRTMIN+11",
    "SIGRTMIN+12",
    "SIGRTMIN+13",
    "SIGRTMIN+14",
    "SIGRTMIN+15",
    "SIGRTMIN+2",
    "SIGRTMIN+3",
    "SIGRTMIN+4",
    "SIGRTMIN+5",
    "SIGRTMIN+6",
    "SIGRTMIN+7",
    "SIGRTMIN+8",
    "SIGRTMIN+9",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
];
