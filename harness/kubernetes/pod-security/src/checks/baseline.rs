//! Baseline: nothing that is known to lead from a pod to its node.

use proofmark_json::Value;

use super::profiles::{app_armor, seccomp_baseline};
use super::{Check, Values, bad_containers, containers, plural, quoted, security, setters, text, violation};
use crate::evaluate::Violation;
use crate::pod::Pod;

const fn check(name: &'static str, since: u64, run: fn(&Pod<'_>, u64) -> Option<Violation>) -> Check {
    Check { name, since, replaces: None, run }
}

pub(crate) const BASELINE: &[Check] = &[
    check("appArmorProfile", 0, app_armor),
    check("capabilities_baseline", 0, capabilities),
    check("hostNamespaces", 0, host_namespaces),
    check("hostPathVolumes", 0, host_paths),
    check("hostPorts", 0, host_ports),
    check("hostProbesAndHostLifecycle", 34, probe_hosts),
    check("privileged", 0, privileged),
    check("procMount", 0, |pod, minor| {
        // Since 1.35 a pod with users of its own may see all of /proc.
        if minor >= 35 && pod.has_own_users() { None } else { proc_mount(pod, minor) }
    }),
    check("seLinuxOptions", 0, se_linux),
    check("seccompProfile_baseline", 0, seccomp_baseline),
    check("sysctls", 0, sysctls),
    check("windowsHostProcess", 0, host_process),
];

/// What container runtimes give by default.
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The capabilities that a container adds although they are not among `allowed`.
pub(super) fn added(container: &Value, allowed: &[&str]) -> Values {
    let list = security(Some(container), "/capabilities/add").and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(Value::as_str);
    names.filter(|c| !allowed.contains(c)).map(str::to_owned).collect()
}

fn capabilities(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let mut values = Values::new();
    let bad = bad_containers(pod, |container| {
        let found = added(container, &CAPABILITIES);
        let is_bad = !found.is_empty();
        values.extend(found);
        is_bad
    });
    let detail =
        format!("{} must not include {} in securityContext.capabilities.add", containers(&bad), quoted(&values));
    (!bad.is_empty()).then(|| violation("non-default capabilities", detail))
}

fn host_namespaces(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let set = |field: &&str| pod.spec(&format!("/{field}")) == Some(&Value::Bool(true));
    let shared: Vec<String> =
        ["hostNetwork", "hostPID", "hostIPC"].iter().filter(|f| set(f)).map(|f| format!("{f}=true")).collect();
    (!shared.is_empty()).then(|| violation("host namespaces", shared.join(", ")))
}

fn host_paths(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let of_host = pod.volumes().iter().filter(|v| v.get("hostPath").is_some_and(|h| !h.is_null()));
    let names: Vec<String> = of_host.map(|v| text(v.get("name"))).collect();
    let detail = format!("{} {}", plural("volume", "volumes", names.len()), quoted(&names));
    (!names.is_empty()).then(|| violation("hostPath volumes", detail))
}

fn host_ports(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let mut ports = Values::new();
    let bad = bad_containers(pod, |container| {
        let list = container.get("ports").and_then(Value::as_array);
        let of_host = list.into_iter().flatten().filter_map(|p| p.get("hostPort")?.as_i64());
        let found: Vec<String> = of_host.filter(|port| *port != 0).map(|port| port.to_string()).collect();
        let is_bad = !found.is_empty();
        ports.extend(found);
        is_bad
    });
    let listed: Vec<&str> = ports.iter().map(String::as_str).collect();
    let (uses, what) = (plural("uses", "use", bad.len()), plural("hostPort", "hostPorts", ports.len()));
    let detail = format!("{} {uses} {what} {}", containers(&bad), listed.join(", "));
    (!bad.is_empty()).then(|| violation("hostPort", detail))
}

/// Where a container names the host of a probe or of a handler.
const PROBES: [&str; 5] =
    ["/livenessProbe", "/readinessProbe", "/startupProbe", "/lifecycle/postStart", "/lifecycle/preStop"];

