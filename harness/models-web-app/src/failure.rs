//! What goes wrong, and how it is told: the error handlers of `crud_backend`.

use http::StatusCode;

/// What is said of every mistake of the backend's own (the spelling is the original's).
pub(crate) const BACKEND: &str = "An error occured in the backend.";
/// What is said of everything that the API server does not find.
const NOT_FOUND: &str = "The requested resource could not be found in the API Server";
/// Flask's words for 404, 405 and 500.
pub(crate) const NO_SUCH_PAGE: &str = "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.";
pub(crate) const NO_SUCH_METHOD: &str = "The method is not allowed for the requested URL.";
pub(crate) const OVERLOADED: &str = "The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.";

/// Why a request is not answered as it wishes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The app itself refuses, in these words.
    #[error("{1}")]
    Refused(StatusCode, String),
    /// The API server refuses.
    #[error("{0}")]
    Api(ApiFailure),
    /// The API server cannot be reached, or answers what nobody understands.
    #[error("{0}")]
    Unreachable(String),
    /// The original has a mistake here: it ends with an exception of this text.
    #[error("{0}")]
    Crash(String),
}

/// A refusal of the API server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("({})\nReason: {}\nHTTP response body: {body}\n", status.as_u16(), phrase(*status))]
pub(crate) struct ApiFailure {
    pub(crate) status: StatusCode,
    /// The message of a Status; none when the answer is something else.
    pub(crate) message: Option<String>,
    /// The whole answer.
    pub(crate) body: String,
}

impl Failure {
    pub(crate) fn refused(status: StatusCode, words: impl Into<String>) -> Self {
        Self::Refused(status, words.into())
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(status, _) => *status,
            Self::Api(failure) => failure.status,
            Self::Unreachable(_) | Self::Crash(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the answer says.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Refused(_, words) => words.clone(),
            Self::Api(ApiFailure { status: StatusCode::NOT_FOUND, .. }) => NOT_FOUND.to_owned(),
            Self::Api(failure) => failure.message.clone().unwrap_or_else(|| failure.to_string()),
            Self::Unreachable(_) | Self::Crash(_) => BACKEND.to_owned(),
        }
    }
}

/// The reason phrase that Go's server sends with a status.
pub(crate) fn phrase(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        status => status.canonical_reason().unwrap_or_default(),
    }
}
