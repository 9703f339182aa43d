//! The way into a service in raw mode: an Ingress, once what it leads to is ready.

use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Value, json};

use super::component::{self, Component};
use super::metadata;
use super::reconcile::Work;
use super::status::INGRESS_READY;
use crate::conditions::Is;
use crate::config::Ingress;
use crate::controllers::children;
use crate::domain;
use crate::names::{CLUSTER_LOCAL, VISIBILITY, kinds};

/// Makes the Ingress, and puts the service's address into the status.
pub(super) async fn reconcile(work: &mut Work<'_>, settings: &Ingress) -> Result<(), String> {
    let api = work.services.api.clone();
    // One that was made before nothing could come in stays.
    let unwanted = settings.disable_ingress_creation && work.services.behaviour.optional_ingress;
    if !(unwanted || is_internal(&work.service, settings)) {
        let Some(wanted) = wanted(work, settings) else { return Ok(()) };
        let made = children::replace(&api, &kinds::INGRESSES, &wanted, &["/spec"]).await;
        made.map_err(|error| error.words())?;
    }
    address(work, settings).await?;
    work.set(INGRESS_READY, &Is::new("True", "", ""));
    Ok(())
}

/// Whether nothing outside of the cluster may come in.
pub(super) fn is_internal(service: &Value, settings: &Ingress) -> bool {
    let labels = object::labels(service);
    let label = labels.and_then(|labels| labels.get(VISIBILITY)).and_then(Value::as_str);
    label == Some(CLUSTER_LOCAL) || settings.ingress_domain == domain::CLUSTER
}

/// Where the service is found, from outside and from inside.
pub(super) async fn address(work: &mut Work<'_>, settings: &Ingress) -> Result<(), String> {
    let host = domain::public(work.name(), &work.service, settings).map_err(|error| error.to_string())?;
    let front =
        if work.service["spec"]["transformer"].is_object() { Component::Transformer } else { Component::Predictor };
    let front = front.child_name(&work.service);
    let mut inside = domain::internal(&front, work.namespace());
    if work.services.behaviour.ports_of_headless {
        let service = work.services.api.get(&kinds::CORE_SERVICES, work.namespace(), &front).await;
        let service =
            service.map_err(|error| format!("failed to get entry point service {front}: {}", error.words()))?;
        if object::text(&service, "/spec/clusterIP") == "None" {
            inside += ":8080";
        }
    }
    work.status.0["url"] = json!(format!("{}://{host}", settings.url_scheme));
    let scheme = if work.services.behaviour.plain_addresses { "http" } else { &settings.url_scheme };
    work.status.0["address"] = json!({"url": format!("{scheme}://{inside}")});
    Ok(())
}

/// The first component that is not ready yet, of those that the way in leads to.
pub(super) fn missing(work: &Work<'_>) -> Option<Component> {
    let front = [Component::Transformer, Component::Explainer];
    let front = front.into_iter().find(|component| work.service["spec"][component.field()].is_object());
    let needed = [Some(Component::Predictor), front].into_iter().flatten();
    needed.into_iter().find(|component| !work.status.is_true(&component.ready()))
}

fn wanted(work: &mut Work<'_>, settings: &Ingress) -> Option<Value> {
    if let Some(missing) = missing(work) {
        work.set(INGRESS_READY, &component::no_ingress(missing, "False"));
        return None;
    }
    let name = work.name().to_owned();
    let predictor = Component::Predictor.child_name(&work.service);
    let has = |component: Component| work.service["spec"][component.field()].is_object();
    let mut hosts = vec![(name.clone(), predictor.clone())];
    if has(Component::Transformer) {
        let transformer = Component::Transformer.child_name(&work.service);
        // The second rule leads past the transformer in every release so far.
        hosts = vec![(name.clone(), transformer.clone()), (transformer.clone(), predictor.clone())];
        if has(Component::Explainer) {
            // The explainer's rule has the transformer's host.
            hosts.insert(0, (transformer, Component::Explainer.child_name(&work.service)));
        }
    } else if has(Component::Explainer) {
        let explainer = Component::Explainer.child_name(&work.service);
        hosts.push((explainer.clone(), explainer));
    }
    hosts.push((predictor.clone(), predictor));
    let mut rules = Vec::new();
    for (host, to) in hosts {
        // A host that cannot be told leaves the service without a way in, silently.
        let host = domain::public(&host, &work.service, settings).ok()?;
        let backend = json!({"service": {"name": to, "port": {"number": 80}}});
        rules.push(json!({"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}));
    }
    let annotations = work.service["metadata"]["annotations"].clone();
    let mut metadata = json!({"name": name, "namespace": work.namespace()});
    if annotations.is_object() {
        metadata["annotations"] = annotations;
    }
    let mut ingress = children::child(&work.service, &kinds::INGRESSES, metadata);
    ingress["spec"] = json!({"rules": rules});
    if let Some(class) = &settings.ingress_class_name {
        ingress["spec"]["ingressClassName"] = json!(class);
    }
    Some(ingress)
}

/// Annotations of a way in by a mesh.
pub(super) fn passed_on(work: &Work<'_>) -> Result<Value, String> {
    let kept = work.config.kept().map_err(|error| error.to_string())?;
    Ok(Value::Object(metadata::passed_on(&work.service["metadata"]["annotations"], &kept)))
}
