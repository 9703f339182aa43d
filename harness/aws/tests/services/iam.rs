//! IAM as its clients see it.

use crate::client::{A, B, Client, cloud};

const TRUST_ROOT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}]}"#;
const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// One row: an action, its parameters, and the code and message that come back; an empty one is success.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

async fn play(client: &Client, rows: &[Row<'_>]) {
    for (action, parameters, expected) in rows {
        let answer = client.iam(action, parameters).await;
        let found = if answer.status == 200 { String::new() } else { answer.fault() };
        assert_eq!(found, *expected, "{action} {parameters:?}");
    }
}

#[tokio::test]
async fn what_is_missing_twice_or_in_use_is_told() {
    let cloud = cloud();
    let x = ("RoleName", "x");
    let own = "arn:aws:iam::111111111111:policy/p";
    play(
        &Client::root(&cloud, A),
        &[
            ("GetRole", &[x], "NoSuchEntity: The role with name x cannot be found."),
            ("CreateRole", &[x], "ValidationError: 1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null"),
            ("CreateRole", &[x, ("AssumeRolePolicyDocument", "{")], "MalformedPolicyDocument: This policy contains invalid Json"),
            (
                "CreateRole",
                &[x, ("AssumeRolePolicyDocument", r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/none"},"Action":"sts:AssumeRole"}]}"#)],
                "MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"arn:aws:iam::111111111111:role/none\"",
            ),
            ("CreateRole", &[("RoleName", "a b"), ("AssumeRolePolicyDocument", TRUST_ROOT)], "ValidationError: The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"),
            ("CreateRole", &[x, ("AssumeRolePolicyDocument", TRUST_ROOT), ("MaxSessionDuration", "60")], "ValidationError: 1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"),
            ("CreateRole", &[x, ("AssumeRolePolicyDocument", TRUST_ROOT)], ""),
            ("CreateRole", &[("RoleName", "X"), ("AssumeRolePolicyDocument", TRUST_ROOT)], "EntityAlreadyExists: Role with name X already exists."),
            ("PutRolePolicy", &[x, ("PolicyName", "p"), ("PolicyDocument", ALL)], ""),
            ("DeleteRole", &[x], "DeleteConflict: Cannot delete entity, must delete policies first."),
            ("GetRolePolicy", &[x, ("PolicyName", "q")], "NoSuchEntity: The role policy with name q cannot be found."),
            ("DeleteRolePolicy", &[x, ("PolicyName", "p")], ""),
            ("AttachRolePolicy", &[x, ("PolicyArn", own)], "NoSuchEntity: Policy arn:aws:iam::111111111111:policy/p does not exist or is not attachable."),
            ("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", ALL)], ""),
            ("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", ALL)], "EntityAlreadyExists: A policy called p already exists. Duplicate names are not allowed."),
            ("AttachRolePolicy", &[x, ("PolicyArn", own)], ""),
            ("AttachRolePolicy", &[x, ("PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")], ""),
            ("DeletePolicy", &[("PolicyArn", own)], "DeleteConflict: Cannot delete a policy attached to entities."),
            ("DeleteRole", &[x], "DeleteConflict: Cannot delete entity, must detach all policies first."),
            ("DetachRolePolicy", &[x, ("PolicyArn", own)], ""),
            ("DetachRolePolicy", &[x, ("PolicyArn", own)], "NoSuchEntity: Policy arn:aws:iam::111111111111:policy/p was not found."),
            ("DetachRolePolicy", &[x, ("PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")], ""),
            ("CreatePolicyVersion", &[("PolicyArn", own), ("PolicyDocument", ALL), ("SetAsDefault", "true")], ""),
            ("DeletePolicyVersion", &[("PolicyArn", own), ("VersionId", "v2")], "DeleteConflict: Cannot delete the default version of a policy."),
            ("GetPolicyVersion", &[("PolicyArn", own), ("VersionId", "v9")], "NoSuchEntity: Policy arn:aws:iam::111111111111:policy/p version v9 does not exist or is not attachable."),
            ("DeletePolicyVersion", &[("PolicyArn", own), ("VersionId", "v1")], ""),
            ("DeletePolicy", &[("PolicyArn", own)], ""),
            ("CreateInstanceProfile", &[("InstanceProfileName", "i")], ""),
            ("AddRoleToInstanceProfile", &[("InstanceProfileName", "i"), x], ""),
            ("AddRoleToInstanceProfile", &[("InstanceProfileName", "i"), x], "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"),
            ("DeleteRole", &[x], "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."),
            ("RemoveRoleFromInstanceProfile", &[("InstanceProfileName", "i"), x], ""),
            ("DeleteInstanceProfile", &[("InstanceProfileName", "i")], ""),
            ("DeleteRole", &[x], ""),
            ("CreateUser", &[("UserName", "ann")], ""),
            ("CreateGroup", &[("GroupName", "g")], ""),
            ("AddUserToGroup", &[("GroupName", "g"), ("UserName", "ann")], ""),
            ("DeleteGroup", &[("GroupName", "g")], "DeleteConflict: Cannot delete entity, must remove users from group first."),
            ("CreateAccessKey", &[("UserName", "ann")], ""),
            ("CreateAccessKey", &[("UserName", "ann")], ""),
            ("CreateAccessKey", &[("UserName", "ann")], "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"),
            ("CreateAccessKey", &[], "ValidationError: Must specify userName when calling with non-User credentials"),
            ("CreateOpenIDConnectProvider", &[("Url", "http://oidc.example")], "ValidationError: Invalid Open ID Connect Provider URL"),
            ("CreateOpenIDConnectProvider", &[("Url", "https://oidc.example/id/1"), ("ClientIDList.member.1", "sts.amazonaws.com")], ""),
            ("CreateOpenIDConnectProvider", &[("Url", "https://oidc.example/id/1")], "EntityAlreadyExists: Provider with url https://oidc.example/id/1 already exists."),
            ("DeleteOpenIDConnectProvider", &[("OpenIDConnectProviderArn", "arn:aws:iam::111111111111:oidc-provider/oidc.example/id/2")], "NoSuchEntity: OpenIDConnect Provider not found for arn arn:aws:iam::111111111111:oidc-provider/oidc.example/id/2"),
            ("DoNothing", &[], "InvalidAction: Could not find operation DoNothing for version 2010-05-08"),
        ],
    )
    .await;
}

