//! Where a decoder stands in what it reads.

use std::fmt;

use crate::gotext;

/// One step of the way from a value to what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'n> {
    Field(&'n str),
    Item(usize),
}

/// The way from an object to something in it. Shown as Go shows it: `spec.containers[0].ports`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldPath(Vec<OwnedStep>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum OwnedStep {
    Field(String),
    Item(usize),
}

impl FieldPath {
    pub(super) fn of(steps: &[Step<'_>]) -> Self {
        let owned = steps.iter().map(|step| match *step {
            Step::Field(name) => OwnedStep::Field(name.to_owned()),
            Step::Item(index) => OwnedStep::Item(index),
        });
        Self(owned.collect())
    }

    /// The same way as a JSON pointer (RFC 6901): `/spec/containers/0/ports`.
    pub fn pointer(&self) -> String {
        let step = |step: &OwnedStep| match step {
            OwnedStep::Field(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            OwnedStep::Item(index) => format!("/{index}"),
        };
        self.0.iter().map(step).collect()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            match step {
                OwnedStep::Field(name) if nth > 0 => write!(f, ".{name}")?,
                OwnedStep::Field(name) => f.write_str(name)?,
                OwnedStep::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// What a strict decoder complains of. Shown in its words: `unknown field "spec.foo"`, `duplicate field "spec.a"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Whether the field is given twice; otherwise it is one that the type does not have.
    pub duplicate: bool,
    /// The field.
    pub path: FieldPath,
}

impl Complaint {
    /// The same about the object that holds what was decoded under this field.
    #[must_use]
    pub fn below(mut self, field: &str) -> Self {
        self.path.0.insert(0, OwnedStep::Field(field.to_owned()));
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.duplicate { "duplicate" } else { "unknown" };
        write!(f, "{what} field {}", gotext::quote(&self.path.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_and_pointed_at() {
        let steps =
            [Step::Field("metadata"), Step::Field("labels"), Step::Field("app.kubernetes.io/name"), Step::Item(2)];
        let path = FieldPath::of(&steps);
        assert_eq!(path.to_string(), "metadata.labels.app.kubernetes.io/name[2]");
        assert_eq!(path.pointer(), "/metadata/labels/app.kubernetes.io~1name/2");
        assert_eq!(FieldPath::default().pointer(), "");
        assert_eq!(
            Complaint { duplicate: false, path }.to_string(),
            "unknown field \"metadata.labels.app.kubernetes.io/name[2]\""
        );
    }
}
