//! Definitions of the built-in types, from the tables.

use proofmark_json::{Map, Value, json};
use proofmark_types::{Field, ListKind, Scalar, Type, TypeId};

use super::{Release, described};
use crate::resource::Resource;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// The Go package of a group version's types, as definitions are named.
fn package(group: &str, version: &str) -> String {
    match group {
        "" => format!("io.k8s.api.core.{version}"),
        "apiextensions.k8s.io" => format!("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{version}"),
        "apiregistration.k8s.io" => format!("io.k8s.kube-aggregator.pkg.apis.apiregistration.{version}"),
        "meta.k8s.io" => META.to_owned(),
        group => format!("io.k8s.api.{}.{version}", group.split('.').next().unwrap_or(group)),
    }
}

/// The name of a kind's definition.
pub(super) fn kind_name(group: &str, version: &str, kind: &str) -> String {
    format!("{}.{kind}", package(group, version))
}

/// The name of a type's definition that nothing refers to by name: as if it were of the version that uses it.
fn type_name(go_name: &str, package: &str) -> String {
    format!("{package}.{}", go_name.rsplit('.').next().unwrap_or(go_name))
}

/// Adds a resource's kind, its list, the bodies of its subresources, and everything that they hold.
pub(super) fn define(resource: &Resource, release: Release, into: &mut Map) {
    let (_, id) = resource.types();
    define_kind(&resource.group, &resource.version, &resource.kind, id, release, into);
    if resource.verbs.iter().any(|verb| verb == "list") {
        define_list(resource, release, into);
    }
    for sub in &resource.subresources {
        let group = if sub.version.is_empty() { &resource.group } else { &sub.group };
        let version = if sub.version.is_empty() { &resource.version } else { &sub.version };
        // Options of proxies and the like are parameters of their paths.
        let is_body = described::definition(&kind_name(group, version, &sub.kind)).is_some();
        if let Some(id) = proofmark_builtin::type_of(group, version, &sub.kind).filter(|_| is_body) {
            define_kind(group, version, &sub.kind, id, release, into);
        }
    }
    define_meta(release, into);
}

fn define_kind(group: &str, version: &str, kind: &str, id: TypeId, release: Release, into: &mut Map) {
    let name = kind_name(group, version, kind);
    Writer { release, package: &package(group, version), into }.define(&name, id);
    if let Some(definition) = into.get_mut(&name) {
        definition["x-kubernetes-group-version-kind"] = json!([{"group": group, "version": version, "kind": kind}]);
    }
}

fn define_list(resource: &Resource, release: Release, into: &mut Map) {
    let name = kind_name(&resource.group, &resource.version, &resource.kind);
    let of_kind = described::definition(&name);
    let text = |property: &str| match described::description(described::field(of_kind, property)) {
        Some(text) => json!({"description": text, "type": "string"}),
        None => json!({"type": "string"}),
    };
    let (item, metadata) = (release.reference(&name), release.reference(&format!("{META}.ListMeta")));
    let held = |reference: Value| match release {
        Release::Two => reference,
        Release::Three => json!({"default": {}, "allOf": [reference]}),
    };
    into.insert(
        format!("{name}List"),
        json!({
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": text("apiVersion"),
                "items": {"type": "array", "items": held(item)},
                "kind": text("kind"),
                "metadata": held(metadata),
            },
            "x-kubernetes-group-version-kind": [
                {"group": resource.group, "version": resource.version, "kind": resource.list_kind}
            ],
        }),
    );
}

/// Adds the types of meta/v1 that every resource's operations refer to.
pub(super) fn define_meta(release: Release, into: &mut Map) {
    for kind in ["ObjectMeta", "ListMeta", "DeleteOptions", "Status"] {
        let id = match kind {
            "ObjectMeta" => crate::resource::object_meta(),
            "ListMeta" => crate::resource::list_meta(),
            _ => proofmark_builtin::type_of("", "v1", kind),
        };
        let name = format!("{META}.{kind}");
        if let Some(id) = id {
            Writer { release, package: META, into }.define(&name, id);
        }
        if let Some(definition) = into.get_mut(&name).filter(|_| kind == "Status") {
            definition["x-kubernetes-group-version-kind"] = json!([{"group": "", "version": "v1", "kind": kind}]);
        }
    }
}

struct Writer<'a> {
    release: Release,
    package: &'a str,
    into: &'a mut Map,
}

