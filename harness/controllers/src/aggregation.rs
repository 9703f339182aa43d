//! ClusterRole aggregation (`pkg/controller/clusterroleaggregation`): the rules of an aggregated ClusterRole are those of the roles that it selects.

use proofmark_json::{Value, json};
use proofmark_rbac::{AggregationRule, GROUP, PolicyRule, Role, aggregate};

use crate::context::Context;
use crate::kit::{Api, Error, Informer, Next, Reconcile, Resource, Selection, object, queue};

const CLUSTER_ROLES: Resource = Resource::cluster(GROUP, "v1", "clusterroles", "ClusterRole");
const MANAGER: &str = "clusterrole-aggregation-controller";

pub(crate) fn start(context: &mut Context) {
    let (roles, api) = (context.informer(Selection::whole(CLUSTER_ROLES)), context.api(MANAGER));
    let (queue, worker) = queue::new();
    let aggregated = roles.clone();
    roles.on_change(move |_| {
        // Any role may be a source of any aggregated one.
        for role in aggregated.all() {
            if role.get("aggregationRule").is_some_and(|rule| !rule.is_null()) {
                queue.add(object::name(&role).to_owned());
            }
        }
    });
    context.spawn(async move {
        roles.synced().await;
        worker.run(Aggregation { api, roles }).await;
    });
}

struct Aggregation {
    api: Api,
    roles: Informer,
}

impl Reconcile for Aggregation {
    /// The name of an aggregated ClusterRole.
    type Key = String;
    type Error = Error;

    async fn reconcile(&self, name: &String) -> Result<Next, Error> {
        let Some(role) = self.roles.get("", name).and_then(|role| read(&role)) else { return Ok(Next::Done) };
        let Some(rule) = role.aggregation_rule.as_ref().filter(|rule| is_readable(rule)) else { return Ok(Next::Done) };
        let roles = self.roles.all();
        let others = roles.iter().filter(|other| object::name(other) != name && is_gathered(other, rule));
        let sources: Vec<Role> = others.filter_map(|other| read(other)).collect();
        let rules = aggregate(&sources, rule);
        if rules != role.rules {
            self.api.apply(&CLUSTER_ROLES, "", name, MANAGER, &applied(name, &rules)).await?;
        }
        Ok(Next::Done)
    }
}

fn read(role: &Value) -> Option<Role> {
    Role::cluster_role_from_value(role).ok()
}

/// Whether a selector picks a role. Most are picked by none, and need not be read in full.
fn is_gathered(role: &Value, rule: &AggregationRule) -> bool {
    let labels = object::labels(role).into_iter().flatten();
    let labels = labels.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect();
    rule.cluster_role_selectors.iter().any(|selector| selector.matches(&labels))
}

/// Roles with a malformed selector, which validation refuses, are left alone.
fn is_readable(rule: &AggregationRule) -> bool {
    rule.cluster_role_selectors.iter().all(proofmark_rbac::LabelSelector::is_valid)
}

/// Without rules the field is not applied at all: it becomes null, and the controller no longer owns it.
fn applied(name: &str, rules: &[PolicyRule]) -> Value {
    let mut role =
        json!({"apiVersion": CLUSTER_ROLES.api_version(), "kind": CLUSTER_ROLES.kind, "metadata": {"name": name}});
    if !rules.is_empty() {
        role["rules"] = json!(rules);
    }
    role
}
