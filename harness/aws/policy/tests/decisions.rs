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

/// A sentence for every way to an outcome, and AWS' own words for those that are refused.
#[test]
fn a_decision_explains_itself() {
    let cases: Vec<Case> = serde_yaml::from_str(include_str!("cases/explanations.yaml")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let world = case.world().unwrap_or_else(|e| panic!("{}: {e}", case.rule));
        let (reason, sentence) = world.words();
        let told = sentence.split_once("; ").map_or("", |(_, told)| told);
        let told = if reason.is_empty() { told.to_owned() } else { format!("{told} / {reason}") };
        if world.outcome() != case.expect || told != case.says {
            wrong.push(format!("{}: {}: {told}", case.rule, world.outcome()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sentence_begins_with_who_may_do_what() {
    for (ask, sentence) in [
        (
            "s3:GetObject arn:aws:s3:::models/iris",
            "Denied: arn:aws:iam::111111111111:user/ann may not s3:GetObject on arn:aws:s3:::models/iris; ",
        ),
        (
            "s3:GetObject arn:aws:s3:::models/iris of B",
            "Denied: arn:aws:iam::111111111111:user/ann may not s3:GetObject on arn:aws:s3:::models/iris of account 222222222222; ",
        ),
    ] {
        let case: Case =
            serde_yaml::from_str(&format!("{{rule: words, who: user ann, ask: '{ask}', expect: implicit identity}}"))
                .unwrap();
        let (_, told) = case.world().unwrap().words();
        assert!(told.starts_with(sentence), "{told}");
    }
}
