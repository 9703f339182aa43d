use proofmark_json::{Value, json};
use proptest::prelude::*;

use super::World;
use crate::testing::{gizmo_spec, json_value};

proptest! {
    #[test]
    fn apply_is_idempotent(start in prop::option::of(gizmo_spec()), config in gizmo_spec()) {
        let mut world = World::gizmo();
        if let Some(start) = start {
            world.put("maker", &json!({"spec": start}));
        }
        world.force("a", &json!({"spec": config})).unwrap();
        let (object, owners) = (world.object.clone(), world.owners());
        // An empty list of items owns nothing, and an object that nobody owns gets an owner for what is there.
        prop_assume!(!owners.is_empty());
        prop_assert_eq!(world.apply("a", &json!({"spec": config})), Ok(false));
        prop_assert_eq!(&world.object, &object);
        prop_assert_eq!(world.owners(), owners);
    }

    #[test]
    fn an_applied_object_has_what_was_applied(start in gizmo_spec(), config in gizmo_spec()) {
        let mut world = World::gizmo();
        world.put("maker", &json!({"spec": start}));
        world.force("a", &json!({"spec": config})).unwrap();
        for at in ["/num", "/atomic", "/am"] {
            if let Some(value) = config.pointer(at) {
                prop_assert_eq!(world.spec().pointer(at), Some(value));
            }
        }
    }

    #[test]
    fn dropping_everything_leaves_what_others_own(start in gizmo_spec(), config in gizmo_spec()) {
        let mut world = World::gizmo();
        world.put("maker", &json!({"spec": start}));
        if world.apply("a", &json!({"spec": config})).is_ok() {
            world.apply("a", &json!({"spec": {}})).unwrap();
            for at in ["/num", "/set", "/atomic", "/am"] {
                if let Some(value) = start.pointer(at).filter(|value| *value != &json!([])) {
                    let left = world.spec().pointer(at);
                    if at == "/set" {
                        let sorted = |list: &Value| { let mut list: Vec<_> = list.as_array().unwrap().iter().map(ToString::to_string).collect(); list.sort(); list };
                        prop_assert_eq!(left.map(sorted), Some(sorted(value)));
                    } else {
                        prop_assert_eq!(left, Some(value));
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_owned_twice_after_updates(first in gizmo_spec(), second in gizmo_spec(), third in gizmo_spec()) {
        let mut world = World::gizmo();
        for (name, spec) in [("a", &first), ("b", &second), ("c", &third)] {
            world.put(name, &json!({"spec": spec, "metadata": {"name": "a", "uid": "u"}}));
        }
        let entries = world.object.as_ref().unwrap()["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let sets: Vec<_> = entries.iter().map(|entry| crate::fieldset::FieldSet::from_fields_v1(&entry["fieldsV1"]).unwrap()).collect();
        for (i, a) in sets.iter().enumerate() {
            for b in &sets[i + 1..] {
                prop_assert!(a.intersection(b).is_empty(), "{entries:?}");
            }
        }
    }

    #[test]
    fn entries_that_are_not_read_become_what_read_ones_do(
        specs in prop::collection::vec((gizmo_spec(), "[abc]", any::<bool>()), 1..5),
    ) {
        let mut world = World::gizmo();
        for (spec, name, through_status) in specs {
            world.subresource = if through_status { "status" } else { "" };
            let mut new = world.object.clone().unwrap_or_else(|| json!({"metadata": {"name": "a", "uid": "u"}}));
            new["spec"] = spec;
            let (live, other) = (world.object.clone().map(spelled_otherwise), spelled_otherwise(new.clone()));
            let (plain, read) = world.write(&name, |fields, live_plain, manager| {
                (fields.update(live_plain, new, manager), fields.update(live.as_ref(), other, manager))
            });
            prop_assert_eq!(plain.to_string(), read.to_string());
            world.object = Some(plain);
        }
    }

    #[test]
    fn never_panics(live in json_value(), new in json_value(), entries in json_value()) {
        let mut world = World::gizmo();
        world.object = Some(json!({"metadata": {"managedFields": entries}, "spec": live}));
        world.put("a", &json!({"spec": new}));
        let _ = world.apply("b", &json!({"spec": new}));
        world.object = Some(live);
        world.write("c", |fields, live, manager| {
            let _ = fields.apply(live, &new, manager, true);
            fields.update(live, new, manager)
        });
    }
}

/// An object whose entries of managedFields say the same in another order.
fn spelled_otherwise(mut object: Value) -> Value {
    for entry in object["metadata"]["managedFields"].as_array_mut().into_iter().flatten() {
        let members = entry.as_object().cloned().unwrap_or_default();
        *entry = Value::Object(members.into_iter().rev().collect());
    }
    if object["metadata"]["managedFields"].is_null() {
        object["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
    }
    object
}
