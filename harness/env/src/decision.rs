//! Why a request was let through or refused, as plain data: in words for reading, and in parts for drawing.

use proofmark_aws::authorize::Decided;
use proofmark_aws_policy::{Clause, Ruling as Said};
use proofmark_rbac::Explanation;
use proofmark_rbac::explain::{AggregationHint, AggregationProblem, Bound, GrantedBy};
use serde::{Deserialize, Serialize};

/// No decision names more bindings than this; those that say something come first.
const WAYS: usize = 6;

/// Why a request was let through or refused, where the environment can tell (real clusters cannot).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether the authorizer let the request through.
    pub allowed: bool,
    /// The user name that was decided about, after impersonation; in AWS the ARN.
    pub user: String,
    /// The decision in words: the binding and the rule behind it, or what would have allowed it; in AWS what each policy said.
    pub explanation: String,
    /// The same in parts, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Grounds>,
}

impl Decision {
    /// A decision that is known in words only.
    pub fn in_words(allowed: bool, user: impl Into<String>, explanation: impl Into<String>) -> Self {
        Self { allowed, user: user.into(), explanation: explanation.into(), grounds: None }
    }
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Grounds {
    /// Kubernetes' role-based access control.
    Rbac(RbacGrounds),
    /// IAM's policies, one entry for each action that a request to AWS needs.
    Iam(Vec<IamGrounds>),
}

/// How a user comes to roles, and what these say of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RbacGrounds {
    /// `create trainedmodels.serving.kserve.io in namespace team`
    pub request: String,
    /// Allowed: the way that allowed it. Denied: ways to roles that do not; six at most, those with something close to it first.
    pub ways: Vec<Way>,
    /// Denied: how many more ways there are.
    pub more_ways: usize,
    /// Denied: roles that hold a fitting rule, so that a binding would do.
    pub would_allow: Vec<String>,
}

/// A binding that reaches the user, and its role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// `RoleBinding "x/team" of ClusterRole "edit" to User "alice"`
    pub by: String,
    /// The role's name.
    pub role: String,
    /// The rule that allows the request, or what the role grants nearby; empty when nothing is close.
    pub grants: Vec<String>,
    /// Roles that it takes rules from by aggregation, as far as they matter.
    pub sources: Vec<Source>,
}

/// A role that another one takes rules from, or could.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Its name.
    pub role: String,
    /// What it has to do with the request, in a few words.
    pub says: String,
}

/// What the policies of one or two accounts say of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IamGrounds {
    /// The caller's ARN.
    pub principal: String,
    /// The caller's account, if it has one.
    pub account: Option<String>,
    /// `s3:GetObject`
    pub action: String,
    /// The ARN of what is asked for.
    pub resource: String,
    /// The account that owns it.
    pub owner: String,
    /// The outcome.
    pub allowed: bool,
    /// What each layer of policies says, in the order of AWS' evaluation.
    pub layers: Vec<PolicyLayer>,
}

/// What one layer of policies says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyLayer {
    /// `identity-based policy`
    pub name: String,
    /// The account whose policies these are.
    pub account: Option<String>,
    /// What it says.
    pub ruling: Ruling,
    /// The policy and the statement that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<String>,
}

/// What a layer of policies can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ruling {
    /// No statement of it applies.
    Nothing,
    /// A statement allows.
    Allows,
    /// A statement denies.
    Denies,
}

impl Grounds {
    /// The parts of an explanation; none if RBAC was not asked.
    pub(crate) fn rbac(explanation: &Explanation) -> Option<Self> {
        if let Some(GrantedBy { by, role, rule, aggregated_from }) = &explanation.grant {
            let source = |name: &String| Source { role: name.clone(), says: "holds the rule".to_owned() };
            let sources = aggregated_from.iter().map(source).collect();
            let way = Way { by: by.clone(), role: role.clone(), grants: vec![rule.to_string()], sources };
            let request = explanation.request.clone();
            return Some(Self::Rbac(RbacGrounds { request, ways: vec![way], more_ways: 0, would_allow: Vec::new() }));
        }
        if explanation.allowed || explanation.privileged {
            return None;
        }
        let mut ways: Vec<Way> = explanation.bound.iter().map(|bound| way(bound, &explanation.aggregation)).collect();
        ways.sort_by_key(|way| way.grants.is_empty() && way.sources.is_empty());
        let more_ways = ways.len().saturating_sub(WAYS);
        ways.truncate(WAYS);
        let (request, would_allow) = (explanation.request.clone(), explanation.would_allow.clone());
        Some(Self::Rbac(RbacGrounds { request, ways, more_ways, would_allow }))
    }

    /// The parts of what a cloud decided.
    pub(crate) fn iam(decided: &[Decided]) -> Self {
        let layer = |clause: &Clause| PolicyLayer {
            name: clause.layer.name().to_owned(),
            account: clause.account.clone(),
            ruling: match clause.ruling {
                Said::Nothing => Ruling::Nothing,
                Said::Allows => Ruling::Allows,
                Said::Denies => Ruling::Denies,
            },
            rests_on: clause.rests_on.clone(),
        };
        let grounds = |decided: &Decided| IamGrounds {
            principal: decided.principal.clone(),
            account: decided.account.clone(),
            action: decided.action.clone(),
            resource: decided.resource.clone(),
            owner: decided.owner.clone(),
            allowed: decided.allowed,
            layers: decided.clauses.iter().map(layer).collect(),
        };
        Self::Iam(decided.iter().map(grounds).collect())
    }
}

fn way(bound: &Bound, hints: &[AggregationHint]) -> Way {
    let grants = match &bound.unresolved {
        Some(why) => vec![why.clone()],
        None => bound.near.in_words(),
    };
    let source = |hint: &AggregationHint| Source {
        role: hint.source.clone(),
        says: match hint.problem {
            AggregationProblem::NotFilled => "holds the rule, which has not arrived",
            AggregationProblem::LacksRule => "lacks the rule",
            AggregationProblem::NotSelected => "holds the rule, but its labels are not selected",
        }
        .to_owned(),
    };
    let sources = hints.iter().filter(|hint| hint.role == bound.role).map(source).collect();
    Way { by: bound.by.clone(), role: bound.role.clone(), grants, sources }
}
