//! Where pods go, and why they cannot. The words were recorded from a real kube-scheduler 1.35.

use proofmark_json::{Value, json};
use proofmark_nodes::NodePool;
use proofmark_nodes::process::Images;
use rstest::rstest;

use crate::world::{NODES, PODS, World, container};

/// Three nodes: 2 CPUs in zone a; 1 CPU in zone b with a taint; 4 CPUs, but cordoned.
async fn three() -> World {
    let node = |name: &str, cpu: &str| NodePool::default().named(name).with("cpu", cpu).with("memory", "4Gi");
    let pools = vec![
        node("n1", "2").label("topology.kubernetes.io/zone", "a").label("disk", "ssd"),
        node("n2", "1").label("topology.kubernetes.io/zone", "b").taint("gpu", "yes", "NoSchedule"),
        node("n3", "4"),
    ];
    let world = World::with(pools, Images::default()).await;
    world.api.merge_patch(&NODES, "", "n3", &json!({"spec": {"unschedulable": true}})).await.unwrap();
    world.after(1.0).await;
    world
}

const UNHELPFUL: &str =
    "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
const OTHERS: &str = "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.";

fn asks(requests: Value) -> Value {
    json!({"containers": [container("c", "x", json!({"resources": {"requests": requests}}))]})
}

fn with(field: &str, value: Value) -> Value {
    let mut spec = json!({"containers": [container("c", "x", json!({}))]});
    spec[field] = value;
    spec
}

#[rstest]
#[case(asks(json!({"cpu": "3"})), format!("1 Insufficient cpu, {OTHERS} {UNHELPFUL}"))]
#[case(asks(json!({"cpu": "30", "memory": "50Gi"})), format!("1 Insufficient cpu, 1 Insufficient memory, {OTHERS} {UNHELPFUL}"))]
#[case(with("nodeSelector", json!({"disk": "nvme"})), format!("1 node(s) didn't match Pod's node affinity/selector, {OTHERS} {UNHELPFUL}"))]
#[case(json!({"containers": [container("c", "x", json!({"resources": {"limits": {"nvidia.com/gpu": "1"}}}))]}),
    format!("1 Insufficient nvidia.com/gpu, {OTHERS} {UNHELPFUL}"))]
#[case(with("volumes", json!([{"name": "v", "persistentVolumeClaim": {"claimName": "nope"}}])),
    "persistentvolumeclaim \"nope\" not found. not found".to_owned())]
#[case(with("affinity", json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "none"}}}]}})),
    format!("1 node(s) didn't match pod affinity rules, {OTHERS} {UNHELPFUL}"))]
#[case(with("affinity", json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]}]}}})),
    format!("1 node(s) had untolerated taint(s), 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. {UNHELPFUL}"))]
#[case(with("topologySpreadConstraints", json!([
        {"maxSkew": 1, "topologyKey": "nope", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "s"}}}])),
    format!("1 node(s) didn't match pod topology spread constraints (missing required label), {OTHERS} {UNHELPFUL}"))]
#[tokio::test(start_paused = true)]
async fn why_a_pod_cannot_be_scheduled(#[case] spec: Value, #[case] why: String) {
    let world = three().await;
    world.run("p", spec).await;
    world.after(1.0).await;
    let message = format!("0/3 nodes are available: {why}");
    assert_eq!(world.condition("p", "PodScheduled").await, format!("False Unschedulable {message}"));
    assert_eq!(world.events("p").await, [format!("Warning FailedScheduling {message}")]);
}

#[tokio::test(start_paused = true)]
async fn without_nodes_a_pod_waits_for_one() {
    let world = World::with(Vec::new(), Images::default()).await;
    world.run("p", asks(json!({"cpu": "1"}))).await;
    world.after(1.0).await;
    assert_eq!(world.condition("p", "PodScheduled").await, "False Unschedulable no nodes available to schedule pods");
    let node = json!({"metadata": {"name": "late"}, "status": {"allocatable": {"cpu": "2", "pods": "5"}}});
    world.create(&NODES, node).await;
    world.api.merge_patch(&NODES, "", "late", &json!({"spec": {"taints": null}})).await.unwrap();
    world.after(30.0).await;
    assert_eq!(world.pod("p").await["spec"]["nodeName"], "late");
}

