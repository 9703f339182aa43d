//! Accounts and their users, roles and policies.

use super::{AccountSpec, ClusterSpec, KeySpec, Root, SetupError};
use crate::protocol::invalid;
use crate::world::{AccountId, Association, Cluster};
use crate::{Cloud, iam};
use proofmark_json::{Value, json};
use std::collections::BTreeMap;

/// Parameters of an action.
#[derive(Default)]
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    fn maybe(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn list<'v>(mut self, name: &str, values: impl IntoIterator<Item = &'v String>) -> Self {
        for (index, value) in values.into_iter().enumerate() {
            self.0.push((format!("{name}.member.{}", index + 1), value.clone()));
        }
        self
    }

    fn tags(mut self, tags: &BTreeMap<String, String>) -> Self {
        for (index, (key, value)) in tags.iter().enumerate() {
            self.0.push((format!("Tags.member.{}.Key", index + 1), key.clone()));
            self.0.push((format!("Tags.member.{}.Value", index + 1), value.clone()));
        }
        self
    }
}

fn given(name: &str, value: impl Into<String>) -> Parameters {
    Parameters::default().with(name, value)
}

/// Everything that other things name is made first; policies of keys and roles, which may name anything, come last.
pub(super) fn make(cloud: &Cloud, accounts: &[AccountSpec]) -> Result<(), SetupError> {
    let roots = accounts.iter().map(|spec| Ok((Root::of(cloud, &spec.id)?, spec))).collect::<Result<Vec<_>, _>>()?;
    for (root, spec) in &roots {
        if let Some(name) = &spec.name
            && let Some(account) = cloud.world().write().accounts.get_mut(spec.id.as_str())
        {
            account.name.clone_from(name);
        }
        make_one(root, spec)?;
        for cluster in &spec.clusters {
            make_cluster(root, cluster)?;
        }
    }
    for (root, spec) in &roots {
        spec.keys.iter().try_for_each(|key| make_key(root, key))?;
        for role in &spec.roles {
            let trust = given("RoleName", &role.name).with("PolicyDocument", role.trust.to_string());
            root.iam(&format!("trust policy of role {}", role.name), "UpdateAssumeRolePolicy", trust.0)?;
        }
    }
    Ok(())
}

fn make_one(root: &Root<'_>, spec: &AccountSpec) -> Result<(), SetupError> {
    for policy in &spec.policies {
        let parameters = given("PolicyName", &policy.name)
            .maybe("Path", policy.path.as_ref())
            .with("PolicyDocument", policy.document.to_string());
        root.iam(&format!("policy {}", policy.name), "CreatePolicy", parameters.0)?;
    }
    for provider in &spec.providers {
        let parameters = given("Url", &provider.url)
            .list("ClientIDList", &provider.client_ids)
            .list("ThumbprintList", &provider.thumbprints);
        root.iam(&format!("provider {}", provider.url), "CreateOpenIDConnectProvider", parameters.0)?;
    }
    for group in &spec.groups {
        root.iam(&format!("group {}", group.name), "CreateGroup", given("GroupName", &group.name).0)?;
        hold(root, "Group", &group.name, &group.policies, &group.attached)?;
    }
    for user in &spec.users {
        let thing = format!("user {}", user.name);
        let parameters = given("UserName", &user.name)
            .maybe("Path", user.path.as_ref())
            .maybe("PermissionsBoundary", user.boundary.as_ref())
            .tags(&user.tags);
        root.iam(&thing, "CreateUser", parameters.0)?;
        hold(root, "User", &user.name, &user.policies, &user.attached)?;
        for group in &user.groups {
            root.iam(&thing, "AddUserToGroup", given("GroupName", group).with("UserName", &user.name).0)?;
        }
        for key in &user.access_keys {
            iam::add_access_key(root.cloud, &root.call, &user.name, &key.id, &key.secret)
                .map_err(root.error(&thing))?;
        }
    }
    for role in &spec.roles {
        // Until every account is there the account's own root stands for whomever the role trusts.
        let nobody = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": {"AWS": spec.id}, "Action": "sts:AssumeRole"},
        ]});
        let parameters = given("RoleName", &role.name)
            .maybe("Path", role.path.as_ref())
            .maybe("PermissionsBoundary", role.boundary.as_ref())
            .maybe("MaxSessionDuration", role.max_session_duration.map(|seconds| seconds.to_string()))
            .with("AssumeRolePolicyDocument", nobody.to_string())
            .tags(&role.tags);
        root.iam(&format!("role {}", role.name), "CreateRole", parameters.0)?;
        hold(root, "Role", &role.name, &role.policies, &role.attached)?;
    }
    Ok(())
}

/// EKS' own actions are not simulated, so a cluster goes into the world as it is.
fn make_cluster(root: &Root<'_>, spec: &ClusterSpec) -> Result<(), SetupError> {
    let account = root.call.caller.principal.account().and_then(AccountId::parse);
    let failed = root.error(&format!("cluster {}", spec.name));
    let (Some(account), true) = (account, spec.issuer.starts_with("https://")) else {
        return Err(failed(invalid("the issuer of a cluster is an https URL")));
    };
    let associations = spec.associations.iter().map(|association| Association {
        namespace: association.namespace.clone(),
        service_account: association.service_account.clone(),
        role: association.role_arn.clone(),
        target_role: association.target_role_arn.clone(),
    });
    let (name, region) = (spec.name.clone(), root.cloud.settings().region.clone());
    let cluster = Cluster { name, account, region, associations: associations.collect() };
    let issuer = spec.issuer.trim_end_matches('/').to_owned();
    root.cloud.world().write().clusters.insert(issuer, cluster);
    Ok(())
}

fn make_key(root: &Root<'_>, spec: &KeySpec) -> Result<(), SetupError> {
    let thing = format!("key {}", spec.alias);
    let policy = spec.policy.as_ref().map(|policy| json!({"Policy": policy.to_string()}));
    let made = root.kms(&thing, "CreateKey", &policy.unwrap_or_else(|| json!({})))?;
    let key = &made["KeyMetadata"]["KeyId"];
    root.kms(&thing, "CreateAlias", &json!({"AliasName": spec.alias, "TargetKeyId": key})).map(drop)
}

fn hold(
    root: &Root<'_>,
    kind: &str,
    name: &str,
    inline: &BTreeMap<String, Value>,
    attached: &[String],
) -> Result<(), SetupError> {
    let thing = format!("{} {name}", kind.to_ascii_lowercase());
    for (policy, document) in inline {
        let parameters =
            given(&format!("{kind}Name"), name).with("PolicyName", policy).with("PolicyDocument", document.to_string());
        root.iam(&format!("{thing}: policy {policy}"), &format!("Put{kind}Policy"), parameters.0)?;
    }
    for arn in attached {
        let parameters = given(&format!("{kind}Name"), name).with("PolicyArn", arn);
        root.iam(&thing, &format!("Attach{kind}Policy"), parameters.0)?;
    }
    Ok(())
}
