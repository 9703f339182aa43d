//! Constraints on parameters, told the way AWS tells them: all that fail at once, in one `ValidationError`.
//!
//! Source: the service models of STS and IAM; the wording is that of both services.

use super::Form;
use super::form::member_name;
use crate::Fault;

/// The letters that names of users, roles, policies and sessions may have: `[\w+=,.@-]`.
pub(crate) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// A pattern as AWS prints it, and which characters it admits.
pub(crate) type Pattern = (&'static str, fn(char) -> bool);

/// What a text must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    /// The fewest characters.
    pub(crate) min: usize,
    /// The most characters.
    pub(crate) max: usize,
    /// Which characters there may be.
    pub(crate) pattern: Option<Pattern>,
}

/// The constraints that failed so far.
#[derive(Debug)]
pub(crate) struct Checks<'a> {
    form: &'a Form,
    failed: Vec<String>,
}

impl<'a> Checks<'a> {
    /// None failed yet.
    pub(crate) fn of(form: &'a Form) -> Self {
        Self { form, failed: Vec::new() }
    }

    /// A parameter that must be there; empty when it is not, which is told by [`Checks::done`].
    pub(crate) fn need(&mut self, name: &str, rule: Text) -> &'a str {
        match self.form.get(name) {
            Some(_) => self.text(name, rule).unwrap_or_default(),
            None => {
                let at = member_name(name);
                self.failed.push(format!("Value null at '{at}' failed to satisfy constraint: Member must not be null"));
                ""
            }
        }
    }

    /// A parameter that may be there.
    pub(crate) fn text(&mut self, name: &str, rule: Text) -> Option<&'a str> {
        let value = self.form.get(name)?;
        self.value(&member_name(name), value, rule);
        Some(value)
    }

    /// A text at a place: `tags.1.member.key`.
    pub(crate) fn value(&mut self, at: &str, value: &str, rule: Text) {
        let length = value.chars().count();
        let fails =
            |constraint: String| format!("Value '{value}' at '{at}' failed to satisfy constraint: {constraint}");
        if let Some((pattern, admits)) = rule.pattern
            && !value.chars().all(admits)
        {
            self.failed.push(fails(format!("Member must satisfy regular expression pattern: {pattern}")));
        }
        if length < rule.min {
            self.failed.push(fails(format!("Member must have length greater than or equal to {}", rule.min)));
        }
        if length > rule.max {
            self.failed.push(fails(format!("Member must have length less than or equal to {}", rule.max)));
        }
    }

    /// A number that may be there, within bounds.
    pub(crate) fn number(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let value = self.form.get(name)?;
        let at = member_name(name);
        let fails =
            |constraint: String| format!("Value '{value}' at '{at}' failed to satisfy constraint: {constraint}");
        match value.parse::<i64>() {
            Err(_) => self.failed.push(fails("Member must be a number".to_owned())),
            Ok(n) if n < min => {
                self.failed.push(fails(format!("Member must have value greater than or equal to {min}")));
            }
            Ok(n) if n > max => self.failed.push(fails(format!("Member must have value less than or equal to {max}"))),
            Ok(n) => return Some(n),
        }
        None
    }

    /// One of a set of words that may be there.
    pub(crate) fn one_of(&mut self, name: &str, words: &[&str]) -> Option<&'a str> {
        let value = self.form.get(name)?;
        if !words.contains(&value) {
            self.failed.push(format!(
                "Value '{value}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                member_name(name),
                words.join(", ")
            ));
        }
        Some(value)
    }

    /// The fault of all that failed.
    pub(crate) fn done(self) -> Result<(), Fault> {
        match self.failed.len() {
            0 => Ok(()),
            1 => Err(invalid(format!("1 validation error detected: {}", self.failed.concat()))),
            n => Err(invalid(format!("{n} validation errors detected: {}", self.failed.join("; ")))),
        }
    }
}

/// A `ValidationError`.
pub(crate) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(400, "ValidationError", message)
}

#[cfg(test)]
mod tests {
    use super::{Checks, Form, Text, in_name};

    #[test]
    fn everything_that_fails_is_told_at_once() {
        let form = Form::parse("", b"RoleSessionName=a%20b&DurationSeconds=60");
        let mut checks = Checks::of(&form);
        let name = Text { min: 2, max: 64, pattern: Some((r"[\w+=,.@-]*", in_name)) };
        checks.need("RoleArn", Text { min: 20, max: 2048, pattern: None });
        checks.need("RoleSessionName", name);
        checks.number("DurationSeconds", 900, 43_200);
        assert_eq!(
            checks.done().unwrap_err().message,
            "3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; \
             Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*; \
             Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"
        );
    }
}
