//! Failures as the storage initializer shows them: Python exceptions with a type, a message, and what they came from.
//!
//! Types and messages are protocol: they end up in a pod's termination message and in `status.modelStatus` of an InferenceService, and people search
//! for them.

use crate::python;
use std::fmt;

/// How an exception is tied to the one it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// `raise ... from ...`
    Cause,
    /// Raised while the other was handled.
    Context,
}

/// A Python exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The class with its module, without one for built-in classes: `botocore.exceptions.ClientError`.
    pub class: &'static str,
    /// `str()` of it.
    pub message: String,
    /// What it came from.
    pub origin: Option<(Link, Box<Exception>)>,
    /// What a service answered, if it was that.
    pub service: Option<ServiceError>,
}

/// The error that a service answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// `AccessDenied`; empty when the answer had none.
    pub code: Option<String>,
    /// What the service said about it.
    pub message: Option<String>,
}

/// A result of anything that Python would have raised from.
pub type Result<T> = std::result::Result<T, Exception>;

impl Exception {
    pub(crate) fn new(class: &'static str, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), origin: None, service: None }
    }

    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::new("RuntimeError", message)
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new("ValueError", message)
    }

    /// `int(text)` of something that is no number.
    pub(crate) fn no_integer(text: &str) -> Self {
        Self::value(format!("invalid literal for int() with base 10: {}", python::repr(text)))
    }

    /// An `OSError` of the class that belongs to an error number.
    pub(crate) fn os(errno: i32, detail: &str) -> Self {
        let class = python::os_error_class(errno);
        Self::new(class, format!("[Errno {errno}] {}{detail}", python::strerror(errno)))
    }

    pub(crate) fn because(mut self, link: Link, origin: Exception) -> Self {
        self.origin = Some((link, Box::new(origin)));
        self
    }

    /// Whether it is an instance of `botocore.exceptions.ClientError`.
    pub(crate) fn is_client_error(&self) -> bool {
        self.class == "botocore.exceptions.ClientError" || self.class.starts_with("botocore.errorfactory.")
    }

    /// The class without its module.
    pub(crate) fn name(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(self.class)
    }

    /// The exceptions it came from, the nearest first, each with the link that leads to it.
    pub fn chain(&self) -> impl Iterator<Item = (Link, &Exception)> {
        std::iter::successors(self.origin.as_ref(), |(_, exception)| exception.origin.as_ref())
            .map(|(link, exception)| (*link, exception.as_ref()))
    }

    /// The lines that Python prints for an exception that nobody caught; where it was raised is not told.
    pub fn traceback(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write_traceback(&mut lines);
        lines
    }

    fn write_traceback(&self, lines: &mut Vec<String>) {
        if let Some((link, origin)) = &self.origin {
            origin.write_traceback(lines);
            let between = match link {
                Link::Cause => "The above exception was the direct cause of the following exception:",
                Link::Context => "During handling of the above exception, another exception occurred:",
            };
            lines.extend([String::new(), between.to_owned(), String::new()]);
        }
        lines.push("Traceback (most recent call last):".to_owned());
        lines.extend(self.to_string().lines().map(str::to_owned));
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(self.class),
            message => write!(f, "{}: {message}", self.class),
        }
    }
}

impl std::error::Error for Exception {}