#[tokio::test]
async fn every_action_needs_permission() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    root.iam("CreateUser", &[("UserName", "ann"), ("Path", "/models/")]).await.good();
    let ann = Client::of(&cloud, &root.iam("CreateAccessKey", &[("UserName", "ann")]).await.good());
    let refused = "AccessDenied: User: arn:aws:iam::111111111111:user/models/ann is not authorized to perform: iam:CreateRole on resource: \
                   arn:aws:iam::111111111111:role/x because no identity-based policy allows the iam:CreateRole action";
    let create: Row<'_> = ("CreateRole", &[("RoleName", "x"), ("AssumeRolePolicyDocument", TRUST_ROOT)], refused);
    play(&ann, &[create]).await;
    let grant = [("UserName", "ann"), ("PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess")];
    root.iam("AttachUserPolicy", &grant).await.good();
    play(&ann, &[(create.0, create.1, "")]).await;
    let anonymous = Client::anonymous(&cloud).iam("ListUsers", &[]).await;
    assert_eq!(anonymous.fault(), "MissingAuthenticationToken: Request is missing Authentication Token");
}

#[tokio::test]
async fn a_role_that_was_made_again_is_somebody_else() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    let role = |name| [("RoleName", name), ("AssumeRolePolicyDocument", TRUST_ROOT)];
    let id = root.iam("CreateRole", &role("old")).await.good().element("RoleId").to_owned();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/old"},"Action":"sts:AssumeRole"}]}"#;
    root.iam("CreateRole", &[("RoleName", "new"), ("AssumeRolePolicyDocument", trust)]).await.good();
    let shown = || async {
        root.iam("GetRole", &[("RoleName", "new")]).await.good().element("AssumeRolePolicyDocument").to_owned()
    };
    assert!(shown().await.contains("role%2Fold"));
    root.iam("DeleteRole", &[("RoleName", "old")]).await.good();
    assert!(shown().await.contains(&id));
    root.iam("CreateRole", &role("old")).await.good();
    assert!(shown().await.contains(&id));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    for name in ["a", "b", "c"] {
        root.iam("CreateUser", &[("UserName", name)]).await.good();
    }
    let first = root.iam("ListUsers", &[("MaxItems", "2")]).await.good();
    assert_eq!(first.text.matches("<UserName>").count(), 2);
    assert_eq!(first.element("IsTruncated"), "true");
    let second = root.iam("ListUsers", &[("Marker", first.element("Marker"))]).await.good();
    assert_eq!((second.element("UserName"), second.element("IsTruncated")), ("c", "false"));
    let details = root.iam("GetAccountAuthorizationDetails", &[("Filter.member.1", "User")]).await.good();
    assert_eq!(details.text.matches("<UserId>").count(), 3);
}

