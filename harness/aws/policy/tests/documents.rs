//! Documents: what is refused, in whose words; and what becomes of principals when a policy is saved.

use proofmark_aws_policy::{Context, Kind, Pinned, Policy, Principal, Trustee};
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
    let document = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}}"#;
    assert_eq!(refused(Kind::ResourceControl, document), "Syntax errors in policy.");
    assert_eq!(refused(Kind::ResourceControl, &document.replace("Allow", "Deny").replace("12-", "08-")), VERSION);
}

/// A role that was deleted and made again has another id: the policy no longer means it.
#[test]
fn a_saved_principal_is_pinned() {
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Principal": {"AWS": ["arn:aws:iam::111111111111:role/reader", "222222222222"]}}}"#;
    let mut policy = Policy::parse(document, Kind::Resource).unwrap();
    let reader = Trustee::Arn("arn:aws:iam::111111111111:role/reader".to_owned());
    policy.pin(|trustee| (*trustee == reader).then(|| Pinned::Id("AROAOLD".to_owned()))).unwrap();
    let trustees = policy.statements[0].principals.as_ref().unwrap().trustees();
    let arn = "arn:aws:iam::111111111111:role/reader".to_owned();
    assert_eq!(trustees, [Trustee::Id { id: "AROAOLD".into(), written: arn }, Trustee::Account("222222222222".into())]);

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
    assert_eq!(policy.pin(|_| None), Err(("AWS", "arn:aws:iam::111111111111:user/nobody".to_owned())));
}

const VERSION: &str = "The policy must contain a valid version string";
const PRINCIPAL: &str = "Policy document should not specify a principal.";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

/// What limits resources limits everyone, in actions that it names by their service.
#[rstest]
#[case(r#""Action": "s3:*", "Principal": {"AWS": "111111111111"}"#, PRINCIPAL)]
#[case(r#""Action": "s3:*", "NotPrincipal": "*""#, PRINCIPAL)]
#[case(r#""NotAction": "s3:*", "Principal": "*""#, "Has prohibited field NotAction")]
#[case(r#""Action": "*", "Principal": "*""#, VENDOR)]
#[case(r#""Action": ["s3:*", "*"], "Principal": "*""#, VENDOR)]
fn resource_control_policies_are_for_everyone(#[case] part: &str, #[case] words: &str) {
    let document =
        format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Resource": "*", {part}}}}}"#);
    assert_eq!(refused(Kind::ResourceControl, &document), words);
}

/// Every other kind may leave the version out.
#[rstest]
#[case("", false)]
#[case(r#""Version": "2008-10-17","#, false)]
#[case(r#""Version": "2012-10-17","#, true)]
fn service_control_policies_have_the_new_version(#[case] version: &str, #[case] good: bool) {
    let document = format!(r#"{{{version} "Statement": {{"Effect": "Deny", "Action": "*", "Resource": "*"}}}}"#);
    assert_eq!(Policy::parse(&document, Kind::ServiceControl).is_ok(), good);
    assert!(Policy::parse(&document, Kind::Identity).is_ok());
}

/// Ids that are written by hand are looked up like names; canonical ids become accounts.
#[test]
fn ids_are_pinned() {
    let document = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Principal": {"AWS": "AROA1234567890123456", "CanonicalUser": "abc"}}}"#;
    let mut policy = Policy::parse(document, Kind::Resource).unwrap();
    let known = |trustee: &Trustee| match trustee {
        Trustee::Id { id, .. } => Some(Pinned::Id(id.clone())),
        Trustee::CanonicalUser(id) if id == "abc" => Some(Pinned::Account("222222222222".to_owned())),
        _ => None,
    };
    policy.pin(known).unwrap();
    let id = "AROA1234567890123456".to_owned();
    let expected = [Trustee::Id { id: id.clone(), written: id }, Trustee::Account("222222222222".to_owned())];
    assert_eq!(policy.statements[0].principals.as_ref().unwrap().trustees(), expected);
    let mut policy = Policy::parse(document, Kind::Resource).unwrap();
    let gone = policy.pin(|trustee| known(trustee).filter(|pinned| matches!(pinned, Pinned::Account(_))));
    assert_eq!(gone, Err(("AWS", "AROA1234567890123456".to_owned())));
}
