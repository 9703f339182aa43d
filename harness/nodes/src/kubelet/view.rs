//! What can be asked of running pods from outside: logs, commands, connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use k8s_openapi::api::core::v1::{ContainerStatus, PodStatus};
use parking_lot::Mutex;
use thiserror::Error;

use crate::logs::{Log, LogQuery};
use crate::process::{Dial, ExecOutput, Handler, Listener, Neighbours};

/// Why there is no log, in a kubelet's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogError {
    /// The nodes do not know the pod.
    #[error("pod {0:?} does not exist")]
    NoPod(String),
    /// The container has nothing to show in its present state.
    #[error("{0}")]
    NoLog(String),
}

/// Why a command cannot be run or a connection not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExecError {
    /// The nodes do not know the pod.
    #[error("pod {0:?} does not exist")]
    NoPod(String),
    /// The container is not running.
    #[error("container not found ({0:?})")]
    NotRunning(String),
    /// Nobody listens there, or not in a way that can be talked to.
    #[error("dial tcp {0}: connect: connection refused")]
    Refused(String),
}

/// One pod, as seen from outside.
#[derive(Default)]
pub(super) struct View {
    pub(super) status: Mutex<PodStatus>,
    /// Of every run, by the container's id.
    pub(super) logs: Mutex<BTreeMap<String, Log>>,
    /// What runs at present.
    pub(super) running: Arc<Neighbours>,
}

/// Every pod on these nodes, by namespace and name.
#[derive(Default)]
pub(crate) struct Views(Mutex<BTreeMap<(String, String), Arc<View>>>);

impl Views {
    pub(super) fn insert(&self, namespace: &str, name: &str, view: Arc<View>) {
        self.0.lock().insert((namespace.to_owned(), name.to_owned()), view);
    }

    /// Forgets a pod, unless another of its name has come.
    pub(super) fn remove(&self, namespace: &str, name: &str, view: &Arc<View>) {
        let key = (namespace.to_owned(), name.to_owned());
        let mut views = self.0.lock();
        if views.get(&key).is_some_and(|known| Arc::ptr_eq(known, view)) {
            views.remove(&key);
        }
    }

    fn get(&self, namespace: &str, name: &str) -> Option<Arc<View>> {
        self.0.lock().get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// The log of a container.
    pub(crate) fn log(
        &self,
        namespace: &str,
        name: &str,
        container: &str,
        query: &LogQuery,
    ) -> Result<impl Stream<Item = Bytes> + Send + use<>, LogError> {
        let view = self.get(namespace, name).ok_or_else(|| LogError::NoPod(name.to_owned()))?;
        let id = log_of(&view.status.lock(), name, container, query.previous).map_err(LogError::NoLog)?;
        let log = view.logs.lock().get(&id).cloned();
        let log = log.ok_or_else(|| LogError::NoLog(format!("unable to retrieve container logs for {id}")))?;
        Ok(log.read(query))
    }

    /// Runs a command in a container.
    pub(crate) async fn execute(
        &self,
        namespace: &str,
        name: &str,
        container: &str,
        command: &[String],
    ) -> Result<ExecOutput, ExecError> {
        let view = self.get(namespace, name).ok_or_else(|| ExecError::NoPod(name.to_owned()))?;
        let running = view.running.get(container).ok_or_else(|| ExecError::NotRunning(container.to_owned()))?;
        Ok(running.execute(command).await)
    }

    /// Who serves HTTP on a port of a pod.
    pub(crate) fn http(&self, namespace: &str, name: &str, port: u16) -> Result<Handler, ExecError> {
        let view = self.get(namespace, name).ok_or_else(|| ExecError::NoPod(name.to_owned()))?;
        if let Dial::Open(Listener::Http(handler)) = view.running.dial(port) {
            return Ok(handler);
        }
        let ip = view.status.lock().pod_ip.clone().unwrap_or_default();
        Err(ExecError::Refused(format!("{ip}:{port}")))
    }
}

/// The id of the container whose log is meant (`validateContainerLogStatus`).
fn log_of(status: &PodStatus, pod: &str, container: &str, previous: bool) -> Result<String, String> {
    let lists = [&status.container_statuses, &status.init_container_statuses, &status.ephemeral_container_statuses];
    let mut all = lists.into_iter().flatten().flatten();
    let found: &ContainerStatus = all
        .find(|status| status.name == container)
        .ok_or_else(|| format!("container \"{container}\" in pod \"{pod}\" is not available"))?;
    let last = found.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let last_id = last.and_then(|end| end.container_id.clone()).filter(|id| !id.is_empty());
    if previous {
        return last_id
            .ok_or_else(|| format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"));
    }
    let state = found.state.clone().unwrap_or_default();
    if state.running.is_some() {
        return Ok(found.container_id.clone().unwrap_or_default());
    }
    let over = || format!("container \"{container}\" in pod \"{pod}\" is terminated");
    if let Some(end) = state.terminated {
        return end.container_id.filter(|id| !id.is_empty()).or(last_id).ok_or_else(over);
    }
    if last.is_some() {
        return last_id.ok_or_else(over);
    }
    let start = format!("container \"{container}\" in pod \"{pod}\" is waiting to start");
    Err(match state.waiting.and_then(|waiting| waiting.reason).as_deref() {
        Some("ErrImagePull") => format!("{start}: image can't be pulled"),
        Some("ImagePullBackOff") => format!("{start}: trying and failing to pull image"),
        Some(reason) => format!("{start}: {reason}"),
        None => format!("{start} - no logs yet"),
    })
}
