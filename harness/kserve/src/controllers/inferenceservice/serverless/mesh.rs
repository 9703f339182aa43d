//! The way into a serverless service: a VirtualService of Istio, and a Service that names the gateway within the cluster.

use proofmark_controllers::kit::{Api, Error, Reason as _, object};
use proofmark_json::{Key, Value, json};

use super::has_mesh;
use crate::conditions::Is;
use crate::config::Ingress;
use crate::controllers::children;
use crate::controllers::inferenceservice::component::{self, Component};
use crate::controllers::inferenceservice::ingress as raw;
use crate::controllers::inferenceservice::reconcile::Work;
use crate::controllers::inferenceservice::status::INGRESS_READY;
use crate::controllers::inferenceservice::stop;
use crate::domain;
use crate::names::{CLUSTER_LOCAL, KNATIVE_VISIBILITY, kinds};
use crate::template::{self, Called};

/// What the template of paths is called.
const PATH: Called = Called { name: "url-template", of: "ingress.PathTemplateValues" };

/// The gateway that stands for every proxy.
const MESH: &str = "mesh";

/// Makes the way in, once what it leads to is ready.
pub(in crate::controllers::inferenceservice) async fn ingress(
    work: &mut Work<'_>,
    settings: &Ingress,
) -> Result<(), String> {
    if work.is_stopped() {
        return match work.services.behaviour.stops_in_every_mode {
            true => stop::way_in(work, settings).await,
            false => Ok(()),
        };
    }
    let words = |error: proofmark_controllers::kit::Error| error.words();
    let api = work.services.api.clone();
    let early = work.services.behaviour.stop;
    let public = front_host(work);
    if public.is_none() && !early {
        return Ok(());
    }
    if !settings.disable_istio_virtual_host {
        let external = external(&work.service, settings);
        let stands = async || {
            let parts = ["/spec/externalName", "/spec/type", "/metadata/annotations", "/metadata/labels"];
            children::ensure(&api, &kinds::CORE_SERVICES, &external, &parts).await.map_err(words)
        };
        if early {
            stands().await?;
        }
        let present = |component: &Component| work.service["spec"][component.field()].is_object();
        let missing = [Component::Predictor, Component::Transformer, Component::Explainer]
            .into_iter()
            .find(|component| present(component) && !work.status.is_true(&component.ready()));
        if let Some(missing) = missing {
            let status = if work.status.is_false(&missing.ready()) { "False" } else { "Unknown" };
            work.set(INGRESS_READY, &component::no_ingress(missing, status));
            return Ok(());
        }
        let Some(public) = &public else { return Ok(()) };
        let domains = domains(&api).await.map_err(words)?;
        let wanted = virtual_service(work, settings, public, &domains)?;
        stands().await?;
        if !work.services.behaviour.without_mesh || has_mesh(&api).await.map_err(words)? {
            let parts = ["/spec", "/metadata/annotations", "/metadata/labels"];
            children::ensure(&api, &kinds::VIRTUAL_SERVICES, &wanted, &parts).await.map_err(words)?;
        }
    }
    let Some(public) = public else { return Ok(()) };
    with_scheme(work, &settings.url_scheme);
    let url = match path(work, settings)? {
        Some(path) => format!("{}://{}/{}", settings.url_scheme, settings.ingress_domain, path.trim_start_matches('/')),
        None => format!("{}://{public}", settings.url_scheme),
    };
    work.status.0["url"] = json!(url);
    let inside = domain::internal(work.name(), work.namespace());
    work.status.0["address"] = json!({"url": format!("http://{inside}")});
    work.set(INGRESS_READY, &Is::new("True", "", ""));
    Ok(())
}

/// The component that requests reach first.
fn front(work: &Work<'_>) -> Component {
    if work.service["spec"]["transformer"].is_object() { Component::Transformer } else { Component::Predictor }
}

/// The public host of the service: that of the component in front, without the component's name.
fn front_host(work: &Work<'_>) -> Option<String> {
    let front = front(work);
    let status = work.status.component(front);
    let url = object::text(&status, "/url");
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    (!host.is_empty()).then(|| host.replacen(&format!("-{}", front.field()), "", 1))
}

/// The component in front is told with the scheme of the service.
fn with_scheme(work: &mut Work<'_>, scheme: &str) {
    let front = front(work);
    let mut status = work.status.component(front);
    if let Some((_, host)) = object::text(&status, "/url").split_once("://") {
        status["url"] = json!(format!("{scheme}://{host}"));
        work.status.set_component(front, status);
    }
}

/// The domains that Knative knows.
async fn domains(api: &Api) -> Result<Vec<String>, Error> {
    let known = children::read(api, &kinds::CONFIG_MAPS, "knative-serving", "config-domain").await?;
    let known = known.and_then(|map| map.get("data")?.as_object().cloned()).unwrap_or_default();
    Ok(known.keys().map(Key::to_string).collect())
}

/// The path that the configuration gives the service, if it does.
fn path(work: &Work<'_>, settings: &Ingress) -> Result<Option<String>, String> {
    if settings.path_template.is_empty() {
        return Ok(None);
    }
    let data = json!({"Name": work.name(), "Namespace": work.namespace()});
    template::fill_in(&settings.path_template, &data, PATH).map(Some).map_err(|error| error.to_string())
}

/// The name of the service within the cluster stands for the gateway.
fn external(service: &Value, settings: &Ingress) -> Value {
    let metadata = json!({"name": object::name(service), "namespace": object::namespace(service)});
    let mut external = children::child(service, &kinds::CORE_SERVICES, metadata);
    external["spec"] =
        json!({"type": "ExternalName", "externalName": settings.local_gateway_service, "sessionAffinity": "None"});
    external
}

