//! A decision in words: AWS' own, and one sentence for people.

use std::fmt::{self, Write as _};

use super::{Cited, Decision, Denial, Layer, Request, Said};

impl Layer {
    /// `identity-based policy`
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
        }
    }
}

impl Denial {
    /// The end of AWS' detailed messages: `because no identity-based policy allows the s3:GetObject action`.
    ///
    /// Source: IAM User Guide, "Troubleshoot access denied error messages". What no service control policy allows is reported as if
    /// one denied it.
    pub fn reason(self, action: &str) -> String {
        match self {
            Self::Explicit(Layer::Identity) => "with an explicit deny in an identity-based policy".to_owned(),
            Self::Explicit(layer) => format!("with an explicit deny in a {}", layer.name()),
            Self::Implicit(Layer::ServiceControl) => "with an explicit deny in a service control policy".to_owned(),
            Self::Implicit(layer) => format!("because no {} allows the {action} action", layer.name()),
        }
    }
}

/// What a layer said of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// No statement of it applies.
    Nothing,
    /// A statement allows.
    Allows,
    /// A statement denies.
    Denies,
}

/// What a layer said, in words that outlive the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Which layer.
    pub layer: Layer,
    /// The account whose policies these are; none for callers without one.
    pub account: Option<String>,
    /// What it said.
    pub ruling: Ruling,
    /// The policy and the statement that it rests on: `role/reader: inline policy read, statement 1`.
    pub rests_on: Option<String>,
}

/// `account 1's identity-based policy allows it (role/reader: inline policy read, statement 1)`
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ruling == Ruling::Nothing {
            f.write_str("no ")?;
        }
        if let Some(account) = &self.account {
            write!(f, "account {account}'s ")?;
        }
        let does = if self.ruling == Ruling::Denies { "denies" } else { "allows" };
        write!(f, "{} {does} it", self.layer.name())?;
        self.rests_on.as_ref().map_or(Ok(()), |statement| write!(f, " ({statement})"))
    }
}

impl Decision<'_> {
    /// One sentence: the outcome, what decided it, and what each other layer said.
    pub fn explain(&self, request: &Request<'_>) -> String {
        self.sentence(request, &self.clauses(request))
    }

    /// The same sentence of clauses that are at hand.
    pub fn sentence(&self, request: &Request<'_>, clauses: &[Clause]) -> String {
        let mut out = String::new();
        let verdict = if self.is_allowed() { "Allowed" } else { "Denied" };
        let _ = write!(out, "{verdict}: {} may ", request.principal.arn());
        if !self.is_allowed() {
            out.push_str("not ");
        }
        let _ = write!(out, "{} on {}", request.action, request.resource);
        if self.cross_account {
            let _ = write!(out, " of account {}", request.owner);
        }
        for clause in clauses {
            let _ = write!(out, "; {clause}");
        }
        if let Some(note) = self.note(request) {
            let _ = write!(out, "; {note}");
        }
        out
    }

    /// What each layer said that was asked, in the order of AWS' evaluation.
    pub fn clauses(&self, request: &Request<'_>) -> Vec<Clause> {
        let order = [
            Layer::ServiceControl,
            Layer::ResourceControl,
            Layer::Identity,
            Layer::Boundary,
            Layer::Session,
            Layer::Resource,
        ];
        order.into_iter().filter_map(|layer| self.clause(layer, request)).collect()
    }

    fn clause(&self, layer: Layer, request: &Request<'_>) -> Option<Clause> {
        let account = match layer {
            Layer::Resource | Layer::ResourceControl => Some(request.owner),
            _ => request.principal.account(),
        };
        let (ruling, rests_on) = match self.said(layer) {
            Said::NotAsked => return None,
            Said::Nothing => (Ruling::Nothing, None),
            Said::Allows(cited) => (Ruling::Allows, Some(cited.to_string())),
            Said::Denies(cited) => (Ruling::Denies, Some(cited.to_string())),
        };
        Some(Clause { layer, account: account.map(str::to_owned), ruling, rests_on })
    }
}

/// `role/reader: inline policy read, statement 1`
impl fmt::Display for Cited<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.statement.sid {
            Some(sid) if !sid.is_empty() => write!(f, "{}, statement {sid}", self.policy),
            _ => write!(f, "{}, statement {}", self.policy, self.index + 1),
        }
    }
}
