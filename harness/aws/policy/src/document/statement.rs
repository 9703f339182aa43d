//! One statement of a document.

use super::Principals;
use crate::condition::Condition;
use crate::context::Keys;
use crate::pattern::{ArnPattern, Pattern};

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It refuses, whatever grants.
    Deny,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Either<P> {
    pub(crate) not: bool,
    pub(crate) patterns: Vec<P>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// `Sid`
    pub sid: Option<String>,
    /// `Effect`
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`, in resource and trust policies.
    pub principals: Option<Principals>,
    pub(crate) actions: Either<Pattern>,
    /// Absent in trust policies.
    pub(crate) resources: Option<Either<ArnPattern>>,
    /// `Condition`: all must hold.
    pub conditions: Vec<Condition>,
}

impl Statement {
    /// Whether action, resource and conditions match; principals are judged by whoever asks. A statement with a variable that has no value
    /// does not apply.
    pub(crate) fn applies(&self, action: &str, resource: &str, keys: &dyn Keys) -> bool {
        self.names_action(action, keys)
            && self.names_resource(resource, keys)
            && self.conditions.iter().all(|c| c.holds(keys))
    }

    fn names_action(&self, action: &str, keys: &dyn Keys) -> bool {
        let named = self.actions.patterns.iter().any(|p| p.matches(action, keys) == Ok(true));
        named != self.actions.not
    }

    fn names_resource(&self, resource: &str, keys: &dyn Keys) -> bool {
        let Some(resources) = &self.resources else { return true };
        let mut named = false;
        for pattern in &resources.patterns {
            match pattern.matches(resource, keys) {
                Ok(matches) => named |= matches,
                Err(_) if resources.not => return false,
                Err(_) => {}
            }
        }
        named != resources.not
    }

    /// Of how many patterns `Action` or `NotAction` consists.
    pub fn actions(&self) -> usize {
        self.actions.patterns.len()
    }

    /// Whether it is a `NotAction`.
    pub fn is_not_action(&self) -> bool {
        self.actions.not
    }

    /// Whether one of those patterns, counted from 0, names an action; whether it is meant or left out is another question.
    pub fn names_in(&self, pattern: usize, action: &str) -> bool {
        let none = crate::Context::default();
        self.actions.patterns.get(pattern).is_some_and(|pattern| pattern.matches(action, &none) == Ok(true))
    }

    /// Whether it names every action.
    pub fn names_every_action(&self) -> bool {
        !self.actions.not && self.actions.patterns.iter().any(Pattern::is_everything)
    }
}
