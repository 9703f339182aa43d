//! The record of decisions.

use super::Call;
use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_aws_policy::{Clause, Decision, Request};
use serde::Serialize;
use std::collections::VecDeque;

/// How many decisions are kept.
const KEPT: usize = 10_000;

/// A decision.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// When.
    pub time: Timestamp,
    /// The request's id, as the client saw it.
    pub request_id: String,
    /// The caller's ARN.
    pub principal: String,
    /// `s3:GetObject`
    pub action: String,
    /// The resource's ARN.
    pub resource: String,
    /// The account that owns it.
    pub owner: String,
    /// The outcome.
    pub allowed: bool,
    /// One sentence: the outcome, what decided it, and what each other layer said.
    pub explanation: String,
    /// The caller's account, if it has one.
    #[serde(skip)]
    pub account: Option<String>,
    /// What the sentence is made of: what each layer of policies said.
    #[serde(skip)]
    pub clauses: Vec<Clause>,
}

impl Decided {
    pub(super) fn new(time: Timestamp, call: &Call, request: &Request<'_>, decision: &Decision<'_>) -> Self {
        let clauses = decision.clauses(request);
        Self {
            time,
            request_id: call.request_id.clone(),
            principal: request.principal.arn(),
            action: request.action.to_owned(),
            resource: request.resource.to_owned(),
            owner: request.owner.to_owned(),
            allowed: decision.is_allowed(),
            explanation: decision.sentence(request, &clauses),
            account: request.principal.account().map(str::to_owned),
            clauses,
        }
    }
}

/// The last decisions, oldest first.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<VecDeque<Decided>>);

impl Decisions {
    /// A copy of all that are kept.
    pub fn all(&self) -> Vec<Decided> {
        self.0.lock().iter().cloned().collect()
    }

    /// Those that belong to one request.
    pub fn of_request(&self, request_id: &str) -> Vec<Decided> {
        self.0.lock().iter().filter(|decided| decided.request_id == request_id).cloned().collect()
    }

    /// Forgets all.
    pub(crate) fn forget(&self) {
        self.0.lock().clear();
    }

    pub(super) fn push(&self, decided: impl FnOnce() -> Decided) {
        let decided = decided();
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(decided);
    }
}
