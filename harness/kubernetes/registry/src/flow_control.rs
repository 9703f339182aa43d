//! The priority levels and flow schemas that a server sees to itself: two of each are fixed, the others suggested.
//!
//! Source: `k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap`, release 1.35.

use std::sync::LazyLock;

use proofmark_json::{Value, json};

/// The API group of priority and fairness.
pub const GROUP: &str = "flowcontrol.apiserver.k8s.io";

/// The specification that an object of this kind and name must have; none for those that may be changed.
pub(crate) fn mandatory(kind: &str, name: &str) -> Option<&'static Value> {
    let fixed = matches!(name, "exempt" | "catch-all");
    objects().iter().filter(|_| fixed).find(|o| o["kind"] == kind && o["metadata"]["name"] == name).map(|o| &o["spec"])
}

/// All of them, as they are created: the levels before the schemas that name them.
pub fn objects() -> &'static [Value] {
    static OBJECTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
        let exempt = json!({"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}});
        let mut all = vec![object("PriorityLevelConfiguration", "exempt", exempt)];
        all.extend(LEVELS.iter().map(level));
        all.extend(SCHEMAS.iter().map(schema));
        all
    });
    &OBJECTS
}

fn object(kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "kind": kind, "apiVersion": format!("{GROUP}/v1"),
        "metadata": {"name": name, "annotations": {"apf.kubernetes.io/autoupdate-spec": "true"}},
        "spec": spec, "status": {},
    })
}

/// A level that limits: name, shares, percentage that it lends; queues and how many of them a flow is dealt.
type Level = (&'static str, u32, u32, Option<(u32, u32)>);

const LEVELS: [Level; 7] = [
    ("catch-all", 5, 0, None),
    ("system", 30, 33, Some((64, 6))),
    ("node-high", 40, 25, Some((64, 6))),
    ("leader-election", 10, 0, Some((16, 4))),
    ("workload-high", 40, 50, Some((128, 6))),
    ("workload-low", 100, 90, Some((128, 6))),
    ("global-default", 20, 50, Some((128, 6))),
];

fn level((name, shares, lends, queues): &Level) -> Value {
    let response = match queues {
        None => json!({"type": "Reject"}),
        Some((queues, hand)) => {
            json!({"type": "Queue", "queuing": {"queues": queues, "handSize": hand, "queueLengthLimit": 50}})
        }
    };
    let limited = json!({"nominalConcurrencyShares": shares, "limitResponse": response, "lendablePercent": lends});
    object("PriorityLevelConfiguration", name, json!({"type": "Limited", "limited": limited}))
}

/// Whose requests.
#[derive(Clone, Copy)]
enum Who {
    Group(&'static str),
    User(&'static str),
    /// All service accounts of a namespace.
    Accounts(&'static str),
}

/// Which requests.
#[derive(Clone, Copy)]
enum What {
    Everything,
    Probes,
    Leases(&'static [&'static str]),
    Nodes,
}

/// Name, level, precedence, what tells flows apart, whose requests, which of them (one rule).
struct Schema {
    name: &'static str,
    level: &'static str,
    precedence: u32,
    apart: Option<&'static str>,
    who: &'static [Who],
    what: &'static [What],
}

const ALL: &[What] = &[What::Everything];
const EVERYBODY: &[Who] = &[Who::Group("system:unauthenticated"), Who::Group("system:authenticated")];
const SCHEDULER: Who = Who::User("system:kube-scheduler");
const CONTROLLERS: Who = Who::User("system:kube-controller-manager");
const SYSTEM: Who = Who::Accounts("kube-system");
const NODES: &[Who] = &[Who::Group("system:nodes")];
const ELECTION: &[What] = &[What::Leases(&["get", "create", "update"])];
const HEARTBEATS: &[What] = &[What::Nodes, What::Leases(&["*"])];
const BY_USER: Option<&str> = Some("ByUser");
const BY_NAMESPACE: Option<&str> = Some("ByNamespace");

#[rustfmt::skip]
const SCHEMAS: [Schema; 11] = [
    Schema { name: "exempt", level: "exempt", precedence: 1, apart: None, who: &[Who::Group("system:masters")], what: ALL },
    Schema { name: "catch-all", level: "catch-all", precedence: 10_000, apart: BY_USER, who: EVERYBODY, what: ALL },
    Schema { name: "system-nodes", level: "system", precedence: 500, apart: BY_USER, who: NODES, what: ALL },
    Schema { name: "system-node-high", level: "node-high", precedence: 400, apart: BY_USER, who: NODES, what: HEARTBEATS },
    Schema { name: "probes", level: "exempt", precedence: 2, apart: None, who: EVERYBODY, what: &[What::Probes] },
    Schema { name: "system-leader-election", level: "leader-election", precedence: 100, apart: BY_USER, who: &[CONTROLLERS, SCHEDULER, SYSTEM], what: ELECTION },
    Schema { name: "kube-controller-manager", level: "workload-high", precedence: 800, apart: BY_NAMESPACE, who: &[CONTROLLERS], what: ALL },
    Schema { name: "kube-scheduler", level: "workload-high", precedence: 800, apart: BY_NAMESPACE, who: &[SCHEDULER], what: ALL },
    Schema { name: "kube-system-service-accounts", level: "workload-high", precedence: 900, apart: BY_NAMESPACE, who: &[SYSTEM], what: ALL },
    Schema { name: "service-accounts", level: "workload-low", precedence: 9000, apart: BY_USER, who: &[Who::Group("system:serviceaccounts")], what: ALL },
    Schema { name: "global-default", level: "global-default", precedence: 9900, apart: BY_USER, who: EVERYBODY, what: ALL },
];

fn schema(schema: &Schema) -> Value {
    let subjects: Vec<Value> = schema.who.iter().map(|who| subject(*who)).collect();
    let resources: Vec<Value> = schema.what.iter().filter_map(|what| resource_rule(*what)).collect();
    let others: Vec<Value> = schema.what.iter().filter_map(|what| other_rule(*what)).collect();
    let mut rule = json!({"subjects": subjects});
    for (field, rules) in [("resourceRules", resources), ("nonResourceRules", others)] {
        if !rules.is_empty() {
            rule[field] = Value::Array(rules);
        }
    }
    let mut spec = json!({
        "priorityLevelConfiguration": {"name": schema.level}, "matchingPrecedence": schema.precedence,
    });
    if let Some(apart) = schema.apart {
        spec["distinguisherMethod"] = json!({"type": apart});
    }
    spec["rules"] = json!([rule]);
    object("FlowSchema", schema.name, spec)
}

fn subject(who: Who) -> Value {
    match who {
        Who::Group(name) => json!({"kind": "Group", "group": {"name": name}}),
        Who::User(name) => json!({"kind": "User", "user": {"name": name}}),
        Who::Accounts(namespace) => {
            json!({"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": "*"}})
        }
    }
}

fn resource_rule(what: What) -> Option<Value> {
    Some(match what {
        What::Everything => json!({
            "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"],
        }),
        What::Nodes => json!({
            "verbs": ["*"], "apiGroups": [""], "resources": ["nodes", "nodes/status"], "clusterScope": true,
            "namespaces": ["*"],
        }),
        What::Leases(verbs) => json!({
            "verbs": verbs, "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "namespaces": ["*"],
        }),
        What::Probes => return None,
    })
}

fn other_rule(what: What) -> Option<Value> {
    match what {
        What::Everything => Some(json!({"verbs": ["*"], "nonResourceURLs": ["*"]})),
        What::Probes => Some(json!({"verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]})),
        What::Leases(_) | What::Nodes => None,
    }
}
