//! Policies and conditions against a request.

use proofmark_admission::{Conditions, Inputs, Policy, shape, type_warnings};
use proofmark_cel::AccessQuestion;
use proofmark_json::{Value, json};
use rstest::rstest;

static NOTHING: Value = Value::Null;

fn inputs<'v>(object: &'v Value, request: &'v Value) -> Inputs<'v> {
    Inputs {
        object,
        old_object: &NOTHING,
        params: &NOTHING,
        request,
        namespace: &NOTHING,
        authorizer: None,
        about: AccessQuestion::default(),
    }
}

#[rstest]
#[case("object.x == 1", false, Ok(true))]
#[case("object.x == 2", false, Ok(false))]
#[case("object.y == 1", false, Err("expression 'object.y == 1' resulted in error: no such key: y"))]
#[case("object.y == 1", true, Ok(false))]
#[case("request.operation == 'CREATE'", false, Ok(true))]
fn conditions(#[case] expression: &str, #[case] ignore: bool, #[case] met: Result<bool, &str>) {
    let (object, request) = (json!({"x": 1}), json!({"operation": "CREATE"}));
    let conditions = Conditions::new(&[json!({"name": "c", "expression": expression})], false);
    assert_eq!(conditions.met(&inputs(&object, &request), ignore), met.map_err(str::to_owned));
}

fn messages(spec: Value) -> Vec<String> {
    let (object, request) = (json!({"name": "a", "size": 3}), json!({}));
    let policy = Policy::new(&spec);
    let outcome = policy.evaluate(&inputs(&object, &request));
    outcome.denied.into_iter().map(|(_, decision)| format!("{}: {}", decision.reason, decision.message)).collect()
}

#[rstest]
#[case(json!({"expression": "object.size > 3", "message": " too small "}), "Invalid: too small")]
#[case(json!({"expression": "object.size > 3"}), "Invalid: failed expression: object.size > 3")]
#[case(json!({"expression": "false", "messageExpression": "'not ' + object.name", "reason": "Forbidden"}), "Forbidden: not a")]
#[case(json!({"expression": "false", "messageExpression": "object.absent", "message": "plain"}), "Invalid: plain")]
#[case(json!({"expression": "variables.double > 6", "message": "{variables}"}), "Invalid: {variables}")]
fn validations(#[case] validation: Value, #[case] said: &str) {
    let variables = json!([{"name": "double", "expression": "object.size * 2"}]);
    assert_eq!(messages(json!({"variables": variables, "validations": [validation]})), [said]);
}

#[test]
fn errors_follow_the_failure_policy() {
    let spec = |policy: &str| json!({"failurePolicy": policy, "validations": [{"expression": "object.absent"}]});
    assert_eq!(messages(spec("Fail")).len(), 1);
    assert!(messages(spec("Ignore")).is_empty());
}

#[test]
fn types_are_checked_where_they_are_known() {
    let id = proofmark_builtin::type_of("", "v1", "ConfigMap").unwrap();
    let objects = [("/v1, Kind=ConfigMap".to_owned(), shape(proofmark_builtin::types(), id))];
    let spec = json!({"validations": [{"expression": "object.data.key > 3"}, {"expression": "object.data.key == ''"}]});
    let warnings = type_warnings(&spec, &objects, None);
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0]["fieldRef"], "spec.validations[0].expression");
    assert!(warnings[0]["warning"].as_str().unwrap().starts_with("/v1, Kind=ConfigMap: ERROR: <input>:1:17: "));
}
