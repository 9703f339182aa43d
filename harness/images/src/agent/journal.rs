//! The log: lines of JSON, as zap writes them for Knative.

use proofmark_json::{Map, Value, json};
use proofmark_nodes::process::Container;

/// Writes lines to a container's log.
#[derive(Clone)]
pub(super) struct Journal(Container);

impl Journal {
    pub(super) fn new(container: Container) -> Self {
        Self(container)
    }

    pub(super) fn info(&self, message: &str) {
        self.write("INFO", message, Map::default());
    }

    pub(super) fn warning(&self, message: &str) {
        self.write("WARNING", message, Map::default());
    }

    pub(super) fn error(&self, message: &str) {
        self.write("ERROR", message, Map::default());
    }

    /// What it ends for, and why.
    pub(super) fn fatal(&self, message: &str, why: &str) {
        self.write("EMERGENCY", message, [("error", json!(why))].into_iter().collect());
    }

    /// With what is known beside the message.
    pub(super) fn info_with(&self, message: &str, fields: Map) {
        self.write("INFO", message, fields);
    }

    fn write(&self, severity: &str, message: &str, fields: Map) {
        let mut line = Map::default();
        line.insert("severity", json!(severity));
        line.insert("timestamp", json!(self.0.now().to_string()));
        line.insert("message", json!(message));
        line.extend(fields);
        self.0.log.stderr(&Value::Object(line).to_string());
    }
}
