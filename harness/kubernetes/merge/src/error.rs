//! Why a patch does not apply.

use proofmark_status::{Details, Reason, Status};

/// Why a patch does not apply. The text is that of the library that kube-apiserver uses; [`PatchError::status`] is what a client
/// gets to see of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The body is no patch of its type: 400 with the text.
    #[error("{0}")]
    Malformed(String),
    /// More operations than [`crate::MAX_OPERATIONS`]: 413.
    #[error("The allowed maximum operations in a JSON patch is {max}, got {0}", max = crate::MAX_OPERATIONS)]
    TooManyOperations(usize),
    /// The patch does not fit the document: 422, whose message hides the text.
    #[error("{0}")]
    Rejected(String),
    /// The patch contradicts the object's type or itself: 500 with the text.
    #[error("{0}")]
    Failed(String),
}

impl PatchError {
    /// The refusal as the API words it.
    pub fn status(&self) -> Status {
        match self {
            Self::Malformed(text) => Status::bad_request(text.clone()),
            Self::TooManyOperations(_) => {
                Status::new(413, Reason::RequestEntityTooLarge, format!("Request entity too large: {self}"))
            }
            Self::Rejected(_) => {
                Status::new(422, Reason::Invalid, "the server rejected our request due to an error in our request")
                    .with_details(Details::default())
            }
            Self::Failed(text) => Status {
                code: 500,
                reason: None,
                message: text.clone(),
                details: None,
                success: false,
                next: String::new(),
            },
        }
    }
}
