//! What Istio's AuthorizationPolicies decide about a request to a workload.
//!
//! Policies of the workload's namespace and of the root namespace count, where their selector fits. First those that deny: one that matches ends it. Then those that allow:
//! if there is none the request passes, otherwise one of them has to match. A policy without rules matches nothing, a rule without conditions everything.
//! (Istio: "Authorization Policy" reference, `security.istio.io/v1`.)
//!
//! Before them, `CUSTOM` policies hand the decision to somebody else: see [`custom`]. `AUDIT` policies decide nothing. Not looked at: addresses (`ipBlocks`, `remoteIpBlocks`) and
//! claims of tokens; a rule that has conditions on them matches nothing, and the explanation says so.

mod rule;

use std::fmt;

use http::HeaderMap;
use proofmark_controllers::kit::object;
use proofmark_json::{Key, Map, Value};

pub use rule::Unsupported;

/// Whose policies count everywhere.
pub const ROOT_NAMESPACE: &str = "istio-system";

/// A request as a sidecar sees it.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// Who sends it, by mutual TLS: `cluster.local/ns/NAMESPACE/sa/ACCOUNT`; empty for plain text.
    pub principal: &'a str,
    /// Whom a verified token names: `ISSUER/SUBJECT`; empty without one.
    pub request_principal: &'a str,
    /// `GET`
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// As the request names it.
    pub host: &'a str,
    /// The port of the workload.
    pub port: u16,
    /// All headers.
    pub headers: &'a HeaderMap,
}

/// What the request is for.
#[derive(Debug, Clone, Copy)]
pub struct Workload<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its pod's labels.
    pub labels: Option<&'a Map>,
}

/// A decision, and what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request passes.
    pub allowed: bool,
    /// The policy that matched, as `NAMESPACE/NAME`, and its rule; none if none did.
    pub matched: Option<(String, usize)>,
    /// The policies that would have had to match, when none did.
    pub missed: Vec<String>,
    /// Conditions that are not looked at here.
    pub unsupported: Vec<Unsupported>,
}

impl Verdict {
    /// What a sidecar's access log calls it: `rbac_access_denied_matched_policy[none]`; none if the request passes.
    pub fn detail(&self) -> Option<String> {
        if self.allowed {
            return None;
        }
        let matched = self.matched.as_ref().and_then(|(policy, rule)| {
            let (namespace, name) = policy.split_once('/')?;
            Some(format!("ns[{namespace}]-policy[{name}]-rule[{rule}]"))
        });
        Some(format!("rbac_access_denied_matched_policy[{}]", matched.as_deref().unwrap_or("none")))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.matched, self.allowed) {
            (Some((policy, rule)), true) => write!(f, "allowed by rule {rule} of AuthorizationPolicy {policy}")?,
            (Some((policy, rule)), false) => write!(f, "denied by rule {rule} of AuthorizationPolicy {policy}")?,
            (None, true) => f.write_str("allowed: no AuthorizationPolicy applies")?,
            (None, false) => write!(f, "denied: no rule matches of {}", self.missed.join(", "))?,
        }
        for unsupported in &self.unsupported {
            write!(f, "; {unsupported}")?;
        }
        Ok(())
    }
}

/// Decides about a request. `policies` may be all there are.
pub fn decide<'a>(
    policies: impl IntoIterator<Item = &'a Value>,
    workload: Workload<'_>,
    access: &Access<'_>,
) -> Verdict {
    let mut verdict = Verdict { allowed: true, matched: None, missed: Vec::new(), unsupported: Vec::new() };
    let policies: Vec<&Value> = policies.into_iter().filter(|policy| applies(policy, workload)).collect();
    let with = |action: &'static str| policies.iter().filter(move |policy| self::action(policy) == action);
    for policy in with("DENY") {
        if let Some(rule) = matching(policy, access, &mut verdict.unsupported) {
            return Verdict { allowed: false, matched: Some((full_name(policy), rule)), ..verdict };
        }
    }
    for policy in with("ALLOW") {
        if let Some(rule) = matching(policy, access, &mut verdict.unsupported) {
            return Verdict { allowed: true, matched: Some((full_name(policy), rule)), missed: Vec::new(), ..verdict };
        }
        verdict.allowed = false;
        verdict.missed.push(full_name(policy));
    }
    verdict
}

/// The provider that a `CUSTOM` policy leaves the decision to, and the verdict if that refuses; none if no such policy matches. A workload has one provider.
pub fn custom<'a>(
    policies: impl IntoIterator<Item = &'a Value>,
    workload: Workload<'_>,
    access: &Access<'_>,
) -> Option<(String, Verdict)> {
    let mut unsupported = Vec::new();
    let custom = policies.into_iter().filter(|policy| action(policy) == "CUSTOM" && applies(policy, workload));
    for policy in custom {
        if let Some(rule) = matching(policy, access, &mut unsupported) {
            let matched = Some((full_name(policy), rule));
            let verdict = Verdict { allowed: false, matched, missed: Vec::new(), unsupported };
            return Some((object::text(policy, "/spec/provider/name").to_owned(), verdict));
        }
    }
    None
}

fn action(policy: &Value) -> &str {
    match object::text(policy, "/spec/action") {
        "" => "ALLOW",
        action => action,
    }
}

fn full_name(policy: &Value) -> String {
    format!("{}/{}", object::namespace(policy), object::name(policy))
}

/// Whether a policy is about a workload.
fn applies(policy: &Value, workload: Workload<'_>) -> bool {
    let near = [ROOT_NAMESPACE, workload.namespace].contains(&object::namespace(policy));
    let wanted = policy.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let has = |(key, value): (&Key, &Value)| workload.labels.and_then(|labels| labels.get(key)) == Some(value);
    near && wanted.is_none_or(|wanted| wanted.iter().all(has))
}