fn probe_hosts(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let (mut hosts, mut bad) = (Values::new(), Values::new());
    for container in pod.containers() {
        for at in PROBES.iter().flat_map(|p| [format!("{p}/httpGet/host"), format!("{p}/tcpSocket/host")]) {
            let host = text(container.pointer(&at));
            if !host.is_empty() {
                hosts.insert(host);
                bad.insert(crate::pod::name(container));
            }
        }
    }
    let bad: Vec<String> = bad.into_iter().collect();
    let what = plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.len());
    let detail = format!("{} {} {what} {}", containers(&bad), plural("uses", "use", bad.len()), quoted(&hosts));
    (!bad.is_empty()).then(|| violation("probe or lifecycle host", detail))
}

fn privileged(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let bad = bad_containers(pod, |c| security(Some(c), "/privileged") == Some(&Value::Bool(true)));
    let detail = format!("{} must not set securityContext.privileged=true", containers(&bad));
    (!bad.is_empty()).then(|| violation("privileged", detail))
}

pub(super) fn proc_mount(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let mut values = Values::new();
    let bad = bad_containers(pod, |container| {
        let found = security(Some(container), "/procMount").and_then(Value::as_str).filter(|p| *p != "Default");
        values.extend(found.map(str::to_owned));
        found.is_some()
    });
    let detail = format!("{} must not set securityContext.procMount to {}", containers(&bad), quoted(&values));
    (!bad.is_empty()).then(|| violation("procMount", detail))
}

fn se_linux(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    let (mut types, mut user, mut role) = (Values::new(), false, false);
    let mut is_bad = |options: Option<&Value>| {
        let Some(options) = options else { return false };
        let (kind, own_user, own_role) = (text(options.get("type")), options.get("user"), options.get("role"));
        let usual = matches!(kind.as_str(), "" | "container_t" | "container_init_t" | "container_kvm_t");
        let known = usual || (minor >= 31 && kind == "container_engine_t");
        let (own_user, own_role) = (!text(own_user).is_empty(), !text(own_role).is_empty());
        if !known {
            types.insert(kind);
        }
        user |= own_user;
        role |= own_role;
        !known || own_user || own_role
    };
    let of_pod = is_bad(pod.spec("/securityContext/seLinuxOptions"));
    let bad = bad_containers(pod, |c| is_bad(security(Some(c), "/seLinuxOptions")));
    let setters = setters(of_pod, &bad)?;
    let mut what = Vec::new();
    if !types.is_empty() {
        what.push(format!("{} {}", plural("type", "types", types.len()), quoted(&types)));
    }
    what.extend(user.then(|| "user may not be set".to_owned()));
    what.extend(role.then(|| "role may not be set".to_owned()));
    let detail = format!("{setters} set forbidden securityContext.seLinuxOptions: {}", what.join("; "));
    Some(violation("seLinuxOptions", detail))
}

/// Kernel parameters that stay within a pod, and since when (1.x) the standard knows that.
const SYSCTLS: [(&str, u64); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

fn sysctls(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    let list = pod.spec("/securityContext/sysctls").and_then(Value::as_array);
    let names = list.into_iter().flatten().map(|s| text(s.get("name")));
    let is_safe = |name: &str| SYSCTLS.iter().any(|(safe, since)| *safe == name && *since <= minor);
    let forbidden: Vec<String> = names.filter(|name| !is_safe(name)).collect();
    (!forbidden.is_empty()).then(|| violation("forbidden sysctls", forbidden.join(", ")))
}

fn host_process(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let at = "/windowsOptions/hostProcess";
    let of_pod = pod.spec(&format!("/securityContext{at}")) == Some(&Value::Bool(true));
    let bad = bad_containers(pod, |c| security(Some(c), at) == Some(&Value::Bool(true)));
    let setters = setters(of_pod, &bad)?;
    let detail = format!("{setters} must not set securityContext.windowsOptions.hostProcess=true");
    Some(violation("hostProcess", detail))
}
