//! Objects as Go prints them for people: some complaints show a value of Kubernetes' internal types, whose JSON has Go's field names
//! and every field, set or not.
//!
//! The internal types are the versioned ones but for the names, places and homes of a few fields; [`SHAPES`] has those.
//! Types of `metav1` print as they always do.

use proofmark_json::{Map, Value, json};
use proofmark_types::{Field, Scalar, Struct, Type, TypeId};

/// The part of an object at a JSON pointer, as its internal type prints.
pub(crate) fn show(object: &Value, pointer: &str) -> Value {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    let mut ty = proofmark_builtin::type_of(group, version, text("kind"));
    let mut parents: Option<&Value> = None;
    let mut value = Some(object);
    for step in pointer.split('/').skip(1) {
        ty = ty.and_then(|ty| inner(ty, step));
        parents = value;
        value = value.and_then(|v| v.get(step).or_else(|| v.get(step.parse::<usize>().ok()?)));
    }
    let value = value.unwrap_or(&Value::Null);
    ty.map_or_else(|| value.clone(), |ty| dump(ty, value, parents))
}

/// The type of a member or item.
fn inner(ty: TypeId, step: &str) -> Option<TypeId> {
    match proofmark_builtin::types().get(ty) {
        Type::Struct(known) => known.fields.get(step).map(|f| f.ty),
        Type::List(list) => Some(list.item),
        Type::Map(map) => Some(map.value),
        _ => None,
    }
}

