//! `Principal` and `NotPrincipal`: whom a statement of a resource or trust policy is about.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal", "AWS JSON policy elements: NotPrincipal".

use crate::arn::Arn;
use crate::principal::Principal;

/// One entry of a `Principal` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trustee {
    /// `"*"` or `{"AWS": "*"}`: everyone, the anonymous included.
    Everyone,
    /// An account, by its id or its root's ARN: whomever the account itself allows.
    Account(String),
    /// A user, role or session by ARN.
    Arn(String),
    /// A user or role as IAM keeps it.
    Id {
        /// `AIDA...`, `AROA...`
        id: String,
        /// The ARN or the id that was written.
        written: String,
    },
    /// An identity provider by ARN or host name.
    Federated(String),
    /// An AWS service, or `*`.
    Service(String),
    /// An account by its canonical id, which only S3 uses; saving a policy turns it into the account.
    CanonicalUser(String),
}

/// How directly a principal is named. What a resource policy grants in its own account depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// By its account: the account must allow, too.
    Account,
    /// By the role or user that its session is of: boundary and session policies still limit it.
    Role,
    /// By itself, or as one of everyone.
    Direct,
}

/// Whether a principal is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    No,
    Yes(Grade),
}

/// What stands for a principal in a policy that is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pinned {
    /// The unique id of a user or role: `AIDA...`, `AROA...`
    Id(String),
    /// An account, by its id.
    Account(String),
}

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// Whether it is a `NotPrincipal`.
    pub(crate) not: bool,
    /// The entries in their order.
    pub(crate) trustees: Vec<Trustee>,
}

impl Principals {
    /// The entries in their order.
    pub fn trustees(&self) -> &[Trustee] {
        &self.trustees
    }

    /// Whether it is a `NotPrincipal`.
    pub fn is_not(&self) -> bool {
        self.not
    }

    pub(crate) fn pin(&mut self, known: &impl Fn(&Trustee) -> Option<Pinned>) -> Result<(), (&'static str, String)> {
        for trustee in &mut self.trustees {
            let (kind, written) = match trustee {
                Trustee::Arn(arn) if is_user_or_role(arn) => ("AWS", arn.clone()),
                Trustee::Id { written, .. } => ("AWS", written.clone()),
                Trustee::CanonicalUser(id) => ("CanonicalUser", id.clone()),
                _ => continue,
            };
            *trustee = match known(trustee) {
                Some(Pinned::Id(id)) => Trustee::Id { id, written },
                Some(Pinned::Account(account)) => Trustee::Account(account),
                None => return Err((kind, written)),
            };
        }
        Ok(())
    }

    /// Whether the statement is about a principal. A `NotPrincipal` spares only who is listed with everything that stands above it: a
    /// session with its role and its account. Nobody with a permissions boundary is spared.
    pub(crate) fn matches(&self, principal: &Principal, has_boundary: bool) -> Match {
        if self.not {
            let spared = !has_boundary && self.names_whole_chain(principal);
            return if spared { Match::No } else { Match::Yes(Grade::Direct) };
        }
        let best = self.trustees.iter().filter_map(|trustee| trustee.grade(principal)).max();
        best.map_or(Match::No, Match::Yes)
    }

    fn names_whole_chain(&self, principal: &Principal) -> bool {
        let named = |grade| self.trustees.iter().any(|t| t.grade(principal) == Some(grade));
        match principal {
            Principal::Root { .. } => named(Grade::Account) || named(Grade::Direct),
            Principal::User { .. } => named(Grade::Account) && named(Grade::Direct),
            Principal::Session { .. } => named(Grade::Account) && named(Grade::Role) && named(Grade::Direct),
            Principal::FederatedUser { .. } => named(Grade::Account) && named(Grade::Direct),
            Principal::Anonymous | Principal::Federated { .. } | Principal::Service { .. } => named(Grade::Direct),
        }
    }
}

fn is_user_or_role(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| {
        arn.service == "iam" && (arn.resource.starts_with("user/") || arn.resource.starts_with("role/"))
    })
}

impl Trustee {
    /// Reads an entry of one of the maps of `Principal`; none if it is no principal.
    pub(crate) fn parse(kind: &str, text: &str) -> Option<Self> {
        match kind {
            "AWS" if text == "*" => Some(Self::Everyone),
            "AWS" if is_account(text) => Some(Self::Account(text.to_owned())),
            "AWS" if is_unique_id(text) => Some(Self::Id { id: text.to_owned(), written: text.to_owned() }),
            "AWS" => {
                let arn = Arn::parse(text)?;
                if !is_account(arn.account) {
                    return None;
                }
                match (arn.service, arn.resource) {
                    ("iam", "root") => Some(Self::Account(arn.account.to_owned())),
                    ("iam" | "sts", resource) => {
                        let (kind, name) = resource.split_once('/')?;
                        // A wildcard is no part of a name: it would be a principal of its own.
                        let known = matches!(kind, "user" | "role" | "assumed-role" | "federated-user");
                        (known && !name.is_empty() && !text.contains(['*', '?'])).then(|| Self::Arn(text.to_owned()))
                    }
                    _ => None,
                }
            }
            "Federated" => Some(Self::Federated(text.to_owned())),
            "Service" => (text == "*" || text.contains('.')).then(|| Self::Service(text.to_owned())),
            "CanonicalUser" => Some(Self::CanonicalUser(text.to_owned())),
            _ => None,
        }
    }

    fn grade(&self, principal: &Principal) -> Option<Grade> {
        match self {
            Self::Everyone => Some(Grade::Direct),
            Self::Account(account) => (principal.account() == Some(account)).then_some(Grade::Account),
            Self::Arn(arn) if *arn == principal.arn() => Some(Grade::Direct),
            Self::Arn(arn) => (principal.holder_arn().as_ref() == Some(arn)).then_some(Grade::Role),
            Self::Id { id, .. } => (principal.unique_id() == Some(id)).then_some(match principal {
                Principal::Session { .. } | Principal::FederatedUser { .. } => Grade::Role,
                _ => Grade::Direct,
            }),
            Self::Federated(provider) => match principal {
                Principal::Federated { provider: given } => (given == provider).then_some(Grade::Direct),
                _ => None,
            },
            Self::Service(service) => match principal {
                Principal::Service { name } => (service == "*" || name == service).then_some(Grade::Direct),
                _ => None,
            },
            Self::CanonicalUser(_) => None,
        }
    }
}

/// `AIDA...` of a user, `AROA...` of a role.
fn is_unique_id(text: &str) -> bool {
    let prefixed = text.starts_with("AIDA") || text.starts_with("AROA");
    prefixed && text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
