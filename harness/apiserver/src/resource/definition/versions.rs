//! What a definition serves: its versions as resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use proofmark_builtin::Subresource;
use proofmark_json::{Value, json};
use proofmark_registry::meta;
use proofmark_schema::{Rules, Schema};

use crate::resource::custom::{Conversion, CustomVersion, Family, ScalePaths, Shape};
use crate::resource::{Body, Resource, group_version};

/// The verbs of every custom resource, in discovery's order.
const VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
/// The verbs of its subresources.
const SUB_VERBS: [&str; 3] = ["get", "patch", "update"];

/// All versions of a definition together.
pub(super) fn family(crd: &Value) -> Option<Family> {
    let spec = crd.get("spec")?;
    let group = spec.get("group")?.as_str()?;
    let versions = spec.get("versions")?.as_array()?;
    let named = |version: &Value| Some(group_version(group, version.get("name")?.as_str()?));
    let storage = versions.iter().find(|version| version["storage"] == true).and_then(named)?;
    let preserve = spec.get("preserveUnknownFields") == Some(&Value::Bool(true));
    let shapes = versions.iter().filter_map(|version| Some((named(version)?, Arc::new(shape(version, preserve)?))));
    let served = versions.iter().filter(|version| version["served"] == true).filter_map(named);
    Some(Family {
        id: Family::next_id(),
        served: served.collect(),
        since: meta::text(crd, "resourceVersion").parse().unwrap_or_default(),
        source: source(crd),
        storage,
        shapes: shapes.collect::<BTreeMap<_, _>>(),
        conversion: Conversion::read(spec.get("conversion").unwrap_or(&Value::Null)),
    })
}

/// What decides what is served. The spec is large and has a number of its own, the generation.
pub(super) fn source(crd: &Value) -> Value {
    let (uid, generation) = (meta::text(crd, "uid"), crd.pointer("/metadata/generation"));
    json!([uid, generation, crd.pointer("/status/acceptedNames"), is_terminating(crd)])
}

fn shape(version: &Value, preserve: bool) -> Option<Shape> {
    let source = version.pointer("/schema/openAPIV3Schema").filter(|source| !preserve && source.is_object());
    Shape::new(source.and_then(|source| Schema::parse(source).ok()))
}

fn is_terminating(crd: &Value) -> bool {
    !meta::text(crd, "deletionTimestamp").is_empty()
}

/// The served versions of a definition.
pub(super) fn served(crd: &Value, family: &Arc<Family>) -> Vec<Resource> {
    let list = crd.pointer("/spec/versions").and_then(Value::as_array);
    let served = list.into_iter().flatten().filter(|v| v["served"] == true);
    served.filter_map(|version| resource(crd, version, family)).collect()
}

/// What requests of a deprecated version are warned of: the definition's own words, or the newest version that is not deprecated.
/// Source: `defaultDeprecationWarning` of k8s.io/apiextensions-apiserver `pkg/apiserver`, release 1.35.
fn deprecation(crd: &Value, version: &Value) -> Option<String> {
    if version["deprecated"] != true {
        return None;
    }
    if let Some(words) = version.get("deprecationWarning").and_then(Value::as_str) {
        return Some(words.to_owned());
    }
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
    let own = crate::value::text_at(version, "/name");
    let others = crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    let others = others.filter(|v| v["served"] == true && v["deprecated"] != true);
    let names = others.filter_map(|v| v.get("name").and_then(Value::as_str));
    let order = crate::discovery::version_order;
    let newest = names.filter(|name| order(name) > order(&own)).max_by_key(|name| order(name));
    let instead = newest.map_or_else(String::new, |name| format!("; use {group}/{name} {kind}"));
    Some(format!("{group}/{own} {kind} is deprecated{instead}"))
}

fn resource(crd: &Value, version: &Value, family: &Arc<Family>) -> Option<Resource> {
    let text = |pointer: &str| crate::value::text_at(crd, pointer);
    let names = &crd["status"]["acceptedNames"];
    let name = |field: &str| names.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |field: &str| -> Vec<String> {
        names
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let (group, plural) = (text("/spec/group"), name("plural"));
    let version_name = version.get("name")?.as_str()?.to_owned();
    let shape = family.shapes.get(&group_version(&group, &version_name))?.clone();
    let storage_version = family.storage.rsplit('/').next().unwrap_or_default();
    let subresources = version.get("subresources").cloned().unwrap_or(json!({}));
    let status = subresources.get("status").is_some_and(Value::is_object);
    let scale = subresources.get("scale").filter(|s| s.is_object()).map(|s| ScalePaths {
        spec: crate::value::text_at(s, "/specReplicasPath"),
        status: crate::value::text_at(s, "/statusReplicasPath"),
        selector: s.get("labelSelectorPath").and_then(Value::as_str).map(str::to_owned),
    });
    let columns = version.get("additionalPrinterColumns").and_then(Value::as_array).cloned().unwrap_or_default();
    let selectable = version.get("selectableFields").and_then(Value::as_array).into_iter().flatten();
    let selectable = selectable.filter_map(|f| f.get("jsonPath").and_then(Value::as_str)).map(|path| {
        let label = path.trim_start_matches('.').to_owned();
        let pointer = format!("/{}", label.replace('.', "/"));
        (label, pointer)
    });
    let kind = name("kind");
    let rules = shape.schema.as_ref().and_then(Rules::of);
    let custom = CustomVersion {
        shape,
        family: family.clone(),
        rules,
        status,
        columns,
        selectable: selectable.collect(),
        terminating: is_terminating(crd),
        deprecated: deprecation(crd, version),
        scale: scale.clone(),
    };
    let sub = |sub: &str, group: &str, version: &str, kind: &str| Subresource {
        name: sub.to_owned(),
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        verbs: SUB_VERBS.map(str::to_owned).to_vec(),
    };
    let mut served = Vec::new();
    if status {
        served.push(sub("status", &group, &version_name, &kind));
    }
    if scale.is_some() {
        served.push(sub("scale", "autoscaling", "v1", "Scale"));
    }
    Some(Resource {
        prefix: format!("/registry/{group}/{plural}").into(),
        storage_version_hash: match family.served.contains(&family.storage) {
            true => crate::discovery::storage_version_hash(&group, storage_version, &kind),
            false => String::new(),
        },
        singular: name("singular"),
        list_kind: name("listKind"),
        namespaced: text("/spec/scope") == "Namespaced",
        verbs: VERBS.map(str::to_owned).to_vec(),
        short_names: list("shortNames"),
        categories: list("categories"),
        subresources: served,
        strategy: proofmark_registry::CUSTOM,
        body: Body::Custom(Box::new(custom)),
        version: version_name,
        group,
        plural,
        kind,
    })
}
