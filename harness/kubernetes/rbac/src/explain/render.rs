//! An explanation in a few plain lines.

use std::collections::BTreeSet;
use std::fmt;

use super::{AggregationHint, AggregationProblem, Bound, Explanation, GrantedBy, NearMiss};
use crate::PolicyRule;

/// No list in the text has more items than this; the data has them all.
const SHOWN: usize = 6;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.allowed { "allowed" } else { "denied" };
        writeln!(f, "{word}: {:?} may{} {}", self.user, if self.allowed { "" } else { " not" }, self.request)?;
        if self.privileged {
            writeln!(
                f,
                "  (a server allows it all the same: the user is in system:masters, which passes before RBAC)"
            )?;
        }
        match &self.grant {
            Some(grant) => write!(f, "{grant}"),
            None => self.denial_lines(f),
        }
    }
}

impl fmt::Display for GrantedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  by {}", self.by)?;
        writeln!(f, "  rule: {}", self.rule)?;
        if !self.aggregated_from.is_empty() {
            writeln!(f, "  taken by aggregation from: {}", list(&self.aggregated_from))?;
        }
        Ok(())
    }
}

impl Explanation {
    fn denial_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (telling, silent): (Vec<&Bound>, Vec<&Bound>) =
            self.bound.iter().partition(|bound| bound.unresolved.is_some() || !bound.near.is_empty());
        if self.bound.is_empty() {
            writeln!(f, "  no binding reaches the user here")?;
        }
        for bound in telling {
            writeln!(f, "  bound: {}", bound.by)?;
            if let Some(error) = &bound.unresolved {
                writeln!(f, "    gives nothing: {error}")?;
            }
            bound.near.in_words().iter().try_for_each(|words| writeln!(f, "    grants {words}"))?;
        }
        if !silent.is_empty() {
            let roles: BTreeSet<&str> = silent.iter().map(|bound| bound.role.as_str()).collect();
            let roles: Vec<&str> = roles.into_iter().collect();
            writeln!(f, "  bound to roles with nothing close to it: {}", list(&roles))?;
        }
        self.aggregation.iter().take(SHOWN).try_for_each(|hint| write!(f, "{hint}"))?;
        if !self.elsewhere.is_empty() {
            writeln!(f, "  allowed in other namespaces only: {}", list(&self.elsewhere))?;
        }
        match self.would_allow.as_slice() {
            [] => writeln!(f, "  no role holds a rule for it"),
            roles => writeln!(f, "  roles that hold a rule for it, so that a binding would do: {}", list(roles)),
        }
    }
}

impl fmt::Display for AggregationHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, source, problem } = self;
        match problem {
            AggregationProblem::NotFilled => writeln!(
                f,
                "  ClusterRole {role:?} aggregates {source:?}, which holds the rule, but has not been filled with it"
            ),
            AggregationProblem::LacksRule => {
                writeln!(f, "  ClusterRole {role:?} takes its rules from {source:?}, which lacks this one")
            }
            AggregationProblem::NotSelected => writeln!(
                f,
                "  ClusterRole {source:?} holds the rule, but its labels are not among those that {role:?} aggregates"
            ),
        }
    }
}

impl NearMiss {
    /// What each list says, in words that continue "the role grants": `other verbs on it: get, list`.
    pub fn in_words(&self) -> Vec<String> {
        let lists = [
            ("other verbs on it", &self.verbs),
            ("the verb on other parts of it", &self.related),
            ("the verb in this API group on", &self.resources),
            ("it on these names only", &self.names),
            ("it in other API groups", &self.groups),
            ("the verb on other paths", &self.paths),
        ];
        let told = lists.into_iter().filter(|(_, items)| !items.is_empty());
        told.map(|(what, items)| format!("{what}: {}", set(items))).collect()
    }
}

fn set(items: &BTreeSet<String>) -> String {
    list(&items.iter().map(|item| if item.is_empty() { "core" } else { item }).collect::<Vec<_>>())
}

fn list<T: AsRef<str>>(items: &[T]) -> String {
    let mut shown: Vec<&str> = items.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = format!("and {} more", items.len().saturating_sub(SHOWN));
    if items.len() > SHOWN {
        shown.push(&more);
    }
    shown.join(", ")
}

/// `create, get on trainedmodels in serving.kserve.io`
impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |items: &[String]| {
            items.iter().map(|i| if i.is_empty() { "core" } else { i }).collect::<Vec<_>>().join(", ")
        };
        let verbs = all(&self.verbs);
        if self.resources.is_empty() {
            return write!(f, "{verbs} on {}", all(&self.non_resource_urls));
        }
        write!(f, "{verbs} on {}", all(&self.resources))?;
        if !self.resource_names.is_empty() {
            write!(f, " named {}", all(&self.resource_names))?;
        }
        write!(f, " in {}", all(&self.api_groups))
    }
}