#[tokio::test(start_paused = true)]
async fn selectors_affinity_and_tolerations_lead_to_a_node() {
    let world = three().await;
    let tolerates = json!([{"key": "gpu", "operator": "Exists"}]);
    let zone = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["b", "c"]}]}]}}});
    let mut to_b = with("affinity", zone);
    to_b["tolerations"] = tolerates;
    for (name, spec, node) in [("a", with("nodeSelector", json!({"disk": "ssd"})), "n1"), ("b", to_b, "n2")] {
        world.run(name, spec).await;
        world.after(1.0).await;
        assert_eq!(world.pod(name).await["spec"]["nodeName"], node);
    }
    assert_eq!(world.pod("b").await["metadata"]["labels"]["topology.kubernetes.io/zone"], "b");
}

#[tokio::test(start_paused = true)]
async fn replicas_spread_over_domains() {
    let pools = vec![NodePool::of(4).label("tier", "x")];
    let world = World::with(pools, Images::default()).await;
    let spread = json!([{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "s"}}}]);
    for number in 0..8 {
        let pod = json!({"metadata": {"name": format!("p{number}"), "labels": {"app": "s"}}, "spec": with("topologySpreadConstraints", spread.clone())});
        world.create(&PODS, pod).await;
    }
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "s"}}}]}});
    world.run("alone", with("affinity", apart)).await;
    world.after(1.0).await;
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..8 {
        let node = world.pod(&format!("p{number}")).await["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
        *counts.entry(node).or_insert(0) += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [2, 2, 2, 2]);
    let why = world.condition("alone", "PodScheduled").await;
    assert!(why.contains("4 node(s) didn't match pod anti-affinity rules"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn the_more_important_pod_gets_room() {
    let classes =
        proofmark_controllers::kit::Resource::cluster("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass");
    let world = three().await;
    world.create(&classes, json!({"metadata": {"name": "high"}, "value": 1000})).await;
    world.run("low", asks(json!({"cpu": "1500m"}))).await;
    world.after(1.0).await;
    let mut spec = asks(json!({"cpu": "1900m"}));
    spec["priorityClassName"] = json!("high");
    let high = world.run("high", spec).await;
    world.after(30.0).await;
    assert_eq!(world.pod("high").await["spec"]["nodeName"], "n1");
    assert!(world.find("low").await.is_none());
    let uid = high["metadata"]["uid"].as_str().unwrap();
    let told = format!("Normal Preempted Preempted by pod {uid} on node n1");
    assert_eq!(world.events_of("low", "Preempted").await, [told]);
    let told = format!("Warning FailedScheduling 0/3 nodes are available: 1 Insufficient cpu, {OTHERS}");
    assert_eq!(world.events_of("high", "FailedScheduling").await, [told]);
}

#[tokio::test(start_paused = true)]
async fn room_that_is_freed_is_used() {
    let world = World::with(vec![NodePool::default().with("cpu", "1")], Images::default()).await;
    world.run("a", asks(json!({"cpu": "1"}))).await;
    world.run("b", asks(json!({"cpu": "1"}))).await;
    world.after(5.0).await;
    let why = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    assert_eq!(world.condition("b", "PodScheduled").await, format!("False Unschedulable {why}"));
    world.delete("a", json!({})).await;
    world.after(5.0).await;
    assert_eq!(world.phase("b").await, "Running");
}

#[tokio::test(start_paused = true)]
async fn gated_and_foreign_pods_are_left_alone() {
    let world = three().await;
    world.run("gated", with("schedulingGates", json!([{"name": "example.com/g"}]))).await;
    world.run("foreign", with("schedulerName", json!("other"))).await;
    world.after(1.0).await;
    for name in ["gated", "foreign"] {
        assert_eq!(world.pod(name).await["spec"]["nodeName"], Value::Null, "{name}");
    }
    world.api.merge_patch(&PODS, "default", "gated", &json!({"spec": {"schedulingGates": null}})).await.unwrap();
    world.after(1.0).await;
    assert_eq!(world.phase("gated").await, "Running");
}