/// The first rule that matches.
fn matching(policy: &Value, access: &Access<'_>, unsupported: &mut Vec<Unsupported>) -> Option<usize> {
    let rules = object::list(policy, "/spec/rules");
    rules.iter().position(|rule| match rule::matches(rule, access) {
        Ok(matches) => matches,
        Err(what) => {
            unsupported.push(what);
            false
        }
    })
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    const GATEWAY: &str = "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account";

    fn policy(namespace: &str, name: &str, spec: Value) -> Value {
        json!({"metadata": {"namespace": namespace, "name": name}, "spec": spec})
    }

    /// As the Profile controller writes it, and the mesh's own.
    fn kubeflow() -> Vec<Value> {
        let user = json!({"key": "request.headers[kubeflow-userid]", "values": ["alice@example.com"]});
        let owner = json!({"rules": [
            {"when": [user], "from": [{"source": {"principals": [GATEWAY]}}]},
            {"when": [{"key": "source.namespace", "values": ["team"]}]},
            {"to": [{"operation": {"paths": ["/healthz", "/metrics", "/wait-for-drain"]}}]},
        ]});
        vec![
            policy(ROOT_NAMESPACE, "global-deny-all", json!({})),
            policy(
                ROOT_NAMESPACE,
                "istio-ingressgateway",
                json!({
                    "selector": {"matchLabels": {"app": "istio-ingressgateway"}}, "rules": [{}],
                }),
            ),
            policy("team", "ns-owner-access-istio", owner),
        ]
    }

    fn asked(policies: &[Value], principal: &str, path: &str, user: Option<&str>) -> Verdict {
        let mut headers = HeaderMap::new();
        if let Some(user) = user {
            headers.insert("kubeflow-userid", user.parse().unwrap());
        }
        let access = Access {
            principal,
            request_principal: "",
            method: "POST",
            path,
            host: "iris-team.example.com",
            port: 8080,
            headers: &headers,
        };
        decide(policies, Workload { namespace: "team", labels: None }, &access)
    }

    #[rstest::rstest]
    #[case(GATEWAY, "/v1/models/iris:predict", Some("alice@example.com"), true)]
    #[case(GATEWAY, "/v1/models/iris:predict", Some("bob@example.com"), false)]
    #[case(GATEWAY, "/v1/models/iris:predict", None, false)]
    #[case("cluster.local/ns/team/sa/default", "/v1/models/iris:predict", None, true)]
    #[case("cluster.local/ns/knative-serving/sa/activator", "/v1/models/iris:predict", None, false)]
    #[case("cluster.local/ns/knative-serving/sa/activator", "/healthz", None, true)]
    #[case("", "/v1/models/iris:predict", Some("alice@example.com"), false)]
    fn a_profiles_policy_lets_its_owner_and_its_namespace_in(
        #[case] principal: &str,
        #[case] path: &str,
        #[case] user: Option<&str>,
        #[case] allowed: bool,
    ) {
        let verdict = asked(&kubeflow(), principal, path, user);
        assert_eq!(verdict.allowed, allowed, "{verdict}");
        let detail = (!allowed).then(|| "rbac_access_denied_matched_policy[none]".to_owned());
        assert_eq!(verdict.detail(), detail);
    }

    #[test]
    fn a_denial_goes_before_everything_and_is_named() {
        let mut policies = kubeflow();
        policies.push(policy(
            "team",
            "no-models",
            json!({
                "action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/v1/*"], "notMethods": ["GET"]}}]}],
            }),
        ));
        let verdict = asked(&policies, "cluster.local/ns/team/sa/default", "/v1/models", None);
        assert_eq!(
            verdict.detail().as_deref(),
            Some("rbac_access_denied_matched_policy[ns[team]-policy[no-models]-rule[0]]")
        );
    }

    #[test]
    fn without_a_policy_everything_passes_and_with_an_empty_one_nothing() {
        let verdict = asked(&[], "", "/", None);
        assert!(verdict.allowed, "{verdict}");
        let empty = [policy("team", "nothing", json!({}))];
        assert_eq!(asked(&empty, "", "/", None).to_string(), "denied: no rule matches of team/nothing");
        let elsewhere = [policy("other", "nothing", json!({}))];
        assert!(asked(&elsewhere, "", "/", None).allowed);
    }

    #[test]
    fn a_custom_policy_hands_requests_to_its_provider() {
        let paths = json!([{"to": [{"operation": {"notPaths": ["/open/*"]}}]}]);
        let spec = json!({"action": "CUSTOM", "provider": {"name": "login"}, "rules": paths});
        let login = [policy("team", "login", spec)];
        let headers = HeaderMap::new();
        let provider = |path: &str| {
            let access = Access {
                principal: "",
                request_principal: "",
                method: "GET",
                path,
                host: "h",
                port: 80,
                headers: &headers,
            };
            custom(&login, Workload { namespace: "team", labels: None }, &access)
        };
        let (name, verdict) = provider("/v1").unwrap();
        assert_eq!(
            (name.as_str(), verdict.to_string()),
            ("login", "denied by rule 0 of AuthorizationPolicy team/login".to_owned())
        );
        assert_eq!(provider("/open/x"), None);
        assert!(asked(&login, "", "/", None).allowed, "alone it neither allows nor denies");
    }

    #[test]
    fn what_is_not_looked_at_matches_nothing_and_is_said() {
        let odd =
            [policy("team", "odd", json!({"rules": [{"when": [{"key": "source.ip", "values": ["10.0.0.0/8"]}]}]}))];
        let verdict = asked(&odd, "", "/", None);
        assert_eq!(
            verdict.to_string(),
            "denied: no rule matches of team/odd; conditions on source.ip are not looked at here"
        );
    }
}
