//! What a service account and a pod ask for, in annotations below `eks.amazonaws.com/`, and what the cluster associates with the account.

use proofmark_controllers::kit::object;
use proofmark_json::Value;

/// The life of a token in seconds, where nobody says (`DefaultTokenExpiration`).
const USUAL_LIFE: i64 = 86_400;
/// No token lives shorter (`MinTokenExpiration`).
const SHORTEST_LIFE: i64 = 600;

/// How pods get credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// By trading their token for this role themselves: its ARN, which nobody looks at here.
    Role(String),
    /// By asking the agent on their node, which knows the role (EKS Pod Identity).
    Agent,
}

/// A role for pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// How they get it.
    pub(crate) way: Way,
    /// Whom the token is for.
    pub(crate) audience: String,
    /// Whether STS is to be asked in the pod's region.
    pub(crate) regional: bool,
    /// Seconds.
    pub(crate) life: i64,
    /// Containers that get nothing.
    pub(crate) skip: Vec<String>,
}

impl Wanted {
    /// What a pod of this service account gets: the agent if the account is associated with a role; else what its annotations say, and nothing without
    /// the one that names a role, to the letter.
    pub(crate) fn of(account: &Value, pod: &Value, associated: bool) -> Option<Self> {
        let on = |whose: &Value, key: &str| {
            object::annotation(whose, &format!("eks.amazonaws.com/{key}")).map(str::to_owned)
        };
        let (way, audience) = if associated {
            (Way::Agent, "pods.eks.amazonaws.com".to_owned())
        } else {
            let role = on(account, "role-arn").filter(|role| !role.is_empty())?;
            (Way::Role(role), on(account, "audience").unwrap_or_else(|| "sts.amazonaws.com".to_owned()))
        };
        let life = |whose: &Value| on(whose, "token-expiration")?.parse::<i64>().ok();
        Some(Self {
            way,
            audience,
            regional: on(account, "sts-regional-endpoints").is_some_and(|value| value == "true"),
            life: life(pod).or_else(|| life(account)).unwrap_or(USUAL_LIFE).max(SHORTEST_LIFE),
            skip: on(pod, "skip-containers")
                .map(|names| names.split(',').map(|name| name.trim().to_owned()).collect())
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn annotated(annotations: Value) -> Value {
        json!({"metadata": {"annotations": annotations}})
    }

    #[test]
    fn only_the_exact_annotation_names_a_role() {
        let none = json!({});
        for annotations in
            [json!({}), json!({"eks.amazonaws.com/role-arn:": "arn"}), json!({"eks.amazonaws.com/role-arn": ""})]
        {
            assert_eq!(Wanted::of(&annotated(annotations), &none, false), None);
        }
    }

    #[test]
    fn an_association_goes_before_annotations() {
        let account = annotated(json!({"eks.amazonaws.com/role-arn": "arn", "eks.amazonaws.com/audience": "mine"}));
        let wanted = Wanted::of(&account, &json!({}), true).unwrap();
        assert_eq!((wanted.way, wanted.audience.as_str()), (Way::Agent, "pods.eks.amazonaws.com"));
    }

    #[rstest::rstest]
    #[case(json!({}), json!({}), 86_400)]
    #[case(json!({"eks.amazonaws.com/token-expiration": "7200"}), json!({}), 7_200)]
    #[case(json!({"eks.amazonaws.com/token-expiration": "7200"}), json!({"eks.amazonaws.com/token-expiration": "1800"}), 1_800)]
    #[case(json!({"eks.amazonaws.com/token-expiration": "60"}), json!({}), 600)]
    #[case(json!({"eks.amazonaws.com/token-expiration": "soon"}), json!({}), 86_400)]
    fn tokens_live_as_long_as_is_asked(#[case] mut account: Value, #[case] pod: Value, #[case] life: i64) {
        account["eks.amazonaws.com/role-arn"] = json!("arn");
        assert_eq!(Wanted::of(&annotated(account), &annotated(pod), false).map(|wanted| wanted.life), Some(life));
    }
}
