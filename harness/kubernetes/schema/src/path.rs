//! Field paths: how Kubernetes writes where in an object something is.

use std::fmt::Write as _;

/// A path under construction, as `spec.list[0].map.key`.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    text: String,
    ends: Vec<usize>,
}

impl Trail {
    /// Steps into a field. Keys of maps are written like fields.
    pub(crate) fn key(&mut self, key: &str) {
        self.ends.push(self.text.len());
        if !self.text.is_empty() {
            self.text.push('.');
        }
        self.text.push_str(key);
    }

    /// Steps into a list item.
    pub(crate) fn index(&mut self, index: usize) {
        self.ends.push(self.text.len());
        let _ = write!(self.text, "[{index}]");
    }

    /// Steps back out.
    pub(crate) fn pop(&mut self) {
        self.text.truncate(self.ends.pop().unwrap_or_default());
    }

    /// Whether nothing was stepped into.
    pub(crate) fn is_root(&self) -> bool {
        self.ends.is_empty()
    }

    /// The path of a field here.
    pub(crate) fn join(&self, key: &str) -> String {
        child(&self.text, key)
    }
}

/// The path of a field (`field.Path.Child`).
pub(crate) fn child(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// The path of a map entry (`field.Path.Key`).
pub(crate) fn entry(at: &str, key: &str) -> String {
    format!("{at}[{key}]")
}

/// The path of a list item (`field.Path.Index`).
pub(crate) fn item(at: &str, index: usize) -> String {
    format!("{at}[{index}]")
}

/// A path as errors print it: no path at all is `<nil>`.
pub(crate) fn printed(at: &str) -> String {
    if at.is_empty() { "<nil>".to_owned() } else { at.to_owned() }
}
