//! What a fault is.

use std::time::Duration;

use proofmark_rbac::UserInfo;

use crate::request::RequestInfo;

/// Something that goes wrong with some requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fault {
    /// Which requests it is about.
    pub requests: Requests,
    /// So many of them pass before it begins to strike.
    pub after: u64,
    /// It strikes so often and then no more; none: for ever.
    pub times: Option<u64>,
    /// The chance (0 to 1) of each of them to be struck, drawn from the server's seed; none: all are.
    pub probability: Option<f64>,
    /// How long a struck request waits before anything else happens.
    pub latency: Duration,
    /// How a struck request ends; none: as always.
    pub failure: Option<Failure>,
}

/// Requests by what they ask for. What is none matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the lower-case method where no resource is asked for.
    pub verb: Option<String>,
    /// The API group; `""` is the core group.
    pub group: Option<String>,
    /// The resource (plural). Without a subresource it means the objects alone, as in a role.
    pub resource: Option<String>,
    /// The subresource; `*` is every one, and the objects.
    pub subresource: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The object's name; creations have none yet.
    pub name: Option<String>,
    /// Who asks, after impersonation.
    pub user: Option<String>,
}

/// How a struck request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With a status, as a real server words it. Watches that expire do so in an event.
    Status {
        /// Which one.
        code: StatusCode,
        /// Seconds after which the client is asked to try again. 429 and 503 say 1 unless told; the others say nothing.
        retry_after: Option<u32>,
    },
    /// A watch ends after so many events.
    EndWatch {
        /// How many events it still sends.
        events: u64,
        /// Whether one more says that its revision is no longer kept (410).
        expired: bool,
    },
    /// The connection is reset.
    Reset(Moment),
}

/// A status that any client must be able to bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusCode {
    /// 409: another writer was faster; for a creation the name is taken.
    Conflict,
    /// 410: the revision of a list or watch is no longer kept.
    Expired,
    /// 429: the server has too much to do (priority and fairness).
    TooManyRequests,
    /// 500: the storage did not answer in time. Whether it did the work is not known to a real client; here it did not.
    InternalError,
    /// 503: the server is shutting down.
    Unavailable,
    /// 504: the request took too long.
    Timeout,
}

/// When a connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before anything was done.
    Request,
    /// After all was done: only the answer is lost.
    Answer,
}

impl Requests {
    /// Whether a request is one of them.
    pub(super) fn contain(&self, user: &UserInfo, info: &RequestInfo) -> bool {
        let is = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|w| w == given);
        let part = match (&self.subresource, &self.resource) {
            (Some(any), _) if any == "*" => true,
            (Some(part), _) => *part == info.subresource,
            (None, Some(_)) => info.subresource.is_empty(),
            (None, None) => true,
        };
        let place = self.group.is_some() || self.resource.is_some() || self.subresource.is_some();
        part && (info.is_resource || !place)
            && is(&self.verb, &info.verb)
            && is(&self.group, &info.group)
            && is(&self.resource, &info.resource)
            && is(&self.namespace, &info.namespace)
            && is(&self.name, &info.name)
            && is(&self.user, &user.name)
    }
}

impl Fault {
    /// Whether a request is one that this fault could strike.
    pub(super) fn concerns(&self, user: &UserInfo, info: &RequestInfo) -> bool {
        self.failure.is_none_or(|f| f.ends(&info.verb)) && self.requests.contain(user, info)
    }
}

impl Failure {
    /// Whether requests with this verb can end so.
    pub(super) fn ends(self, verb: &str) -> bool {
        match self {
            Self::Status { code: StatusCode::Conflict, .. } => {
                matches!(verb, "create" | "update" | "patch" | "delete" | "deletecollection")
            }
            Self::Status { code: StatusCode::Expired, .. } => matches!(verb, "list" | "watch"),
            Self::EndWatch { .. } => verb == "watch",
            _ => true,
        }
    }
}

impl StatusCode {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Conflict, Self::Expired, Self::TooManyRequests, Self::InternalError, Self::Unavailable, Self::Timeout];

    /// The HTTP status code.
    pub fn code(self) -> u16 {
        match self {
            Self::Conflict => 409,
            Self::Expired => 410,
            Self::TooManyRequests => 429,
            Self::InternalError => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// Whether a real server tells with this code when to try again.
    pub(super) fn can_wait(self) -> bool {
        matches!(self, Self::TooManyRequests | Self::Unavailable)
    }
}
