//! The load: create, get, list and watch, in this order, so that each finds what the one before has made.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use proofmark_json::json;
use tokio::sync::Barrier;
use tokio::time::Instant;

use crate::client::{Connection, Error, Target};
use crate::figures::{Figures, Rates};
use crate::side::Side;

/// How much is played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Requests of each kind.
    pub(crate) requests: usize,
    /// Watches that are open at once.
    pub(crate) watchers: usize,
}

/// How many objects a list has.
const LISTED: usize = 500;
/// How many changes each watcher must see.
const CHANGES: usize = 100;

/// Plays everything to one side.
pub(crate) async fn play(side: &Side, size: Size) -> Result<Figures, Error> {
    let target = &side.target;
    let memory_idle = side.memory();
    for namespace in ["one", "eight", "listed", "watched"] {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        target.connect().await?.send(Method::POST, "/api/v1/namespaces", Some(body.to_string().into())).await?;
    }
    Ok(Figures {
        ready: side.ready.as_secs_f64(),
        memory_idle: memory_idle as f64,
        one: rates(target, "one", 1, size.requests).await?,
        eight: rates(target, "eight", 8, size.requests).await?,
        fan_out: fan_out(target, size.watchers).await?,
        memory_after: side.memory() as f64,
    })
}

/// Requests each second over so many connections.
async fn rates(target: &Target, namespace: &'static str, connections: usize, requests: usize) -> Result<Rates, Error> {
    let path = config_maps(namespace);
    let create = spread(target, connections, requests, {
        let path = path.clone();
        move |n| (Method::POST, path.clone(), Some(config_map(n)))
    })
    .await?;
    let get = spread(target, connections, requests, {
        let path = path.clone();
        move |n| (Method::GET, format!("{path}/c-{}", (n * 7919) % requests), None)
    })
    .await?;
    let listed = config_maps("listed");
    if connections == 1 {
        let path = listed.clone();
        spread(target, 1, LISTED, move |n| (Method::POST, path.clone(), Some(config_map(n)))).await?;
    }
    let list = spread(target, connections, requests / 4, move |_| (Method::GET, listed.clone(), None)).await?;
    Ok(Rates { create, get, list })
}

fn config_maps(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps")
}

fn config_map(n: usize) -> Bytes {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": format!("c-{n}"), "labels": {"app": "compare", "n": n.to_string()}},
        "data": {"config.yaml": "replicas: 3\nimage: registry.example/app:1.2.3\nlog: info\n", "mode": "fast"},
    });
    object.to_string().into()
}

/// Sends `count` requests over so many connections and returns how many were answered each second.
async fn spread(
    target: &Target,
    connections: usize,
    count: usize,
    request: impl Fn(usize) -> (Method, String, Option<Bytes>) + Send + Sync + 'static,
) -> Result<f64, Error> {
    let request = Arc::new(request);
    let begin = Arc::new(Barrier::new(connections + 1));
    let mut workers = Vec::new();
    for worker in 0..connections {
        let mut connection = target.connect().await?;
        let (request, begin) = (request.clone(), begin.clone());
        workers.push(tokio::spawn(async move {
            begin.wait().await;
            for n in (worker..count).step_by(connections) {
                let (method, path, body) = request(n);
                connection.send(method, &path, body).await?;
            }
            Ok::<_, Error>(())
        }));
    }
    begin.wait().await;
    let started = Instant::now();
    join(workers).await?;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// Events each second that reach watchers, while one writer makes changes as fast as it can.
async fn fan_out(target: &Target, watchers: usize) -> Result<f64, Error> {
    let path = config_maps("watched");
    let mut open = Vec::new();
    for _ in 0..watchers {
        let mut connection = target.connect().await?;
        let response = connection.open(Method::GET, &format!("{path}?watch=1"), None).await?;
        open.push(tokio::spawn(async move {
            let mut body = response.into_body();
            let mut seen = 0;
            while seen < CHANGES {
                match body.frame().await {
                    Some(Ok(frame)) => {
                        let data = frame.into_data().unwrap_or_default();
                        seen += data.iter().filter(|b| **b == b'\n').count();
                    }
                    Some(Err(e)) => return Err(connection.broken(&e)),
                    None => return Err(connection.broken(&"the watch ended early")),
                }
            }
            Ok(())
        }));
    }
    let mut writer: Connection = target.connect().await?;
    let started = Instant::now();
    for n in 0..CHANGES {
        writer.send(Method::POST, &path, Some(config_map(n))).await?;
    }
    join(open).await?;
    Ok((CHANGES * watchers) as f64 / started.elapsed().as_secs_f64())
}

async fn join(tasks: Vec<tokio::task::JoinHandle<Result<(), Error>>>) -> Result<(), Error> {
    for task in tasks {
        match task.await {
            Ok(outcome) => outcome?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    Ok(())
}