impl Writer<'_> {
    /// Adds a struct's definition under a name, unless it is there (types refer to themselves).
    fn define(&mut self, name: &str, id: TypeId) {
        if self.into.contains_key(name) {
            return;
        }
        let Type::Struct(object) = proofmark_builtin::types().get(id) else {
            return;
        };
        self.into.insert(name.to_owned(), Value::Null);
        let known = described::definition(name);
        let mut definition = json!({});
        if let Some(text) = described::description(known) {
            definition["description"] = json!(text);
        }
        definition["type"] = json!("object");
        let properties: Map = object
            .fields
            .iter()
            .map(|(name, field)| {
                let mut schema = self.property(field, described::field(known, name));
                if let Some(values) = proofmark_builtin::enumeration(id, name) {
                    let within = if schema["type"] == "array" { &mut schema["items"] } else { &mut schema };
                    within["enum"] = json!(values);
                }
                (name.clone(), schema)
            })
            .collect();
        if !properties.is_empty() {
            definition["properties"] = Value::Object(properties);
        }
        let required: Vec<&str> = proofmark_builtin::required(id).collect();
        if !required.is_empty() {
            definition["required"] = json!(required);
        }
        if object.atomic {
            definition["x-kubernetes-map-type"] = json!("atomic");
        }
        self.into.insert(name.to_owned(), definition);
    }

    fn property(&mut self, field: &Field, known: Option<&Value>) -> Value {
        let mut schema = self.schema(field.ty, known);
        let default = field.default.as_ref().filter(|_| self.release == Release::Three);
        let text = described::description(known);
        // A reference stands beside nothing in v3.
        if self.release == Release::Three && schema.get("$ref").is_some() && (default.is_some() || text.is_some()) {
            schema = json!({"allOf": [schema]});
        }
        if let Some(text) = text {
            schema["description"] = json!(text);
        }
        if let Some(default) = default {
            schema["default"] = default.clone();
        }
        let directives =
            [(field.patch.merge, "merge"), (field.patch.retain_keys, "retainKeys"), (field.patch.replace, "replace")];
        let directives: Vec<&str> = directives.into_iter().filter_map(|(given, word)| given.then_some(word)).collect();
        if !directives.is_empty() {
            schema["x-kubernetes-patch-strategy"] = json!(directives.join(","));
        }
        if let Some(key) = &field.patch.merge_key {
            schema["x-kubernetes-patch-merge-key"] = json!(key);
        }
        schema
    }

    fn schema(&mut self, id: TypeId, known: Option<&Value>) -> Value {
        let named = described::referred(known);
        match proofmark_builtin::types().get(id) {
            Type::Scalar(scalar) => match named {
                Some(name) => self.shared(name, scalar_schema(*scalar, self.release)),
                None => scalar_schema(*scalar, self.release),
            },
            Type::Any => match named {
                Some(name) => self.shared(name, any_schema(name)),
                None => json!({"type": "object"}),
            },
            Type::Map(map) => {
                let values = self.inner(map.value, described::inner(known, "additionalProperties"));
                let mut schema = json!({"type": "object", "additionalProperties": values});
                if map.atomic {
                    schema["x-kubernetes-map-type"] = json!("atomic");
                }
                schema
            }
            Type::List(list) => {
                let mut schema =
                    json!({"type": "array", "items": self.inner(list.item, described::inner(known, "items"))});
                match &list.kind {
                    ListKind::Atomic => schema["x-kubernetes-list-type"] = json!("atomic"),
                    ListKind::Set => schema["x-kubernetes-list-type"] = json!("set"),
                    ListKind::Map(keys) => {
                        schema["x-kubernetes-list-type"] = json!("map");
                        schema["x-kubernetes-list-map-keys"] = json!(keys);
                    }
                }
                schema
            }
            Type::Struct(object) => {
                let name = named.map_or_else(|| type_name(&object.go_name, self.package), str::to_owned);
                self.define(&name, id);
                self.release.reference(&name)
            }
        }
    }

    /// What a list or a map holds: in v3 with the zero value of its Go type as default, where that is no pointer and no type of its own making.
    fn inner(&mut self, id: TypeId, known: Option<&Value>) -> Value {
        let schema = self.schema(id, known);
        let zero = match proofmark_builtin::types().get(id) {
            Type::Struct(_) => json!({}),
            Type::Scalar(Scalar::String) => json!(""),
            Type::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Uint32) => json!(0),
            _ => return schema,
        };
        match (self.release, schema.get("$ref").is_some()) {
            (Release::Two, _) => schema,
            (Release::Three, true) => json!({"default": zero, "allOf": [schema]}),
            (Release::Three, false) => {
                let mut schema = schema;
                schema["default"] = zero;
                schema
            }
        }
    }

    /// A reference to a type that is no struct and has a definition all the same, such as a time.
    fn shared(&mut self, name: &str, mut schema: Value) -> Value {
        if let Some(text) = described::description(described::definition(name)) {
            schema["description"] = json!(text);
        }
        self.into.entry(name).or_insert(schema);
        self.release.reference(name)
    }
}

/// What a definition of a type without fields says: any object, or any value at all.
fn any_schema(name: &str) -> Value {
    let json = ["JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"];
    let is = |known: &str| name.rsplit('.').next() == Some(known);
    if json.into_iter().any(is) { json!({}) } else { json!({"type": "object"}) }
}

fn scalar_schema(scalar: Scalar, release: Release) -> Value {
    match (scalar, release) {
        (Scalar::Bool, _) => json!({"type": "boolean"}),
        (Scalar::Int32, _) => json!({"type": "integer", "format": "int32"}),
        (Scalar::Int64 | Scalar::Uint32, _) => json!({"type": "integer", "format": "int64"}),
        (Scalar::Float, _) => json!({"type": "number", "format": "double"}),
        (Scalar::Quantity, Release::Three) => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        (Scalar::String | Scalar::Quantity | Scalar::Duration, _) => json!({"type": "string"}),
        (Scalar::Bytes, _) => json!({"type": "string", "format": "byte"}),
        (Scalar::IntOrString, Release::Two) => json!({"type": "string", "format": "int-or-string"}),
        (Scalar::IntOrString, Release::Three) => {
            json!({"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"})
        }
        (Scalar::Time | Scalar::MicroTime, _) => json!({"type": "string", "format": "date-time"}),
    }
}
