//! A model fetched by ModelMesh's puller, by an entry of a secret of the cluster.
//!
//! What it does not do: run ModelMesh. The secret is read when the step is played and stands in files, as a mount would have it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_env::{ApiRequest, Aws, Cluster, EnvError, Identity};
use proofmark_json::json;
use proofmark_model_loader::files::{FileError, FileSystem as _, Memory};
use proofmark_model_loader::modelmesh::{PullError, STORAGE_CONFIG, pull};
use proofmark_model_loader::{Environment, Host};

use super::load::left;
use crate::{Outcome, Place};

/// Where the puller puts models.
const MODELS: &str = "/models";

/// A request to ModelMesh's puller.
#[derive(Debug, Clone)]
pub struct Pull {
    secret: Place,
    key: String,
    path: String,
}

impl Pull {
    /// Fetches what is at `path` in the storage that the entry `key` of a secret describes.
    pub fn new(secret: Place, key: impl Into<String>, path: impl Into<String>) -> Self {
        Self { secret, key: key.into(), path: path.into() }
    }

    pub(crate) fn in_words(&self) -> String {
        format!("ModelMesh pulls {} by the entry {} of {}", self.path, self.key, self.secret)
    }

    /// Runs it. A secret that cannot be read has its refusal for an outcome.
    pub(crate) async fn run(&self, cluster: &Cluster, aws: &Aws) -> Result<Outcome, EnvError> {
        let secret = cluster.send(&Identity::Admin, ApiRequest::get(self.secret.path())).await?;
        if secret.response.status != 200 {
            return Ok(Outcome::of(&secret));
        }
        let files = Memory::default();
        let given = |error: FileError| EnvError::Prepare { what: "a file".to_owned(), why: error.to_string() };
        files.create_directories(STORAGE_CONFIG).map_err(given)?;
        for (name, value) in secret.response.body.json()["data"].as_object().into_iter().flatten() {
            let text = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
            files.write(&format!("{STORAGE_CONFIG}/{name}"), text).map_err(given)?;
        }
        let before = files.tree();
        let (network, cloud) = (aws.network(), aws.cloud().clone());
        let host = Host {
            environment: Environment::default(),
            files: Arc::new(files.clone()),
            authorities: network.authorities().into(),
            network,
            clock: Arc::new(move || cloud.now()),
        };
        let pulled = pull(&host, &self.key, &self.path, MODELS).await;
        // What Go programs that panic exit with; a refusal is an answer, and counts as a process that gave up.
        let exit = match pulled {
            Ok(()) => 0,
            Err(PullError::Refused(_)) => 1,
            Err(PullError::Panicked(_)) => 2,
        };
        let words = pulled.err().map(|error| error.to_string());
        Ok(Outcome {
            at: aws.elapsed(),
            status: None,
            headers: Vec::new(),
            exit: Some(exit),
            body: json!({"exit": exit, "words": words, "files": left(&files, &before, MODELS)}),
            text: words,
            decision: None,
            summary: None,
        })
    }
}
