//! The storage initializer: an init container that loads the model into a folder which the server reads; or a claim mounted in its place.

use proofmark_controllers::kit::{View, object};
use proofmark_json::{Value, json};
use ring::digest::{SHA256, digest};

use super::{Denied, Inner, credentials, edit};
use crate::behaviour::Behaviour;
use crate::config::{Config, Container};
use crate::names::{
    AGENT, INITIALIZER_CONTAINER, INITIALIZER_UID, LOCAL_MODEL_LABEL, LOCAL_MODEL_PVC, LOCAL_MODEL_SOURCE, MODEL_DIR,
    READ_ONLY, SERVER_CONTAINER, SOURCE_URI, TRANSFORMER_CONTAINER, WORKER_CONTAINER, kinds,
};
use crate::{podspec, storage};

const VOLUME: &str = "kserve-provision-location";
const CLAIM_VOLUME: &str = "kserve-pvc-source";
/// Where a claim is mounted that the initializer links to.
const CLAIM_DIR: &str = "/mnt/pvc";
const CLAIM_SCHEME: &str = "pvc://";
/// The file in a ConfigMap of authorities.
const CA_VOLUME: &str = "cabundle-cert";
const CA_DIR: &str = "/etc/ssl/custom-certs";
/// The copy of the configured authorities in the namespace of a service.
const CA_COPY: &str = "global-ca-bundle";

/// What speeds up downloads from Hugging Face.
const SPEED: [(&str, &str); 3] =
    [("HF_HUB_ENABLE_HF_TRANSFER", "1"), ("HF_XET_HIGH_PERFORMANCE", "1"), ("HF_XET_NUM_CONCURRENT_RANGE_GETS", "8")];

