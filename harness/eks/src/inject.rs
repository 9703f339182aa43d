//! What a pod gets: a token in a volume, and variables that say where it is and for which role.

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

use crate::account::{Wanted, Way};

/// Where a token lies, and which variables lead to it.
struct Place {
    volume: &'static str,
    folder: &'static str,
    file: &'static str,
    /// What says whom to ask with the token, and where the token is.
    variables: [&'static str; 2],
}

const OF_ROLE: Place = Place {
    volume: "aws-iam-token",
    folder: "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    file: "token",
    variables: ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
};
const OF_AGENT: Place = Place {
    volume: "eks-pod-identity-token",
    folder: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
    file: "eks-pod-identity-token",
    variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
};
/// Where the agent answers, on every node.
const AGENT: &str = "http://169.254.170.23/v1/credentials";

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
        let place = place(wanted);
        let token = json!({"audience": wanted.audience, "expirationSeconds": wanted.life, "path": place.file});
        let volume = json!({"name": place.volume, "projected": {"sources": [{"serviceAccountToken": token}]}});
        push_named(&mut pod["spec"], "volumes", volume);
    }
}

fn place(wanted: &Wanted) -> &'static Place {
    match wanted.way {
        Way::Role(_) => &OF_ROLE,
        Way::Agent => &OF_AGENT,
    }
}

/// Whether there was anything to add.
fn to_container(container: &mut Value, wanted: &Wanted, region: &str) -> bool {
    let has = |names: &[&str]| {
        object::list(container, "/env").iter().any(|variable| names.contains(&object::text(variable, "/name")))
    };
    let place = place(wanted);
    let (own, regions, regional) = (has(&place.variables), has(&REGIONS), has(&[REGIONAL]));
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
        let whom = match &wanted.way {
            Way::Role(role) => role.clone(),
            Way::Agent => AGENT.to_owned(),
        };
        let [asked, token] = place.variables;
        add.extend([(asked, whom), (token, format!("{}/{}", place.folder, place.file))]);
    }
    for (name, value) in add {
        push(container, "env", json!({"name": name, "value": value}));
    }
    push_named(container, "volumeMounts", json!({"name": place.volume, "readOnly": true, "mountPath": place.folder}));
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
            way: Way::Role("arn:aws:iam::111111111111:role/reader".to_owned()),
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
                env("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"),
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
        assert_eq!(
            main["volumeMounts"],
            json!([{"name": "aws-iam-token", "readOnly": true, "mountPath": OF_ROLE.folder}])
        );
        assert_eq!(pod["spec"]["containers"][1], json!({"name": "proxy"}));
        let token = json!({"audience": "sts.amazonaws.com", "expirationSeconds": 86_400, "path": "token"});
        let volume = json!({"name": "aws-iam-token", "projected": {"sources": [{"serviceAccountToken": token}]}});
        assert_eq!(pod["spec"]["volumes"], json!([volume]));
    }

    #[test]
    fn the_agent_is_told_by_other_variables() {
        let agent =
            Wanted { way: Way::Agent, audience: "pods.eks.amazonaws.com".to_owned(), regional: false, ..wanted() };
        let mut pod = json!({"spec": {"containers": [{"name": "main"}]}});
        inject(&mut pod, &agent, "");
        let env = |name: &str, value: &str| json!({"name": name, "value": value});
        let folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
        assert_eq!(
            pod["spec"]["containers"][0],
            json!({
                "name": "main",
                "env": [
                    env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
                    env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &format!("{folder}/eks-pod-identity-token")),
                ],
                "volumeMounts": [{"name": "eks-pod-identity-token", "readOnly": true, "mountPath": folder}],
            })
        );
        let token = &pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
        assert_eq!(token["audience"], "pods.eks.amazonaws.com");
    }
}
