//! How pods come up, fail, and come up again.

use std::time::Duration;

use proofmark_json::{Value, json};
use proofmark_nodes::process::{Container, Exit, Image, Images, Script};
use rstest::rstest;

use crate::world::{World, container, image, word};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn an_unknown_image_runs_and_is_ready() {
    let world = World::new(Images::default()).await;
    let spec = json!({"containers": [container("c", "nginx", json!({
        "resources": {"requests": {"cpu": "100m"}}, "readinessProbe": {"httpGet": {"port": 80}},
    }))]});
    world.run("p", spec).await;
    world.after(1.0).await;
    let pod = world.pod("p").await;
    assert_eq!(pod["spec"]["nodeName"], "node");
    assert_eq!(pod["status"]["phase"], "Running");
    assert_eq!(pod["status"]["hostIP"], "10.128.0.2");
    assert_eq!(pod["status"]["podIPs"], json!([{"ip": pod["status"]["podIP"]}]));
    let types: Vec<_> = pod["status"]["conditions"].as_array().unwrap().iter().map(|c| c["type"].clone()).collect();
    assert_eq!(types, ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]);
    let mut status = world.status("p", "c").await;
    let started = status["state"]["running"]["startedAt"].take();
    assert_eq!(started, "2026-01-01T00:00:00Z");
    let id = status["containerID"].take();
    assert!(id.as_str().unwrap().starts_with("containerd://"));
    assert!(status["imageID"].take().as_str().unwrap().starts_with("docker.io/library/nginx@sha256:"));
    assert_eq!(
        status,
        json!({
            "name": "c", "state": {"running": {"startedAt": null}}, "lastState": {}, "ready": true, "restartCount": 0,
            "image": "docker.io/library/nginx:latest", "imageID": null, "containerID": null, "started": true,
            "allocatedResources": {"cpu": "100m"}, "resources": {"requests": {"cpu": "100m"}},
            "user": {"linux": {"uid": 0, "gid": 0, "supplementalGroups": [0]}},
        })
    );
    assert_eq!(
        world.events("p").await,
        [
            "Normal Scheduled Successfully assigned default/p to node",
            "Normal Pulling Pulling image \"nginx\"",
            "Normal Pulled Successfully pulled image \"nginx\" in 0s (0s including waiting). Image size: 10485760 bytes.",
            "Normal Created Container created",
            "Normal Started Container started",
        ]
    );
}

