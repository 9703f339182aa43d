//! Tables among the recorded exchanges with kube-apiserver: custom resources are rebuilt from the requests before, and their columns and
//! cells compared; of built-in kinds the columns (their rows need the server's defaults: see `recorded.rs`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use proofmark_json::{Value, json};
use proofmark_printers::{Printer, TableOptions, table};

/// The folder of recorded cases, if there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "where recorded cases are is a setting of the test run, not of the program"
)]
fn cases() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let shared = std::env::var("PROOFMARK_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    let folder = shared.join("oracle/cases");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").is_err(), "no recorded cases at {}", folder.display());
    None
}

/// What a case made so far.
#[derive(Default)]
struct World {
    /// Objects by path.
    objects: BTreeMap<String, Value>,
    /// Printers by the path of their resource, without namespace.
    printers: BTreeMap<String, Printer>,
}

/// `/apis/g/v/namespaces/n/things/x` and so on, without the namespace and the name.
fn resource_path(path: &str) -> String {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let prefix = if parts.first() == Some(&"api") { 2 } else { 3 };
    let rest = parts.get(prefix..).unwrap_or_default();
    let rest = if rest.first() == Some(&"namespaces") && rest.len() > 2 { &rest[2..] } else { rest };
    format!("{}/{}", parts[..prefix.min(parts.len())].join("/"), rest.first().unwrap_or(&""))
}

/// The path without its version: every version shows the same objects.
fn versionless(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    let version = if parts.get(1) == Some(&"apis") { 3 } else { 2 };
    if version < parts.len() {
        parts.remove(version);
    }
    parts.join("/")
}

impl World {
    fn change(&mut self, step: &Value) {
        let path = step["path"].as_str().unwrap_or_default().split('?').next().unwrap_or_default();
        let body = &step["body"];
        match step["method"].as_str() {
            Some("POST") => {
                let name = body["metadata"]["name"].as_str().unwrap_or_default();
                self.objects.insert(versionless(&format!("{path}/{name}")), body.clone());
                let api_version = body["apiVersion"].as_str().unwrap_or_default();
                let group = api_version.split_once('/').map_or("", |(group, _)| group);
                let kind = body["kind"].as_str().unwrap_or_default();
                self.printers.entry(resource_path(path)).or_insert_with(|| Printer::builtin(group, kind));
                if kind == "CustomResourceDefinition" {
                    self.define(&body["spec"]);
                }
            }
            Some("PATCH") => {
                let target = path.strip_suffix("/status").unwrap_or(path);
                if let Some(object) = self.objects.get_mut(&versionless(target)) {
                    merge(object, body);
                }
            }
            Some("DELETE") => {
                let gone = versionless(path);
                self.objects.retain(|known, _| *known != gone && !known.starts_with(&format!("{gone}/")));
            }
            _ => {}
        }
    }

    fn define(&mut self, spec: &Value) {
        for version in spec["versions"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let path =
                format!("apis/{}/{}/{}", text(&spec["group"]), text(&version["name"]), text(&spec["names"]["plural"]));
            self.printers.insert(path, Printer::custom(&version["additionalPrinterColumns"]));
        }
    }

    /// A single object, or all below a path.
    fn get(&self, path: &str) -> Value {
        let path = versionless(path);
        match self.objects.get(&path) {
            Some(object) => object.clone(),
            None => {
                let below = format!("{path}/");
                json!({"items": self.objects.iter().filter(|(known, _)| known.starts_with(&below)).map(|(_, o)| o).collect::<Vec<_>>()})
            }
        }
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in patch {
        merge(&mut object[key], value);
    }
}

fn masked(cell: &Value) -> bool {
    cell.as_str().is_some_and(|text| text.starts_with('<') && text != "<invalid>" && text != "<none>")
}

#[test]
fn recorded_tables() {
    let Some(folder) = cases() else {
        #[expect(clippy::print_stderr, reason = "says that the test compared nothing")]
        {
            eprintln!("skipped: no recorded cases");
        }
        return;
    };
    let (mut columns, mut cells, mut wrong) = (0, 0, Vec::new());
    for file in ["discovery", "crd", "kservecrd"] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).expect("a file of cases");
        let all: Vec<Value> = proofmark_json::from_str(&text).expect("cases");
        for case in all {
            let mut world = World::default();
            for step in case["steps"].as_array().into_iter().flatten() {
                let is_custom_scale = step["path"].as_str().is_some_and(|path| path.ends_with("/scale"));
                let want = &step["expect"]["body"];
                if want["kind"] != "Table" && want["/kind"] != "Table" {
                    world.change(step);
                    continue;
                }
                let path = step["path"].as_str().unwrap_or_default().split('?').next().unwrap_or_default();
                let Some(printer) = world.printers.get(&resource_path(path)) else {
                    continue;
                };
                if is_custom_scale {
                    if want["columnDefinitions"].is_array() {
                        assert_eq!(json!(Printer::custom_scale().columns()), want["columnDefinitions"]);
                        columns += 1;
                    }
                    continue;
                }
                let got = table(printer, &world.get(path), TableOptions::default(), Timestamp::UNIX_EPOCH);
                for key in ["columnDefinitions", "/columnDefinitions"] {
                    if want[key].is_array() {
                        columns += 1;
                        if got["columnDefinitions"] != want[key] {
                            wrong.push(format!("{} {path}: columns", case["case"]));
                        }
                    }
                }
                let group = path.split('/').nth(2).unwrap_or_default();
                let custom = group.ends_with("example.com") || group.ends_with("kserve.io");
                if !custom
                    || !step["body"].is_null()
                    || step["path"].as_str().is_some_and(|path| path.contains("limit="))
                {
                    continue;
                }
                for (row, column, want) in wanted_cells(want) {
                    cells += 1;
                    let got = &got["rows"][row]["cells"][column];
                    if got != want && !masked(want) {
                        wrong.push(format!("{} {path} row {row} cell {column}: got {got}, want {want}", case["case"]));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(columns > 25 && cells > 100, "compared only {columns} column lists and {cells} cells");
}

/// The expected cells, whether the whole body is pinned or only places in it.
fn wanted_cells(body: &Value) -> Vec<(usize, usize, &Value)> {
    let mut wanted = Vec::new();
    for (row, value) in body["rows"].as_array().into_iter().flatten().enumerate() {
        for (column, cell) in value["cells"].as_array().into_iter().flatten().enumerate() {
            wanted.push((row, column, cell));
        }
    }
    for (place, cell) in body.as_object().into_iter().flatten() {
        if let ["", "rows", row, "cells", column] = place.split('/').collect::<Vec<_>>()[..]
            && let (Ok(row), Ok(column)) = (row.parse(), column.parse())
        {
            wanted.push((row, column, cell));
        }
    }
    wanted
}
