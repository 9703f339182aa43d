//! Documents: what is refused, in whose words; and what becomes of principals when a policy is saved.

use proofmark_aws_policy::{Context, Kind, Policy, Principal, Trustee};
use rstest::rstest;

fn refused(kind: Kind, document: &str) -> String {
    Policy::parse(document, kind).expect_err("a mistake").to_string()
}

#[rstest]
#[case::no_json("Allow", "This policy contains invalid Json")]
#[case::a_list("[]", "This policy contains invalid Json")]
#[case::no_statement(r#"{"Version": "2012-10-17"}"#, "Syntax errors in policy.")]
#[case::version(r#"{"Version": "2012-10-18", "Statement": []}"#, "The policy must contain a valid version string")]
#[case::unknown_element(r#"{"Statement": [], "Comment": "x"}"#, "Syntax errors in policy.")]
#[case::unknown_field(
    r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Resources": "*"}}"#,
    "Syntax errors in policy."
)]
#[case::effect(r#"{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}"#, "Syntax errors in policy.")]
#[case::no_action(r#"{"Statement": {"Effect": "Allow", "Resource": "*"}}"#, "Policy statement must contain actions.")]
#[case::both(
    r#"{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "s3:*", "Resource": "*"}}"#,
    "Syntax errors in policy."
)]
#[case::no_resource(r#"{"Statement": {"Effect": "Allow", "Action": "*"}}"#, "Policy statement must contain resources.")]
#[case::no_vendor(
    r#"{"Statement": {"Effect": "Allow", "Action": "GetObject", "Resource": "*"}}"#,
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
)]
#[case::no_arn(
    r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "models/*"}}"#,
    "Resource models/* must be in ARN format or \"*\"."
)]
#[case::principal(
    r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}}"#,
    "Policy document should not specify a principal."
)]
#[case::operator(
    r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringMatches": {"a:b": "c"}}}}"#,
    "Invalid Condition type : StringMatches."
)]
#[case::repeated_sid(
    r#"{"Statement": [{"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"}]}"#,
    "Statement IDs (SID) in a single policy must be unique."
)]
fn identity_policies(#[case] document: &str, #[case] words: &str) {
    assert_eq!(refused(Kind::Identity, document), words);
}

#[rstest]
#[case::no_principal(
    r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
    "Missing required field Principal"
)]
#[case::wildcard_in_name(
    r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}}}"#,
    "Invalid principal in policy"
)]
#[case::no_account(
    r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": "1234"}}}"#,
    "Invalid principal in policy"
)]
#[case::double_colon(
    r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": "arn:aws:iam:::role/reader"}}}"#,
    "Invalid principal in policy"
)]
#[case::action(
    r#"{"Statement": {"Effect": "Allow", "Action": "GetObject", "Resource": "*", "Principal": "*"}}"#,
    "Policy has invalid action"
)]
fn bucket_policies(#[case] document: &str, #[case] words: &str) {
    assert_eq!(Policy::parse(document, Kind::Resource).expect_err("a mistake").for_s3(), words);
}

#[test]
fn trust_policies_have_no_resource() {
    let document =
        r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Principal": "*"}}"#;
    assert_eq!(refused(Kind::Trust, document), "Has prohibited field Resource");
}

#[test]
fn resource_control_policies_only_deny() {
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}}"#;
    assert_eq!(refused(Kind::ResourceControl, document), "Syntax errors in policy.");
}

/// A role that was deleted and made again has another id: the policy no longer means it.
#[test]
fn a_saved_principal_is_pinned() {
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Principal": {"AWS": ["arn:aws:iam::111111111111:role/reader", "222222222222"]}}}"#;
    let mut policy = Policy::parse(document, Kind::Resource).unwrap();
    policy.pin(|arn| (arn == "arn:aws:iam::111111111111:role/reader").then(|| "AROAOLD".to_owned())).unwrap();
    let trustees = policy.statements[0].principals.as_ref().unwrap().trustees();
    let arn = "arn:aws:iam::111111111111:role/reader".to_owned();
    assert_eq!(trustees, [Trustee::Id { id: "AROAOLD".into(), arn }, Trustee::Account("222222222222".into())]);

    let outcome = |id: &str| {
        let principal = Principal::Session {
            account: "111111111111".into(),
            path: "/".into(),
            role: "reader".into(),
            id: id.into(),
            session: "s1".into(),
        };
        let request = proofmark_aws_policy::Request {
            principal: &principal,
            action: "s3:GetObject",
            resource: "arn:aws:s3:::models/iris",
            owner: "111111111111",
            context: &Context::default(),
        };
        let resource = proofmark_aws_policy::Attached { name: "bucket", policy: &policy };
        let policies = proofmark_aws_policy::Policies { resource: Some(resource), ..Default::default() };
        proofmark_aws_policy::decide(&request, &policies).is_allowed()
    };
    assert!(outcome("AROAOLD"));
    assert!(!outcome("AROANEW"));
}

#[test]
fn a_principal_that_does_not_exist_is_named() {
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::111111111111:user/nobody"}}}"#;
    let mut policy = Policy::parse(document, Kind::Resource).unwrap();
    assert_eq!(policy.pin(|_| None), Err("arn:aws:iam::111111111111:user/nobody".to_owned()));
}
