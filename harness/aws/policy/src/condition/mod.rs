//! `Condition` blocks.
//!
//! A block holds when every operator holds for every key; of several values of a key one must match, and none may match for a negated
//! operator. Source: IAM User Guide, "IAM JSON policy elements: Condition", "Condition operators", "Multivalued context keys".

mod operator;
mod value;

pub(crate) use operator::Operator;

use crate::context::Keys;
use operator::Set;
use value::Expected;

/// One key of one operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    operator: Operator,
    /// In lower case.
    key: String,
    expected: Vec<Expected>,
}

impl Condition {
    pub(crate) fn new(operator: Operator, key: &str, values: &[String], variables: bool) -> Self {
        let expected = values.iter().map(|value| Expected::new(operator.test, value, variables)).collect();
        Self { operator, key: key.to_ascii_lowercase(), expected }
    }

    /// The key, in lower case.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it asks for a value, and not for another one, nor only if there is one.
    pub(crate) fn is_positive(&self) -> bool {
        !self.operator.negated && !self.operator.if_exists
    }

    /// Whether every value is one value: without wildcards and variables, and no network that is everything.
    pub(crate) fn is_fixed(&self) -> bool {
        !self.expected.is_empty() && self.expected.iter().all(Expected::is_fixed)
    }

    /// Whether it holds for a request.
    pub fn holds(&self, keys: &dyn Keys) -> bool {
        let given = keys.get(&self.key);
        if self.operator.test == operator::Test::Null {
            let absent = given.is_none_or(<[String]>::is_empty);
            return self.expected.iter().any(|e| e.is_true() == absent);
        }
        let given = match given {
            None if self.operator.if_exists => return true,
            // Nothing at all satisfies "all of them", and never "any of them".
            None | Some([]) if self.operator.set == Some(Set::All) => return true,
            None | Some([]) if self.operator.set == Some(Set::Any) => return false,
            None => return self.operator.negated,
            Some(given) => given,
        };
        let one = |value: &String| {
            let matches = self.expected.iter().any(|e| e.matches(value, keys));
            matches != self.operator.negated
        };
        match self.operator.set {
            Some(Set::All) => given.iter().all(one),
            Some(Set::Any) => given.iter().any(one),
            // A negated operator over several values: none of them may match.
            None if self.operator.negated => given.iter().all(one),
            None => given.iter().any(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::Context;

    fn holds(operator: &str, key: &str, expected: &[&str], given: Option<&[&str]>) -> bool {
        let mut context = Context::default().with("aws:username", "ann");
        if let Some(given) = given {
            context.set_many("test:key", given.iter().copied());
        }
        let expected: Vec<String> = expected.iter().map(|&e| e.to_owned()).collect();
        Condition::new(Operator::parse(operator).expect("an operator"), key, &expected, true).holds(&context)
    }

    /// operator, values of the policy, values of the request
    #[rstest]
    #[case::equal("StringEquals", &["a", "b"], Some(&["b"][..]), true)]
    #[case::case_counts("StringEquals", &["A"], Some(&["a"][..]), false)]
    #[case::star_is_text("StringEquals", &["a*"], Some(&["ab"][..]), false)]
    #[case::absent_fails("StringEquals", &["a"], None, false)]
    #[case::absent_negated("StringNotEquals", &["a"], None, true)]
    #[case::none_may_match("StringNotEquals", &["a", "b"], Some(&["b"][..]), false)]
    #[case::case_ignored("StringEqualsIgnoreCase", &["A"], Some(&["a"][..]), true)]
    #[case::case_ignored_not("StringNotEqualsIgnoreCase", &["A"], Some(&["a"][..]), false)]
    #[case::like("StringLike", &["home/*"], Some(&["home/x/y"][..]), true)]
    #[case::like_variable("StringLike", &["${aws:username}/*"], Some(&["ann/x"][..]), true)]
    #[case::like_unresolved("StringLike", &["${test:none}/*"], Some(&["ann/x"][..]), false)]
    #[case::not_like_unresolved("StringNotLike", &["${test:none}/*"], Some(&["ann/x"][..]), true)]
    #[case::not_like("StringNotLike", &["a*"], Some(&["b"][..]), true)]
    #[case::if_exists_absent("StringEqualsIfExists", &["a"], None, true)]
    #[case::if_exists_present("StringEqualsIfExists", &["a"], Some(&["b"][..]), false)]
    #[case::number("NumericLessThan", &["10"], Some(&["9.5"][..]), true)]
    #[case::number_equal("NumericEquals", &["10"], Some(&["10.0"][..]), true)]
    #[case::number_text("NumericEquals", &["10"], Some(&["ten"][..]), false)]
    #[case::number_negated("NumericNotEquals", &["10"], Some(&["11"][..]), true)]
    #[case::number_bound("NumericGreaterThanEquals", &["10"], Some(&["10"][..]), true)]
    #[case::date("DateLessThan", &["2026-01-01T00:00:00Z"], Some(&["2025-12-31T23:59:59Z"][..]), true)]
    #[case::date_day("DateGreaterThan", &["2026-01-01"], Some(&["2026-01-01T00:00:01Z"][..]), true)]
    #[case::date_epoch("DateEquals", &["1767225600"], Some(&["2026-01-01T00:00:00Z"][..]), true)]
    #[case::date_zone("DateEquals", &["2026-01-01T01:00:00+01:00"], Some(&["2026-01-01T00:00:00Z"][..]), true)]
    #[case::boolean("Bool", &["true"], Some(&["true"][..]), true)]
    #[case::boolean_case("Bool", &["True"], Some(&["true"][..]), true)]
    #[case::boolean_absent("Bool", &["false"], None, false)]
    #[case::binary("BinaryEquals", &["aGk="], Some(&["aGk="][..]), true)]
    #[case::address("IpAddress", &["10.0.0.0/8"], Some(&["10.1.2.3"][..]), true)]
    #[case::address_alone("IpAddress", &["10.1.2.3"], Some(&["10.1.2.4"][..]), false)]
    #[case::address_six("IpAddress", &["2001:db8::/32"], Some(&["2001:db8::1"][..]), true)]
    #[case::address_mixed("IpAddress", &["10.0.0.0/8"], Some(&["2001:db8::1"][..]), false)]
    #[case::address_not("NotIpAddress", &["10.0.0.0/8"], Some(&["10.1.2.3"][..]), false)]
    #[case::address_zero("IpAddress", &["0.0.0.0/0"], Some(&["198.51.100.7"][..]), true)]
    #[case::arn("ArnEquals", &["arn:aws:iam::*:role/*"], Some(&["arn:aws:iam::111111111111:role/a/b"][..]), true)]
    #[case::arn_parts("ArnLike", &["arn:aws:iam:*:role/a"], Some(&["arn:aws:iam::111111111111:role/a"][..]), false)]
    #[case::arn_not("ArnNotLike", &["arn:aws:iam::*:role/a"], Some(&["arn:aws:iam::111111111111:role/a"][..]), false)]
    #[case::arn_absent("ArnNotEquals", &["arn:aws:iam::*:role/a"], None, true)]
    #[case::null_absent("Null", &["true"], None, true)]
    #[case::null_present("Null", &["true"], Some(&["x"][..]), false)]
    #[case::null_must_be_there("Null", &["false"], Some(&["x"][..]), true)]
    #[case::all("ForAllValues:StringEquals", &["a", "b"], Some(&["a", "b"][..]), true)]
    #[case::all_but_one("ForAllValues:StringEquals", &["a", "b"], Some(&["a", "c"][..]), false)]
    #[case::all_of_nothing("ForAllValues:StringEquals", &["a"], None, true)]
    #[case::all_of_empty("ForAllValues:StringEquals", &["a"], Some(&[][..]), true)]
    #[case::any("ForAnyValue:StringLike", &["a*"], Some(&["x", "ab"][..]), true)]
    #[case::any_of_nothing("ForAnyValue:StringEquals", &["a"], None, false)]
    #[case::any_not("ForAnyValue:StringNotEquals", &["a"], Some(&["a", "b"][..]), true)]
    #[case::all_not("ForAllValues:StringNotEquals", &["a"], Some(&["a", "b"][..]), false)]
    #[case::all_if_exists("ForAllValues:StringEqualsIfExists", &["a"], None, true)]
    fn operators(
        #[case] operator: &str,
        #[case] expected: &[&str],
        #[case] given: Option<&[&str]>,
        #[case] outcome: bool,
    ) {
        assert_eq!(holds(operator, "Test:Key", expected, given), outcome);
    }
}
