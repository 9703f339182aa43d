//! What can go wrong outside a scenario's own expectations.

use thiserror::Error;

/// The environment itself failed. A refusal by the API server is no error: it is an answer.
#[derive(Debug, Error)]
pub enum EnvError {
    /// The request cannot be put on the wire.
    #[error("request cannot be sent: {0}")]
    Request(String),
    /// No answer came back.
    #[error("no answer from the API server: {0}")]
    Transport(String),
    /// The cluster that the plan asks for could not be built.
    #[error("{what} could not be prepared: {why}")]
    Prepare {
        /// The part that was being built.
        what: String,
        /// The reason.
        why: String,
    },
    /// The environment has no such thing; a plan without it could be built.
    #[error("this environment has no {0}")]
    Unsupported(&'static str),
    /// A request would have changed what the run did not make.
    #[error("not sent, since it is about something that this run did not make: {0}")]
    Foreign(String),
    /// What was made could not be taken away.
    #[error("left behind: {0}")]
    LeftBehind(String),
}
