//! Versioned defaults: what a field holds that a client left out.
//!
//! [`apply`] walks an object along its built-in type, outer types before inner ones, and fills what the rules of
//! [`rules`] say for each Go type: constants in a table, and a function where a default depends on other fields.
//! So a pod's containers get the same defaults wherever a pod template stands.
//!
//! It refuses nothing: values of unknown types and custom resources stay as they are.
//! Source: `pkg/apis/*/v1/defaults.go` and the `+default` markers of `k8s.io/api`, release 1.35.

mod network;
mod pod;
mod rules;
mod workload;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) use proofmark_builtin::decode::is_zero;
use proofmark_builtin::quantity::Quantity;
use proofmark_json::{Key, Map, Value, json};
use proofmark_types::{Scalar, Struct, Type, TypeId};

use rules::{RULES, Rule};

/// Fills in the defaults of a built-in object, which must carry its `apiVersion` and `kind`. What it still shares with a `settled` object, of which it is a
/// changed copy, has them.
pub(crate) fn apply(object: &mut Value, settled: Option<&Value>) {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    if let Some(ty) = proofmark_builtin::type_of(group, version, kind) {
        fill(ty, object, settled);
    }
}

/// What a rule sets.
#[derive(Debug, Clone, Copy)]
enum Literal {
    Int(i64),
    Bool(bool),
    Text(&'static str),
    /// `{}`
    Empty,
}

impl Literal {
    fn value(self) -> Value {
        match self {
            Self::Int(n) => json!(n),
            Self::Bool(b) => json!(b),
            Self::Text(s) => json!(s),
            Self::Empty => json!({}),
        }
    }
}

/// Rules by type: the table names Go types, of which several groups may have one.
static BY_TYPE: LazyLock<BTreeMap<TypeId, &'static Rule>> = LazyLock::new(|| {
    let types = proofmark_builtin::types();
    let ids = (0..u32::try_from(types.len()).unwrap_or(u32::MAX)).map(TypeId);
    ids.filter_map(|id| match types.get(id) {
        Type::Struct(known) => RULES.iter().find(|r| r.ty == known.go_name).map(|rule| (id, rule)),
        _ => None,
    })
    .collect()
});

fn fill(ty: TypeId, value: &mut Value, settled: Option<&Value>) {
    if settled.is_some_and(|settled| value.is_shared_with(settled)) {
        return;
    }
    let types = proofmark_builtin::types();
    match (types.get(ty), value) {
        (Type::Struct(known), Value::Object(members)) => {
            if let Some(rule) = BY_TYPE.get(&ty) {
                let before = members.len();
                for (field, literal) in rule.set {
                    set(known, members, field, *literal);
                }
                if let Some(then) = rule.then {
                    then(members);
                }
                if members.len() != before {
                    reorder(known, members);
                }
            }
            for (name, value) in members.iter_mut() {
                if let Some(field) = known.fields.get(name) {
                    fill(field.ty, value, settled.and_then(|settled| settled.get(name)));
                }
            }
        }
        (Type::List(list), Value::Array(items)) => {
            for (at, item) in items.iter_mut().enumerate() {
                fill(list.item, item, settled.and_then(|settled| settled.get(at)));
            }
        }
        (Type::Map(map), Value::Object(members)) => {
            let amounts = matches!(types.get(map.value), Type::Scalar(Scalar::Quantity));
            for (name, value) in members.iter_mut() {
                if amounts {
                    round(value);
                } else {
                    fill(map.value, value, settled.and_then(|settled| settled.get(name)));
                }
            }
        }
        _ => {}
    }
}

/// Sets a field that is not set. Go cannot tell a zero value from none unless it holds the field by pointer; so there
/// is no default of zero either.
fn set(known: &Struct, members: &mut Map, field: &str, literal: Literal) {
    let pointer = known.fields.get(field).is_some_and(|f| f.pointer);
    if !pointer && is_zero(&literal.value()) && !matches!(literal, Literal::Empty) {
        return;
    }
    let unset = match members.get(field) {
        None | Some(Value::Null) => true,
        Some(value) => !pointer && is_zero(value),
    };
    if unset {
        members.insert(field.to_owned(), literal.value());
    }
}

