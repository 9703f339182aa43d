//! Probes and lifecycle hooks.

use std::time::Duration;

use http::StatusCode;
use proofmark_json::{Value, json};
use proofmark_nodes::process::{Container, ExecOutput, Exit, Listener, Script};
use rstest::rstest;

use crate::world::{World, container, image, word};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A readiness probe, a process that makes it succeed after 12 seconds, and the words of the failures before.
#[rstest]
#[case(json!({"httpGet": {"port": 80, "path": "/r"}}), Script::new().after(seconds(12)).serve(80, StatusCode::OK, ""),
    "Readiness probe failed: Get \"http://IP:80/r\": dial tcp IP:80: connect: connection refused (x3)")]
#[case(json!({"httpGet": {"port": "web"}}), Script::new().serve(80, StatusCode::SERVICE_UNAVAILABLE, "").after(seconds(12)).serve(80, StatusCode::OK, ""),
    "Readiness probe failed: HTTP probe failed with statuscode: 503 (x3)")]
#[case(json!({"tcpSocket": {"port": 80}}), Script::new().after(seconds(12)).listen(80, Listener::Tcp),
    "Readiness probe failed: dial tcp IP:80: connect: connection refused (x3)")]
#[case(json!({"grpc": {"port": 80}}), Script::new().listen(80, Listener::Grpc { serving: false }).after(seconds(12)).listen(80, Listener::Grpc { serving: true }),
    "Readiness probe failed: service unhealthy (responded with \"NOT_SERVING\") (x3)")]
#[tokio::test(start_paused = true)]
async fn readiness(#[case] mut probe: Value, #[case] script: Script, #[case] words: &str) {
    probe["periodSeconds"] = json!(5);
    let world = World::new(image("x", script)).await;
    let more = json!({"readinessProbe": probe, "ports": [{"name": "web", "containerPort": 80}]});
    world.run("p", json!({"containers": [container("c", "x", more)]})).await;
    world.after(13.0).await;
    assert_eq!(world.condition("p", "Ready").await, "False ContainersNotReady containers with unready status: [c]");
    let pod = world.pod("p").await;
    let words = words.replace("IP", pod["status"]["podIP"].as_str().unwrap());
    assert_eq!(world.events_of("p", "Unhealthy").await, [format!("Warning Unhealthy {words}")]);
    world.after(3.0).await;
    assert_eq!(world.condition("p", "Ready").await, "True");
}

#[tokio::test(start_paused = true)]
async fn readiness_that_is_lost_and_found() {
    let script = Script::new().serve(80, StatusCode::OK, "").after(seconds(100)).close(80).after(seconds(100)).serve(
        80,
        StatusCode::OK,
        "",
    );
    let world = World::new(image("x", script)).await;
    let more = json!({"readinessProbe": {"httpGet": {"port": 80}, "failureThreshold": 2}});
    world.run("p", json!({"containers": [container("c", "x", more)]})).await;
    world.after(1.0).await;
    let mut ready = Vec::new();
    for _ in 0..25 {
        world.after(10.0).await;
        ready.push(world.status("p", "c").await["ready"] == true);
    }
    // Ten seconds a probe: the second failure counts.
    let expected: Vec<bool> = (1..=25).map(|tens| !(11..=19).contains(&tens)).collect();
    assert_eq!(ready, expected);
}

#[tokio::test(start_paused = true)]
async fn a_failing_liveness_probe_restarts() {
    let script = Script::new()
        .serve(80, StatusCode::OK, "")
        .after(seconds(30))
        .serve(80, StatusCode::NOT_FOUND, "")
        .stops(seconds(4), 3);
    let world = World::new(image("x", script)).await;
    let more = json!({"livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 10}});
    world.run("p", json!({"containers": [container("c", "x", more)]})).await;
    // Failures at 30, 40 and 50 seconds, four seconds to stop.
    world.after(53.0).await;
    assert_eq!(world.status("p", "c").await["restartCount"], 0);
    world.after(2.0).await;
    let status = world.status("p", "c").await;
    assert_eq!((&status["restartCount"], word(&status["lastState"])), (&json!(1), "terminated Error 3".to_owned()));
    assert_eq!(
        world.events_of("p", "Killing").await,
        ["Normal Killing Container c failed liveness probe, will be restarted"]
    );
    let told = "Warning Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 404 (x3)";
    assert_eq!(world.events_of("p", "Unhealthy").await, [told]);
}

#[tokio::test(start_paused = true)]
async fn a_startup_probe_holds_the_others_back() {
    let script = Script::new().after(seconds(25)).serve(80, StatusCode::OK, "");
    let world = World::new(image("x", script)).await;
    let get = json!({"port": 80});
    let more = json!({
        "startupProbe": {"httpGet": get, "failureThreshold": 30, "periodSeconds": 10},
        "livenessProbe": {"httpGet": get, "failureThreshold": 1, "periodSeconds": 1},
        "readinessProbe": {"httpGet": get},
    });
    world.run("p", json!({"containers": [container("c", "x", more)]})).await;
    world.after(29.0).await;
    let status = world.status("p", "c").await;
    assert_eq!(
        (&status["started"], &status["ready"], &status["restartCount"]),
        (&json!(false), &json!(false), &json!(0))
    );
    world.after(2.0).await;
    let status = world.status("p", "c").await;
    assert_eq!((&status["started"], &status["ready"]), (&json!(true), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_never_starts_up_is_restarted() {
    let world = World::new(image("x", Script::new())).await;
    let more = json!({"startupProbe": {"tcpSocket": {"port": 1}, "failureThreshold": 2, "periodSeconds": 5}});
    world.run("p", json!({"containers": [container("c", "x", more)]})).await;
    world.after(6.0).await;
    assert_eq!(
        world.events_of("p", "Killing").await,
        ["Normal Killing Container c failed startup probe, will be restarted"]
    );
}

#[tokio::test(start_paused = true)]
async fn exec_probes_and_hooks_ask_the_process() {
    let process = |container: Container| async move {
        let log = container.log.clone();
        container.on_exec(move |command| {
            log.stdout(&command.join(" "));
            let code = i32::from(command.first().is_some_and(|program| program == "bad"));
            async move { ExecOutput { code, output: "no good".to_owned() } }
        });
        container.stopped().await;
        Exit::code(0)
    };
    let world = World::new(image("x", process)).await;
    let more = json!({
        "readinessProbe": {"exec": {"command": ["bad", "probe"]}, "periodSeconds": 100},
        "lifecycle": {"postStart": {"exec": {"command": ["post", "start"]}}, "preStop": {"sleep": {"seconds": 7}}},
    });
    world.run("p", json!({"containers": [container("c", "x", more)]})).await;
    world.after(1.0).await;
    assert_eq!(world.events_of("p", "Unhealthy").await, ["Warning Unhealthy Readiness probe failed: no good"]);
    world.delete("p", json!({})).await;
    world.after(6.0).await;
    assert!(world.find("p").await.is_some());
    world.after(2.0).await;
    assert!(world.find("p").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failing_post_start_hook_kills() {
    let world = World::new(image("x", Script::new())).await;
    let more = json!({"lifecycle": {"postStart": {"httpGet": {"port": 80}}}});
    world.run("p", json!({"restartPolicy": "Never", "containers": [container("c", "x", more)]})).await;
    world.after(1.0).await;
    assert_eq!(world.events_of("p", "FailedPostStartHook").await, ["Warning FailedPostStartHook PostStartHook failed"]);
    assert_eq!(world.state("p", "c").await, "terminated Completed 0");
}
