//! What a pod gets: a token in a volume, and variables that say where it is and for which role.

use proofmark_controllers::kit::object;
use serde_json::{Value, json};

use crate::account::Wanted;

const VOLUME: &str = "aws-iam-token";
const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const FILE: &str = "token";
const ROLE: &str = "AWS_ROLE_ARN";
const TOKEN: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const REGIONAL: &str = "AWS_STS_REGIONAL_ENDPOINTS";
const REGIONS: [&str; 2] = ["AWS_DEFAULT_REGION", "AWS_REGION"];

/// Adds to a pod what is wanted. What it already has of that stays as it is.
pub(crate) fn inject(pod: &mut Value, wanted: &Wanted, region: &str) {
    let mut changed = false;
    for list in ["initContainers", "containers"] {
        let containers = pod["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            if !wanted.skip.iter().any(|name| name == object::text(container, "/name")) {
                changed |= to_container(container, wanted, region);
            }
        }
    }
    if changed {
        let token = json!({"audience": wanted.audience, "expirationSeconds": wanted.life, "path": FILE});
        let volume = json!({"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}});
        push_named(&mut pod["spec"], "volumes", volume);
    }
}

/// Whether there was anything to add.
fn to_container(container: &mut Value, wanted: &Wanted, region: &str) -> bool {
    let has = |names: &[&str]| {
        object::list(container, "/env").iter().any(|variable| names.contains(&object::text(variable, "/name")))
    };
    let (own, regions, regional) = (has(&[ROLE, TOKEN]), has(&REGIONS), has(&[REGIONAL]));
    if own && regions && regional {
        return false;
    }
    let mut add = Vec::new();
    if wanted.regional && !regional {
        add.push((REGIONAL, "regional".to_owned()));
    }
    if !regions && !region.is_empty() {
        add.extend(REGIONS.map(|name| (name, region.to_owned())));
    }
    if !own {
        add.push((ROLE, wanted.role.clone()));
        add.push((TOKEN, format!("{FOLDER}/{FILE}")));
    }
    for (name, value) in add {
        push(container, "env", json!({"name": name, "value": value}));
    }
    push_named(container, "volumeMounts", json!({"name": VOLUME, "readOnly": true, "mountPath": FOLDER}));
    true
}

fn push(to: &mut Value, list: &str, item: Value) {
    match to.get_mut(list).and_then(Value::as_array_mut) {
        Some(items) => items.push(item),
        None => to[list] = json!([item]),
    }
}

fn push_named(to: &mut Value, list: &str, item: Value) {
    if !object::list(to, &format!("/{list}")).iter().any(|other| other.get("name") == item.get("name")) {
        push(to, list, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            role: "arn:aws:iam::111111111111:role/reader".to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
            regional: true,
            life: 86_400,
            skip: vec!["proxy".to_owned()],
        }
    }

    #[test]
    fn every_container_gets_a_token_and_keeps_what_it_has() {
        let mine = json!([{"name": "AWS_REGION", "value": "eu-west-1"}, {"name": "AWS_ROLE_ARN", "value": "mine"}]);
        let mut pod = json!({"spec": {
            "initContainers": [{"name": "storage-initializer"}],
            "containers": [{"name": "main", "env": mine}, {"name": "proxy"}],
        }});
        inject(&mut pod, &wanted(), "us-east-1");
        let again = {
            let mut again = pod.clone();
            inject(&mut again, &wanted(), "us-east-1");
            again
        };
        assert_eq!(again, pod, "a second time adds nothing");
        let env = |name: &str, value: &str| json!({"name": name, "value": value});
        assert_eq!(
            pod["spec"]["initContainers"][0]["env"],
            json!([
                env("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
                env("AWS_DEFAULT_REGION", "us-east-1"),
                env("AWS_REGION", "us-east-1"),
                env("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/reader"),
                env(TOKEN, "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
            ])
        );
        let main = &pod["spec"]["containers"][0];
        assert_eq!(
            main["env"],
            json!([
                env("AWS_REGION", "eu-west-1"),
                env("AWS_ROLE_ARN", "mine"),
                env("AWS_STS_REGIONAL_ENDPOINTS", "regional")
            ])
        );
        assert_eq!(main["volumeMounts"], json!([{"name": VOLUME, "readOnly": true, "mountPath": FOLDER}]));
        assert_eq!(pod["spec"]["containers"][1], json!({"name": "proxy"}));
        let token = json!({"audience": "sts.amazonaws.com", "expirationSeconds": 86_400, "path": "token"});
        let volume = json!({"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}});
        assert_eq!(pod["spec"]["volumes"], json!([volume]));
    }
}