/// Brings members into the order in which Go writes them.
fn reorder(known: &Struct, members: &mut Map) {
    let place = |name: &str| known.fields.get_index_of(name).unwrap_or(usize::MAX);
    let mut all: Vec<(Key, Value)> = std::mem::take(members).into_iter().collect();
    all.sort_by_key(|(name, _)| place(name));
    members.extend(all);
}

/// Resource lists know nothing finer than a milli.
fn round(value: &mut Value) {
    if let Some(amount) = value.as_str().and_then(|text| Quantity::parse(text).ok()) {
        *value = json!(amount.round_up(-3).to_string());
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    fn defaulted(mut object: Value) -> Value {
        apply(&mut object, None);
        object
    }

    #[rstest]
    #[case::nothing("", Value::Null)]
    #[case::one_field("/spec/template/spec/containers/0/image", json!("y:latest"))]
    #[case::a_field_that_has_a_default("/spec/template/spec/containers/0/livenessProbe/httpGet/scheme", Value::Null)]
    #[case::one_that_others_depend_on("/spec/template/spec/hostNetwork", json!(true))]
    #[case::another_first_item("/spec/template/spec/containers/0", json!({"name": "b", "image": "y", "livenessProbe": {"exec": {"command": ["true"]}}}))]
    #[case::a_part_for_another("/spec/strategy", json!({"type": "RollingUpdate"}))]
    fn a_changed_copy_is_defaulted_like_any_object(#[case] at: &str, #[case] value: Value) {
        let before = defaulted(
            json!({"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"strategy": {"type": "Recreate"}, "template": {"spec": {
                "hostNetwork": false,
                "containers": [
                    {"name": "a", "image": "x", "livenessProbe": {"httpGet": {"port": 80}}, "ports": [{"containerPort": 80}]},
                    {"name": "c", "image": "x", "resources": {"limits": {"cpu": "1"}}},
                ],
            }}}}),
        );
        let mut changed = before.clone();
        if let Some(place) = changed.pointer_mut(at).filter(|_| !at.is_empty()) {
            *place = value;
        }
        // Without anything that is shared.
        let anew = defaulted(changed.to_string().parse().unwrap());
        apply(&mut changed, Some(&before));
        assert_eq!(changed.to_string(), anew.to_string());
    }

    #[test]
    fn a_template_is_defaulted_wherever_it_stands() {
        let object = defaulted(json!({"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"template": {"spec": {
            "containers": [{"name": "a", "image": "x", "livenessProbe": {"httpGet": {"port": 80}}, "resources": {}}],
        }}}}));
        let pod = &object["spec"]["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "Always");
        assert_eq!(pod["containers"][0]["imagePullPolicy"], "Always");
        assert_eq!(
            pod["containers"][0]["livenessProbe"]["httpGet"],
            json!({"path": "/", "port": 80, "scheme": "HTTP"})
        );
        assert_eq!(object["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
        assert_eq!(pod.get("enableServiceLinks"), None, "only pods have it");
    }

    #[test]
    fn a_zero_behind_a_pointer_stays() {
        let object = defaulted(json!({"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"replicas": 0}}));
        assert_eq!(object["spec"]["replicas"], 0);
    }

    #[test]
    fn members_come_in_the_order_of_go() {
        let object = defaulted(json!({"kind": "Secret", "apiVersion": "v1", "metadata": {}, "data": {}}));
        let names: Vec<&str> = object.as_object().unwrap().keys().map(Key::as_str).collect();
        assert_eq!(names, ["kind", "apiVersion", "metadata", "data", "type"]);
    }

    #[test]
    fn every_rule_names_a_type_and_its_fields() {
        let types = proofmark_builtin::types();
        for rule in RULES {
            let found = BY_TYPE.iter().find(|(_, r)| r.ty == rule.ty).map(|(id, _)| types.get(*id));
            let Some(Type::Struct(known)) = found else { panic!("no type {}", rule.ty) };
            for (field, _) in rule.set {
                assert!(known.fields.contains_key(*field), "{}.{field}", rule.ty);
            }
        }
    }
}
