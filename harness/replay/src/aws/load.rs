//! A run of KServe's storage initializer as a process of its own: variables, files, connections to the cloud and the universe's clock.
//!
//! What it does not do: schedule a pod. Nodes do that, with the same initializer.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use http::Method;
use proofmark_env::{AccountToken, Aws, AwsIdentity, EnvError, Exchange, Listener, shell_word};
use proofmark_json::{Map, Value, json};
use proofmark_model_loader::files::{Entry, FileError, FileSystem as _, Memory};
use proofmark_model_loader::{Host, Outcome as Ended, Output, Release};

use super::AwsCall;
use crate::Outcome;

/// Where a pod has its models.
const DESTINATION: &str = "/mnt/models";
/// Where the pod identity webhook mounts the token.
const TOKEN: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

/// What the storage initializer of a release is run with.
#[derive(Debug, Clone)]
pub struct Load {
    release: Release,
    uri: String,
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    token: Option<AccountToken>,
    /// What happens when it has listed the bucket.
    meanwhile: Option<Revocation>,
}

/// The sessions of a role are revoked, by somebody.
#[derive(Debug, Clone)]
struct Revocation {
    by: AwsIdentity,
    role: String,
}

impl Load {
    /// A run that fetches `uri` into `/mnt/models`, without any credentials.
    pub fn new(release: Release, uri: impl Into<String>) -> Self {
        let (variables, files) = Default::default();
        Self { release, uri: uri.into(), variables, files, token: None, meanwhile: None }
    }

    /// Sets a variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Puts a file on its machine.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, content: impl Into<String>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }

    /// Puts the certificate of the authority of private endpoints into a file.
    #[must_use]
    pub fn authority_file(self, path: impl Into<String>) -> Self {
        self.file(path, Listener::private_authority())
    }

    /// Gives it what the pod identity webhook gives to the pods of an annotated service account: a role, and a file with a token for it.
    #[must_use]
    pub fn as_role(mut self, role: impl Into<String>, token: AccountToken) -> Self {
        self.token = Some(token);
        self.variable("AWS_ROLE_ARN", role).variable("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN)
    }

    /// Gives it the keys of a user, or of an account's root user.
    #[must_use]
    pub fn with_keys(self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.variable("AWS_ACCESS_KEY_ID", id).variable("AWS_SECRET_ACCESS_KEY", secret)
    }

    /// Has somebody revoke the role's sessions in between: when the list of the bucket is answered, and no object was asked for yet.
    #[must_use]
    pub fn revoked_once_listed(mut self, by: &AwsIdentity, role: &str) -> Self {
        self.meanwhile = Some(Revocation { by: by.clone(), role: role.to_owned() });
        self
    }

    /// How one would run this by hand, but for the files.
    pub(crate) fn command(&self) -> String {
        let mut words: Vec<_> =
            self.variables.iter().map(|(name, value)| format!("{name}={}", shell_word(value))).collect();
        words.push(format!("proofmark load --release {} {} {DESTINATION}", self.release, shell_word(&self.uri)));
        if let Some(Revocation { role, .. }) = &self.meanwhile {
            words.push(format!("# and as soon as it has listed the bucket, revoke the sessions of {role}"));
        }
        words.join(" ")
    }

    /// Runs it. Who is refused the token has that for an outcome.
    pub(crate) async fn run(&self, aws: &Aws) -> Result<Outcome, EnvError> {
        let files = Memory::default();
        let given = |error: FileError| EnvError::Prepare { what: "a file".to_owned(), why: error.to_string() };
        files.create_directories(DESTINATION).map_err(given)?;
        for (path, content) in &self.files {
            files.write(path, content.as_str()).map_err(given)?;
        }
        let _present = aws.present();
        if let Some(token) = &self.token {
            match aws.token(token).await? {
                Ok(text) => files.write(TOKEN, text).map_err(given)?,
                Err(refused) => return Ok(Outcome::of(&refused)),
            }
        }
        let before = files.tree();
        let (network, cloud) = (aws.network(), aws.cloud().clone());
        let host = Host {
            environment: self.variables.clone().into_iter().collect(),
            files: Arc::new(files.clone()),
            authorities: network.authorities().into(),
            network,
            clock: Arc::new(move || cloud.now()),
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let sink = Arc::new(move |_: Output, line: &str| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        });
        let arguments = [self.uri.clone(), DESTINATION.to_owned()];
        let running = proofmark_model_loader::run(self.release, &arguments, &host, sink);
        let ended = match &self.meanwhile {
            None => running.await,
            Some(revocation) => match revocation.during(running, aws).await? {
                Ok(ended) => ended,
                Err(refused) => return Ok(Outcome::of_aws(&refused)),
            },
        };
        let text = log.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        Ok(Outcome {
            at: aws.elapsed(),
            status: None,
            headers: Vec::new(),
            exit: Some(ended.exit),
            body: json!({"exit": ended.exit, "words": self.last_words(&ended), "files": left(&files, &before, DESTINATION)}),
            text: Some(text),
            decision: None,
            summary: None,
        })
    }

    /// The last thing that it says when it fails.
    fn last_words(&self, ended: &Ended) -> Option<String> {
        let raised = ended.raised.as_ref()?;
        if !self.release.behaviour().tells_failures {
            return Some(raised.to_string());
        }
        Some(match raised.class {
            "RuntimeError" => format!("Storage initialization failed: {}", raised.message),
            _ => format!("Unexpected error during storage initialization: {}", raised.message),
        })
    }
}

impl Revocation {
    /// Waits for a run, and does it in between. The inner error is AWS' refusal of it.
    async fn during(
        &self,
        running: impl Future<Output = Ended>,
        aws: &Aws,
    ) -> Result<Result<Ended, Exchange>, EnvError> {
        let listed = aws.pause_after(|request| request.method == Method::GET && request.path.contains("prefix="));
        let between = async {
            let _paused = listed.reached().await;
            // Sessions know the second of their beginning, and those of this one are to be left.
            aws.advance(Duration::from_secs(1)).await;
            AwsCall::revoke_sessions(&self.role, aws.cloud().now()).send(aws, &self.by).await
        };
        match select(pin!(running), pin!(between)).await {
            Either::Left(_) => Err(EnvError::Prepare {
                what: format!("the revocation of the sessions of {}", self.role),
                why: "the storage initializer ended before it had listed the bucket".to_owned(),
            }),
            Either::Right((revoked, running)) => {
                let revoked = revoked?;
                Ok(if revoked.response.status < 300 { Ok(running.await) } else { Err(revoked) })
            }
        }
    }
}

/// The files that are new or changed, each with its content: by their path below the destination, or their absolute path.
pub(super) fn left(files: &Memory, before: &BTreeMap<String, Entry>, destination: &str) -> Value {
    let mut left = Map::new();
    for (path, entry) in files.tree().into_iter().filter(|(path, entry)| before.get(path) != Some(entry)) {
        let content = match entry {
            Entry::Directory => continue,
            Entry::File(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Entry::Link(target) => format!("-> {target}"),
        };
        let below = path.strip_prefix(destination).and_then(|path| path.strip_prefix('/'));
        left.insert(below.unwrap_or(&path).to_owned(), content.into());
    }
    Value::Object(left)
}