/// The account itself: its alias, its password policy, how much there is in it.
#[tokio::test]
async fn an_account_is_named_and_counted() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    let taken = |alias: &str| format!("EntityAlreadyExists: The account alias {alias} already exists.");
    let pattern = |alias: &str| {
        format!(
            "ValidationError: 1 validation error detected: Value '{alias}' at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){{1,61}}[a-z0-9]$"
        )
    };
    let (models, none) = (
        ("AccountAlias", "models"),
        "NoSuchEntity: The Password Policy with domain name 111111111111 cannot be found.",
    );
    play(
        &root,
        &[
            ("CreateAccountAlias", &[], "ValidationError: 1 validation error detected: Value null at 'accountAlias' failed to satisfy constraint: Member must not be null"),
            ("CreateAccountAlias", &[("AccountAlias", "My-Models")], &pattern("My-Models")),
            ("CreateAccountAlias", &[("AccountAlias", "my--models")], &pattern("my--models")),
            ("CreateAccountAlias", &[("AccountAlias", "models-")], &pattern("models-")),
            ("CreateAccountAlias", &[models], ""),
            ("CreateAccountAlias", &[models], &taken("models")),
            ("CreateAccountAlias", &[("AccountAlias", "my-models")], ""),
            ("DeleteAccountAlias", &[models], "NoSuchEntity: The Account Alias with name models cannot be found."),
            ("GetAccountPasswordPolicy", &[], none),
            ("DeleteAccountPasswordPolicy", &[], "NoSuchEntity: The account policy with name PasswordPolicy cannot be found."),
            ("UpdateAccountPasswordPolicy", &[("MinimumPasswordLength", "5")], "ValidationError: 1 validation error detected: Value '5' at 'minimumPasswordLength' failed to satisfy constraint: Member must have value greater than or equal to 6"),
            ("UpdateAccountPasswordPolicy", &[("MinimumPasswordLength", "14"), ("RequireNumbers", "true"), ("MaxPasswordAge", "90")], ""),
        ],
    )
    .await;
    play(
        &Client::root(&cloud, B),
        &[
            ("CreateAccountAlias", &[("AccountAlias", "my-models")], &taken("my-models")),
            ("CreateAccountAlias", &[models], ""),
        ],
    )
    .await;
    let aliases = root.iam("ListAccountAliases", &[]).await;
    assert_eq!((aliases.element("member"), aliases.text.matches("<member>").count()), ("my-models", 1));
    let policy = root.iam("GetAccountPasswordPolicy", &[]).await;
    let found = ["MinimumPasswordLength", "RequireNumbers", "RequireSymbols", "ExpirePasswords", "MaxPasswordAge"]
        .map(|name| policy.element(name));
    assert_eq!(found, ["14", "true", "false", "true", "90"]);
    // What is not said again is as if nobody had ever said it.
    play(&root, &[("UpdateAccountPasswordPolicy", &[], "")]).await;
    assert_eq!(root.iam("GetAccountPasswordPolicy", &[]).await.element("MinimumPasswordLength"), "6");
    play(
        &root,
        &[
            ("DeleteAccountPasswordPolicy", &[], ""),
            ("GetAccountPasswordPolicy", &[], none),
            ("CreateUser", &[("UserName", "ann")], ""),
        ],
    )
    .await;
    let summary = root.iam("GetAccountSummary", &[]).await;
    assert!(summary.text.contains("<entry><key>Users</key><value>1</value></entry>"), "{}", summary.text);
    assert_eq!(summary.text.matches("<key>").count(), 33);
}

#[tokio::test]
async fn the_last_use_of_a_key_is_known_in_its_account() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    play(&root, &[("CreateUser", &[("UserName", "ann")], "")]).await;
    let made = root.iam("CreateAccessKey", &[("UserName", "ann")]).await;
    let id = made.element("AccessKeyId").to_owned();
    let asked = async |who: &Client| who.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await;
    let never = asked(&root).await;
    assert_eq!(["UserName", "ServiceName", "Region"].map(|name| never.element(name)), ["ann", "N/A", "N/A"]);
    assert!(never.find("LastUsedDate").is_none(), "{never:?}");
    // Who is refused has used the key, too.
    let ann = Client::of(&cloud, &made);
    assert_eq!(ann.iam("ListUsers", &[]).await.status, 403);
    let used = asked(&root).await;
    assert_eq!(["ServiceName", "Region"].map(|name| used.element(name)), ["iam", "us-east-1"]);
    assert!(used.find("LastUsedDate").is_some(), "{used:?}");
    let unknown = format!("NoSuchEntity: The Access Key with id {id} cannot be found.");
    assert_eq!(asked(&Client::root(&cloud, B)).await.fault(), unknown);
    play(
        &root,
        &[
            ("DeleteAccessKey", &[("UserName", "ann"), ("AccessKeyId", &id)], ""),
            ("GetAccessKeyLastUsed", &[("AccessKeyId", &id)], &unknown),
        ],
    )
    .await;
}
