//! A decision in words: AWS' own, and one sentence for people.

use std::fmt::Write as _;

use super::{Decision, Denial, Layer, Request, Said};
use crate::document::Effect;

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

impl Decision<'_> {
    /// One sentence: the outcome, what decided it, and what each other layer said.
    pub fn explain(&self, request: &Request<'_>) -> String {
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
        let order = [
            Layer::ServiceControl,
            Layer::ResourceControl,
            Layer::Identity,
            Layer::Boundary,
            Layer::Session,
            Layer::Resource,
        ];
        for layer in order {
            if let Some(clause) = self.clause(layer, request) {
                let _ = write!(out, "; {clause}");
            }
        }
        out
    }

    fn clause(&self, layer: Layer, request: &Request<'_>) -> Option<String> {
        let side = match layer {
            Layer::Resource | Layer::ResourceControl => Some(request.owner),
            _ => request.principal.account(),
        };
        let whose = side.map_or_else(String::new, |account| format!("account {account}'s "));
        let name = layer.name();
        Some(match self.said(layer) {
            Said::NotAsked => return None,
            Said::Nothing => format!("no {whose}{name} allows it"),
            Said::Allows(cited) | Said::Denies(cited) => {
                let does = if cited.statement.effect == Effect::Allow { "allows" } else { "denies" };
                let statement = match &cited.statement.sid {
                    Some(sid) if !sid.is_empty() => format!("statement {sid}"),
                    _ => format!("statement {}", cited.index + 1),
                };
                format!("{whose}{name} {does} it ({}, {statement})", cited.policy)
            }
        })
    }
}
