//! Server-side apply: a live object, NUL, a configuration. Whoever has applied something can apply it again without a change.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_builtin::{Resource, resources, type_of, types};
use proofmark_merge::managed::{FieldManager, Manager, OneVersion};
use proofmark_merge::typed::Typed;
use proofmark_json::Value;

fuzz_target!(|data: &[u8]| {
    let [live, applied] = proofmark_fuzz::parts(data);
    let Some(applied) = proofmark_fuzz::json(applied) else { return };
    let live = proofmark_fuzz::json(live);
    let text = |of: &Value, field: &str| of.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let type_of_object = |of: &Value| (text(of, "apiVersion"), text(of, "kind"));
    let (api_version, kind) = type_of_object(&applied);
    if live.as_ref().is_some_and(|live| type_of_object(live) != type_of_object(&applied)) {
        return;
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let stored = |r: &Resource| r.kind == kind && r.group == group && r.verbs.iter().any(|verb| verb == "patch");
    if !resources().iter().any(stored) {
        return;
    }
    let Some(ty) = type_of(group, version, &kind) else { return };
    let versions = OneVersion { api_version: api_version.clone(), typed: Typed::new(types(), ty), reset: None };
    let fields = FieldManager { versions: &versions, kind: &kind };
    let manager = Manager { name: "fuzz", api_version: &api_version, subresource: "", time: "2026-01-01T00:00:00Z" };
    match fields.apply(live.as_ref(), &applied, &manager, true) {
        Ok(first) => {
            let second = fields.apply(Some(&first.object), &applied, &manager, false);
            assert!(
                second.is_ok_and(|second| !second.changed),
                "the same configuration changes nothing the second time"
            );
        }
        Err(error) => {
            error.status();
        }
    }
});
