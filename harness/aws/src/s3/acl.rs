//! Access control lists as clients write them, and as a policy that grants the same.
//!
//! Lists count only where a bucket's ownership controls leave them on. Source: S3 User Guide, "Mapping of ACL permissions and access policy
//! permissions".

use super::error;
use super::store::{Acl, Bucket, Grantee, Object, Ownership, Permission};
use crate::Fault;
use crate::world::World;
use proofmark_aws_policy::{Effect, Kind, Policy};
use proofmark_json::{Value, json};
use s3s::dto;

/// How a request spells a list: a word, headers with grantees, or XML.
#[derive(Default)]
pub(super) struct Written<'a> {
    pub(super) canned: Option<&'a str>,
    /// Full control, read, write, read list, write list.
    pub(super) grants: [Option<&'a str>; 5],
    pub(super) policy: Option<&'a dto::AccessControlPolicy>,
}

impl Written<'_> {
    /// Whether there is any.
    pub(super) fn is_any(&self) -> bool {
        self.canned.is_some() || self.policy.is_some() || self.grants.iter().any(Option::is_some)
    }

    /// The list. `owner` and `bucket_owner` are canonical ids.
    pub(super) fn read(&self, world: &World, owner: &str, bucket_owner: &str) -> Result<Acl, Fault> {
        let by_header = self.grants.iter().any(Option::is_some);
        if self.canned.is_some() && by_header {
            return Err(Fault::new(
                400,
                "InvalidRequest",
                "Specifying both Canned ACLs and Header Grants is not allowed",
            ));
        }
        if self.policy.is_some() && (self.canned.is_some() || by_header) {
            let message = "This request does not support content";
            return Err(Fault::new(400, "UnexpectedContent", message));
        }
        if let Some(policy) = self.policy {
            return from_xml(world, policy);
        }
        if by_header {
            return from_headers(world, &self.grants);
        }
        let name = self.canned.unwrap_or("private");
        Acl::canned(name, owner, bucket_owner).ok_or_else(|| error::invalid_argument("", "x-amz-acl", name))
    }
}

fn account(world: &World, canonical_id: &str) -> Result<Grantee, Fault> {
    if world.accounts.values().any(|account| account.canonical_id == canonical_id) {
        return Ok(Grantee::Account(canonical_id.to_owned()));
    }
    Err(error::invalid_argument("Invalid id", "CanonicalUser/ID", canonical_id))
}

fn group(uri: &str) -> Result<Grantee, Fault> {
    Grantee::group(uri).ok_or_else(|| error::invalid_argument("Invalid group uri", "Group/URI", uri))
}

fn from_xml(world: &World, policy: &dto::AccessControlPolicy) -> Result<Acl, Fault> {
    let grants = policy.grants.iter().flatten().map(|grant| {
        let grantee = grant.grantee.as_ref().ok_or_else(error::malformed_acl)?;
        let grantee = match (&grantee.id, &grantee.uri) {
            (Some(id), _) => account(world, id)?,
            (None, Some(uri)) => group(uri)?,
            (None, None) => return Err(error::malformed_acl()),
        };
        let permission = grant.permission.as_ref().and_then(|permission| Permission::parse(permission.as_str()));
        Ok((grantee, permission.ok_or_else(error::malformed_acl)?))
    });
    if policy.owner.as_ref().and_then(|owner| owner.id.as_ref()).is_none() {
        return Err(error::malformed_acl());
    }
    Ok(Acl(grants.collect::<Result<_, _>>()?))
}

/// `id="...", uri="..."`
fn from_headers(world: &World, grants: &[Option<&str>; 5]) -> Result<Acl, Fault> {
    use Permission::{FullControl, Read, ReadAcp, Write, WriteAcp};
    let mut acl = Acl::default();
    for (text, permission) in grants.iter().zip([FullControl, Read, Write, ReadAcp, WriteAcp]) {
        for entry in text.iter().flat_map(|text| text.split(',')) {
            let (kind, value) = entry.split_once('=').unwrap_or((entry, ""));
            let value = value.trim().trim_matches('"');
            let grantee = match kind.trim() {
                "id" => account(world, value)?,
                "uri" => group(value)?,
                _ => {
                    let message = "Argument format not recognized";
                    return Err(error::invalid_argument(message, "x-amz-grant-read", entry.trim()));
                }
            };
            acl.0.push((grantee, permission));
        }
    }
    Ok(acl)
}

