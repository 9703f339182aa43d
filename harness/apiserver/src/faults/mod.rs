//! Faults on purpose: requests that take long, fail, or lose their connection, and watches that end.
//!
//! A [`Fault`] says which requests it is about ([`Requests`]), which of them it strikes (the third, the first two, one in ten), and what
//! happens to these: they wait, and then they are answered with a [`Failure`] or as always. [`Faults`] holds a server's faults and can be
//! changed while the server runs. A fault also has a line of text, for command lines and logs:
//!
//! ```
//! use proofmark_apiserver::faults::Fault;
//! let fault: Fault = "verb=update,resource=pods,status=409,times=2".parse().unwrap();
//! assert_eq!(fault.to_string(), "verb=update,resource=pods,times=2,status=409");
//! assert_eq!("verb=get,status=409".parse::<Fault>().unwrap_err().to_string(), "status: a `get` never ends with 409");
//! ```
//!
//! Faults strike behind authorization: a request that may not be made is refused as always, and strikes nothing. What is answered is what
//! a real server answers in such a state; codes that a verb never ends with strike other verbs only.

mod answer;
mod fault;
mod registry;
mod text;

pub(crate) use answer::answer;
pub use fault::{Failure, Fault, Moment, Requests, StatusCode};
pub use registry::{FaultId, Faults};
pub use text::FaultError;

use crate::refusal::Refusal;

/// The server ended the connection instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connection reset by peer")]
pub struct ConnectionReset;

/// Why a request has no reply.
pub(crate) enum NoReply {
    /// It is refused.
    Refused(Refusal),
    /// The connection ends.
    Reset,
}

impl From<Refusal> for NoReply {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
