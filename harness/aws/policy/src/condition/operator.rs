//! The names of condition operators.

/// What is compared, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// How two values that have an order compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(crate) fn holds(self, given: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => given.is_eq(),
            Self::Less => given.is_lt(),
            Self::LessOrEqual => given.is_le(),
            Self::Greater => given.is_gt(),
            Self::GreaterOrEqual => given.is_ge(),
        }
    }
}

/// How a key with several values is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) test: Test,
    pub(crate) negated: bool,
    pub(crate) if_exists: bool,
    pub(crate) set: Option<Set>,
}

/// Every operator without its prefix and suffix: name, test, whether negated.
const OPERATORS: [(&str, Test, bool); 27] = [
    ("StringEquals", Test::String, false),
    ("StringNotEquals", Test::String, true),
    ("StringEqualsIgnoreCase", Test::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::StringIgnoreCase, true),
    ("StringLike", Test::StringLike, false),
    ("StringNotLike", Test::StringLike, true),
    ("NumericEquals", Test::Numeric(Order::Equal), false),
    ("NumericNotEquals", Test::Numeric(Order::Equal), true),
    ("NumericLessThan", Test::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Test::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Test::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Test::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Test::Date(Order::Equal), false),
    ("DateNotEquals", Test::Date(Order::Equal), true),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    ("Bool", Test::Bool, false),
    ("BinaryEquals", Test::Binary, false),
    ("IpAddress", Test::Ip, false),
    ("NotIpAddress", Test::Ip, true),
    ("ArnEquals", Test::Arn, false),
    ("ArnLike", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnNotLike", Test::Arn, true),
    ("Null", Test::Null, false),
];

impl Operator {
    /// Reads `ForAnyValue:StringLikeIfExists`. Names ignore case; `Null` has no `IfExists`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            None => (None, name),
            Some((prefix, name)) if prefix.eq_ignore_ascii_case("ForAllValues") => (Some(Set::All), name),
            Some((prefix, name)) if prefix.eq_ignore_ascii_case("ForAnyValue") => (Some(Set::Any), name),
            Some(_) => return None,
        };
        let find = |name: &str| OPERATORS.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name));
        if let Some(&(_, test, negated)) = find(name) {
            return Some(Self { test, negated, if_exists: false, set });
        }
        let at = name.len().checked_sub("IfExists".len()).filter(|&at| name.is_char_boundary(at))?;
        let (base, suffix) = name.split_at(at);
        let &(_, test, negated) = find(base).filter(|_| suffix.eq_ignore_ascii_case("IfExists"))?;
        (test != Test::Null).then_some(Self { test, negated, if_exists: true, set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
        assert_eq!((operator.test, operator.negated), (Test::StringLike, true));
        assert_eq!((operator.if_exists, operator.set), (true, Some(Set::Any)));
        assert!(Operator::parse("stringequals").is_some());
        for wrong in ["", "NullIfExists", "ForSomeValues:StringEquals", "StringMatches", "IfExists", "ForAnyValue:"] {
            assert_eq!(Operator::parse(wrong), None, "{wrong}");
        }
    }
}
