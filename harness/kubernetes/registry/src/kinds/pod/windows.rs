//! What only containers on Windows have: accounts and host processes.
//!
//! Source: `validateWindowsSecurityContextOptions` and `validateWindowsHostProcessPod` in `pkg/apis/core/validation`, release 1.35.

use proofmark_status::FieldError;

use super::spec::{Context, every_container};
use crate::node::{Errors, Node};
use crate::{check, content};

/// Bounds: a credential specification (bytes), a domain and a user (characters).
const CREDENTIAL_MAX: usize = 64 * 1024;
const DOMAIN_MAX: usize = 256;
const USER_MAX: usize = 104;

/// `windowsOptions` of a pod or container.
pub(super) fn options(options: &Node<'_>, errors: &mut Errors) {
    let field = |name: &str| options.get(name);
    let name = field("gmsaCredentialSpecName");
    if name.given() {
        check::shape(&name, content::dns_subdomain, errors);
    }
    let credential = field("gmsaCredentialSpec");
    if credential.given() && !credential.filled() {
        errors.push(credential.invalid("gmsaCredentialSpec cannot be an empty string"));
    } else if credential.text().len() > CREDENTIAL_MAX {
        errors.push(credential.invalid("gmsaCredentialSpec size must be under 64 KiB"));
    }
    let user = field("runAsUserName");
    if user.given() {
        errors.extend(user_name(user.text()).into_iter().map(|why| user.invalid(why)));
    }
}

/// Complaints about an account: `user` or `domain\user`.
fn user_name(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["runAsUserName cannot be an empty string".to_owned()];
    }
    if text.contains(|c: char| c.is_control()) {
        return vec!["runAsUserName cannot contain control characters".to_owned()];
    }
    if text.matches('\\').count() > 1 {
        return vec!["runAsUserName cannot contain more than one backslash".to_owned()];
    }
    let (domain, user) = text.split_once('\\').map_or((None, text), |(domain, user)| (Some(domain), user));
    let mut out = Vec::new();
    if domain.is_some_and(|d| d.len() >= DOMAIN_MAX) {
        out.push(format!("runAsUserName's Domain length must be under {DOMAIN_MAX} characters"));
    }
    if domain.is_some_and(|d| !is_net_bios(d) && !is_dns(d)) {
        out.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format".to_owned());
    }
    if user.is_empty() {
        out.push("runAsUserName's User cannot be empty".to_owned());
    } else if user.len() > USER_MAX {
        out.push(format!("runAsUserName's User length must not be longer than {USER_MAX} characters"));
    }
    if !user.is_empty() && user.bytes().all(|b| b == b'.' || b == b' ') {
        out.push("runAsUserName's User cannot contain only periods or spaces".to_owned());
    }
    let forbidden = "\"/\\:;|=,+*?<>@[]";
    if user.contains(|c: char| forbidden.contains(c)) {
        out.push(format!("runAsUserName's User cannot contain the following characters: {forbidden}"));
    }
    out
}

fn is_net_bios(domain: &str) -> bool {
    let inner = |c: char| !"\\/:*?<>|.\"".contains(c);
    (1..=15).contains(&domain.chars().count()) && domain.chars().all(inner)
}

fn is_dns(domain: &str) -> bool {
    let label = |part: &str| {
        let inner = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        inner && !part.is_empty() && !part.starts_with('-') && !part.ends_with('-')
    };
    domain.split('.').all(label)
}

/// Either every container is a process of the host, in its network, or none.
pub(super) fn host_processes(spec: &Context<'_>, errors: &mut Errors) {
    let flag = |node: &Node<'_>| node.get("securityContext.windowsOptions.hostProcess").flag();
    let pod = flag(&spec.node);
    let containers = every_container(&spec.node);
    for (container, own) in containers.iter().filter_map(|c| Some((c, flag(c)?))) {
        if let Some(pod) = pod.filter(|pod| *pod != own) {
            let why = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            errors.push(container.get("securityContext.windowsOptions.hostProcess").invalid(why));
        }
    }
    let processes = containers.iter().filter(|c| flag(c).or(pod) == Some(true)).count();
    if processes == 0 {
        return;
    }
    if processes != containers.len() {
        let why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid(spec.node.at.clone(), "", why));
    }
    if !spec.node.get("hostNetwork").on() {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(FieldError::invalid(spec.node.child("hostNetwork"), false, why));
    }
}
