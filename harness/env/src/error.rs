//! What can go wrong outside a scenario's own expectations.

use std::time::Duration;

use thiserror::Error;

use crate::ApiResponse;

/// The environment itself failed. A refusal by the API server is no error: it is an answer.
#[derive(Debug, Error)]
pub enum EnvError {
    /// The request cannot be put on the wire.
    #[error("request cannot be sent: {0}")]
    Request(String),
    /// No answer came back.
    #[error("no answer from the API server: {0}")]
    Transport(String),
    /// Something did not come in the time that there was for it.
    #[error("waited {limit:?} in vain for {what}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// No cluster is found by a kubeconfig, or not the credentials for it.
    #[error("{0}")]
    Kubeconfig(String),
    /// A cluster does not tell what has to be known.
    #[error("{what}: {status}: {message}")]
    Refused {
        /// The path that was asked.
        what: String,
        /// The HTTP status code of the answer.
        status: u16,
        /// The answer's own words.
        message: String,
    },
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

impl EnvError {
    /// What an answer says that is none.
    pub(crate) fn refused(what: impl Into<String>, answer: &ApiResponse) -> Self {
        let message = answer.body.json()["message"].as_str().unwrap_or("no answer that could be read");
        Self::Refused { what: what.into(), status: answer.status, message: message.to_owned() }
    }
}

/// An error with its causes. Libraries differ in whether an error repeats its cause; here none is said twice.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(&format!(": {said}"));
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("{said}")]
    struct Layer {
        said: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn causes_are_told_once() {
        let layer = |said, source: Option<Layer>| Layer { said, source: source.map(Box::new) };
        let refused = layer("connection refused", None);
        let repeated = layer("connect: connection refused", Some(refused));
        assert_eq!(told(&layer("client error", Some(repeated))), "client error: connect: connection refused");
    }
}