/// A field of an internal type.
enum Place {
    /// The field of this JSON name, under its own name.
    Same(&'static str),
    /// The field of this JSON name, under another name.
    Named(&'static str, &'static str),
    /// A field of the enclosing type that lives here internally.
    Outer(&'static str),
}

use Place::{Named, Outer, Same};

/// The fields of an internal type that are not those of the versioned one, in their order.
struct Shape {
    ty: &'static str,
    fields: &'static [Place],
}

const SHAPES: &[Shape] = &[
    Shape { ty: "v1.PodSpec", fields: POD },
    Shape { ty: "v1.PodSecurityContext", fields: POD_SECURITY },
    Shape { ty: "v1.ServiceSpec", fields: SERVICE },
    Shape { ty: "v1.Volume", fields: VOLUME },
    Shape { ty: "v1.PersistentVolumeSpec", fields: PERSISTENT_VOLUME },
];

const POD: &[Place] = &[
    Same("volumes"),
    Same("initContainers"),
    Same("containers"),
    Same("ephemeralContainers"),
    Same("restartPolicy"),
    Same("terminationGracePeriodSeconds"),
    Same("activeDeadlineSeconds"),
    Same("dnsPolicy"),
    Same("nodeSelector"),
    Same("serviceAccountName"),
    Same("automountServiceAccountToken"),
    Same("nodeName"),
    Same("securityContext"),
    Same("imagePullSecrets"),
    Same("hostname"),
    Same("subdomain"),
    Same("setHostnameAsFQDN"),
    Same("affinity"),
    Same("schedulerName"),
    Same("tolerations"),
    Same("hostAliases"),
    Same("priorityClassName"),
    Same("priority"),
    Same("preemptionPolicy"),
    Same("dnsConfig"),
    Same("readinessGates"),
    Same("runtimeClassName"),
    Same("overhead"),
    Same("enableServiceLinks"),
    Same("topologySpreadConstraints"),
    Same("os"),
    Same("schedulingGates"),
    Same("resourceClaims"),
    Same("resources"),
    Same("hostnameOverride"),
    Same("workloadRef"),
];

const POD_SECURITY: &[Place] = &[
    Outer("hostNetwork"),
    Outer("hostPID"),
    Outer("hostIPC"),
    Outer("shareProcessNamespace"),
    Outer("hostUsers"),
    Same("seLinuxOptions"),
    Same("windowsOptions"),
    Same("runAsUser"),
    Same("runAsGroup"),
    Same("runAsNonRoot"),
    Same("supplementalGroups"),
    Same("supplementalGroupsPolicy"),
    Same("fsGroup"),
    Same("fsGroupChangePolicy"),
    Same("sysctls"),
    Same("seccompProfile"),
    Same("appArmorProfile"),
    Same("seLinuxChangePolicy"),
];

const SERVICE: &[Place] = &[
    Same("type"),
    Same("ports"),
    Same("selector"),
    Same("clusterIP"),
    Same("clusterIPs"),
    Same("ipFamilies"),
    Same("ipFamilyPolicy"),
    Same("externalName"),
    Same("externalIPs"),
    Same("loadBalancerIP"),
    Same("sessionAffinity"),
    Same("sessionAffinityConfig"),
    Same("loadBalancerSourceRanges"),
    Same("externalTrafficPolicy"),
    Same("healthCheckNodePort"),
    Same("publishNotReadyAddresses"),
    Same("allocateLoadBalancerNodePorts"),
    Same("loadBalancerClass"),
    Same("internalTrafficPolicy"),
    Same("trafficDistribution"),
];

const VOLUME: &[Place] = &[
    Same("name"),
    Same("hostPath"),
    Same("emptyDir"),
    Same("gcePersistentDisk"),
    Same("awsElasticBlockStore"),
    Same("gitRepo"),
    Same("secret"),
    Same("nfs"),
    Same("iscsi"),
    Same("glusterfs"),
    Same("persistentVolumeClaim"),
    Same("rbd"),
    Same("quobyte"),
    Same("flexVolume"),
    Same("cinder"),
    Named("cephfs", "CephFS"),
    Same("flocker"),
    Same("downwardAPI"),
    Same("fc"),
    Same("azureFile"),
    Same("configMap"),
    Same("vsphereVolume"),
    Same("azureDisk"),
    Same("photonPersistentDisk"),
    Same("projected"),
    Same("portworxVolume"),
    Same("scaleIO"),
    Named("storageos", "StorageOS"),
    Same("csi"),
    Same("ephemeral"),
    Same("image"),
];

const PERSISTENT_VOLUME: &[Place] = &[
    Same("capacity"),
    Same("gcePersistentDisk"),
    Same("awsElasticBlockStore"),
    Same("hostPath"),
    Same("glusterfs"),
    Same("nfs"),
    Same("rbd"),
    Same("quobyte"),
    Same("iscsi"),
    Same("flexVolume"),
    Same("cinder"),
    Named("cephfs", "CephFS"),
    Same("fc"),
    Same("flocker"),
    Same("azureFile"),
    Same("vsphereVolume"),
    Same("azureDisk"),
    Same("photonPersistentDisk"),
    Same("portworxVolume"),
    Same("scaleIO"),
    Same("local"),
    Named("storageos", "StorageOS"),
    Same("csi"),
    Same("accessModes"),
    Same("claimRef"),
    Same("persistentVolumeReclaimPolicy"),
    Same("storageClassName"),
    Same("mountOptions"),
    Same("volumeMode"),
    Same("nodeAffinity"),
    Same("volumeAttributesClassName"),
];

/// Fields whose internal name is not the JSON name in Go's spelling, by type.
const NAMES: &[(&str, &str, &str)] = &[
    ("ISCSI", "iqn", "IQN"),
    ("ISCSI", "chapAuthDiscovery", "DiscoveryCHAPAuth"),
    ("ISCSI", "chapAuthSession", "SessionCHAPAuth"),
    ("Glusterfs", "endpoints", "EndpointsName"),
    ("RBD", "monitors", "CephMonitors"),
    ("RBD", "image", "RBDImage"),
    ("RBD", "pool", "RBDPool"),
    ("RBD", "user", "RadosUser"),
    ("FCVolume", "wwids", "WWIDs"),
    ("AzureDisk", "diskURI", "DataDiskURI"),
    ("PhotonPersistentDisk", "pdID", "PdID"),
    ("ScaleIO", "sslEnabled", "SSLEnabled"),
    ("PersistentVolumeClaimTemplate", "metadata", "ObjectMeta"),
    ("PodTemplateSpec", "metadata", "ObjectMeta"),
];

/// A value of a versioned type as the internal one; `outer` is the object around it.
fn dump(ty: TypeId, value: &Value, outer: Option<&Value>) -> Value {
    let types = proofmark_builtin::types();
    match types.get(ty) {
        Type::Struct(known) if !is_shared(known) => match value {
            Value::Object(members) => dump_struct(known, members, outer),
            _ => Value::Null,
        },
        Type::List(list) => match value {
            Value::Array(items) => items.iter().map(|item| dump_item(list.item, item)).collect(),
            _ => Value::Null,
        },
        Type::Map(map) => match value {
            Value::Object(members) => {
                let mut entries: Vec<_> = members.iter().map(|(k, v)| (k.clone(), dump_item(map.value, v))).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(entries.into_iter().collect())
            }
            _ => Value::Null,
        },
        _ => value.clone(),
    }
}

fn dump_item(ty: TypeId, value: &Value) -> Value {
    match proofmark_builtin::types().get(ty) {
        Type::Struct(known) if !is_shared(known) && value.is_null() => dump_struct(known, &Map::new(), None),
        _ => dump(ty, value, None),
    }
}

/// Types of `metav1` have JSON names of their own.
fn is_shared(known: &Struct) -> bool {
    matches!(known.go_name.as_str(), "v1.LabelSelector" | "v1.LabelSelectorRequirement" | "v1.ObjectMeta")
}

fn dump_struct(known: &Struct, members: &Map, outer: Option<&Value>) -> Value {
    let this = Value::Object(members.clone());
    let mut out = Map::new();
    let mut put = |name: &str, json: &str, field: Option<&Field>, value: Option<&Value>| {
        let name = if name.is_empty() { go_name(&known.go_name, json) } else { name.to_owned() };
        // Metadata is embedded: its members stand among the others.
        if name == "ObjectMeta" {
            out.extend(value.and_then(Value::as_object).cloned().unwrap_or_default());
            return;
        }
        let value = match (field, value) {
            (Some(field), value) => dump_field(field, value.unwrap_or(&Value::Null), Some(&this)),
            (None, value) => value.cloned().unwrap_or_default(),
        };
        out.insert(name, value);
    };
    let shape = SHAPES.iter().find(|s| s.ty == known.go_name);
    for place in shape.map(|s| s.fields).unwrap_or_default() {
        match *place {
            Same(json) => put("", json, known.fields.get(json), members.get(json)),
            Named(json, name) => put(name, json, known.fields.get(json), members.get(json)),
            Outer(json) => {
                let value = outer.and_then(|o| o.get(json));
                // Those that are no pointers are flags.
                let flag = json.starts_with("host") && json != "hostUsers";
                let value = value.cloned().unwrap_or(if flag { json!(false) } else { Value::Null });
                put("", json, None, Some(&value));
            }
        }
    }
    if shape.is_none() {
        for (json, field) in &known.fields {
            put("", json, Some(field), members.get(json));
        }
    }
    Value::Object(out)
}

/// A field's value, or the zero value that Go prints for it.
fn dump_field(field: &Field, value: &Value, outer: Option<&Value>) -> Value {
    if !value.is_null() {
        return dump(field.ty, value, outer);
    }
    let types = proofmark_builtin::types();
    match types.get(field.ty) {
        _ if field.pointer => Value::Null,
        Type::Scalar(scalar) => match scalar {
            Scalar::Bool => json!(false),
            Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::IntOrString => json!(0),
            Scalar::Float => json!(0),
            Scalar::String => json!(""),
            Scalar::Quantity => json!("0"),
            Scalar::Duration => json!("0s"),
            Scalar::Bytes | Scalar::Time | Scalar::MicroTime => Value::Null,
        },
        Type::Struct(known) if is_shared(known) => json!({}),
        Type::Struct(known) => dump_struct(known, &Map::new(), outer),
        _ => Value::Null,
    }
}

/// The name of a field in Go, from its JSON name.
fn go_name(ty: &str, json: &str) -> String {
    let ty = ty.rsplit('.').next().unwrap_or(ty);
    if let Some((_, _, name)) = NAMES.iter().find(|(prefix, field, _)| ty.starts_with(prefix) && *field == json) {
        return (*name).to_owned();
    }
    let first = json.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(json.len());
    let (word, rest) = json.split_at(first);
    match word {
        "ips" => format!("IPs{rest}"),
        _ if INITIALISMS.contains(&word) => format!("{}{rest}", word.to_ascii_uppercase()),
        _ => {
            let mut letters = word.chars();
            let initial = letters.next().map(|c| c.to_ascii_uppercase());
            initial.into_iter().chain(letters).collect::<String>() + rest
        }
    }
}

/// First words that Go spells in capitals.
const INITIALISMS: &[&str] = &[
    "api", "aws", "ca", "csi", "dns", "fc", "fs", "gce", "gmsa", "grpc", "http", "id", "ip", "iscsi", "nfs", "os",
    "pd", "rbd", "se", "tcp", "ttl", "tty", "uid", "url",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_port_shows_every_field() {
        let service =
            json!({"kind": "Service", "apiVersion": "v1", "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}});
        let want =
            json!({"Name": "", "Protocol": "TCP", "AppProtocol": null, "Port": 80, "TargetPort": 0, "NodePort": 0});
        assert_eq!(show(&service, "/spec/ports/0").to_string(), want.to_string());
    }

    #[test]
    fn host_flags_live_in_the_security_context() {
        let pod = json!({"kind": "Pod", "apiVersion": "v1", "spec": {"hostNetwork": true, "securityContext": {}, "containers": []}});
        let spec = show(&pod, "/spec");
        let names: Vec<&str> = spec.as_object().unwrap().keys().map(proofmark_json::Key::as_str).take(3).collect();
        assert_eq!(names, ["Volumes", "InitContainers", "Containers"]);
        assert_eq!(spec["SecurityContext"]["HostNetwork"], true);
        assert_eq!(spec["SecurityContext"]["HostPID"], false);
        assert_eq!(spec["DNSPolicy"], "");
    }
}
