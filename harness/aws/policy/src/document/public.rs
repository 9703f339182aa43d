//! Whether a bucket policy is public.
//!
//! Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public": a policy is public unless what it grants to
//! everyone is held to fixed values of certain keys.

use super::{Effect, Policy, Statement, Trustee};
use crate::condition::Condition;

/// The keys that narrow everyone down when a condition names fixed values of them.
const NARROWING: [&str; 12] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "s3:dataaccesspointaccount",
];

impl Policy {
    /// Whether a statement grants something to everyone.
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(Statement::is_public)
    }
}

impl Statement {
    fn is_public(&self) -> bool {
        let Some(principals) = &self.principals else { return false };
        let everyone = principals.is_not() || principals.trustees().contains(&Trustee::Everyone);
        self.effect == Effect::Allow && everyone && !self.conditions.iter().any(narrows)
    }
}

fn narrows(condition: &Condition) -> bool {
    NARROWING.contains(&condition.key()) && condition.is_positive() && condition.is_fixed()
}

#[cfg(test)]
mod tests {
    use crate::{Kind, Policy};
    use rstest::rstest;

    #[rstest]
    #[case(r#""Principal": "*""#, true)]
    #[case(r#""Principal": {"AWS": "*"}"#, true)]
    #[case(r#""Principal": {"AWS": "111122223333"}"#, false)]
    #[case(r#""Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#, false)]
    #[case(
        r#""Principal": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}"#,
        true
    )]
    #[case(r#""Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}"#, true)]
    #[case(r#""Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}"#, true)]
    #[case(r#""Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, false)]
    #[case(r#""Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, true)]
    #[case(r#""Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}"#, true)]
    fn what_is_public(#[case] part: &str, #[case] public: bool) {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {part}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}}}"#
        );
        assert_eq!(Policy::parse(&text, Kind::Resource).unwrap().is_public(), public, "{part}");
    }

    #[test]
    fn what_is_denied_to_everyone_is_not_public() {
        let text =
            r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}}"#;
        assert!(!Policy::parse(text, Kind::Resource).unwrap().is_public());
    }
}
