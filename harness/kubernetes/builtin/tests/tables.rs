//! The tables hold together.

use proofmark_builtin::{embedded, groups, named, required, resources, type_of, types};
use proofmark_types::{ListKind, Type, TypeId};

/// Every type that a type refers to.
fn inner(ty: &Type) -> Vec<TypeId> {
    match ty {
        Type::Struct(known) => known.fields.values().map(|field| field.ty).collect(),
        Type::List(list) => vec![list.item],
        Type::Map(map) => vec![map.value],
        Type::Scalar(_) | Type::Any => Vec::new(),
    }
}

#[test]
fn every_resource_has_types() {
    for resource in resources() {
        let (group, version) = (&resource.group, &resource.version);
        assert!(type_of(group, version, &resource.kind).is_some(), "{}", resource.plural);
        if resource.verbs.iter().any(|verb| verb == "list") {
            assert!(type_of(group, version, &format!("{}List", resource.kind)).is_some(), "{}", resource.plural);
        }
        for below in &resource.subresources {
            assert!(type_of(&below.group, &below.version, &below.kind).is_some(), "{}/{}", resource.plural, below.name);
        }
        assert!(groups().iter().any(|g| g.name == *group && g.versions.contains(version)), "{}", resource.plural);
    }
}

#[test]
fn types_refer_to_types() {
    let count = u32::try_from(types().len()).unwrap();
    for id in (0..count).map(TypeId) {
        for inner in inner(types().get(id)) {
            assert!(inner.0 < count);
        }
    }
    assert!(count > 1500, "only {count} types");
}

#[test]
fn discovery_has_the_servers_order() {
    let names: Vec<&str> = groups().iter().map(|g| g.name.as_str()).collect();
    assert_eq!(names[..4], ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]);
    let pods = resources().iter().find(|r| r.plural == "pods" && r.group.is_empty()).unwrap();
    assert_eq!(pods.verbs, ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
    assert_eq!(
        (pods.short_names.as_slice(), pods.storage_version_hash.as_str()),
        (&["po".to_owned()][..], "xPOwRZ+Yhw8=")
    );
    let eviction = pods.subresources.iter().find(|s| s.name == "eviction").unwrap();
    assert_eq!((eviction.group.as_str(), eviction.kind.as_str()), ("policy", "Eviction"));
    let (autoscaling, scaler) =
        (groups().iter().find(|g| g.name == "autoscaling").unwrap(), "horizontalpodautoscalers");
    assert_eq!(autoscaling.preferred, "v2");
    assert_eq!(resources().iter().filter(|r| r.plural == scaler).count(), autoscaling.versions.len());
}

#[test]
fn fields_know_how_they_merge() {
    let Type::Struct(spec) = types().get(field(type_of("", "v1", "Pod").unwrap(), "spec")) else { panic!("a struct") };
    let containers = &spec.fields["containers"];
    assert!(containers.patch.merge && containers.patch.merge_key.as_deref() == Some("name"));
    let Type::List(list) = types().get(containers.ty) else { panic!("a list") };
    assert_eq!(list.kind, ListKind::Map(vec!["name".to_owned()]));
    let Type::List(ports) = types().get(field(list.item, "ports")) else { panic!("a list") };
    assert_eq!(ports.kind, ListKind::Map(vec!["containerPort".to_owned(), "protocol".to_owned()]));
    let Type::Struct(port) = types().get(ports.item) else { panic!("a struct") };
    assert_eq!(port.fields["protocol"].default, Some("TCP".into()));
    assert_eq!(required(ports.item).collect::<Vec<_>>(), ["containerPort"]);
    let Type::Map(selector) = types().get(spec.fields["nodeSelector"].ty) else { panic!("a map") };
    assert!(selector.atomic);
    assert!(spec.fields["volumes"].patch.retain_keys);
}

#[test]
fn kinds_of_every_version_are_found() {
    assert!(type_of("apps", "v1", "DeleteOptions").is_some());
    assert_eq!(type_of("apps", "v1", "DeleteOptions"), type_of("", "v1", "DeleteOptions"));
    assert!(type_of("apps", "v1", "Pod").is_none());
    assert!(type_of("apps", "v7", "DeleteOptions").is_none());
}

#[test]
fn structs_are_found_by_name_and_know_what_they_embed() {
    let pod = field(type_of("", "v1", "Pod").unwrap(), "spec");
    assert_eq!(named("v1.PodSpec"), Some(pod));
    assert_eq!(named("v1.Nothing"), None);
    let of = |name: &str| embedded(named(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(of("v1.SecretEnvSource"), [named("v1.LocalObjectReference").unwrap()]);
    assert_eq!(of("v1.PodSpec"), []);
}

fn field(ty: TypeId, name: &str) -> TypeId {
    let Type::Struct(known) = types().get(ty) else { panic!("a struct") };
    known.fields[name].ty
}
