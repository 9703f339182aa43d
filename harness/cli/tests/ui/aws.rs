//! `aws`: a cloud on real sockets.
#![cfg(unix)]

use crate::support::proofmark;

fn aws(arguments: &[&str], script: &str) -> crate::support::Ran {
    proofmark(&[&["aws"], arguments, &["--", "sh", "-c", script]].concat())
}

#[test]
fn a_command_finds_the_cloud_in_its_environment() {
    let ran =
        aws(&[], r#"echo "$AWS_ACCESS_KEY_ID $AWS_REGION"; curl -sf "$AWS_ENDPOINT_URL/_proofmark/health"; exit 7"#);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(7), ""), "{ran}");
    assert_eq!(ran.stdout, "000000000000 us-east-1\n{\"status\":\"ok\"}");
    let tls = aws(&["--tls"], r#"curl -sf --cacert "$AWS_CA_BUNDLE" "$AWS_ENDPOINT_URL/_proofmark/health""#);
    assert_eq!((tls.code, tls.stdout.as_str()), (Some(0), "{\"status\":\"ok\"}"), "{tls}");
}

#[test]
fn a_world_that_cannot_be_is_told_in_the_words_of_aws() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("world.yaml");
    let play = |text: &str| {
        std::fs::write(&file, text).expect("writable");
        let ran = aws(&["--world", file.to_str().expect("UTF-8")], r#"echo "$AWS_ACCESS_KEY_ID""#);
        (ran.code, ran.stdout, ran.stderr)
    };
    let good = play("accounts: [{id: '111111111111', users: [{name: ann}]}]");
    assert_eq!(good, (Some(0), "111111111111\n".to_owned(), String::new()));
    let (code, _, told) = play("accounts: [{id: '111111111111', users: [{name: a b}]}]");
    assert!(
        code == Some(2) && told.contains("account 111111111111: user a b: ValidationError: The specified value"),
        "{told}"
    );
    let (code, _, told) = play("acounts: []");
    assert!(code == Some(2) && told.contains("acounts"), "{told}");
}

#[test]
fn decisions_are_told_in_sentences() {
    let list = r#"curl -s -o /dev/null --aws-sigv4 aws:amz:us-east-1:iam --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -d Action=ListUsers "$AWS_ENDPOINT_URL/""#;
    let binary = env!("CARGO_BIN_EXE_proofmark");
    let ran = aws(&[], &format!("{list} && {binary} aws explain"));
    let sentence = "Allowed: arn:aws:iam::000000000000:root may iam:ListUsers on arn:aws:iam::000000000000:user/";
    assert!(ran.code == Some(0) && ran.stdout.contains(sentence), "{ran}");
    let nobody = proofmark(&["aws", "explain", "--endpoint", "http://127.0.0.1:1"]);
    assert!(nobody.code == Some(2) && nobody.stderr.contains("tells nothing"), "{nobody}");
}
