//! Probes (`pkg/kubelet/prober`).
//!
//! A probe is run at its period until its answer has settled: until it said the same as often as its threshold asks for. Then it rests until the process
//! says that something has changed ([`crate::process::Ports::changed`]), and goes on at the next tick of its period. So a pod whose probes have settled has no timers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use k8s_openapi::api::core::v1::{self as core, HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use proofmark_latest as latest;
use tokio::time::Instant;

use super::backoff::go_duration;
use crate::process::{Container, Dial, Listener};

/// What a probe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Startup,
    Readiness,
    Liveness,
}

impl Kind {
    /// As events name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

/// A probe of one run of a container.
pub(super) struct Prober<R> {
    pub(super) kind: Kind,
    pub(super) probe: Probe,
    pub(super) spec: Arc<core::Container>,
    pub(super) container: Container,
    /// Whether the startup probe is through; other probes wait for it.
    pub(super) started: latest::Receiver<bool>,
    /// Told of each failure (with its words) and of each result that counts.
    pub(super) report: R,
}

/// What a probe tells.
pub(super) enum Report {
    /// One try failed.
    Failed(String),
    /// The threshold was reached.
    Settled(bool),
}

impl<R: FnMut(Report) + Send> Prober<R> {
    /// Probes until there is nothing more to learn.
    pub(super) async fn run(mut self) {
        let seconds =
            |value: Option<i32>, least: u64| value.and_then(|v| u64::try_from(v).ok()).unwrap_or(least).max(least);
        let period = Duration::from_secs(seconds(self.probe.period_seconds, 1));
        let delay = Duration::from_secs(seconds(self.probe.initial_delay_seconds, 0));
        let begin = Instant::now();
        if self.kind != Kind::Startup && self.started.wait_for(|started| *started).await.is_err() {
            return;
        }
        let mut next = next_tick(begin, period, (begin + delay).max(Instant::now()));
        // Readiness is looked at as soon as the container has started.
        if self.kind == Kind::Readiness && begin + delay <= Instant::now() {
            next = Instant::now();
        }
        let mut changes = self.container.ports.changes();
        let (mut last, mut count, mut told) = (None, 0, None);
        self.container.begun.cancelled().await;
        loop {
            tokio::time::sleep_until(next).await;
            changes.mark_unchanged();
            let answer = self.ask().await;
            let success = answer.is_ok();
            if let Err(words) = answer {
                (self.report)(Report::Failed(words));
            }
            count = if last == Some(success) { count + 1 } else { 1 };
            last = Some(success);
            let threshold =
                if success { self.probe.success_threshold } else { self.probe.failure_threshold.or(Some(3)) };
            if count >= seconds(threshold, 1) && told != Some(success) {
                told = Some(success);
                (self.report)(Report::Settled(success));
                if self.kind == Kind::Startup || (self.kind == Kind::Liveness && !success) {
                    return;
                }
            }
            let settled = told == Some(success);
            next += period;
            if settled {
                if changes.changed().await.is_err() {
                    return;
                }
                next = next_tick(begin, period, Instant::now().max(next));
            }
        }
    }

