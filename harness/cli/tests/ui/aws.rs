//! `aws`: a cloud on real sockets.
#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::process::Command;

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

/// A cluster in one process, a cloud in another: STS fetches what it needs to verify a token from the API server over HTTPS.
#[test]
fn a_cloud_accepts_tokens_of_a_cluster_in_another_process() {
    let kubectl = Command::new("kubectl").args(["version", "--client"]).output();
    if kubectl.is_err() {
        return eprintln!("skipped: kubectl is not on the path");
    }
    let cloud = r#"
        set -e
        iam() {
            curl -s --cacert "$AWS_CA_BUNDLE" --aws-sigv4 aws:amz:us-east-1:iam --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
                --data-urlencode Version=2010-05-08 "$@" "$AWS_ENDPOINT_URL/" >/dev/null
        }
        name=${OIDC_ISSUER#https://}
        provider=arn:aws:iam::$AWS_ACCESS_KEY_ID:oidc-provider/$name
        trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"'$provider'"},
            "Condition":{"StringEquals":{"'$name':sub":"system:serviceaccount:default:model"}}}]}'
        iam --data-urlencode Action=CreateRole --data-urlencode RoleName=reader --data-urlencode AssumeRolePolicyDocument="$trust"
        assume() {
            curl -s --cacert "$AWS_CA_BUNDLE" --data-urlencode Action=AssumeRoleWithWebIdentity --data-urlencode Version=2011-06-15 \
                --data-urlencode RoleArn="arn:aws:iam::$AWS_ACCESS_KEY_ID:role/reader" --data-urlencode RoleSessionName=pod \
                --data-urlencode WebIdentityToken="$1" "$AWS_ENDPOINT_URL/" |
                sed -n -e 's|.*<Arn>\(.*\)</Arn>.*|\1|p' -e 's|.*<Message>\(.*\)</Message>.*|\1|p'
        }
        create() {
            iam --data-urlencode Action=CreateOpenIDConnectProvider --data-urlencode Url="$OIDC_ISSUER" \
                --data-urlencode ClientIDList.member.1=sts.amazonaws.com --data-urlencode ThumbprintList.member.1="$1"
        }
        model=$(kubectl create token model --audience=sts.amazonaws.com)
        assume "$model"
        create 0000000000000000000000000000000000000000
        assume "$model"
        iam --data-urlencode Action=DeleteOpenIDConnectProvider --data-urlencode OpenIDConnectProviderArn="$provider"
        create "$OIDC_THUMBPRINT"
        assume "$model"
        assume "$(kubectl create token other --audience=sts.amazonaws.com)"
        assume "$(kubectl create token model)"
    "#;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cloud.sh");
    std::fs::write(&file, cloud).expect("writable");
    let (binary, file) = (env!("CARGO_BIN_EXE_proofmark"), file.display());
    let cluster = format!(
        "kubectl create serviceaccount model >&2 && kubectl create serviceaccount other >&2 && {binary} aws --tls -- bash {file}"
    );
    let ran = proofmark(&["up", "--bare", "--issuer", "--", "sh", "-c", &cluster]);
    let told: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(ran.code, Some(0), "{ran}");
    let [no_provider, foreign, assumed, other, audience] = told[..] else { panic!("{ran}") };
    assert!(no_provider.starts_with("No OpenIDConnect provider found in your account for https://127.0.0.1:"), "{ran}");
    assert_eq!(foreign, "OpenIDConnect provider&apos;s HTTPS certificate doesn&apos;t match configured thumbprint");
    assert_eq!(assumed, "arn:aws:sts::000000000000:assumed-role/reader/pod");
    assert_eq!(other, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    assert_eq!(audience, "Incorrect token audience");
}
