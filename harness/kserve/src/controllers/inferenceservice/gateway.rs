//! The way into a service in raw mode by the Gateway API: an HTTPRoute for the service and one for each component.

use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Value, json};

use super::component::{self, Component};
use super::ingress;
use super::reconcile::Work;
use super::status::INGRESS_READY;
use crate::conditions::Is;
use crate::config::Ingress;
use crate::controllers::children;
use crate::domain;
use crate::names::kinds;

/// How long a request may take unless the component says.
const TIMEOUT: i64 = 60;

/// Makes the routes. They count when a gateway took them.
pub(super) async fn reconcile(work: &mut Work<'_>, settings: &Ingress) -> Result<(), String> {
    let api = work.services.api.clone();
    let name = work.name().to_owned();
    let present = |component: &Component| work.service["spec"][component.field()].is_object();
    let components: Vec<Component> = Component::ALL.into_iter().filter(present).collect();
    let internal = ingress::is_internal(&work.service, settings) || settings.disable_ingress_creation;
    if !internal {
        for component in &components {
            if !work.status.is_true(&component.ready()) {
                if !work.services.behaviour.waits_for_routes {
                    let (name, of) = (component.child_name(&name), kinds::HTTP_ROUTES);
                    return Err(format!("{}.{} \"{name}\" not found", of.kind, of.group));
                }
                work.set(INGRESS_READY, &component::no_ingress(*component, "False"));
                return Ok(());
            }
        }
        let front =
            if components.contains(&Component::Transformer) { Component::Transformer } else { Component::Predictor };
        let mut routes: Vec<(String, Component, &str)> =
            components.iter().map(|component| (component.child_name(&name), *component, component.title())).collect();
        routes.push((name.clone(), front, "TopLevel"));
        let mut found = Vec::new();
        for (of, to, title) in &routes {
            let wanted = route(work, settings, of, *to)?;
            let made = children::replace_custom(&api, &kinds::HTTP_ROUTES, &wanted, &["/spec"]).await;
            found.push((made.map_err(|error| error.words())?, *title));
        }
        for (route, title) in &found {
            if let Some(is) = not_taken(route, title) {
                work.set(INGRESS_READY, &is);
                return Ok(());
            }
        }
    }
    ingress::address(work, settings)?;
    work.set(INGRESS_READY, &Is::new("True", "", ""));
    Ok(())
}

fn route(work: &Work<'_>, settings: &Ingress, name: &str, to: Component) -> Result<Value, String> {
    let host = domain::public(name, &work.service, settings).map_err(|error| error.to_string())?;
    let (gateway_namespace, gateway) = settings.kserve_ingress_gateway.split_once('/').unwrap_or_default();
    let timeout = work.service["spec"][to.field()].get("timeout").and_then(Value::as_i64).unwrap_or(TIMEOUT);
    let header = |name: &str, value: &str| json!({"name": name, "value": value});
    let explain = work.service["spec"]["explainer"].is_object() && name == work.name();
    let rule = |to: Component, path: &str| {
        json!({
            "matches": [{"path": {"type": "RegularExpression", "value": path}}],
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [
                header("KServe-Isvc-Name", work.name()), header("KServe-Isvc-Namespace", work.namespace()),
            ]}}],
            "backendRefs": [{
                "group": "", "kind": "Service", "name": to.child_name(work.name()), "namespace": work.namespace(), "port": 80, "weight": 1,
            }],
            "timeouts": {"request": format!("{timeout}s")},
        })
    };
    let mut rules = Vec::new();
    if explain {
        rules.push(rule(Component::Explainer, r"^/v1/models/[\w-]+:explain$"));
    }
    rules.push(rule(to, "^/.*$"));
    let mut metadata = json!({"name": name, "namespace": work.namespace(), "annotations": ingress::passed_on(work)?});
    if work.service["metadata"]["labels"].is_object() {
        metadata["labels"] = work.service["metadata"]["labels"].clone();
    }
    let mut route = children::child(&work.service, &kinds::HTTP_ROUTES, metadata);
    route["spec"] = json!({
        "hostnames": [host], "rules": rules,
        "parentRefs": [{"group": kinds::HTTP_ROUTES.group, "kind": "Gateway", "name": gateway, "namespace": gateway_namespace}],
    });
    Ok(route)
}

/// Why a route does not count yet.
fn not_taken(route: &Value, title: &str) -> Option<Is> {
    let told = format!("{title} HttpRouteNotReady");
    let parents = object::list(route, "/status/parents");
    if parents.is_empty() {
        return Some(Is::new("False", "ParentStatusNotAvailable", &told));
    }
    let refused = parents
        .iter()
        .flat_map(|parent| object::list(parent, "/conditions"))
        .find(|condition| object::text(condition, "/status") != "True")?;
    let reason = object::text(refused, "/reason");
    Some(Is::new("False", reason, &format!("{told}: {}", object::text(refused, "/message"))))
}