    async fn ask(&self) -> Result<(), String> {
        let timeout =
            Duration::from_secs(self.probe.timeout_seconds.and_then(|s| u64::try_from(s).ok()).unwrap_or(1).max(1));
        let probe = &self.probe;
        if let Some(exec) = &probe.exec {
            let command = exec.command.clone().unwrap_or_default();
            let done = tokio::time::timeout(timeout, self.container.execute(&command)).await;
            return match done {
                Ok(done) if done.code == 0 => Ok(()),
                Ok(done) => Err(done.output),
                Err(_) => Err(format!("command timed out: {command:?} timed out after {}", go_duration(timeout))),
            };
        }
        if let Some(get) = &probe.http_get {
            return http(&self.container, &self.spec, get, "probe", timeout).await;
        }
        let ip = self.container.pod.ip;
        if let Some(tcp) = &probe.tcp_socket {
            let port = port(&tcp.port, &self.spec)?;
            return match self.container.ports.dial(port) {
                Dial::Refused => Err(refused(ip, port)),
                Dial::Open(_) | Dial::Anything => Ok(()),
            };
        }
        if let Some(grpc) = &probe.grpc {
            let port = u16::try_from(grpc.port).unwrap_or_default();
            return match self.container.ports.dial(port) {
                Dial::Anything | Dial::Open(Listener::Grpc { serving: true }) => Ok(()),
                Dial::Open(Listener::Grpc { serving: false }) => {
                    Err("service unhealthy (responded with \"NOT_SERVING\")".to_owned())
                }
                Dial::Open(_) | Dial::Refused => {
                    let (address, time) = (format!("{ip}:{port}"), go_duration(timeout));
                    Err(format!(
                        "timeout: failed to connect service \"{address}\" within {time}: context deadline exceeded"
                    ))
                }
            };
        }
        Err("missing probe handler".to_owned())
    }
}

/// The first tick of a period at or after a time.
fn next_tick(begin: Instant, period: Duration, at: Instant) -> Instant {
    let passed = at.saturating_duration_since(begin);
    let ticks = passed.as_millis().div_ceil(period.as_millis().max(1));
    begin + period * u32::try_from(ticks).unwrap_or(u32::MAX)
}

fn refused(ip: IpAddr, port: u16) -> String {
    format!("dial tcp {ip}:{port}: connect: connection refused")
}

/// A port by its number, or by the name that the container gives it.
pub(super) fn port(port: &IntOrString, container: &core::Container) -> Result<u16, String> {
    match port {
        IntOrString::Int(number) => u16::try_from(*number).map_err(|_| format!("invalid port number: {number}")),
        IntOrString::String(name) => {
            let mut ports = container.ports.iter().flatten();
            let found = ports.find(|port| port.name.as_deref() == Some(name));
            let number = found.and_then(|port| u16::try_from(port.container_port).ok());
            number.or_else(|| name.parse().ok()).ok_or_else(|| format!("couldn't find port: {name:?}"))
        }
    }
}

/// A GET as probes and hooks send it. Every status from 200 to 399 is a success.
pub(super) async fn http(
    container: &Container,
    spec: &core::Container,
    get: &HTTPGetAction,
    agent: &str,
    timeout: Duration,
) -> Result<(), String> {
    let number = port(&get.port, spec)?;
    let ip = container.pod.ip;
    let path = get.path.as_deref().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    let host = get.host.as_deref().filter(|host| !host.is_empty()).map_or_else(|| ip.to_string(), str::to_owned);
    let url = format!("{scheme}://{host}:{number}{path}");
    let failed = |why: String| format!("Get \"{url}\": {why}");
    container.begun.cancelled().await;
    let handler = match container.ports.dial(number) {
        Dial::Anything => return Ok(()),
        Dial::Refused => return Err(failed(refused(ip, number))),
        Dial::Open(Listener::Http(handler)) => handler,
        Dial::Open(_) => return Err(failed("EOF".to_owned())),
    };
    let mut request = Request::builder()
        .method(Method::GET)
        .uri(&path)
        .header("Host", format!("{host}:{number}"))
        .header("User-Agent", format!("kube-{agent}/1.35"));
    for header in get.http_headers.iter().flatten() {
        request = request.header(&header.name, &header.value);
    }
    let request = request.body(Bytes::new()).map_err(|error| failed(error.to_string()))?;
    match tokio::time::timeout(timeout, handler(request)).await {
        Ok(response) if (200..400).contains(&response.status().as_u16()) => Ok(()),
        Ok(response) => Err(format!("HTTP probe failed with statuscode: {}", response.status().as_u16())),
        Err(_) => Err(failed("context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned())),
    }
}