/// The list as answers show it.
pub(super) fn shown(acl: &Acl) -> dto::Grants {
    let grants = acl.0.iter().map(|(grantee, permission)| {
        let (id, kind) = match grantee {
            Grantee::Account(id) => (Some(id.clone()), dto::Type::CANONICAL_USER),
            _ => (None, dto::Type::GROUP),
        };
        let grantee = dto::Grantee {
            display_name: None,
            email_address: None,
            id,
            type_: dto::Type::from_static(kind),
            uri: grantee.uri().map(str::to_owned),
        };
        dto::Grant { grantee: Some(grantee), permission: Some(dto::Permission::from_static(permission.name())) }
    });
    grants.collect()
}

/// Who an object belongs to, and what the resource's side grants: the bucket's policy and both lists.
pub(super) struct Side {
    /// The account.
    pub(super) owner: String,
    pub(super) policy: Policy,
}

impl Side {
    /// None where lists do not count. A bucket may hold objects of others: its owner can forbid what is done with them, but not permit it.
    /// Where public access is restricted, neither the policy nor a list gives other accounts anything.
    pub(super) fn of(
        world: &World,
        bucket: &Bucket,
        object: Option<&Object>,
        resource: &str,
        is_restricted: bool,
    ) -> Option<Self> {
        if bucket.ownership == Ownership::BucketOwnerEnforced {
            return None;
        }
        let owner = object.map_or(&bucket.owner, |object| &object.owner);
        let ignored = bucket.blocks(world).ignore_acls;
        let counts = |grantee: &Grantee| !(is_restricted || ignored && grantee.is_public());
        let of_bucket = bucket.acl.0.iter().filter(|(grantee, _)| counts(grantee));
        let resources = [bucket.arn(), bucket.object_arn("*")];
        let of_bucket = of_bucket
            .filter_map(|(grantee, permission)| statement(world, grantee, bucket_actions(*permission), &resources));
        let of_object = object.iter().flat_map(|object| &object.acl.0).filter(|(grantee, _)| counts(grantee));
        let of_object = of_object.filter_map(|(grantee, permission)| {
            statement(world, grantee, object_actions(*permission), &[resource.to_owned()])
        });
        let statements: Vec<Value> = of_bucket.chain(of_object).collect();
        // The older version has no variables, which keys might look like.
        let document = json!({"Version": "2008-10-17", "Statement": statements}).to_string();
        let granted = Policy::parse(&document, Kind::Resource).map(|policy| policy.statements).unwrap_or_default();
        let own = bucket.policy.iter().filter(|_| !is_restricted).flat_map(|document| &document.policy.statements);
        let own = own.filter(|statement| *owner == bucket.owner || statement.effect == Effect::Deny).cloned();
        let policy = Policy { id: None, statements: own.chain(granted).collect() };
        Some(Self { owner: owner.to_string(), policy })
    }
}

fn statement(world: &World, grantee: &Grantee, actions: &[&str], resources: &[String]) -> Option<Value> {
    let principal = match grantee {
        Grantee::Account(id) => {
            let account = world.accounts.values().find(|account| account.canonical_id == *id)?;
            json!({"AWS": account.id.as_str()})
        }
        Grantee::Everyone | Grantee::Authenticated => json!("*"),
        Grantee::LogDelivery => json!({"Service": "logging.s3.amazonaws.com"}),
    };
    let condition = match grantee {
        Grantee::Authenticated => json!({"Null": {"aws:PrincipalAccount": "false"}}),
        _ => json!({}),
    };
    (!actions.is_empty()).then(|| {
        json!({"Effect": "Allow", "Principal": principal, "Condition": condition, "Action": actions, "Resource": resources})
    })
}

fn bucket_actions(permission: Permission) -> &'static [&'static str] {
    let all = &[
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
        "s3:GetBucketAcl",
        "s3:PutBucketAcl",
    ];
    match permission {
        Permission::FullControl => all,
        Permission::Read => &all[..3],
        Permission::Write => &all[3..4],
        Permission::ReadAcp => &all[4..5],
        Permission::WriteAcp => &all[5..],
    }
}

fn object_actions(permission: Permission) -> &'static [&'static str] {
    let all = &[
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:GetObjectAcl",
        "s3:GetObjectVersionAcl",
        "s3:PutObjectAcl",
        "s3:PutObjectVersionAcl",
    ];
    match permission {
        Permission::FullControl => all,
        Permission::Read => &all[..2],
        Permission::Write => &[],
        Permission::ReadAcp => &all[2..4],
        Permission::WriteAcp => &all[4..],
    }
}
