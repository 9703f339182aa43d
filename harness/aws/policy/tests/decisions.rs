//! Decisions as a table: each case names the rule that it holds, who asks for what, the policies, and the outcome.
//!
//! Statements are written in one line, `Allow s3:GetObject arn:aws:s3:::models/* to 111111111111 if StringEquals aws:username ann`; `!` before
//! actions, resources or principals makes the `Not` form, `|` separates several, `to *` is everyone. Account A is 111111111111, B is
//! 222222222222.

mod table;

use table::Case;

fn play(file: &str, text: &str) {
    let cases: Vec<Case> = serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{file}: {e}"));
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in &cases {
        let world = case.world().unwrap_or_else(|e| panic!("{file}: {}: {e}", case.rule));
        let found = world.outcome();
        if found != case.expect {
            wrong.push(format!("{}: expected {}, found {found}", case.rule, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
}

macro_rules! tables {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            play(stringify!($name), include_str!(concat!("cases/", stringify!($name), ".yaml")));
        }
    )*};
}

tables! { one_account two_accounts limits organisation principals statements conditions variables keys_and_roles }

/// The words of AWS' messages and of ours.
#[test]
fn a_decision_explains_itself() {
    let case: Case = serde_yaml::from_str(
        "{rule: both sides, who: session reader/s1, ask: 's3:GetObject arn:aws:s3:::models/iris of B', expect: implicit resource,
          identity: ['Allow s3:GetObject arn:aws:s3:::models/*'], bucket: ['Allow s3:GetObject arn:aws:s3:::models/* to 333333333333']}",
    )
    .unwrap();
    let world = case.world().unwrap();
    let (reason, sentence) = world.words();
    assert_eq!(reason, "because no resource-based policy allows the s3:GetObject action");
    assert_eq!(
        sentence,
        "Denied: arn:aws:sts::111111111111:assumed-role/reader/s1 may not s3:GetObject on arn:aws:s3:::models/iris of account \
         222222222222; account 111111111111's identity-based policy allows it (identity, statement 1); no account 222222222222's \
         resource-based policy allows it"
    );
}