pub(super) async fn inject(
    hooks: &Inner,
    pod: &mut Value,
    config: &Config,
    settings: &Container,
) -> Result<(), Denied> {
    let Some(mut uri) = object::annotation(pod, SOURCE_URI).map(str::to_owned) else { return Ok(()) };
    // The agent loads the models of services for several of them.
    if object::annotation(pod, AGENT).is_some() {
        return Ok(());
    }
    let present = object::list(pod, "/spec/initContainers")
        .iter()
        .any(|init| object::text(init, "/name") == INITIALIZER_CONTAINER);
    if present {
        return Ok(());
    }
    let worker = hooks.behaviour.worker_spec.then_some(WORKER_CONTAINER);
    if [Some(SERVER_CONTAINER), worker].into_iter().flatten().all(|name| edit::container(pod, name).is_none()) {
        return Err(Denied::failed(format!("Invalid configuration: cannot find container: {SERVER_CONTAINER}")));
    }
    if let Some(cached) = on_the_node(pod, &uri, hooks.behaviour)? {
        uri = cached;
    }
    let writable = hooks.behaviour.writable_models && object::annotation(pod, READ_ONLY) == Some("false");
    let mut mounts = Vec::new();
    let mut source = uri.clone();
    if let Some(claimed) = uri.strip_prefix(CLAIM_SCHEME) {
        let (claim, path) = claimed.split_once('/').unwrap_or((claimed, ""));
        edit::push_named(
            &mut pod["spec"],
            "volumes",
            json!({"name": CLAIM_VOLUME, "persistentVolumeClaim": {"claimName": claim, "readOnly": false}}),
        );
        let direct =
            hooks.behaviour.always_direct_pvc || hooks.behaviour.direct_pvc && settings.enable_direct_pvc_volume_mount;
        if direct {
            let mut mount = json!({"name": CLAIM_VOLUME, "mountPath": MODEL_DIR, "readOnly": !writable});
            if !path.is_empty() {
                mount["subPath"] = json!(path);
            }
            each_reader(pod, |container| edit::push_named(container, "volumeMounts", mount.clone()));
            say_where(pod, hooks.behaviour);
            return Ok(());
        }
        let mount = json!({"name": CLAIM_VOLUME, "mountPath": CLAIM_DIR, "readOnly": !writable});
        each_reader(pod, |container| edit::push_named(container, "volumeMounts", mount.clone()));
        mounts.push(mount);
        source = format!("{CLAIM_DIR}/{path}");
    }
    mounts.push(json!({"name": VOLUME, "mountPath": MODEL_DIR}));
    let mut init = json!({
        "name": INITIALIZER_CONTAINER, "image": settings.image, "args": [source, MODEL_DIR],
        "terminationMessagePolicy": "FallbackToLogsOnError", "resources": edit::resources(settings), "volumeMounts": mounts,
    });
    // Whether they are there already is not asked: an initializer of this name would have been found.
    edit::push(&mut pod["spec"], "volumes", json!({"name": VOLUME, "emptyDir": {}}));
    let mount = json!({"name": VOLUME, "mountPath": MODEL_DIR, "readOnly": !writable});
    each_reader(pod, |container| edit::push(container, "volumeMounts", mount.clone()));
    say_where(pod, hooks.behaviour);
    if !hooks.behaviour.own_security_context
        && let Some(security) = edit::container(pod, SERVER_CONTAINER).and_then(|c| c.get("securityContext").cloned())
    {
        init["securityContext"] = security;
    }
    credentials::find(hooks, pod, config, &source).await?.add_to(pod, &mut init);
    let list = hooks.api.list(&kinds::STORAGE_CONTAINERS, "", &[], View::Whole).await?;
    let containers = object::list(&list, "/items");
    let wanted = init.pointer("/args/0").and_then(Value::as_str).filter(|_| !hooks.behaviour.chooses_by_stated_uri);
    let wanted = wanted.unwrap_or(&source);
    if let Some(own) = containers.iter().find(|own| storage::is_enabled(own) && storage::claims(own, wanted)) {
        let merged = podspec::merge_container(&init, &own["spec"]["container"], hooks.behaviour);
        init = merged.map_err(Denied::failed)?;
    }
    if hooks.behaviour.ca_bundles {
        authorities(hooks, pod, &mut init, settings);
    }
    for (name, value) in SPEED.into_iter().filter(|_| hooks.behaviour.hugging_face_speed) {
        edit::push_named(&mut init, "env", json!({"name": name, "value": value}));
    }
    edit::push(&mut pod["spec"], "initContainers", init);
    Ok(())
}

/// The claim that holds the model on the node, if a cache does.
fn on_the_node(pod: &Value, uri: &str, behaviour: Behaviour) -> Result<Option<String>, Denied> {
    let cache = object::labels(pod).and_then(|labels| labels.get(LOCAL_MODEL_LABEL)?.as_str());
    let Some(cache) = cache.filter(|_| behaviour.local_models) else { return Ok(None) };
    let source = object::annotation(pod, LOCAL_MODEL_SOURCE).unwrap_or_default();
    let rest = uri.strip_prefix(source).unwrap_or(uri);
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let claim = match object::annotation(pod, LOCAL_MODEL_PVC) {
        Some(claim) => claim,
        None => return Err(Denied::failed(format!("Annotation {LOCAL_MODEL_PVC} not found"))),
    };
    let folder = if behaviour.hashes_local_models { storage_key(source) } else { cache.to_owned() };
    Ok(Some(format!("{CLAIM_SCHEME}{claim}/models/{folder}{slash}{rest}")))
}

/// The folder of what comes from a place: the beginning of the place's hash.
fn storage_key(source: &str) -> String {
    let mut key = hex::encode(digest(&SHA256, source.as_bytes()));
    key.truncate(16);
    key
}

/// A server that names its model by a variable is told where it lies now; once, a transformer beside it was, too.
fn say_where(pod: &mut Value, behaviour: Behaviour) {
    let containers = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut).into_iter().flatten();
    let told = containers.filter(|container| match object::text(container, "/name") {
        SERVER_CONTAINER => true,
        TRANSFORMER_CONTAINER => !behaviour.transformers_in_front,
        _ => false,
    });
    for variable in told.filter_map(|container| container.get_mut("env")?.as_array_mut()).flatten() {
        if object::text(variable, "/name") == "STORAGE_URI" && !object::text(variable, "/value").is_empty() {
            variable["value"] = json!(MODEL_DIR);
        }
    }
}

