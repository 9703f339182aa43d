//! The options of lists, watches and deletions of collections.
//!
//! Source: `k8s.io/apimachinery/pkg/apis/meta/internalversion` (conversion, defaults, validation), release 1.35.

use proofmark_status::{FieldError, Status};

use super::{FieldSelector, LabelSelector, Query, parse_bool, parse_int, parse_uint};
use crate::refusal::Refusal;

/// How a resource version is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// The state at that very revision.
    Exact,
    /// That state or a later one.
    NotOlderThan,
}

/// What a list, watch or deletion of a collection is asked for.
#[derive(Debug, Clone)]
pub(crate) struct ListOptions {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
    pub(crate) bookmarks: bool,
    /// As it was given; empty when it was not.
    pub(crate) resource_version: String,
    pub(crate) matching: Option<Match>,
    /// Seconds.
    pub(crate) timeout: Option<i64>,
    /// 0 for no limit.
    pub(crate) limit: i64,
    /// The continue token; empty when there is none.
    pub(crate) next: String,
    /// Whether a watch begins with what there is; unset for lists.
    pub(crate) initial_events: Option<bool>,
}

impl ListOptions {
    /// Reads and checks the options: first their form, in the order of Go's struct, then what goes together.
    pub(crate) fn read(query: &Query) -> Result<Self, Refusal> {
        let bad = |why: String| Refusal::from(Status::bad_request(why));
        let text = |name: &str| query.get(name).unwrap_or_default();
        let watch = query.get("watch").is_some_and(parse_bool);
        let timeout = query.get("timeoutSeconds").map(parse_int).transpose().map_err(bad)?;
        let limit = query.get("limit").map(parse_int).transpose().map_err(bad)?;
        let labels = LabelSelector::parse(text("labelSelector")).map_err(bad)?;
        let fields = FieldSelector::parse(text("fieldSelector")).map_err(bad)?;
        let mut initial_events = query.get("sendInitialEvents").map(parse_bool);
        let mut matching = text("resourceVersionMatch");
        let resource_version = text("resourceVersion").to_owned();
        // A watch of old that begins with what there is says so in today's words.
        if watch && initial_events.is_none() && matching.is_empty() && matches!(resource_version.as_str(), "" | "0") {
            (initial_events, matching) = (Some(true), "NotOlderThan");
        }
        let options = Self {
            labels,
            fields,
            bookmarks: query.get("allowWatchBookmarks").is_some_and(parse_bool),
            resource_version,
            matching: match matching {
                "Exact" => Some(Match::Exact),
                "NotOlderThan" => Some(Match::NotOlderThan),
                _ => None,
            },
            timeout,
            limit: limit.unwrap_or(0),
            next: text("continue").to_owned(),
            initial_events,
        };
        let errors = if watch { options.watch_errors(matching) } else { options.list_errors(matching) };
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(Status::invalid("meta.k8s.io", "ListOptions", "", &errors).into())
        }
    }

    fn list_errors(&self, matching: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if !matching.is_empty() {
            if self.resource_version.is_empty() {
                errors.push(forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"));
            }
            if !self.next.is_empty() {
                errors.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
            }
            if self.matching.is_none() {
                errors.push(unsupported(matching, &["Exact", "NotOlderThan", ""]));
            } else if self.matching == Some(Match::Exact) && self.resource_version == "0" {
                errors.push(forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
            }
        }
        if self.initial_events.is_some() {
            errors.push(FieldError::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        errors
    }

    fn watch_errors(&self, matching: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let newer = self.matching == Some(Match::NotOlderThan);
        if self.initial_events.is_some() && !newer {
            errors.push(forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        }
        if !matching.is_empty() {
            if self.initial_events.is_none() {
                errors.push(forbidden(
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                ));
            }
            if !newer {
                errors.push(unsupported(matching, &["NotOlderThan"]));
            }
            if !self.next.is_empty() {
                errors.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
            }
        }
        errors
    }

    /// The resource version as a number, 0 when none was given; the error is that of storage.
    pub(crate) fn revision(&self) -> Result<u64, String> {
        revision(&self.resource_version)
    }
}

/// A resource version as a number, 0 for none; the error is that of storage.
pub(crate) fn revision(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    parse_uint(text).map_err(|why| FieldError::invalid("resourceVersion", text, why).to_string())
}

fn forbidden(why: &str) -> FieldError {
    FieldError::forbidden("resourceVersionMatch", why)
}

fn unsupported(matching: &str, known: &[&str]) -> FieldError {
    FieldError::not_supported("resourceVersionMatch", matching, known)
}
