//! What is said of values and of definitions, word by word.

use proofmark_json::{Value, json};
use proofmark_schema::{ScalePaths, Schema, crd, rules_not_checked, stops_rules, validate_scale};
use proofmark_status::FieldError;

fn texts(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// A schema for `spec.v`.
fn of(v: Value) -> Schema {
    let spec = json!({"type": "object", "properties": {"v": v}});
    Schema::parse(&json!({"type": "object", "properties": {"spec": spec}})).expect("a structural schema")
}

#[test]
fn values_are_refused_in_these_words() {
    let cases: [(Value, Value, &[&str]); 11] = [
        (
            json!({"type": "string"}),
            json!(1.5),
            &[r#"spec.v: Invalid value: "number": spec.v in body must be of type string: "number""#],
        ),
        (json!({"type": "integer"}), json!(2.0), &[]),
        (
            json!({"type": "string", "enum": ["a"], "maxLength": 1}),
            json!("bc"),
            &[
                "spec.v: Too long: may not be more than 1 byte",
                r#"spec.v: Unsupported value: "bc": supported values: "a""#,
            ],
        ),
        (
            json!({"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}}}),
            json!({"c": 1}),
            &["spec.v.a: Required value", "spec.v.b: Required value"],
        ),
        (
            json!({"type": "array", "items": {"type": "string"}, "maxItems": 1}),
            json!(["a", "b"]),
            &["spec.v: Too many: 2: must have at most 1 item"],
        ),
        (
            json!({"type": "integer", "anyOf": [{"maximum": 1}, {"minimum": 10}]}),
            json!(5),
            &[
                r#"<nil>: Invalid value: "": "spec.v" must validate at least one schema (anyOf)"#,
                "spec.v: Invalid value: 5: spec.v in body should be less than or equal to 1",
            ],
        ),
        (
            json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}),
            json!({"kind": "Pod"}),
            &["spec.v.apiVersion: Required value"],
        ),
        (
            json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
            json!(["a", "a", "a"]),
            &[r#"spec.v[1]: Duplicate value: "a""#],
        ),
        (
            json!({"x-kubernetes-int-or-string": true}),
            json!([]),
            &[r#"spec.v: Invalid value: "array": spec.v in body must be of type integer,string: "array""#],
        ),
        (
            json!({"type": "integer", "minimum": -1.5}),
            json!(-2),
            &["spec.v: Invalid value: -2: spec.v in body should be greater than or equal to -1"],
        ),
        (
            json!({"type": "integer", "multipleOf": 2.5}),
            json!(3),
            &["spec.v: Invalid value: 3: spec.v in body should be a multiple of 2"],
        ),
    ];
    for (schema, value, want) in cases {
        assert_eq!(texts(&of(schema.clone()).validate(&json!({"spec": {"v": value}}), "")), want, "{schema}");
    }
}

#[test]
fn what_was_wrong_before_is_let_pass() {
    let schema = of(json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "properties": {"k": {"type": "string"}, "n": {"type": "integer", "maximum": 1}}}}));
    let object = |items: Value| json!({"spec": {"v": items}});
    let old = object(json!([{"k": "a", "n": 5}, {"k": "b", "n": 1}]));
    let moved = object(json!([{"k": "b", "n": 1}, {"k": "a", "n": 5}]));
    assert_eq!(texts(&schema.validate_update(&moved, &old, "")), Vec::<String>::new());
    let changed = object(json!([{"k": "a", "n": 6}]));
    let want = ["spec.v[0].n: Invalid value: 6: spec.v[0].n in body should be less than or equal to 1"];
    assert_eq!(texts(&schema.validate_update(&changed, &old, "")), want);
    let twice = object(json!([{"k": "a", "n": 0}, {"k": "a", "n": 0}]));
    assert_eq!(texts(&schema.validate_update(&twice, &twice, "")), Vec::<String>::new());
}

#[test]
fn some_errors_stop_rules() {
    let schema = of(json!({"type": "string", "pattern": "^a"}));
    assert!(!stops_rules(&schema.validate(&json!({"spec": {"v": "b"}}), "")));
    assert!(stops_rules(&schema.validate(&json!({"spec": {"v": 1}}), "")));
    assert!(
        rules_not_checked()
            .to_string()
            .starts_with("<nil>: Invalid value: null: some validation rules were not checked")
    );
}

#[test]
fn scale_reads_whole_numbers() {
    let paths =
        ScalePaths { spec_replicas: Some(".spec.n"), status_replicas: ".status.n", label_selector: Some(".status.s") };
    let object = json!({"spec": {"n": "x"}, "status": {"n": -1, "s": 1}});
    let want = [
        ".spec.n: Invalid value: 0: .spec.n accessor error: x is of the type string, expected int64",
        ".status.n: Invalid value: -1: should be a non-negative integer",
        r#".status.s: Invalid value: "": .status.s accessor error: 1 is of the type int64, expected string"#,
    ];
    assert_eq!(texts(&validate_scale(&object, paths)), want);
    assert_eq!(texts(&validate_scale(&json!({}), paths)), Vec::<String>::new());
}

#[test]
fn definitions_are_refused_in_these_words() {
    let define = |schema: Value| {
        let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
        let spec = json!({"group": "a.example.com", "scope": "Cluster", "names": {"plural": "boxes", "kind": "Box"}, "versions": [version]});
        let mut crd = json!({"metadata": {"name": "boxes.a.example.com"}, "spec": spec});
        crd::default(&mut crd);
        crd::prepare_create(&mut crd);
        crd
    };
    let refused = |schema: Value| texts(&crd::validate(&define(schema)));
    let at = "spec.validation.openAPIV3Schema";
    assert_eq!(refused(json!({"type": "object"})), Vec::<String>::new());
    assert_eq!(refused(json!({})), [format!("{at}.type: Required value: must not be empty at the root")]);
    assert_eq!(
        refused(json!({"type": "object", "properties": {"a": {"type": "array"}}})),
        [format!("{at}.properties[a].items: Required value: must be specified")]
    );
    assert_eq!(
        refused(json!({"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}})),
        [format!(r#"{at}.properties[a].default: Invalid value: "string":  in body must be of type integer: "string""#)]
    );
    let mut other = define(json!({"type": "object"}));
    other["spec"]["scope"] = json!("Namespaced");
    let mut old = define(json!({"type": "object"}));
    old["status"]["conditions"] = json!([{"type": "Established", "status": "True"}]);
    assert_eq!(
        texts(&crd::validate_update(&other, &old)),
        [r#"spec.scope: Invalid value: "Namespaced": field is immutable"#]
    );
    let formats = define(json!({"type": "object", "properties": {"a": {"type": "string", "format": "zork"}}}));
    assert_eq!(crd::warnings(&formats, None), [r#"unrecognized format "zork""#]);
    assert_eq!(crd::warnings(&formats, Some(&formats)), Vec::<String>::new());
}
