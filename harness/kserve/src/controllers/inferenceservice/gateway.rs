//! The way into a service in raw mode by the Gateway API: an HTTPRoute for the service and one for each component.

use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Value, json};

use super::component::Component;
use super::ingress;
use super::reconcile::Work;
use super::status::INGRESS_READY;
use crate::conditions::Is;
use crate::config::Ingress;
use crate::controllers::children;
use crate::domain;
use crate::names::kinds;

/// Where Services listen.
const PORT: i64 = 80;
/// How long a request may take unless the component says.
const TIMEOUT: i64 = 60;

/// Makes the routes. They count when a gateway took them; until then later releases tell nothing of the service at all (`false`).
pub(super) async fn reconcile(work: &mut Work<'_>, settings: &Ingress) -> Result<bool, String> {
    let api = work.services.api.clone();
    let name = work.name().to_owned();
    let present = |component: &Component| work.service["spec"][component.field()].is_object();
    let components: Vec<Component> = Component::ALL.into_iter().filter(present).collect();
    let internal = ingress::is_internal(&work.service, settings) || settings.disable_ingress_creation;
    if !internal {
        for component in &components {
            if !work.status.is_true(&component.ready()) {
                if !work.services.behaviour.waits_for_routes {
                    let (name, of) = (component.child_name(&work.service), kinds::HTTP_ROUTES);
                    return Err(format!("{}.{} \"{name}\" not found", of.kind, of.group));
                }
                let (title, told) = (component.title(), work.services.behaviour.tells_missing_routes);
                if told {
                    let reason = format!("{title} Deployment NotReady");
                    work.set(INGRESS_READY, &Is::new("False", &reason, &format!("{title} HTTPRoute not created")));
                }
                return Ok(told);
            }
        }
        let front =
            if components.contains(&Component::Transformer) { Component::Transformer } else { Component::Predictor };
        let mut routes: Vec<(String, Component, &str)> = components
            .iter()
            .map(|component| (component.child_name(&work.service), *component, component.title()))
            .collect();
        routes.push((name.clone(), front, "TopLevel"));
        let mut found = Vec::new();
        for (of, to, title) in &routes {
            let ports = if work.services.behaviour.grpc_routes { ports(work, *to).await? } else { None };
            let wanted = route(work, settings, of, *to, ports)?;
            let made = children::replace_custom(&api, &kinds::HTTP_ROUTES, &wanted, &["/spec"]).await;
            found.push((made.map_err(|error| error.words())?, *title));
        }
        for (route, title) in &found {
            if let Some(is) = not_taken(route, title) {
                work.set(INGRESS_READY, &is);
                let behaviour = work.services.behaviour;
                return Ok(!behaviour.waits_for_routes || behaviour.tells_missing_routes);
            }
        }
    }
    ingress::address(work, settings).await?;
    work.set(INGRESS_READY, &Is::new("True", "", ""));
    Ok(true)
}

/// The ports of a component's Service for HTTP and gRPC, where it has both.
async fn ports(work: &Work<'_>, of: Component) -> Result<Option<[i64; 2]>, String> {
    let name = of.child_name(&work.service);
    let service = children::read(&work.services.api, &kinds::CORE_SERVICES, work.namespace(), &name).await;
    let fails = |error: proofmark_controllers::kit::Error| {
        format!("failed to detect protocol ports for {} service: {}", of.field(), error.words())
    };
    let Some(service) = service.map_err(fails)? else { return Ok(None) };
    let speaks = |port: &&Value| {
        let name = object::text(port, "/name").to_lowercase();
        object::text(port, "/appProtocol") == "kubernetes.io/h2c" || name.contains("grpc") || name.contains("h2c")
    };
    let all = object::list(&service, "/spec/ports");
    let number = |port: &Value| object::count(port, "/port");
    let (http, grpc) = (all.iter().find(|port| !speaks(port)), all.iter().find(speaks));
    Ok(http.zip(grpc).map(|(http, grpc)| [number(http), number(grpc)]))
}

fn route(
    work: &Work<'_>,
    settings: &Ingress,
    name: &str,
    to: Component,
    ports: Option<[i64; 2]>,
) -> Result<Value, String> {
    let host = domain::public(name, &work.service, settings).map_err(|error| error.to_string())?;
    let (gateway_namespace, gateway) = settings.kserve_ingress_gateway.split_once('/').unwrap_or_default();
    let timeout = work.service["spec"][to.field()].get("timeout").and_then(Value::as_i64).unwrap_or(TIMEOUT);
    let header = |name: &str, value: &str| json!({"name": name, "value": value});
    let explain = work.service["spec"]["explainer"].is_object() && name == work.name();
    let rule = |to: Component, path: &str, port: i64| {
        let mut rule = json!({
            "matches": [{"path": {"type": "RegularExpression", "value": path}}],
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [
                header("KServe-Isvc-Name", work.name()), header("KServe-Isvc-Namespace", work.namespace()),
            ]}}],
            "backendRefs": [{
                "group": "", "kind": "Service", "name": to.child_name(&work.service), "namespace": work.namespace(), "port": port, "weight": 1,
            }],
        });
        if !settings.disable_http_route_timeout {
            rule["timeouts"] = json!({"request": format!("{timeout}s")});
        }
        rule
    };
    let mut rules = Vec::new();
    if explain {
        rules.push(rule(Component::Explainer, r"^/v1/models/[\w-]+:explain$", PORT));
    }
    if let Some([_, grpc]) = ports {
        let mut of_grpc = rule(to, r"^/inference\.GRPCInferenceService/.*$", grpc);
        let header = json!({"type": "RegularExpression", "name": "content-type", "value": "^application/grpc.*"});
        of_grpc["matches"][0]["headers"] = json!([header]);
        rules.push(of_grpc);
    }
    rules.push(rule(to, "^/.*$", ports.map_or(PORT, |[http, _]| http)));
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
