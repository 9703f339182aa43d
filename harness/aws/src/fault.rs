//! What is refused, before it is written in a service's own way.

use http::StatusCode;
use std::borrow::Cow;

/// An error as AWS would answer it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// `403`
    pub status: StatusCode,
    /// `AccessDenied`
    pub code: Cow<'static, str>,
    /// What people read.
    pub message: String,
    /// Further elements of S3's errors, in their order: `BucketName`, `Key`, `Region`, ...
    pub extra: Vec<(&'static str, String)>,
    /// Headers that go with it: `x-amz-bucket-region`, ...
    pub headers: Vec<(&'static str, String)>,
}

impl Fault {
    /// An error with a status, a code and a message.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code: code.into(),
            message: message.into(),
            extra: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Adds an element.
    #[must_use]
    pub fn with(mut self, element: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((element, value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