/// Restart policy, how the process ends, and what becomes of the pod a second and a minute later.
#[rstest]
#[case("Always", 0, "Running: waiting CrashLoopBackOff", 3)]
#[case("Always", 1, "Running: waiting CrashLoopBackOff", 3)]
#[case("OnFailure", 0, "Succeeded: terminated Completed 0", 0)]
#[case("OnFailure", 1, "Running: waiting CrashLoopBackOff", 3)]
#[case("Never", 0, "Succeeded: terminated Completed 0", 0)]
#[case("Never", 3, "Failed: terminated Error 3", 0)]
#[tokio::test(start_paused = true)]
async fn restart_policies(#[case] policy: &str, #[case] code: i32, #[case] want: &str, #[case] restarts: u32) {
    let world = World::new(image("x", Script::new().exit(code))).await;
    world.run("p", json!({"restartPolicy": policy, "containers": [container("c", "x", json!({}))]})).await;
    world.after(60.0).await;
    assert_eq!(format!("{}: {}", world.phase("p").await, world.state("p", "c").await), want);
    assert_eq!(world.status("p", "c").await["restartCount"], restarts);
    let ready = world.condition("p", "Ready").await;
    match want.split(':').next() {
        Some("Succeeded") => assert_eq!(ready, "False PodCompleted"),
        Some("Failed") => assert_eq!(ready, "False PodFailed"),
        _ => assert_eq!(ready, "False ContainersNotReady containers with unready status: [c]"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_slows_down_to_five_minutes() {
    let world = World::new(image("x", Script::new().after(seconds(1)).exit(1))).await;
    world.run("p", json!({"containers": [container("c", "x", json!({}))]})).await;
    let mut restarts = Vec::new();
    let mut last = 0;
    for second in 0..1400_u64 {
        world.after(1.0).await;
        let count = world.status("p", "c").await["restartCount"].as_u64().unwrap();
        if count > last {
            restarts.push(second);
            last = count;
        }
    }
    let waits: Vec<u64> = restarts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The run itself takes a second.
    assert_eq!(waits, [11, 21, 41, 81, 161, 301, 301, 301]);
    let pod = world.pod("p").await;
    let full = format!("p_default({})", pod["metadata"]["uid"].as_str().unwrap());
    let status = world.status("p", "c").await;
    assert_eq!(
        status["state"]["waiting"],
        json!({"reason": "CrashLoopBackOff", "message": format!("back-off 5m0s restarting failed container=c pod={full}")})
    );
    assert_eq!(word(&status["lastState"]), "terminated Error 1");
    let told = world.events_of("p", "BackOff").await;
    assert_eq!(told, [format!("Warning BackOff Back-off restarting failed container c in pod {full} (x9)")]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_shows_before_its_restart() {
    let world = World::new(image("x", Script::new().after(seconds(5)).exit(2))).await;
    world.run("p", json!({"containers": [container("c", "x", json!({}))]})).await;
    world.after(6.0).await;
    let status = world.status("p", "c").await;
    assert_eq!((word(&status["state"]), word(&status["lastState"])), ("running".into(), "terminated Error 2".into()));
    let last = &status["lastState"]["terminated"];
    assert_eq!(
        (&last["startedAt"], &last["finishedAt"]),
        (&json!("2026-01-01T00:00:00Z"), &json!("2026-01-01T00:00:05Z"))
    );
}

#[tokio::test(start_paused = true)]
async fn init_containers_run_one_after_the_other() {
    let images = Images::default().with("init", Image::new(Script::new().after(seconds(10)).exit(0)));
    let world = World::new(images).await;
    let init = ["a", "b"].map(|name| container(name, "init", json!({})));
    world.run("p", json!({"initContainers": init, "containers": [container("c", "x", json!({}))]})).await;
    let states =
        async || [world.state("p", "a").await, world.state("p", "b").await, world.state("p", "c").await].join(", ");
    world.after(1.0).await;
    assert_eq!(states().await, "running, waiting PodInitializing, waiting PodInitializing");
    assert_eq!(
        world.condition("p", "Initialized").await,
        "False ContainersNotInitialized containers with incomplete status: [a b]"
    );
    assert_eq!(world.phase("p").await, "Pending");
    world.after(10.0).await;
    assert_eq!(states().await, "terminated Completed 0, running, waiting PodInitializing");
    world.after(10.0).await;
    assert_eq!(states().await, "terminated Completed 0, terminated Completed 0, running");
    assert_eq!((world.phase("p").await, world.condition("p", "Initialized").await), ("Running".into(), "True".into()));
}

#[rstest]
#[case("Never", "Failed", "terminated Error 1", "False PodFailed")]
#[case("Always", "Pending", "waiting CrashLoopBackOff", "False ContainersNotReady containers with unready status: [c]")]
#[tokio::test(start_paused = true)]
async fn an_init_container_that_fails(
    #[case] policy: &str,
    #[case] phase: &str,
    #[case] state: &str,
    #[case] ready: &str,
) {
    let world = World::new(image("init", Script::new().exit(1))).await;
    let init = [container("i", "init", json!({}))];
    let spec = json!({"restartPolicy": policy, "initContainers": init, "containers": [container("c", "x", json!({}))]});
    world.run("p", spec).await;
    world.after(5.0).await;
    assert_eq!((world.phase("p").await.as_str(), world.state("p", "i").await.as_str()), (phase, state));
    assert_eq!(world.condition("p", "Ready").await, ready);
}

#[tokio::test(start_paused = true)]
async fn sidecars_start_before_and_end_after_the_rest() {
    let images = Images::default()
        .with("work", Image::new(Script::new().after(seconds(30)).exit(0)))
        .with("side", Image::new(Script::server().stops(seconds(3), 0)));
    let world = World::new(images).await;
    let side = container(
        "s",
        "side",
        json!({"restartPolicy": "Always", "startupProbe": {"tcpSocket": {"port": 1}, "periodSeconds": 5}}),
    );
    let spec =
        json!({"restartPolicy": "Never", "initContainers": [side], "containers": [container("c", "work", json!({}))]});
    world.run("p", spec).await;
    world.after(1.0).await;
    assert_eq!(world.state("p", "c").await, "running");
    world.after(31.0).await;
    assert_eq!((world.state("p", "s").await, world.phase("p").await), ("running".into(), "Running".into()));
    world.after(3.0).await;
    assert_eq!(
        (world.state("p", "s").await, world.phase("p").await),
        ("terminated Completed 0".into(), "Succeeded".into())
    );
}

#[tokio::test(start_paused = true)]
async fn too_long_is_a_failure() {
    let world = World::new(Images::default()).await;
    world.run("p", json!({"activeDeadlineSeconds": 20, "containers": [container("c", "x", json!({}))]})).await;
    world.after(19.0).await;
    assert_eq!(world.phase("p").await, "Running");
    world.after(2.0).await;
    let pod = world.pod("p").await;
    assert_eq!((&pod["status"]["phase"], &pod["status"]["reason"]), (&json!("Failed"), &json!("DeadlineExceeded")));
    assert_eq!(pod["status"]["message"], "Pod was active on the node longer than the specified deadline");
    assert_eq!(world.state("p", "c").await, "terminated Completed 0");
}

#[rstest]
#[case(json!({}), Script::new().write("/dev/termination-log", "said").exit(1), "said")]
#[case(json!({}), Script::new().log("only logged").exit(1), "")]
#[case(json!({"terminationMessagePolicy": "FallbackToLogsOnError"}), Script::new().log("a").error("b").exit(1), "a\nb\n")]
#[case(json!({"terminationMessagePolicy": "FallbackToLogsOnError"}), Script::new().log("a").exit(0), "")]
#[case(json!({"terminationMessagePath": "/tmp/end"}), Script::new().write("/tmp/end", "there").exit(0), "there")]
#[tokio::test(start_paused = true)]
async fn termination_messages(#[case] more: Value, #[case] script: Script, #[case] message: &str) {
    let world = World::new(image("x", script)).await;
    world.run("p", json!({"restartPolicy": "Never", "containers": [container("c", "x", more)]})).await;
    world.after(1.0).await;
    let state = world.status("p", "c").await;
    assert_eq!(state["state"]["terminated"]["message"].as_str().unwrap_or_default(), message);
}

#[tokio::test(start_paused = true)]
async fn out_of_memory_and_panics() {
    let panics = |_: Container| async { if true { panic!("on purpose") } else { Exit::code(0) } };
    let images =
        Images::default().with("oom", Image::new(Script::new().out_of_memory())).with("panic", Image::new(panics));
    let world = World::new(images).await;
    let containers = [container("a", "oom", json!({})), container("b", "panic", json!({}))];
    world.run("p", json!({"restartPolicy": "Never", "containers": containers})).await;
    world.after(1.0).await;
    assert_eq!(world.state("p", "a").await, "terminated OOMKilled 137");
    assert_eq!(world.state("p", "b").await, "terminated Error 134");
}

#[tokio::test(start_paused = true)]
async fn readiness_gates_hold_a_pod_back() {
    let world = World::new(Images::default()).await;
    let spec = json!({"readinessGates": [{"conditionType": "example.com/lb"}], "containers": [container("c", "x", json!({}))]});
    world.run("p", spec).await;
    world.after(1.0).await;
    let missing = "corresponding condition of pod readiness gate \"example.com/lb\" does not exist.";
    assert_eq!(world.condition("p", "Ready").await, format!("False ReadinessGatesNotReady {missing}"));
    assert_eq!(world.condition("p", "ContainersReady").await, "True");
    let patch = json!({"status": {"conditions": [{"type": "example.com/lb", "status": "True"}]}});
    world.api.patch_status(&crate::world::PODS, "default", "p", &patch).await.unwrap();
    world.after(1.0).await;
    assert_eq!(world.condition("p", "Ready").await, "True");
    assert_eq!(world.condition("p", "example.com/lb").await, "True");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_comes_to_rest() {
    let world = World::new(Images::default()).await;
    let probes = json!({"livenessProbe": {"httpGet": {"port": 80}}, "readinessProbe": {"exec": {"command": ["true"]}}});
    world.run("p", json!({"containers": [container("c", "x", probes)]})).await;
    world.after(1.0).await;
    let before = world.pod("p").await;
    world.server.requests().clear();
    world.after(24.0 * 3600.0).await;
    // The server ends watches now and then; they go on with nothing to tell.
    let asked: Vec<_> = world.server.requests().all().into_iter().filter(|request| request.verb != "watch").collect();
    assert!(asked.is_empty(), "{asked:?}");
    assert_eq!(world.pod("p").await, before);
}