/// The containers that read the model: the server, a transformer beside it, and workers that join a server.
fn each_reader(pod: &mut Value, mut change: impl FnMut(&mut Value)) {
    for name in [SERVER_CONTAINER, TRANSFORMER_CONTAINER, WORKER_CONTAINER] {
        if let Some(container) = edit::container(pod, name) {
            change(container);
        }
    }
}

/// Mounts the authorities that the initializer trusts, if the configuration or its credentials name some.
fn authorities(hooks: &Inner, pod: &mut Value, init: &mut Value, settings: &Container) {
    let variable = |name: &str| {
        let env = object::list(init, "/env").iter().find(|variable| object::text(variable, "/name") == name)?;
        env.get("value")?.as_str().filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let own = variable("AWS_CA_BUNDLE_CONFIGMAP");
    if settings.ca_bundle_config_map_name.is_empty() && own.is_none() {
        return;
    }
    let copied = object::namespace(pod) != hooks.namespace;
    let default = if copied { CA_COPY } else { settings.ca_bundle_config_map_name.as_str() };
    let name = own.unwrap_or_else(|| default.to_owned());
    let configured = Some(settings.ca_bundle_volume_mount_path.clone()).filter(|path| !path.is_empty());
    let folder = variable("AWS_CA_BUNDLE")
        .and_then(|file| file.rsplit_once('/').map(|(folder, _)| folder.to_owned()))
        .or(configured)
        .unwrap_or_else(|| CA_DIR.to_owned());
    edit::push_named(init, "env", json!({"name": "CA_BUNDLE_CONFIGMAP_NAME", "value": name}));
    edit::push_named(init, "env", json!({"name": "CA_BUNDLE_VOLUME_MOUNT_POINT", "value": folder}));
    edit::push_named(&mut pod["spec"], "volumes", json!({"name": CA_VOLUME, "configMap": {"name": name}}));
    edit::push_named(init, "volumeMounts", json!({"name": CA_VOLUME, "mountPath": folder, "readOnly": true}));
}

/// Where Istio's CNI redirects traffic before its proxy runs, the initializer takes the proxy's user, whose traffic is left alone.
pub(super) fn run_as_istio(pod: &mut Value, behaviour: Behaviour) -> Result<(), Denied> {
    let asked = object::annotation(pod, INITIALIZER_UID).and_then(|uid| uid.parse::<i64>().ok());
    let redirected = behaviour.follows_istio
        && object::annotation(pod, "sidecar.istio.io/interceptionMode") == Some("REDIRECT")
        && object::annotation(pod, "sidecar.istio.io/status").is_some();
    let inits = object::list(pod, "/spec/initContainers");
    let cni = redirected && !inits.iter().any(|init| object::text(init, "/name") == "istio-init");
    let proxy = object::list(pod, "/spec/containers").iter().find(|c| object::text(c, "/name") == "istio-proxy");
    let proxy = proxy.and_then(|proxy| object::number(proxy, "/securityContext/runAsUser")).unwrap_or(1337);
    let Some(uid) = asked.or(cni.then_some(proxy)) else { return Ok(()) };
    let inits = pod.pointer_mut("/spec/initContainers").and_then(Value::as_array_mut);
    for init in inits.into_iter().flatten().filter(|init| object::text(init, "/name") == INITIALIZER_CONTAINER) {
        // The original wrote into what was not there.
        if !behaviour.follows_istio && init.get("securityContext").is_none() {
            return Err(Denied::Panic("runtime error: invalid memory address or nil pointer dereference".to_owned()));
        }
        init["securityContext"]["runAsUser"] = json!(uid);
    }
    Ok(())
}
