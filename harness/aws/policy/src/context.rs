//! The keys of a request that conditions and variables read.

use std::collections::BTreeMap;

/// Where the values of context keys come from.
pub trait Keys {
    /// The values of a key, whose name is given in lower case; none when the key is absent. Most keys have one value.
    fn get(&self, key: &str) -> Option<&[String]>;
}

/// Context keys of one request. Names ignore case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Sets a key to one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_ascii_lowercase(), vec![value.into()]);
    }

    /// Sets a key to several values (`aws:TagKeys`, `aws:PrincipalOrgPaths`). Without any, the key is present and empty.
    pub fn set_many<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        self.0.insert(key.to_ascii_lowercase(), values.into_iter().map(Into::into).collect());
    }

    /// [`Context::set`], for chains.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// Every key with its values, in the order of their names, in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }
}

impl Keys for Context {
    fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(key).map(Vec::as_slice)
    }
}
