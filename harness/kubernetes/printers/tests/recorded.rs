//! Rows that kube-apiserver 1.35.4 printed (`data/rows.jsonl`: objects of every kind in many states; `data/custom.jsonl`: custom
//! resources with printer columns of every kind). `now` is the server's time when it printed them.

use jiff::Timestamp;
use proofmark_json::{Value, json};
use proofmark_printers::{IncludeObject, Printer, TableOptions, table};

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| proofmark_json::from_str(line).expect("a line of JSON"))
}

fn now(case: &Value) -> Timestamp {
    case["now"].as_str().unwrap_or_default().parse().expect("a time")
}

#[test]
fn built_in_rows() {
    let mut wrong = Vec::new();
    for case in lines(include_str!("data/rows.jsonl")) {
        let text = |field: &str| case[field].as_str().unwrap_or_default();
        let printer = Printer::builtin(text("group"), text("kind"));
        let row = printer.row(&case["object"], now(&case));
        let got = json!([row.cells, row.conditions]);
        let want = json!([case["cells"], case.get("conditions").unwrap_or(&json!([]))]);
        if got != want {
            wrong.push(format!("{} {}\n  got  {got}\n  want {want}", text("kind"), case["object"]["metadata"]["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn custom_rows() {
    let mut wrong = Vec::new();
    for case in lines(include_str!("data/custom.jsonl")) {
        let printer = Printer::custom(&case["additionalPrinterColumns"]);
        assert_eq!(json!(printer.columns()), case["columns"]);
        let row = printer.row(&case["object"], now(&case));
        for ((column, got), want) in printer.columns().iter().zip(&row.cells).zip(case["cells"].as_array().unwrap()) {
            if got != want {
                wrong.push(format!("{}: got {got}, want {want}", column.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tables() {
    let now = "2026-01-01T00:00:10Z".parse().unwrap();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"a": "YQ=="},
        "metadata": {
            "annotations": {}, "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"x": "y"}, "name": "s",
            "resourceVersion": "7", "uid": "u",
        },
    });
    let printer = Printer::builtin("", "Secret");
    let single = table(&printer, &secret, TableOptions::default(), now);
    assert_eq!(single["metadata"], json!({"resourceVersion": "7"}));
    assert_eq!(single["columnDefinitions"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        single["rows"].to_string(),
        r#"[{"cells":["s","Opaque",1,"10s"],"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"s","uid":"u","resourceVersion":"7","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"x":"y"}}}}]"#
    );

    let list = json!({"kind": "SecretList", "metadata": {"resourceVersion": "9", "continue": "c", "remainingItemCount": 3}, "items": [secret]});
    let none = TableOptions { include: IncludeObject::None, headers: false, version: "v1beta1" };
    assert_eq!(
        table(&printer, &list, none, now).to_string(),
        r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1beta1","metadata":{"resourceVersion":"9","continue":"c","remainingItemCount":3},"columnDefinitions":null,"rows":[{"cells":["s","Opaque",1,"10s"],"object":null}]}"#
    );
    let whole = TableOptions { include: IncludeObject::Object, ..TableOptions::default() };
    assert_eq!(table(&printer, &list, whole, now)["rows"][0]["object"], list["items"][0]);
}

#[test]
fn empty_lists() {
    let now = Timestamp::UNIX_EPOCH;
    let rows = |printer: Printer| {
        table(&printer, &json!({"items": [], "metadata": {}}), TableOptions::default(), now)["rows"].clone()
    };
    assert_eq!(rows(Printer::builtin("", "ConfigMap")), json!([]));
    assert_eq!(rows(Printer::custom(&Value::Null)), json!([]));
    let named_list = json!({"kind": "PriceList", "metadata": {"name": "a"}});
    let single = table(&Printer::custom(&Value::Null), &named_list, TableOptions::default(), now);
    assert_eq!(single["rows"][0]["cells"], json!(["a", null]), "not a list, whatever its kind's name");
    assert_eq!(rows(Printer::builtin("rbac.authorization.k8s.io", "Role")), Value::Null);
}

#[test]
fn include_object_parameter() {
    assert_eq!(IncludeObject::parse(None), Ok(IncludeObject::Metadata));
    assert_eq!(IncludeObject::parse(Some("")), Ok(IncludeObject::Metadata));
    assert_eq!(IncludeObject::parse(Some("None")), Ok(IncludeObject::None));
    assert_eq!(IncludeObject::parse(Some("Object")), Ok(IncludeObject::Object));
    assert_eq!(
        IncludeObject::parse(Some("Sometimes")).unwrap_err(),
        "Unable to convert to Table as requested: includeObject: Invalid value: \"Sometimes\": must be 'Metadata', 'Object', 'None', or empty"
    );
}

/// `data/paths.json`: what kube-apiserver made of odd paths, each the only column of a version. A path that it cannot read gives no column.
#[test]
fn odd_paths() {
    let recorded: Value = proofmark_json::from_str(include_str!("data/paths.json")).expect("JSON");
    let mut wrong = Vec::new();
    for case in recorded["paths"].as_array().unwrap() {
        let columns = json!([{"name": "P", "type": "string", "jsonPath": case["path"]}]);
        let printer = Printer::custom(&columns);
        let cells = printer.row(&recorded["object"], Timestamp::UNIX_EPOCH).cells;
        let got = json!({"parses": printer.columns().len() == 2, "cell": cells[1..]});
        if got["parses"] != case["parses"] || got["cell"] != case["cell"] {
            wrong.push(format!("{}: got {got}, want {} {}", case["path"], case["parses"], case["cell"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
