//! The format of recordings, and a run on our loader.

use crate::content;
use crate::network::{Authority, PLAIN, Pipes};
use crate::normalise::{self, DEST, DIR};
use crate::server::Server;
use proofmark_json::{Map, Value};
use proofmark_model_loader::files::{Entry, FileSystem, Memory};
use proofmark_model_loader::{Environment, Host, Outcome, Output, Release};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The moment at which runs begin.
const NOW: &str = "2023-11-14T22:13:20Z";

#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) case: String,
    pub(crate) runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) name: String,
    env: BTreeMap<String, String>,
    #[serde(default)]
    given: Map,
    uri: Option<String>,
    argv: Option<Vec<String>>,
    server: Value,
    pub(crate) exit: i32,
    pub(crate) raised: Value,
    #[serde(default)]
    pub(crate) chain: Vec<Value>,
    pub(crate) requests: Vec<Value>,
    pub(crate) request_counts: Option<BTreeMap<String, usize>>,
    pub(crate) files: BTreeMap<String, Value>,
    pub(crate) file_count: Option<usize>,
    pub(crate) dest_exists: Option<bool>,
    #[serde(default)]
    pub(crate) stdout: Vec<String>,
}

/// What our loader did.
pub(crate) struct Played {
    pub(crate) outcome: Outcome,
    pub(crate) requests: Vec<Value>,
    pub(crate) files: BTreeMap<String, Entry>,
    pub(crate) stdout: Vec<String>,
    pub(crate) server: Arc<Server>,
    pub(crate) dest_exists: bool,
}

impl Run {
    pub(crate) fn pairs(&self) -> usize {
        self.argv.as_ref().map_or(1, |argv| argv.len() / 2)
    }
}

/// Plays a run.
pub(crate) async fn play(release: Release, run: &Run, authority: &Authority) -> Played {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let server = Arc::new(Server::new(&run.server, now));
    let files = Memory::default();
    for folder in ["/tmp", "/run/home", DIR] {
        files.create_directories(folder).unwrap();
    }
    if !run.name.contains("parent-missing") {
        let parent = DEST.rsplit_once('/').unwrap().0;
        files.create_directories(if run.name.contains("dest-missing") { parent } else { DEST }).unwrap();
    }
    for (path, given) in &run.given {
        let place = match path.strip_prefix("dest/") {
            Some(path) => format!("{DEST}/{path}"),
            None => format!("{DIR}/{path}"),
        };
        match given {
            Value::String(text) if text == "directory" => {
                files.create_directories(place.trim_end_matches('/')).unwrap()
            }
            Value::String(text) if text.starts_with("PEM of another") => {
                files.write(&place, authority.other_pem.as_str()).unwrap()
            }
            Value::String(text) if text.starts_with("PEM of") => files.write(&place, authority.pem.as_str()).unwrap(),
            Value::String(text) => files.write(&place, fill(text)).unwrap(),
            other => files.write(&place, content::build(other, path)).unwrap(),
        }
    }
    let before = files.tree();
    let mut environment: BTreeMap<String, String> =
        run.env.iter().map(|(name, value)| (fill(name), fill(value))).collect();
    environment.insert("HOME".to_owned(), "/run/home".to_owned());
    let trusted = run.server.get("trusted").is_some();
    let host = Host {
        environment: Environment::from_iter(environment),
        files: Arc::new(files.clone()),
        network: Arc::new(Pipes::new(server.clone(), authority, run.server.get("note").and_then(Value::as_str))),
        clock: Arc::new(move || now),
        authorities: if trusted { vec![authority.der.clone()].into() } else { vec![].into() },
    };
    let arguments: Vec<String> = match (&run.argv, &run.uri) {
        (Some(argv), _) => argv.iter().map(|argument| fill(argument)).collect(),
        (None, uri) => vec![fill(uri.as_deref().unwrap()), DEST.to_owned()],
    };
    let stdout = Arc::new(Mutex::new(Vec::new()));
    let lines = stdout.clone();
    let sink = Arc::new(move |output: Output, line: &str| {
        if output == Output::Stdout {
            lines.lock().unwrap().push(line.to_owned());
        }
    });
    let outcome = proofmark_model_loader::run(release, &arguments, &host, sink).await;
    // The server may still have to notice that the last connection is gone.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let mut tree = files.tree();
    tree.retain(|path, entry| path.starts_with("/run/") && (path.starts_with(DEST) || before.get(path) != Some(entry)));
    let dest_exists = files.kind(DEST).is_some();
    let stdout = stdout.lock().unwrap().clone();
    Played { outcome, requests: server.requests(), files: tree, stdout, server, dest_exists }
}

/// Puts our places where a recording has placeholders.
fn fill(text: &str) -> String {
    text.replace("https://<addr>", &format!("https://127.0.0.1:{}", crate::network::TLS))
        .replace("<addr>", &format!("127.0.0.1:{PLAIN}"))
        .replace("<port>", &PLAIN.to_string())
        .replace("{port}", &PLAIN.to_string())
        .replace("<dest>", DEST)
        .replace("<dir>", DIR)
        .replace("{dir}", DIR)
        .replace("<PEM text>", normalise::PEM)
}
