//! Answers the API server for simulated nodes.

use proofmark_apiserver::{Kubelet, KubeletError, LogOptions, LogStream, LogStreams};
use proofmark_controllers::kit::object;
use proofmark_json::Value;
use proofmark_nodes::logs::{LogQuery, Output};
use proofmark_nodes::{LogError, WeakNodes};

/// The nodes, as the API server asks them. They are its clients, so it must not keep them running.
pub(crate) struct Answers(pub(crate) WeakNodes);

impl Kubelet for Answers {
    fn logs(&self, pod: &Value, container: &str, options: &LogOptions) -> Result<LogStream, KubeletError> {
        let (namespace, name) = (object::namespace(pod), object::name(pod));
        let missing = || LogError::NoPod(name.to_owned());
        let nodes = self.0.upgrade().ok_or_else(|| KubeletError::NotFound(missing().to_string()))?;
        let query = LogQuery {
            follow: options.follow,
            previous: options.previous,
            since: options.since,
            timestamps: options.timestamps,
            tail_lines: options.tail_lines,
            limit_bytes: options.limit_bytes,
            output: match options.streams {
                LogStreams::All => None,
                LogStreams::Stdout => Some(Output::Stdout),
                LogStreams::Stderr => Some(Output::Stderr),
            },
        };
        match nodes.logs(namespace, name, container, &query) {
            Ok(stream) => Ok(Box::pin(stream)),
            Err(error @ LogError::NoPod(_)) => Err(KubeletError::NotFound(error.to_string())),
            Err(error @ LogError::NoLog(_)) => Err(KubeletError::BadRequest(error.to_string())),
        }
    }
}
