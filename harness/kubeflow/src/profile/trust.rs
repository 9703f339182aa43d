//! What the AWS plugin makes of a role's trust policy, destruction included.
//!
//! It looks at the first statement only and writes a whole new document from it: one statement, the audience `sts.amazonaws.com`, and the
//! service accounts. Second statements, other operators, other conditions and other audiences are gone. Taking the last service account away
//! leaves the audience alone, and then every service account of the cluster may assume the role.
//!
//! Source: `components/profile-controller/controllers/plugin_iam.go` of Kubeflow 1.9 and 1.10, and recordings of what it sent.

use proofmark_json::{Value, json};

/// A trust policy that lets a service account in; none when the first statement already does.
pub(super) fn admit(policy: &Value, account: &str) -> Option<Value> {
    let (provider, mut accounts) = read(policy);
    if accounts.iter().any(|admitted| admitted == account) {
        return None;
    }
    accounts.push(account.to_owned());
    Some(write(&provider, &accounts))
}

/// A trust policy that no longer names a service account.
pub(super) fn dismiss(policy: &Value, account: &str) -> Value {
    let (provider, mut accounts) = read(policy);
    accounts.retain(|admitted| admitted != account);
    write(&provider, &accounts)
}

/// The first statement's provider, and the subjects that it admits by `StringEquals`.
fn read(policy: &Value) -> (String, Vec<String>) {
    let provider = policy.pointer("/Statement/0/Principal/Federated").and_then(Value::as_str).unwrap_or_default();
    let subject = format!("{}:sub", issuer(provider));
    let equals = policy.pointer("/Statement/0/Condition/StringEquals");
    let accounts = match equals.and_then(|equals| equals.get(&subject)) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec![],
    };
    (provider.to_owned(), accounts)
}

/// What follows the first slash of a provider's ARN.
fn issuer(provider: &str) -> &str {
    provider.split_once('/').map_or(provider, |(_, issuer)| issuer)
}

/// Members in the order in which Go writes maps.
fn write(provider: &str, accounts: &[String]) -> Value {
    let issuer = issuer(provider);
    let mut equals = json!({});
    equals[format!("{issuer}:aud")] = json!(["sts.amazonaws.com"]);
    if !accounts.is_empty() {
        equals[format!("{issuer}:sub")] = json!(accounts);
    }
    json!({
        "Statement": [{
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": equals},
            "Effect": "Allow",
            "Principal": {"Federated": provider},
        }],
        "Version": "2012-10-17",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/issuer.example.com/id/1";

    fn policy(equals: &Value, more: &[Value]) -> Value {
        let first = json!({
            "Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": equals},
        });
        let statements = [&[first], more].concat();
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    #[test]
    fn second_statements_and_other_audiences_are_lost() {
        let other = json!({"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"});
        let before = policy(&json!({"issuer.example.com/id/1:aud": "mine"}), &[other]);
        let after = admit(&before, "system:serviceaccount:a:default-editor").expect("not in yet");
        assert_eq!(after["Statement"].as_array().map(Vec::len), Some(1));
        let equals = &after["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(equals["issuer.example.com/id/1:aud"], json!(["sts.amazonaws.com"]));
        assert_eq!(equals["issuer.example.com/id/1:sub"], json!(["system:serviceaccount:a:default-editor"]));
    }

    #[test]
    fn who_is_in_stays_in_and_is_not_added_twice() {
        let before = policy(&json!({"issuer.example.com/id/1:sub": "one"}), &[]);
        let after = admit(&before, "two").expect("not in yet");
        assert_eq!(
            after["Statement"][0]["Condition"]["StringEquals"]["issuer.example.com/id/1:sub"],
            json!(["one", "two"])
        );
        assert_eq!(admit(&after, "one"), None);
    }

    #[test]
    fn without_the_last_one_the_role_is_open_to_the_cluster() {
        let before = admit(&policy(&json!({}), &[]), "one").expect("not in yet");
        let equals = dismiss(&before, "one")["Statement"][0]["Condition"]["StringEquals"].clone();
        assert_eq!(equals, json!({"issuer.example.com/id/1:aud": ["sts.amazonaws.com"]}));
    }

    #[test]
    fn a_policy_of_another_kind_becomes_garbage() {
        let other = json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "sts:AssumeRole"}]});
        let after = admit(&other, "one").expect("not in yet");
        assert_eq!(after["Statement"][0]["Principal"], json!({"Federated": ""}));
        assert_eq!(after["Statement"][0]["Condition"]["StringEquals"][":sub"], json!(["one"]));
    }
}
