//! Where the model of a service is asked, for those that call it by its service: graphs.

use proofmark_controllers::kit::object;
use proofmark_json::Value;

use super::component::serves_many;
use crate::behaviour::Behaviour;
use crate::names::TRANSFORMER_CONTAINER;

/// How servers are told which name their model has.
const FLAG: &str = "--model_name";

/// The URL by which a service's model is asked, by the protocol of its runtime if that is known; none before the service has an address.
pub(in crate::controllers) fn endpoint(service: &Value, runtime: Option<&str>, behaviour: Behaviour) -> Option<String> {
    let address = Some(object::text(service, "/status/address/url")).filter(|address| !address.is_empty())?;
    let (predictor, transformer) = (&service["spec"]["predictor"], &service["spec"]["transformer"]);
    let protocol = if transformer.is_object() {
        of_container(transformer.pointer("/containers/0"))
    } else if serves_many(predictor, behaviour) {
        return Some(address.to_owned());
    } else if let Some(protocol) = runtime.filter(|_| predictor["model"].is_object()) {
        protocol
    } else if predictor["model"].is_object() {
        Some(object::text(predictor, "/model/protocolVersion")).filter(|protocol| !protocol.is_empty()).unwrap_or("v1")
    } else {
        let containers = object::list(predictor, "/containers");
        let beside = containers.iter().find(|container| object::text(container, "/name") == TRANSFORMER_CONTAINER);
        of_container(beside.or(containers.first()))
    };
    let name = model_name(service, behaviour);
    Some(match protocol {
        "v1" => format!("{address}/v1/models/{name}:predict"),
        "v2" => format!("{address}/v2/models/{name}/infer"),
        _ => address.to_owned(),
    })
}

/// The protocol that a container says it speaks.
fn of_container(container: Option<&Value>) -> &str {
    let env = container.map(|container| object::list(container, "/env")).unwrap_or_default();
    let stated = env.iter().find(|variable| object::text(variable, "/name") == "PROTOCOL");
    stated.map_or("v1", |variable| object::text(variable, "/value"))
}

/// The name of the model: what the server in front is told, or else the service's.
fn model_name(service: &Value, behaviour: Behaviour) -> String {
    let spec = &service["spec"];
    let told = |at: &str| spec.pointer(at).and_then(|container| of_arguments(container, behaviour));
    let model = &spec["predictor"]["model"];
    let variable = object::list(model, "/env").iter().find(|v| object::text(v, "/name") == "MLSERVER_MODEL_NAME");
    let name = told("/transformer/containers/0").or_else(|| match model.is_object() {
        true => variable.map(|v| object::text(v, "/value").to_owned()).or_else(|| told("/predictor/model")),
        false => told("/predictor/containers/0"),
    });
    name.unwrap_or_else(|| object::name(service).to_owned())
}

/// The name in a container's arguments: `--model_name=name`, and in newer releases `--model_name name`. The last counts there, the first before.
fn of_arguments(container: &Value, behaviour: Behaviour) -> Option<String> {
    let args: Vec<&str> = object::strings(container, "/args").collect();
    let mut names = args.iter().enumerate().filter(|(_, arg)| arg.starts_with(FLAG)).filter_map(|(place, arg)| {
        let next = args.get(place + 1).filter(|next| behaviour.spaced_model_names && !next.starts_with("--"));
        let parts: Vec<&str> = arg.split('=').collect();
        let joined = parts.get(1).copied().filter(|_| parts.len() == 2);
        next.copied().or(joined)
    });
    let name = if behaviour.spaced_model_names { names.next_back() } else { names.next() };
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;
    use crate::release::Release;

    #[rstest::rstest]
    #[case(json!({"predictor": {"model": {"storageUri": "s3://b/m"}}}), Release::V0_15_2, "http://a/v1/models/s:predict")]
    #[case(json!({"predictor": {"model": {"storageUri": "s3://b/m", "protocolVersion": "v2"}}}), Release::V0_15_2, "http://a/v2/models/s/infer")]
    #[case(json!({"predictor": {"model": {"modelFormat": {"name": "sklearn"}}}}), Release::V0_15_2, "http://a")]
    #[case(json!({"predictor": {"model": {"storageUri": "s3://b/m", "args": ["--model_name", "m"]}}}), Release::V0_14_1, "http://a/v1/models/m:predict")]
    #[case(json!({"predictor": {"model": {"storageUri": "s3://b/m", "args": ["--model_name", "m"]}}}), Release::V0_13_1, "http://a/v1/models/s:predict")]
    #[case(json!({"predictor": {"containers": [{"env": [{"name": "PROTOCOL", "value": "v2"}], "args": ["--model_name=m"]}]}}), Release::V0_13_1, "http://a/v2/models/m/infer")]
    fn models_are_asked_by_protocol_and_name(#[case] spec: Value, #[case] release: Release, #[case] url: &str) {
        let service = json!({"metadata": {"name": "s"}, "spec": spec, "status": {"address": {"url": "http://a"}}});
        assert_eq!(endpoint(&service, None, Behaviour::of(release)).as_deref(), Some(url));
    }
}
