//! How a request fails: with a Status, or with the plain page of a path that nobody serves.

use proofmark_status::{Details, Reason, Status};

/// Why a request is not answered with what it asked for.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// A `Status` object.
    Status(Box<Status>),
    /// A `Status` object in somebody else's words, and its HTTP code.
    Worded(u16, Box<proofmark_json::Value>),
    /// `404 page not found`, as plain text.
    NoSuchPage,
    /// An answer that is text and nothing else.
    Text(u16, String),
    /// A refusal for now: after so many seconds the client may try again.
    Later(u32, Box<Refusal>),
}

impl Refusal {
    /// 404 of a path inside a known group: `the server could not find the requested resource`.
    pub(crate) fn no_such_resource() -> Self {
        Status::new(404, Reason::NotFound, "the server could not find the requested resource")
            .with_details(Details::default())
            .into()
    }

    /// An error inside the server that is no API error: neither reason nor details.
    pub(crate) fn untyped(code: u16, message: impl Into<String>) -> Self {
        Status { code, reason: None, message: message.into(), details: None, success: false, next: String::new() }
            .into()
    }

    /// 405 of a built-in path.
    pub(crate) fn method_not_allowed() -> Self {
        Status::method_not_allowed("", "").into()
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}
