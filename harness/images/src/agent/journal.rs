//! The log: lines of JSON, as zap writes them.

use proofmark_json::json;
use proofmark_nodes::process::Container;

/// Writes lines to a container's log.
#[derive(Clone)]
pub(super) struct Journal(Container);

impl Journal {
    pub(super) fn new(container: Container) -> Self {
        Self(container)
    }

    pub(super) fn info(&self, message: &str) {
        self.write("info", message);
    }

    pub(super) fn error(&self, message: &str) {
        self.write("error", message);
    }

    fn write(&self, level: &str, message: &str) {
        let seconds = self.0.now().as_second();
        self.0.log.stderr(&json!({"level": level, "ts": seconds, "msg": message}).to_string());
    }
}
