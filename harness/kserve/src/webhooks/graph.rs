//! InferenceGraphs: names, what steps lead to, and the weights of splitters.

use std::collections::BTreeSet;

use proofmark_controllers::kit::object;
use proofmark_json::{Key, Value};

use super::Denied;
use super::inferenceservice::{bad_name, is_name};

/// The node where requests come in.
const ROOT: &str = "root";

pub(super) fn validate(graph: &Value) -> Result<(), Denied> {
    check(graph).map_err(Denied::because)
}

fn check(graph: &Value) -> Result<(), String> {
    let name = object::name(graph);
    if !is_name(name) {
        return Err(bad_name("The", "InferenceGraph", name));
    }
    let nodes = graph.pointer("/spec/nodes").and_then(Value::as_object);
    let nodes: Vec<(&Key, &Value)> = nodes.into_iter().flatten().collect();
    if !nodes.iter().any(|(node, _)| *node == ROOT) {
        return Err("root node not found, InferenceGraph needs a node with name 'root' as the root node of the graph"
            .to_owned());
    }
    for (node, block) in &nodes {
        let mut seen = BTreeSet::new();
        for step in object::list(block, "/steps") {
            let step = object::text(step, "/name");
            if !step.is_empty() && !seen.insert(step) {
                return Err(format!(
                    "Node \"{node}\" of InferenceGraph \"{name}\" contains more than one step with name \"{step}\""
                ));
            }
        }
    }
    for (node, block) in &nodes {
        for (index, step) in object::list(block, "/steps").iter().enumerate() {
            let targets = ["/nodeName", "/serviceName", "/serviceUrl"];
            let given = targets.iter().filter(|target| !object::text(step, target).is_empty()).count();
            let of = format!(
                "Step {index} (\"{}\") in node \"{node}\" of InferenceGraph \"{name}\"",
                object::text(step, "/name")
            );
            match given {
                0 => return Err(format!("{of} does not specify an inference target")),
                1 => {}
                _ => return Err(format!("{of} specifies more than one of nodeName, serviceName, serviceUrl")),
            }
        }
    }
    for (node, block) in &nodes {
        if object::text(block, "/routerType") != "Splitter" {
            continue;
        }
        let mut sum = 0;
        for step in object::list(block, "/steps") {
            let Some(weight) = object::number(step, "/weight") else {
                let target = object::text(step, "/serviceName");
                return Err(format!("InferenceGraph[{name}] Node[{node}] Route[{target}] missing the 'Weight'"));
            };
            sum += weight;
        }
        if sum != 100 {
            return Err(format!(
                "InferenceGraph[{name}] Node[{node}] splitter node: the sum of traffic weights for all routing targets should be 100"
            ));
        }
    }
    Ok(())
}
