//! The parameters of a Query request: `Action=...&Tags.member.1.Key=...`.

use crate::Fault;
use std::collections::BTreeMap;

/// Parameters by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body and a query, either of which may carry parameters; the body's win.
    pub(crate) fn parse(query: &str, body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// These parameters.
    pub(crate) fn of(parameters: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(parameters.into_iter().collect())
    }

    /// A parameter; none when it is absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Fault> {
        self.get(name).ok_or_else(|| {
            let path = member_name(name);
            let message = format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
            );
            Fault::new(400, "ValidationError", message)
        })
    }

    /// A list of texts: `name.member.1`, `name.member.2`, ...
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.numbered(name).filter_map(|prefix| self.get(&prefix)).collect()
    }

    /// A list of structures, each given by one of its members: `PolicyArns.member.1.arn`.
    pub(crate) fn list_of(&self, name: &str, member: &str) -> Vec<&str> {
        self.numbered(name).filter_map(|prefix| self.get(&format!("{prefix}.{member}"))).collect()
    }

    /// A list of structures, each given by two of its members: `Tags.member.1.Key`, `Tags.member.1.Value`.
    pub(crate) fn pairs(&self, name: &str, first: &str, second: &str) -> Vec<(&str, &str)> {
        self.numbered(name)
            .filter_map(|prefix| {
                let key = self.get(&format!("{prefix}.{first}"))?;
                Some((key, self.get(&format!("{prefix}.{second}")).unwrap_or_default()))
            })
            .collect()
    }

    /// The prefixes of a list's members that are there, in their order: `ContextEntries.member.1`.
    pub(crate) fn numbered<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        (1..=self.0.len()).map(move |index| format!("{name}.member.{index}")).take_while(|prefix| {
            let next = self.0.range(prefix.clone()..).next();
            next.is_some_and(|(found, _)| found == prefix || found.starts_with(&format!("{prefix}.")))
        })
    }
}

/// How messages name a parameter: `RoleName` -> `roleName`.
pub(crate) fn member_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn lists_end_where_a_number_is_missing() {
        let form = Form::parse(
            "",
            b"Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b&Tags.member.4.Key=d&T.member.1=x",
        );
        assert_eq!(form.pairs("Tags", "Key", "Value"), [("a", "1"), ("b", "")]);
        assert_eq!(form.list("T"), ["x"]);
        assert!(form.list("Nothing").is_empty());
    }

    #[test]
    fn a_missing_parameter_is_named_as_its_member() {
        let fault = Form::default().need("RoleArn").unwrap_err();
        assert!(fault.message.contains("Value null at 'roleArn'"), "{fault}");
    }
}
