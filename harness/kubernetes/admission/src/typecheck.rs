//! What the checker thinks of a policy where the types of its objects are known. Nothing depends on it but a status.
//!
//! Source: `typechecking.go` in `k8s.io/apiserver/pkg/admission/plugin/policy/validating`, release 1.35.

use indexmap::IndexMap;
use proofmark_cel::{Env, ListKind, Property, Shape, Type};
use proofmark_json::{Key, Value, json};
use proofmark_types::{Scalar, Type as Known, TypeGraph, TypeId};

use crate::environment::{Names, check, environment, variables};

/// Warnings as `status.typeChecking.expressionWarnings` has them. `objects` are the kinds that the policy is about, as Go prints a
/// GroupVersionKind (`apps/v1, Kind=Deployment`), in order, with their shapes; `params` is the parameters' shape, where it is known.
pub fn type_warnings(spec: &Value, objects: &[(String, Shape)], params: Option<&Shape>) -> Vec<Value> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |field: &str| spec.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let defined = list("variables");
    let environments: Vec<(&String, Env)> = objects
        .iter()
        .map(|(kind, shape)| {
            let mut base = environment(Names { params: false, authorizer: true })
                .with_shape("object", shape)
                .with_shape("oldObject", shape);
            if let Some(params) = params {
                base = base.with_shape("params", params);
            }
            let mut types = IndexMap::new();
            for variable in &defined {
                let env = base.clone().with("variables", variables(&types));
                let ty = check(&env, &text(variable, "expression"), &[]).map(|ast| ast.output_type().clone());
                types.insert(text(variable, "name"), ty.unwrap_or(Type::Dyn));
            }
            (kind, base.with("variables", variables(&types)))
        })
        .collect();
    let mut warnings = Vec::new();
    let mut look = |source: &str, field: String| {
        let found = environments.iter().filter_map(|(kind, env)| {
            let issues = env.compile(source).err()?;
            Some(format!("{kind}: {issues}\n"))
        });
        let found: Vec<String> = found.collect();
        if !found.is_empty() {
            warnings.push(json!({"fieldRef": field, "warning": found.join("\n")}));
        }
    };
    for (i, validation) in list("validations").iter().enumerate() {
        look(&text(validation, "expression"), format!("spec.validations[{i}].expression"));
        let message = text(validation, "messageExpression");
        if !message.is_empty() {
            look(&message, format!("spec.validations[{i}].messageExpression"));
        }
    }
    warnings
}

/// The shape of a built-in type. Types within themselves are of any shape.
pub fn shape(types: &TypeGraph, id: TypeId) -> Shape {
    of(types, id, &mut Vec::new())
}

fn of(types: &TypeGraph, id: TypeId, outer: &mut Vec<TypeId>) -> Shape {
    match types.get(id) {
        Known::Scalar(scalar) => match scalar {
            Scalar::Bool => Shape::boolean(),
            Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 => Shape::integer(),
            Scalar::Float => Shape::number(),
            Scalar::String | Scalar::Quantity | Scalar::Duration => Shape::string("", None, []),
            Scalar::Bytes => Shape::string("byte", None, []),
            Scalar::Time | Scalar::MicroTime => Shape::string("date-time", None, []),
            Scalar::IntOrString => Shape::int_or_string(None),
        },
        Known::List(list) => Shape::list(of(types, list.item, outer), ListKind::Atomic, None),
        Known::Map(map) => Shape::map(of(types, map.value, outer), None),
        Known::Any => Shape::untyped(),
        Known::Struct(_) if outer.contains(&id) => Shape::untyped(),
        Known::Struct(known) => {
            outer.push(id);
            let property = |(name, field): (&Key, &proofmark_types::Field)| Property {
                name: name.to_string(),
                shape: of(types, field.ty, outer),
                required: false,
            };
            let properties: Vec<Property> = known.fields.iter().map(property).collect();
            outer.pop();
            Shape::object(&known.go_name, properties)
        }
    }
}
