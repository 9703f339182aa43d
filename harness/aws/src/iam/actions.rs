//! Every action by its name.

use super::holder::Holder::{Group, Role, User};
use super::tags::Tagged;
use super::turn::{Answer, Turn};
use super::{
    access_keys, account, details, groups, inline, instance_profiles, password_policy, policies, providers, roles,
    simulate, tags, users,
};

/// Does an action.
pub(super) type Act = fn(&mut Turn<'_>) -> Answer;

/// The action of this name.
pub(super) fn find(name: &str) -> Option<Act> {
    let act: Act = match name {
        "CreateUser" => users::create,
        "GetUser" => users::get,
        "ListUsers" => users::list,
        "UpdateUser" => users::update,
        "DeleteUser" => users::delete,
        "CreateAccessKey" => access_keys::create,
        "ListAccessKeys" => access_keys::list,
        "UpdateAccessKey" => access_keys::update,
        "DeleteAccessKey" => access_keys::delete,
        "GetAccessKeyLastUsed" => access_keys::last_used,

        "CreateGroup" => groups::create,
        "GetGroup" => groups::get,
        "ListGroups" => groups::list,
        "ListGroupsForUser" => groups::list_of_user,
        "DeleteGroup" => groups::delete,
        "AddUserToGroup" => groups::add_user,
        "RemoveUserFromGroup" => groups::remove_user,

        "CreateRole" => roles::create,
        "GetRole" => roles::get,
        "ListRoles" => roles::list,
        "UpdateRole" => roles::update,
        "UpdateRoleDescription" => roles::update_description,
        "UpdateAssumeRolePolicy" => roles::update_trust,
        "DeleteRole" => roles::delete,

        "CreateInstanceProfile" => instance_profiles::create,
        "GetInstanceProfile" => instance_profiles::get,
        "ListInstanceProfiles" => instance_profiles::list,
        "ListInstanceProfilesForRole" => instance_profiles::list_for_role,
        "AddRoleToInstanceProfile" => instance_profiles::add_role,
        "RemoveRoleFromInstanceProfile" => instance_profiles::remove_role,
        "DeleteInstanceProfile" => instance_profiles::delete,

        "PutUserPolicy" => |turn| inline::put(turn, User),
        "PutGroupPolicy" => |turn| inline::put(turn, Group),
        "PutRolePolicy" => |turn| inline::put(turn, Role),
        "GetUserPolicy" => |turn| inline::get(turn, User),
        "GetGroupPolicy" => |turn| inline::get(turn, Group),
        "GetRolePolicy" => |turn| inline::get(turn, Role),
        "ListUserPolicies" => |turn| inline::list(turn, User),
        "ListGroupPolicies" => |turn| inline::list(turn, Group),
        "ListRolePolicies" => |turn| inline::list(turn, Role),
        "DeleteUserPolicy" => |turn| inline::delete(turn, User),
        "DeleteGroupPolicy" => |turn| inline::delete(turn, Group),
        "DeleteRolePolicy" => |turn| inline::delete(turn, Role),

        "CreatePolicy" => policies::create,
        "GetPolicy" => policies::get,
        "ListPolicies" => policies::list,
        "DeletePolicy" => policies::delete,
        "CreatePolicyVersion" => policies::create_version,
        "GetPolicyVersion" => policies::get_version,
        "ListPolicyVersions" => policies::list_versions,
        "SetDefaultPolicyVersion" => policies::set_default,
        "DeletePolicyVersion" => policies::delete_version,
        "ListEntitiesForPolicy" => policies::entities,
        "AttachUserPolicy" => |turn| policies::attach(turn, User),
        "AttachGroupPolicy" => |turn| policies::attach(turn, Group),
        "AttachRolePolicy" => |turn| policies::attach(turn, Role),
        "DetachUserPolicy" => |turn| policies::detach(turn, User),
        "DetachGroupPolicy" => |turn| policies::detach(turn, Group),
        "DetachRolePolicy" => |turn| policies::detach(turn, Role),
        "ListAttachedUserPolicies" => |turn| policies::list_attached(turn, User),
        "ListAttachedGroupPolicies" => |turn| policies::list_attached(turn, Group),
        "ListAttachedRolePolicies" => |turn| policies::list_attached(turn, Role),
        "PutUserPermissionsBoundary" => |turn| policies::put_boundary(turn, User),
        "PutRolePermissionsBoundary" => |turn| policies::put_boundary(turn, Role),
        "DeleteUserPermissionsBoundary" => |turn| policies::delete_boundary(turn, User),
        "DeleteRolePermissionsBoundary" => |turn| policies::delete_boundary(turn, Role),

        "CreateOpenIDConnectProvider" => providers::create,
        "GetOpenIDConnectProvider" => providers::get,
        "ListOpenIDConnectProviders" => providers::list,
        "DeleteOpenIDConnectProvider" => providers::delete,
        "AddClientIDToOpenIDConnectProvider" => providers::add_client,
        "RemoveClientIDFromOpenIDConnectProvider" => providers::remove_client,
        "UpdateOpenIDConnectProviderThumbprint" => providers::update_thumbprints,

        "TagUser" => |turn| tags::add(turn, Tagged::User),
        "TagRole" => |turn| tags::add(turn, Tagged::Role),
        "TagPolicy" => |turn| tags::add(turn, Tagged::Policy),
        "TagOpenIDConnectProvider" => |turn| tags::add(turn, Tagged::Provider),
        "TagInstanceProfile" => |turn| tags::add(turn, Tagged::InstanceProfile),
        "UntagUser" => |turn| tags::remove(turn, Tagged::User),
        "UntagRole" => |turn| tags::remove(turn, Tagged::Role),
        "UntagPolicy" => |turn| tags::remove(turn, Tagged::Policy),
        "UntagOpenIDConnectProvider" => |turn| tags::remove(turn, Tagged::Provider),
        "UntagInstanceProfile" => |turn| tags::remove(turn, Tagged::InstanceProfile),
        "ListUserTags" => |turn| tags::list(turn, Tagged::User),
        "ListRoleTags" => |turn| tags::list(turn, Tagged::Role),
        "ListPolicyTags" => |turn| tags::list(turn, Tagged::Policy),
        "ListOpenIDConnectProviderTags" => |turn| tags::list(turn, Tagged::Provider),
        "ListInstanceProfileTags" => |turn| tags::list(turn, Tagged::InstanceProfile),

        "SimulateCustomPolicy" => simulate::custom,
        "SimulatePrincipalPolicy" => simulate::principal,
        "GetContextKeysForCustomPolicy" => simulate::keys_of_custom,
        "GetContextKeysForPrincipalPolicy" => simulate::keys_of_principal,

        "CreateAccountAlias" => account::create_alias,
        "ListAccountAliases" => account::list_aliases,
        "DeleteAccountAlias" => account::delete_alias,
        "GetAccountSummary" => account::summary,
        "GetAccountAuthorizationDetails" => details::get,
        "UpdateAccountPasswordPolicy" => password_policy::update,
        "GetAccountPasswordPolicy" => password_policy::get,
        "DeleteAccountPasswordPolicy" => password_policy::delete,
        _ => return None,
    };
    Some(act)
}
