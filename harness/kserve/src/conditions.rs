//! Conditions as Knative's libraries keep them: some decide whether an object is ready, the others only inform.
//!
//! Source: `ConditionManager` of knative.dev/pkg/apis.

use jiff::Timestamp;
use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

/// The condition that sums up.
pub(crate) const READY: &str = "Ready";

/// Which conditions decide.
pub(crate) struct Conditions<'a> {
    pub(crate) status: &'a mut Value,
    /// The types that [`READY`] follows from.
    pub(crate) deciding: &'static [&'static str],
    pub(crate) now: Timestamp,
    /// Whether one that is true keeps its reason.
    pub(crate) reasons_of_true: bool,
}

/// A condition as it is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Is {
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Is {
    pub(crate) fn new(status: &str, reason: &str, message: &str) -> Self {
        Self { status: status.to_owned(), reason: reason.to_owned(), message: message.to_owned() }
    }

    /// A condition of another object.
    pub(crate) fn read(condition: &Value) -> Self {
        let text = |at: &str| object::text(condition, at);
        Self::new(text("/status"), text("/reason"), text("/message"))
    }
}

/// A condition of a status by its type.
pub(crate) fn find<'a>(status: &'a Value, of_type: &str) -> Option<&'a Value> {
    object::list(status, "/conditions").iter().find(|condition| object::text(condition, "/type") == of_type)
}

/// Whether a status has a condition that is true.
pub(crate) fn is_true(status: &Value, of_type: &str) -> bool {
    find(status, of_type).is_some_and(|condition| object::text(condition, "/status") == "True")
}

/// Whether a status has a condition that is false.
pub(crate) fn is_false(status: &Value, of_type: &str) -> bool {
    find(status, of_type).is_some_and(|condition| object::text(condition, "/status") == "False")
}

impl Conditions<'_> {
    /// Sets a condition, and what follows from it.
    pub(crate) fn set(&mut self, of_type: &str, is: &Is) {
        match is.status.as_str() {
            "True" => {
                match self.reasons_of_true {
                    true => self.put(of_type, is),
                    false => self.put(of_type, &Is::new("True", "", "")),
                }
                self.sum_up();
            }
            "False" => {
                self.put(of_type, is);
                if self.deciding.contains(&of_type) {
                    self.put(READY, is);
                }
            }
            "Unknown" => {
                self.put(of_type, is);
                if self.deciding.iter().any(|deciding| is_false(self.status, deciding)) {
                    if !is_false(self.status, READY) {
                        self.put(READY, &Is { status: "False".to_owned(), ..is.clone() });
                    }
                } else if self.deciding.contains(&of_type) {
                    self.put(READY, is);
                }
            }
            _ => {}
        }
    }

    /// Readiness follows the newest condition that is false, or else the newest that is unknown; a missing one is unknown.
    fn sum_up(&mut self) {
        let mut set: Vec<&Value> = self.deciding.iter().filter_map(|deciding| find(self.status, deciding)).collect();
        set.sort_by_key(|condition| std::cmp::Reverse(object::text(condition, "/lastTransitionTime").to_owned()));
        let with = |status: &str| set.iter().find(|condition| object::text(condition, "/status") == status);
        let unhappy = with("False").or_else(|| with("Unknown")).map(|condition| Is::read(condition));
        let missing = set.len() < self.deciding.len();
        let is = unhappy.or_else(|| missing.then(|| Is::new("Unknown", "", "")));
        self.put(READY, &is.unwrap_or_else(|| Is::new("True", "", "")));
    }

    /// Writes one condition. The time stays if nothing else changes.
    fn put(&mut self, of_type: &str, is: &Is) {
        let mut condition = json!({"type": of_type, "status": is.status});
        if of_type != READY && !self.deciding.contains(&of_type) {
            condition["severity"] = json!("Info");
        }
        for (field, text) in [("reason", &is.reason), ("message", &is.message)] {
            if !text.is_empty() {
                condition[field] = json!(text);
            }
        }
        let mut all = object::list(self.status, "/conditions").to_vec();
        if let Some(old) = find(self.status, of_type) {
            let mut same = old.clone();
            same.as_object_mut().map(|same| same.shift_remove("lastTransitionTime"));
            if same == condition {
                return;
            }
        }
        condition["lastTransitionTime"] = json!(object::stamp(self.now));
        all.retain(|other| object::text(other, "/type") != of_type);
        all.push(condition);
        all.sort_by(|a, b| object::text(a, "/type").cmp(object::text(b, "/type")));
        self.status["conditions"] = Value::Array(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: &Value) -> Vec<(String, String, String)> {
        let text = |c: &Value, at: &str| object::text(c, at).to_owned();
        let conditions = object::list(status, "/conditions");
        conditions.iter().map(|c| (text(c, "/type"), text(c, "/status"), text(c, "/reason"))).collect()
    }

    #[test]
    fn readiness_follows_what_decides() {
        let mut status = json!({});
        let mut conditions = Conditions {
            status: &mut status,
            deciding: &["A", "B"],
            now: Timestamp::UNIX_EPOCH,
            reasons_of_true: false,
        };
        conditions.set("A", &Is::new("False", "why", ""));
        conditions.set("C", &Is::new("False", "else", ""));
        conditions.set("B", &Is::new("True", "dropped", ""));
        let all = |ready: &str, a: &str, why: &str| {
            [("A", a, why), ("B", "True", ""), ("C", "False", "else"), (READY, ready, why)]
                .map(|(t, s, r)| (t.to_owned(), s.to_owned(), r.to_owned()))
                .to_vec()
        };
        assert_eq!(told(&status), all("False", "False", "why"));
        let mut conditions = Conditions {
            status: &mut status,
            deciding: &["A", "B"],
            now: Timestamp::UNIX_EPOCH,
            reasons_of_true: false,
        };
        conditions.set("A", &Is::new("True", "", ""));
        assert_eq!(told(&status), all("True", "True", ""));
    }
}
