//! Brings the models of the configuration, and has the server load them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use proofmark_model_loader::{Release, agent};
use proofmark_nodes::process::{Container, Dial, Listener};

use super::journal::Journal;
use super::tracker::{Op, Spec, Tracker, configured};
use crate::Outside;
use crate::host::host;

/// The file of the configuration.
const CONFIGURATION: &str = "models.json";
/// With what the name of a file begins that says that a model is whole, and what it was made from.
const SUCCESS: &str = "SUCCESS.";
/// Where the server is asked to load a model, whatever port it serves on.
const SERVER: u16 = 8080;
/// How often kubelets bring files up to date.
const SYNC: Duration = Duration::from_secs(60);

pub(super) struct Puller {
    outside: Outside,
    release: Release,
    container: Container,
    configuration: String,
    models: String,
    journal: Journal,
    tracker: Tracker,
    /// The configuration that was followed last.
    followed: Option<Bytes>,
}

impl Puller {
    /// Knows the models that an earlier run of the container left.
    pub(super) async fn new(
        outside: Outside,
        release: Release,
        container: Container,
        configuration: String,
        models: String,
        journal: Journal,
    ) -> Self {
        let (tracker, followed) = (Tracker::default(), None);
        let mut this = Self { outside, release, container, configuration, models, journal, tracker, followed };
        this.tracker = Tracker::recovered(this.recover().await);
        this
    }

    async fn recover(&self) -> BTreeMap<String, Spec> {
        self.journal.info(&format!("Syncing from model dir {}", self.models));
        let files = self.container.files.list(&self.models).await.unwrap_or_default();
        let mut found = BTreeMap::new();
        for file in files {
            let Some((folder, name)) = file.rsplit_once('/') else { continue };
            let Some(model) = folder.rsplit('/').next().filter(|_| name.starts_with(SUCCESS)) else { continue };
            self.journal.info(&format!("Syncing from model success file {name}"));
            let text = self.container.files.read(&file).await.unwrap_or_default();
            let spec = proofmark_json::from_slice(&text).map_err(|error| error.to_string());
            match spec.and_then(|spec| Spec::read(&spec)) {
                Ok(spec) => {
                    self.journal.info(&format!("recovered model {model} with spec {}", spec.shown()));
                    found.insert(model.to_owned(), spec);
                }
                Err(why) => self.journal.error(&format!("Failed to sync model dir {why}")),
            }
        }
        found
    }

    /// Brings what is configured at the start. It does not return if a model is to be taken away at the same time, which the original waits for in vain.
    pub(super) async fn start(&mut self) {
        let todo = match self.changed().await {
            Ok(Some(text)) => self.follow(text),
            Ok(None) => Ok(Vec::new()),
            Err(why) => Err(why),
        };
        let todo = todo.unwrap_or_else(|why| {
            self.journal.error(&format!("Failed to sync model config file {why}"));
            Vec::new()
        });
        self.journal.info("Starting puller");
        let removes = todo.iter().any(|(_, ops)| ops.contains(&Op::Remove));
        self.perform(todo).await;
        if removes {
            std::future::pending().await
        }
    }

    /// Follows the configuration for ever.
    pub(super) async fn watch(&mut self) {
        let folder = self.configuration.trim_end_matches('/').to_owned();
        let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.journal.info("Start to watch model config event");
        // Not where it is, there as here.
        self.journal.info(&format!("Watching {parent}/data/{CONFIGURATION}"));
        // What kubelets do to bring files up to date, in the words of the library that sees it.
        let from = if self.release >= Release::V0_15 { format!(" ← \"{folder}/..data_tmp\"") } else { String::new() };
        let event = format!("Processing event CREATE        \"{folder}/..data\"{from}");
        loop {
            tokio::time::sleep(SYNC).await;
            let Ok(Some(text)) = self.changed().await else { continue };
            self.journal.info(&event);
            match self.follow(text) {
                Ok(todo) => self.perform(todo).await,
                Err(why) => self.journal.error(&format!("{why}Failed to sync model config file")),
            }
        }
    }

    /// The configuration, if it is another than the one that was followed last.
    async fn changed(&self) -> Result<Option<Bytes>, String> {
        let path = format!("{}/{CONFIGURATION}", self.configuration.trim_end_matches('/'));
        let text = self.container.files.read(&path).await.map_err(|error| error.to_string())?;
        Ok((self.followed.as_ref() != Some(&text)).then_some(text))
    }

