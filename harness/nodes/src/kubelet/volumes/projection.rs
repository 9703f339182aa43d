//! Files made from ConfigMaps, Secrets, the pod itself and service account tokens (`pkg/volume/{configmap,secret,downwardapi,projected}`).

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use k8s_openapi::api::core::v1::{
    self as core, DownwardAPIVolumeFile, KeyToPath, ServiceAccountTokenProjection, VolumeProjection,
};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::super::agent::{Agent, Node};
use super::super::fields::Facts;
use super::super::objects::{Kind, Objects};
use super::super::pod::PodRef;
use super::selected;
use super::token::Tokens;
use crate::process::{Refresh, Refreshed};

/// Files by their path in the volume.
type Files = BTreeMap<String, Bytes>;

/// Objects are read again after this time (a kubelet's `syncFrequency`).
const FRESH: Duration = Duration::from_secs(60);

/// One source of a volume.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Data {
        kind: Kind,
        name: String,
        items: Option<Vec<KeyToPath>>,
        optional: bool,
    },
    Downward(Vec<DownwardAPIVolumeFile>),
    Token(ServiceAccountTokenProjection),
    /// What is not simulated, by its name in the API.
    Unknown(&'static str),
}

impl Part {
    pub(super) fn config_map(name: &str, items: Option<Vec<KeyToPath>>, optional: Option<bool>) -> Self {
        Self::Data { kind: Kind::ConfigMap, name: name.to_owned(), items, optional: optional == Some(true) }
    }

    pub(super) fn secret(name: &str, items: Option<Vec<KeyToPath>>, optional: Option<bool>) -> Self {
        Self::Data { kind: Kind::Secret, name: name.to_owned(), items, optional: optional == Some(true) }
    }

    pub(super) fn of(source: &VolumeProjection) -> Self {
        if let Some(map) = &source.config_map {
            return Self::config_map(&map.name, map.items.clone(), map.optional);
        }
        if let Some(secret) = &source.secret {
            return Self::secret(&secret.name, secret.items.clone(), secret.optional);
        }
        if let Some(own) = &source.downward_api {
            return Self::Downward(own.items.clone().unwrap_or_default());
        }
        if let Some(token) = &source.service_account_token {
            return Self::Token(token.clone());
        }
        Self::Unknown(if source.pod_certificate.is_some() { "podCertificate" } else { "clusterTrustBundle" })
    }
}

/// The source of a volume's files.
pub(super) struct Projection {
    agent: Arc<Agent>,
    node: Arc<Node>,
    pod: PodRef,
    spec: Arc<core::PodSpec>,
    parts: Vec<Part>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    read: Option<Instant>,
    tokens: Tokens,
}

impl Projection {
    pub(super) fn new(
        agent: &Arc<Agent>,
        node: &Arc<Node>,
        pod: &PodRef,
        spec: &Arc<core::PodSpec>,
        parts: Vec<Part>,
    ) -> Self {
        let (agent, node, pod, spec) = (Arc::clone(agent), Arc::clone(node), pod.clone(), Arc::clone(spec));
        Self { agent, node, pod, spec, parts, state: Mutex::default() }
    }

    /// Whether everything is there that the files are made from. Tokens are asked for only when they are read.
    pub(super) async fn check(&self) -> Result<(), String> {
        self.objects().await.map(drop)
    }

    async fn objects(&self) -> Result<Files, String> {
        let mut files = Files::new();
        let mut errors = Vec::new();
        let mut objects = Objects::new(&self.agent.api, &self.pod.namespace);
        for part in &self.parts {
            let made = match part {
                Part::Data { kind, name, items, optional } => {
                    data(&mut objects, *kind, name, items.as_deref(), *optional).await
                }
                Part::Downward(items) => self.downward(items),
                Part::Token(_) => Ok(Files::new()),
                Part::Unknown(what) => Err(format!("{what} is not simulated")),
            };
            match made {
                Ok(made) => files.extend(made),
                Err(error) => errors.push(error),
            }
        }
        match errors.as_slice() {
            [] => Ok(files),
            [one] => Err(one.clone()),
            several => Err(format!("[{}]", several.join(", "))),
        }
    }

    fn downward(&self, items: &[DownwardAPIVolumeFile]) -> Result<Files, String> {
        let pod = self.agent.pods.get(&self.pod.namespace, &self.pod.name);
        let pod = pod.ok_or_else(|| format!("pod \"{}\" not found", self.pod.name))?;
        let facts = Facts {
            pod: &pod,
            spec: &self.spec,
            pod_ip: self.pod.ip,
            host_ip: self.node.ip,
            allocatable: &self.node.allocatable,
        };
        let mut files = Files::new();
        for item in items {
            let value = match (&item.field_ref, &item.resource_field_ref) {
                (Some(field), _) => facts.field(field)?,
                (None, Some(resource)) => facts.resource(resource, "")?,
                (None, None) => continue,
            };
            files.insert(item.path.clone(), value.into());
        }
        Ok(files)
    }

    async fn brought_up_to_date(&self) -> Result<Option<Files>, String> {
        let mut state = self.state.lock().await;
        let wanted = self.parts.iter().filter_map(|part| match part {
            Part::Token(token) => Some(token),
            _ => None,
        });
        let mut renewed = Files::new();
        let mut changed = false;
        for token in wanted {
            let (text, new) = state.tokens.get(&self.agent, &self.pod, &self.spec, token).await?;
            changed |= new;
            renewed.insert(token.path.clone(), text);
        }
        let stale = state.read.is_none_or(|read| read.elapsed() >= FRESH);
        if !stale && !changed {
            return Ok(None);
        }
        let mut files = self.objects().await?;
        files.extend(renewed);
        state.read = Some(Instant::now());
        Ok(Some(files))
    }
}

impl Refresh for Projection {
    fn refresh(&self) -> Pin<Box<dyn Future<Output = Refreshed> + Send + '_>> {
        Box::pin(self.brought_up_to_date())
    }
}

async fn data(
    objects: &mut Objects<'_>,
    kind: Kind,
    name: &str,
    items: Option<&[KeyToPath]>,
    optional: bool,
) -> Result<Files, String> {
    let Some(data) = objects.get(kind, name, optional).await? else { return Ok(Files::new()) };
    let Some(items) = selected(items) else { return Ok((*data).clone()) };
    let mut files = Files::new();
    for (key, path) in items {
        match data.get(key) {
            Some(content) => {
                files.insert(path.to_owned(), content.clone());
            }
            None if optional => {}
            None => {
                return Err(match kind {
                    Kind::ConfigMap => format!("configmap references non-existent config key: {key}"),
                    Kind::Secret => format!("references non-existent secret key: {key}"),
                });
            }
        }
    }
    Ok(files)
}
