//! What containers are given: environment, files, tokens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proofmark_json::json;
use proofmark_nodes::process::{Container, Exit, Images};

use crate::world::{CONFIG_MAPS, SECRETS, World, container, image};

type Seen = Arc<Mutex<Vec<String>>>;

/// A process that notes something about its container and goes on.
fn noting<R: Future<Output = Vec<String>> + Send>(
    look: impl Fn(Container) -> R + Clone + Send + Sync + 'static,
) -> (Images, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let process = move |container: Container| {
        let (look, kept) = (look.clone(), Arc::clone(&kept));
        async move {
            let found = look(container.clone()).await;
            kept.lock().unwrap().extend(found);
            container.stopped().await;
            Exit::code(0)
        }
    };
    (image("x", process), seen)
}

fn noted(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_environment() {
    let (images, seen) = noting(|container| async move {
        let mut all: Vec<String> = container.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        all.retain(|variable| !variable.starts_with("KUBERNETES_"));
        all.extend(container.args.iter().cloned());
        all
    });
    let world = World::new(images).await;
    world.create(&CONFIG_MAPS, json!({"metadata": {"name": "m"}, "data": {"a": "1", "b": "2"}})).await;
    world.create(&SECRETS, json!({"metadata": {"name": "s"}, "stringData": {"key": "hidden"}})).await;
    let field = |path: &str| json!({"fieldRef": {"fieldPath": path}});
    let more = json!({
        "args": ["--model=$(MODEL)", "$(NONE)"],
        "envFrom": [{"prefix": "M_", "configMapRef": {"name": "m"}}, {"secretRef": {"name": "none", "optional": true}}],
        "env": [
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "key"}}},
            {"name": "M_a", "value": "own"},
            {"name": "MODEL", "value": "$(M_a)-$(KEY)"},
            {"name": "NODE", "valueFrom": field("spec.nodeName")},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "GONE", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "none", "optional": true}}},
        ],
    });
    world.run("p", json!({"enableServiceLinks": false, "containers": [container("c", "x", more)]})).await;
    world.after(1.0).await;
    assert_eq!(
        noted(&seen),
        ["CPU=16", "KEY=hidden", "MODEL=own-hidden", "M_a=own", "M_b=2", "NODE=node", "--model=own-hidden", "$(NONE)"]
    );
}

#[tokio::test(start_paused = true)]
async fn files_follow_their_objects() {
    let (images, seen) = noting(|container| async move {
        let read = async || {
            let files = &container.files;
            let text = async |path| match files.read(path).await {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => error.to_string(),
            };
            vec![text("/etc/m/one").await, text("/etc/m/a").await, text("/etc/own/labels").await]
        };
        let mut all = read().await;
        all.push(container.files.write("/etc/m/one", "x").unwrap_err().to_string());
        tokio::time::sleep(Duration::from_secs(120)).await;
        all.extend(read().await);
        all
    });
    let world = World::new(images).await;
    world.create(&CONFIG_MAPS, json!({"metadata": {"name": "m"}, "data": {"a": "1"}})).await;
    let spec = json!({
        "volumes": [
            {"name": "m", "configMap": {"name": "m", "items": [{"key": "a", "path": "one"}]}},
            {"name": "own", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        ],
        "containers": [container("c", "x", json!({"volumeMounts": [
            {"name": "m", "mountPath": "/etc/m"}, {"name": "own", "mountPath": "/etc/own"},
        ]}))],
    });
    world.create(&crate::world::PODS, json!({"metadata": {"name": "p", "labels": {"k": "v"}}, "spec": spec})).await;
    world.after(60.0).await;
    world.api.merge_patch(&CONFIG_MAPS, "default", "m", &json!({"data": {"a": "2"}})).await.unwrap();
    world.after(100.0).await;
    let no = "open /etc/m/a: no such file or directory";
    assert_eq!(noted(&seen), ["1", no, "k=\"v\"", "open /etc/m/one: read-only file system", "2", no, "k=\"v\""]);
}

#[tokio::test(start_paused = true)]
async fn containers_share_volumes_and_claims_outlive_pods() {
    let (images, seen) = noting(|container| async move {
        if container.pod.name == "first" && container.name == "a" {
            container.files.write("/data/model", "weights").unwrap();
            container.files.write("/tmp/scratch", "mine").unwrap();
            return Vec::new();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let found = container.files.read("/data/model").await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        vec![found.unwrap_or_else(|error| error.to_string()), container.files.list("/tmp").await.unwrap().join(",")]
    });
    let world = World::new(images).await;
    let volume = json!([{"name": "d", "emptyDir": {}}]);
    let mount = json!({"volumeMounts": [{"name": "d", "mountPath": "/data"}]});
    let containers = ["a", "b"].map(|name| container(name, "x", mount.clone()));
    world.run("first", json!({"volumes": volume, "containers": containers})).await;
    world.run("second", json!({"volumes": volume, "containers": [container("b", "x", mount)]})).await;
    world.after(5.0).await;
    assert_eq!(noted(&seen), ["weights", "", "open /data/model: no such file or directory", ""]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_keeps_a_pod_from_starting() {
    let world = World::new(Images::default()).await;
    let spec = json!({
        "volumes": [{"name": "v", "secret": {"secretName": "late"}}],
        "containers": [container("c", "x", json!({}))],
    });
    world.run("p", spec).await;
    world.after(3.0).await;
    assert_eq!(world.state("p", "c").await, "waiting ContainerCreating");
    assert_eq!(world.condition("p", "PodReadyToStartContainers").await, "False");
    let told = "Warning FailedMount MountVolume.SetUp failed for volume \"v\" : secret \"late\" not found (x3)";
    assert_eq!(world.events_of("p", "FailedMount").await, [told]);
    world.create(&SECRETS, json!({"metadata": {"name": "late"}})).await;
    world.after(5.0).await;
    assert_eq!(world.state("p", "c").await, "running");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_renewed_before_they_run_out() {
    let (images, seen) = noting(|container| async move {
        let mut all = Vec::new();
        for _ in 0..5 {
            let token = container.files.read("/token/t").await.unwrap();
            all.push(String::from_utf8_lossy(&token).into_owned());
            tokio::time::sleep(Duration::from_secs(200)).await;
        }
        all
    });
    let world = World::new(images).await;
    let source = json!({"serviceAccountToken": {"path": "t", "audience": "sts.example.com", "expirationSeconds": 600}});
    let spec = json!({
        "volumes": [{"name": "t", "projected": {"sources": [source]}}],
        "containers": [container("c", "x", json!({"volumeMounts": [{"name": "t", "mountPath": "/token"}]}))],
    });
    world.run("p", spec).await;
    world.after(1001.0).await;
    let tokens = noted(&seen);
    // Replaced when 480 of 600 seconds are over.
    let same: Vec<bool> = tokens.windows(2).map(|pair| pair[0] == pair[1]).collect();
    assert_eq!(same, [true, true, false, true]);
}
