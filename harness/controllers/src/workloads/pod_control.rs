//! Making and deleting pods, each with its event on the owner (`RealPodControl`).

use futures_util::future::join_all;
use proofmark_json::{Value, json};

use crate::kit::{Error, Objects, Reason as _, Recorder, object};

/// The first of ever larger batches: if the first pod is refused, so are the others, and nobody is flooded with refusals.
const FIRST_BATCH: usize = 1;

/// Pods, made and deleted in the name of a controller.
pub(crate) struct PodControl {
    pub(crate) pods: Objects,
    pub(crate) recorder: Recorder,
}

impl PodControl {
    /// Makes a pod, and tells of it on `owner`.
    pub(crate) async fn create(&self, owner: &Value, pod: &Value) -> Result<Value, Error> {
        match self.pods.create(pod).await {
            Ok(made) => {
                self.recorder.normal(owner, "SuccessfulCreate", format_args!("Created pod: {}", object::name(&made)));
                Ok(made)
            }
            Err(error) => {
                if !error.is_namespace_terminating() {
                    self.recorder.warning(owner, "FailedCreate", format_args!("Error creating: {}", error.words()));
                }
                Err(error)
            }
        }
    }

    /// Makes pods in batches that double as long as all goes well; how many were made, and what went wrong first.
    pub(crate) async fn create_all(&self, owner: &Value, pods: &[Value]) -> (usize, Option<Error>) {
        let (mut made, mut size) = (0, FIRST_BATCH);
        while made < pods.len() {
            let batch = pods.iter().skip(made).take(size);
            let answers = join_all(batch.map(|pod| self.create(owner, pod))).await;
            let mut failure = None;
            for answer in answers {
                match answer {
                    Ok(_) => made += 1,
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
            if failure.is_some() {
                return (made, failure);
            }
            size *= 2;
        }
        (made, None)
    }

    /// Deletes a pod, and tells of it on `owner`. One that is gone already is no failure.
    pub(crate) async fn delete(&self, owner: &Value, pod: &Value) -> Result<(), Error> {
        if object::is_being_deleted(pod) {
            return Ok(());
        }
        let name = object::name(pod);
        match self.pods.delete(pod, &json!({})).await {
            Ok(()) => {
                self.recorder.normal(owner, "SuccessfulDelete", format_args!("Deleted pod: {name}"));
                Ok(())
            }
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => {
                self.recorder.warning(owner, "FailedDelete", format_args!("Error deleting: {}", error.words()));
                Err(error)
            }
        }
    }

    /// Deletes pods; what went wrong first.
    pub(crate) async fn delete_all(&self, owner: &Value, pods: impl Iterator<Item = &Value>) -> Option<Error> {
        let answers = join_all(pods.map(|pod| self.delete(owner, pod))).await;
        answers.into_iter().find_map(Result::err)
    }
}