fn virtual_service(work: &Work<'_>, settings: &Ingress, public: &str, domains: &[String]) -> Result<Value, String> {
    let behaviour = work.services.behaviour;
    let (name, namespace) = (work.name(), work.namespace());
    let inside = domain::internal(name, namespace);
    let labels = object::labels(&work.service);
    let label = labels.and_then(|labels| labels.get(KNATIVE_VISIBILITY)).and_then(Value::as_str);
    let internal = label == Some(CLUSTER_LOCAL) || public == inside;
    let mut hosts = vec![inside.clone()];
    let mut inner = vec![settings.local_gateway.as_str()];
    inner.extend(behaviour.mesh_gateway.then_some(MESH));
    let mut gateways = inner.clone();
    let mut outside = Vec::new();
    if !internal {
        outside.push(public.to_owned());
        let subdomain = domains.iter().find_map(|domain| public.strip_suffix(&format!(".{domain}")));
        let others = settings.additional_ingress_domains.iter();
        for host in others.filter_map(|domain| Some(format!("{}.{domain}", subdomain?))) {
            if proofmark_text::content::dns_subdomain(&host).is_empty() && !outside.contains(&host) {
                outside.push(host);
            }
        }
        hosts.push(public.to_owned());
        gateways.push(&settings.ingress_gateway);
    }
    let regex = |host: &str| host_pattern(host, !behaviour.mesh_gateway);
    let matches = |prefix: &str| {
        let one = |host: &str, gateways: Value| {
            let mut one = json!({"authority": {"regex": regex(host)}, "gateways": gateways});
            if !prefix.is_empty() {
                one["uri"] = json!({"regex": prefix});
            }
            one
        };
        let mut all = vec![one(&inside, json!(inner))];
        all.extend(outside.iter().map(|host| one(host, json!([settings.ingress_gateway]))));
        all
    };
    let route = |to: Component, matches: Vec<Value>| {
        let mut headers = json!({"Host": domain::internal(&to.child_name(&work.service), namespace)});
        if behaviour.routes_name_services {
            headers["KServe-Isvc-Name"] = json!(name);
            headers["KServe-Isvc-Namespace"] = json!(namespace);
        }
        json!({
            "match": matches,
            "headers": {"request": {"set": headers}},
            "route": [{"destination": {"host": settings.knative_local_gateway_service, "port": {"number": 80}}, "weight": 100}],
        })
    };
    let has = |component: Component| work.service["spec"][component.field()].is_object();
    let front = front(work);
    let mut http = Vec::new();
    if has(Component::Explainer) {
        http.push(route(Component::Explainer, matches(r"^/v1/models/[\w-]+:explain$")));
    }
    http.push(route(front, matches("")));
    if let Some(path) = path(work, settings)? {
        let path = format!("/{}", path.trim_matches('/'));
        let domain = &settings.ingress_domain;
        let at = |uri: Value| json!({"authority": {"regex": regex(domain)}, "gateways": [settings.ingress_gateway], "uri": uri});
        if has(Component::Explainer) && behaviour.routes_name_services {
            let pattern = format!(r"{path}(/v1/models/[\w-]+:explain)$");
            let mut explains = route(Component::Explainer, vec![at(json!({"regex": pattern}))]);
            explains["rewrite"] = json!({"uriRegexRewrite": {"match": pattern, "rewrite": r"\1"}});
            http.push(explains);
        }
        let mut by_path = route(front, vec![at(json!({"prefix": format!("{path}/")})), at(json!({"exact": path}))]);
        by_path["rewrite"] = json!({"uri": "/"});
        http.push(by_path);
        hosts.push(domain.clone());
    }
    hosts.extend(outside.into_iter().skip(1));
    let mut metadata = json!({"name": name, "namespace": namespace});
    let annotations = raw::passed_on(work)?;
    if annotations.as_object().is_some_and(|annotations| !annotations.is_empty()) {
        metadata["annotations"] = annotations;
    }
    if let Some(labels) = labels.filter(|labels| !labels.is_empty()) {
        metadata["labels"] = json!(labels);
    }
    let mut wanted = children::child(&work.service, &kinds::VIRTUAL_SERVICES, metadata);
    wanted["spec"] = json!({"gateways": gateways, "hosts": hosts, "http": http});
    Ok(wanted)
}

/// What matches a host, with or without a port. With `shorter` the ways to leave out the end of a name within the cluster match as well.
fn host_pattern(host: &str, shorter: bool) -> String {
    let escaped = regex::escape(host).replace("\\-", "-");
    let escaped = match escaped.strip_suffix(r"\.svc\.cluster\.local") {
        Some(short) if shorter => format!(r"{short}(\.svc(\.cluster\.local)?)?"),
        _ => escaped,
    };
    format!(r"^{escaped}(?::\d{{1,5}})?$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("a-b.ns.svc.cluster.local", true, r"^a-b\.ns(\.svc(\.cluster\.local)?)?(?::\d{1,5})?$")]
    #[case("a-b.ns.svc.cluster.local", false, r"^a-b\.ns\.svc\.cluster\.local(?::\d{1,5})?$")]
    #[case("a.example.com", true, r"^a\.example\.com(?::\d{1,5})?$")]
    fn hosts_become_patterns(#[case] host: &str, #[case] shorter: bool, #[case] pattern: &str) {
        assert_eq!(host_pattern(host, shorter), pattern);
    }
}
