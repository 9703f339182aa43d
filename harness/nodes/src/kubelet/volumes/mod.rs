//! A pod's volumes.
//!
//! Files made from Kubernetes objects ([`projection`]) are read when the pod starts, so that what is missing keeps it from starting, and again when
//! a process reads them later. Everything else is a place to write to: for the pod's life (`emptyDir` and the like), or beyond it (claims and host
//! paths, kept by [`Storage`]). What a CSI driver or NFS server would bring is not simulated: those volumes start empty.

mod projection;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{self as core, KeyToPath, Volume as Declared};
use parking_lot::Mutex;
use proofmark_controllers::kit::{Reason as _, object};

use super::agent::{Agent, Node};
use super::pod::PodRef;
use crate::kinds::CLAIMS;
use crate::process::{Memory, Mount, Volume};
use projection::{Part, Projection};

/// What outlives pods: the content of claims and host paths.
#[derive(Default)]
pub(crate) struct Storage(Mutex<BTreeMap<String, Memory>>);

impl Storage {
    fn place(&self, key: String) -> Memory {
        self.0.lock().entry(key).or_default().clone()
    }
}

/// Why a volume cannot be mounted, as the event `FailedMount` says.
pub(super) struct MountError(pub(super) String);

/// Mounts every volume of a pod.
pub(super) async fn mount(
    agent: &Arc<Agent>,
    node: &Arc<Node>,
    pod: &PodRef,
    spec: &Arc<core::PodSpec>,
) -> Result<BTreeMap<String, Volume>, MountError> {
    let mut mounted = BTreeMap::new();
    for volume in spec.volumes.iter().flatten() {
        let made = one(agent, node, pod, spec, volume).await?;
        mounted.insert(volume.name.clone(), made);
    }
    Ok(mounted)
}

async fn one(
    agent: &Arc<Agent>,
    node: &Arc<Node>,
    pod: &PodRef,
    spec: &Arc<core::PodSpec>,
    volume: &Declared,
) -> Result<Volume, MountError> {
    let plain = |files: Memory| Ok(Volume { files, source: None });
    if let Some(parts) = parts(volume) {
        let source = Projection::new(agent, node, pod, spec, parts);
        let failed =
            |why: String| MountError(format!("MountVolume.SetUp failed for volume \"{}\" : {why}", volume.name));
        source.check().await.map_err(failed)?;
        return Ok(Volume { files: Memory::default(), source: Some(Arc::new(source)) });
    }
    if let Some(path) = &volume.host_path {
        return plain(agent.storage.place(format!("host {} {}", node.name, path.path)));
    }
    let claim = match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => claim.claim_name.clone(),
        (None, Some(_)) => format!("{}-{}", pod.name, volume.name),
        (None, None) => return plain(Memory::default()),
    };
    let uid = claimed(agent, pod, &claim).await.map_err(|why| {
        let name = &volume.name;
        let lists = format!("unmounted volumes=[{name}], unattached volumes=[], failed to process volumes=[{name}]");
        MountError(format!(
            "Unable to attach or mount volumes: {lists}: error processing PVC {}/{claim}: {why}",
            pod.namespace
        ))
    })?;
    plain(agent.storage.place(format!("claim {uid}")))
}

/// The uid of a claim that is bound.
async fn claimed(agent: &Agent, pod: &PodRef, claim: &str) -> Result<String, String> {
    let found = agent.api.get(&CLAIMS, &pod.namespace, claim).await.map_err(|error| {
        if error.is_not_found() {
            format!("failed to fetch PVC from API server: persistentvolumeclaims \"{claim}\" not found")
        } else {
            format!("failed to fetch PVC from API server: {error}")
        }
    })?;
    if object::is_being_deleted(&found) {
        return Err("can't start pod because PVC is being deleted".to_owned());
    }
    if object::text(&found, "/status/phase") != "Bound" {
        return Err("PVC is not bound".to_owned());
    }
    Ok(object::uid(&found).to_owned())
}

/// What a volume is made from; none for places to write to.
fn parts(volume: &Declared) -> Option<Vec<Part>> {
    if let Some(map) = &volume.config_map {
        return Some(vec![Part::config_map(&map.name, map.items.clone(), map.optional)]);
    }
    if let Some(secret) = &volume.secret {
        let name = secret.secret_name.clone().unwrap_or_default();
        return Some(vec![Part::secret(&name, secret.items.clone(), secret.optional)]);
    }
    if let Some(own) = &volume.downward_api {
        return Some(vec![Part::Downward(own.items.clone().unwrap_or_default())]);
    }
    let projected = volume.projected.as_ref()?;
    Some(projected.sources.iter().flatten().map(Part::of).collect())
}

/// Where a container sees a pod's volumes.
pub(super) fn mounts(
    container: &core::Container,
    volumes: &BTreeMap<String, Volume>,
    env: &super::env::Env,
) -> Vec<Mount> {
    let declared = container.volume_mounts.iter().flatten();
    declared
        .filter_map(|mount| {
            let volume = volumes.get(&mount.name)?.clone();
            let sub_path = match &mount.sub_path_expr {
                Some(text) if !text.is_empty() => super::expand::expand(text, &[env]),
                _ => mount.sub_path.clone().unwrap_or_default(),
            };
            Some(Mount {
                path: crate::process::clean(&mount.mount_path),
                sub_path: crate::process::clean(&sub_path).trim_start_matches('/').to_owned(),
                // What is made from objects cannot be written to.
                read_only: mount.read_only == Some(true) || volume.source.is_some(),
                volume,
            })
        })
        .collect()
}

/// The file names and keys that a part of an object's data gets.
fn selected(items: Option<&[KeyToPath]>) -> Option<Vec<(&str, &str)>> {
    items
        .filter(|items| !items.is_empty())
        .map(|items| items.iter().map(|item| (item.key.as_str(), item.path.as_str())).collect())
}
