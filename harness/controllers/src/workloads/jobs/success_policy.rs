//! When an indexed Job has succeeded before all of its indexes have (`spec.successPolicy`).

use proofmark_json::Value;

use super::indexes::Indexes;
use crate::kit::object;

/// Which rule is met, in the words of the condition.
pub(super) fn met(job: &Value, completions: usize, succeeded: &Indexes) -> Option<String> {
    if succeeded.is_empty() {
        return None;
    }
    let fits = |rule: &Value| {
        let count = object::number(rule, "/succeededCount").and_then(|count| usize::try_from(count).ok());
        match rule.get("succeededIndexes").and_then(Value::as_str) {
            Some(text) => {
                let required = Indexes::parse(text, completions);
                let shared = required.shared(succeeded);
                !required.is_empty() && (shared == required.len() || count.is_some_and(|count| shared >= count))
            }
            None => count.is_some_and(|count| succeeded.len() >= count),
        }
    };
    let rule = object::list(job, "/spec/successPolicy/rules").iter().position(fits)?;
    Some(format!("Matched rules at index {rule}"))
}