    /// What a configuration asks for that was not asked for before.
    fn follow(&mut self, text: Bytes) -> Result<Vec<(String, Vec<Op>)>, String> {
        let wanted = configured(&text);
        self.followed = Some(text);
        let todo = self.tracker.follow(wanted?);
        for (name, ops) in &todo {
            for op in ops {
                let doing = if *op == Op::Remove { "removing" } else { "adding" };
                self.journal.info(&format!("{doing} model {name}"));
            }
        }
        Ok(todo)
    }

    /// Does everything: several models at once, what is to be done with one of them in order.
    async fn perform(&self, todo: Vec<(String, Vec<Op>)>) {
        join_all(todo.into_iter().map(async |(name, ops)| {
            self.journal.info(&format!("Worker is started for {name}"));
            let mut left = ops.len();
            for op in ops {
                match op {
                    Op::Add(spec) => self.add(&name, &spec).await,
                    Op::Remove => self.remove(&name).await,
                }
                left -= 1;
                self.journal.info(&format!("completion event for model {name}, in flight ops {left}"));
            }
        }))
        .await;
    }

    async fn add(&self, name: &str, spec: &Spec) {
        self.journal.info(&format!("Downloading model from {}", spec.storage_uri));
        if let Err(why) = self.download(name, spec).await {
            self.journal.error(&format!("Failed to download model {name} with err {why}"));
            return;
        }
        self.have(["load", "Load"], name).await;
    }

    /// Fetches a model, unless it is there from the same place.
    async fn download(&self, name: &str, spec: &Spec) -> Result<(), String> {
        let Spec { storage_uri, .. } = spec;
        self.journal.info(&format!("Downloading {storage_uri} to model dir {}", self.models));
        let host = host(&self.outside, &self.container).await.map_err(|error| error.to_string())?;
        let text = spec.json().to_string();
        let success = format!("{}/{SUCCESS}{}", self.directory(name), spec.digest());
        if host.files.kind(&success).is_some() {
            self.journal.info(&format!("Model successFile exists already for {name}"));
            return Ok(());
        }
        let downloaded = agent::download(&host, &self.models, name, storage_uri).await;
        downloaded.map_err(|why| format!("failed to download model: {why}"))?;
        let written = host.files.create(&success).map_err(|error| error.to_string());
        written
            .and_then(|mut file| file.write_all(text.as_bytes()).map_err(|error| error.to_string()))
            .map_err(|why| format!("failed to create success file: {why}"))?;
        self.journal.info(&format!("Creating successFile {success}"));
        Ok(())
    }

    async fn remove(&self, name: &str) {
        self.journal.info(&format!("unloading model {name}"));
        let removed = match host(&self.outside, &self.container).await {
            Ok(host) => agent::remove(&*host.files, &self.directory(name)),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = removed {
            self.journal.error(&format!("{why}failing to delete model directory"));
            return;
        }
        self.have(["unload", "Unload"], name).await;
    }

    /// Where a model is.
    fn directory(&self, name: &str) -> String {
        format!("{}/{name}", self.models.trim_end_matches('/'))
    }

    /// Has the server load or unload a model. The verb is told with a capital where nobody listens.
    async fn have(&self, [verb, capital]: [&str; 2], name: &str) {
        match self.ask(&format!("/v2/repository/models/{name}/{verb}")).await {
            Some((200, _)) => self.journal.info(&format!("Successfully {verb}ed model {name}")),
            Some((status, body)) => {
                // As text only what models are loaded with, since v0.14.
                let body = match verb == "load" && self.release >= Release::V0_14 {
                    true => String::from_utf8_lossy(&body).into_owned(),
                    false => format!("[{}]", body.iter().map(u8::to_string).collect::<Vec<_>>().join(" ")),
                };
                self.journal.info(&format!("Failed to {verb} model {name} with status [{status}] and resp:{body}"));
            }
            None => self.journal.error(&format!("Failed to {capital} model {name}")),
        }
    }

    /// Posts to the server; the status and the body of its answer, or nothing where nobody listens.
    async fn ask(&self, path: &str) -> Option<(u16, Bytes)> {
        let handler = match self.container.dial(SERVER) {
            Dial::Open(Listener::Http(handler)) => handler,
            // Whatever it is, it is content.
            Dial::Anything => return Some((200, Bytes::new())),
            Dial::Open(_) | Dial::Refused => return None,
        };
        let request = Request::post(path).header("host", "localhost:8080").header("content-type", "application/json");
        let answer: Response<Bytes> = handler(request.body(Bytes::from_static(b"{}")).ok()?).await;
        Some((answer.status().as_u16(), answer.into_body()))
    }
}
