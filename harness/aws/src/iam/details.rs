//! `GetAccountAuthorizationDetails`: everything that decides in an account, in one answer.

use super::aws_managed;
use super::page::page;
use super::policies::find;
use super::turn::{Answer, Turn, date};
use super::write::{self, url_encoded};
use crate::protocol::Xml;
use crate::world::{Account, Document, Group, ManagedPolicy, Role, User};
use proofmark_aws_policy::Context;
use std::collections::{BTreeMap, BTreeSet};

enum Detail<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
    Policy(&'a str, &'a ManagedPolicy),
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let account = turn.account()?;
    let filter = turn.form.list("Filter");
    let wanted = |kind: &str| filter.is_empty() || filter.contains(&kind);
    let users =
        account.users.values().filter(|_| wanted("User")).map(|user| (format!("1{}", user.name), Detail::User(user)));
    let groups = account
        .groups
        .values()
        .filter(|_| wanted("Group"))
        .map(|group| (format!("2{}", group.name), Detail::Group(group)));
    let roles =
        account.roles.values().filter(|_| wanted("Role")).map(|role| (format!("3{}", role.name), Detail::Role(role)));
    let own = account.policies.iter().filter(|_| wanted("LocalManagedPolicy"));
    let of_aws = aws_managed::all().filter(|(arn, _)| wanted("AWSManagedPolicy") && in_use(account, arn));
    let policies = own.chain(of_aws).map(|(arn, policy)| (format!("4{arn}"), Detail::Policy(arn, policy)));
    let page = page(turn.form, users.chain(groups).chain(roles).chain(policies))?;
    let mut lists: BTreeMap<&str, Xml> = BTreeMap::new();
    for item in &page.items {
        let (list, detail) = match item {
            Detail::User(user) => ("UserDetailList", user_detail(account, user)),
            Detail::Group(group) => ("GroupDetailList", group_detail(account, group)),
            Detail::Role(role) => ("RoleDetailList", role_detail(turn, account, role)),
            Detail::Policy(arn, policy) => ("Policies", policy_detail(arn, policy)),
        };
        lists.entry(list).or_default().element("member", |xml| *xml = detail);
    }
    let mut xml = page.write_end();
    for list in ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"] {
        let members = lists.remove(list).unwrap_or_default();
        xml.element(list, |xml| *xml = members);
    }
    Ok(Some(xml))
}

fn in_use(account: &Account, arn: &str) -> bool {
    account.users.values().any(|user| user.attached.contains(arn))
        || account.groups.values().any(|group| group.attached.contains(arn))
        || account.roles.values().any(|role| role.attached.contains(arn))
}

fn inline(xml: &mut Xml, list: &str, of: &BTreeMap<String, Document>) {
    if of.is_empty() {
        return;
    }
    xml.members(list, of, |xml, (name, document)| {
        xml.text("PolicyName", name).text("PolicyDocument", url_encoded(&document.text));
    });
}

fn attached(xml: &mut Xml, account: &Account, of: &BTreeSet<String>) {
    let found = of.iter().filter_map(|arn| find(account, arn).map(|policy| (arn, policy)));
    xml.members("AttachedManagedPolicies", found, |xml, (arn, policy)| {
        xml.text("PolicyName", &policy.name).text("PolicyArn", arn);
    });
}

fn user_detail(account: &Account, user: &User) -> Xml {
    let mut xml = Xml::default();
    write::user(&mut xml, &account.id, user, true);
    xml.texts("GroupList", &user.groups);
    inline(&mut xml, "UserPolicyList", &user.inline);
    attached(&mut xml, account, &user.attached);
    xml
}

fn group_detail(account: &Account, group: &Group) -> Xml {
    let mut xml = Xml::default();
    write::group(&mut xml, &account.id, group);
    inline(&mut xml, "GroupPolicyList", &group.inline);
    attached(&mut xml, account, &group.attached);
    xml
}

fn role_detail(turn: &Turn<'_>, account: &Account, role: &Role) -> Xml {
    let mut xml = Xml::default();
    write::role(&mut xml, turn.world, &account.id, role, true);
    let carrying = account.instance_profiles.values().filter(|profile| profile.role.as_ref() == Some(&role.name));
    xml.members("InstanceProfileList", carrying, |xml, profile| {
        write::instance_profile(xml, turn.world, account, profile);
    });
    inline(&mut xml, "RolePolicyList", &role.inline);
    attached(&mut xml, account, &role.attached);
    xml
}

fn policy_detail(arn: &str, policy: &ManagedPolicy) -> Xml {
    let mut xml = Xml::default();
    xml.text("PolicyName", &policy.name).text("PolicyId", &policy.id).text("Arn", arn).text("Path", &policy.path);
    xml.text("DefaultVersionId", format!("v{}", policy.default_version)).text("IsAttachable", "true");
    xml.text("CreateDate", date(policy.created));
    xml.members("PolicyVersionList", policy.versions.iter().rev(), |xml, (number, version)| {
        xml.text("Document", url_encoded(&version.document.text)).text("VersionId", format!("v{number}"));
        xml.text("IsDefaultVersion", (policy.default_version == *number).to_string());
        xml.text("CreateDate", date(version.created));
    });
    xml
}
