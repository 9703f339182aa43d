//! Whatever comes in: documents, ARNs, values of conditions.

use proofmark_aws_policy::{Arn, Attached, Context, Kind, Policies, Policy, Principal, Request, decide};
use proofmark_json::{Value, json};
use proptest::prelude::*;

const KINDS: [Kind; 5] = [Kind::Identity, Kind::Resource, Kind::Trust, Kind::ServiceControl, Kind::ResourceControl];

/// A value of the kind that policies have, and of kinds that they do not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        Just("111111111111".to_owned()),
        "s3:[A-Za-z*?]{0,6}",
        "arn:aws:(s3|iam|kms):[a-z0-9-]{0,3}:[0-9*]{0,12}:[a-z*?/:${}]{0,12}",
        r"\$\{(aws:username|\*|\?|\$|a, 'b')\}[a-z/*]{0,4}",
        ".{0,12}",
    ]
}

fn texts() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        proptest::collection::vec(text(), 0..3).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
    ]
}

fn operator() -> impl Strategy<Value = String> {
    let set = prop_oneof![Just(""), Just("ForAllValues:"), Just("ForAnyValue:")];
    let test = prop_oneof![
        Just("StringLike"),
        Just("StringNotEquals"),
        Just("NumericLessThan"),
        Just("DateEquals"),
        Just("Bool"),
        Just("BinaryEquals"),
        Just("NotIpAddress"),
        Just("ArnLike"),
        Just("Null"),
    ];
    (set, test, prop_oneof![Just(""), Just("IfExists")]).prop_map(|(set, test, suffix)| format!("{set}{test}{suffix}"))
}

fn statement() -> impl Strategy<Value = Value> {
    let condition = (operator(), prop_oneof![Just("aws:username"), Just("s3:prefix")], texts());
    (any::<bool>(), texts(), texts(), proptest::option::of(texts()), proptest::option::of(condition)).prop_map(
        |(allow, actions, resources, principals, condition)| {
            let mut statement = json!({
                "Effect": if allow { "Allow" } else { "Deny" }, "Action": actions, "Resource": resources,
            });
            if let Some(principals) = principals {
                statement["Principal"] = json!({"AWS": principals});
            }
            if let Some((operator, key, values)) = condition {
                statement["Condition"] = json!({operator: {key: values}});
            }
            statement
        },
    )
}

proptest! {
    /// Every document is read or refused, and what is read decides without an end in sight being missed: once, and the same again.
    #[test]
    fn documents_are_read_or_refused(statements in proptest::collection::vec(statement(), 0..3), resource in text(), prefix in text()) {
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let principal = Principal::User {
            account: "111111111111".into(), path: "/".into(), name: "ann".into(), id: "AIDA1".into(),
        };
        let mut context = Context::default().with("s3:prefix", prefix);
        principal.keys(&mut context);
        for policy in KINDS.into_iter().filter_map(|kind| Policy::parse(&document, kind).ok()) {
            let attached = [Attached { name: "any", policy: &policy }];
            let request = Request {
                principal: &principal, action: "s3:GetObject", resource: &resource, owner: "222222222222", context: &context,
            };
            let policies = Policies { identity: &attached, resource: Some(attached[0]), ..Policies::default() };
            let (once, again) = (decide(&request, &policies), decide(&request, &policies));
            prop_assert_eq!(once.denial, again.denial);
            prop_assert!(!once.explain(&request).is_empty());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,64}") {
        for kind in KINDS {
            let _ = Policy::parse(&text, kind);
        }
        if let Some(arn) = Arn::parse(&text) {
            prop_assert_eq!(arn.to_string(), text.clone());
        }
    }

    /// What an ARN's parts are, it is put together from.
    #[test]
    fn arns_come_back(text in "arn:[a-z-]{1,6}:[a-z0-9]{1,6}:[a-z0-9-]{0,6}:[0-9]{0,12}:.{0,20}") {
        prop_assert_eq!(Arn::parse(&text).map(|arn| arn.to_string()), Some(text));
    }

    /// A pattern that is an ARN's own text allows it, with or without stars that reach on.
    #[test]
    fn an_arn_matches_itself(key in "[a-z0-9/:._-]{1,20}") {
        let arn = format!("arn:aws:s3:::models/{key}");
        let context = Context::default();
        let principal = Principal::User {
            account: "111111111111".into(), path: "/".into(), name: "ann".into(), id: "AIDA1".into(),
        };
        for pattern in [arn.as_str(), "arn:aws:s3:*", "arn:aws:s3:::*", "arn:*:s3:::models/*", "*"] {
            let document = json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": pattern}}).to_string();
            let policy = Policy::parse(&document, Kind::Identity).unwrap();
            let request = Request {
                principal: &principal, action: "s3:GetObject", resource: &arn, owner: "111111111111", context: &context,
            };
            let identity = [Attached { name: "own", policy: &policy }];
            prop_assert!(decide(&request, &Policies { identity: &identity, ..Policies::default() }).is_allowed(), "{pattern}");
        }
    }
}
