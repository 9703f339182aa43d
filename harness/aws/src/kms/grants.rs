//! Grants: permissions that go with a key and can be given without touching its policy.
//!
//! A grant counts as a statement of the key's policy that names its grantee. Source: AWS KMS Developer Guide, "Grants in AWS KMS".

use super::faults;
use super::key::{Grant, Key};
use super::manage::page;
use super::turn::{Answer, Turn};
use crate::Fault;
use proofmark_aws_policy::{Context, Kind};
use proofmark_json::{Map, Value, json};

const OPERATIONS: [&str; 9] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
];

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let grantee = turn.need("GranteePrincipal")?.to_owned();
    let operations: Vec<String> = turn.body["Operations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|operation| Some(operation.as_str()?.to_owned()))
        .collect();
    if let Some(unknown) = operations.iter().find(|operation| !OPERATIONS.contains(&operation.as_str())) {
        return Err(faults::validation(format!("Unsupported grant operation: {unknown}")));
    }
    if operations.is_empty() {
        return Err(faults::validation("Operations must not be empty."));
    }
    let arn = turn.named("KeyId")?;
    let mut keys = Context::default();
    keys.set_many("kms:GrantOperations", operations.clone());
    keys.set("kms:GranteePrincipal", &grantee);
    keys.set("kms:GrantIsForAWSResource", "false");
    if let Some(retiring) = turn.text("RetiringPrincipal") {
        keys.set("kms:RetiringPrincipal", retiring);
    }
    let constraints = Some(turn.body["Constraints"].clone()).filter(|constraints| !constraints.is_null());
    let kinds = constraints.as_ref().and_then(Value::as_object).into_iter().flat_map(Map::keys);
    for kind in kinds {
        keys.set("kms:GrantConstraintType", kind.as_str());
    }
    turn.allowed(&arn, "kms:CreateGrant", keys)?;
    let statement = statement(&grantee, &operations, constraints.as_ref());
    let statement = turn.world.pin(&statement.to_string(), Kind::Resource).map_err(|_| {
        Fault::new(400, "InvalidArnException", format!("Principal {grantee} does not exist or is not valid."))
    })?;
    let id = turn.cloud.random().hex(64);
    let token = turn.cloud.random().token(152);
    let grant = Grant {
        name: turn.text("Name").map(str::to_owned),
        token: token.clone(),
        grantee,
        retiring: turn.text("RetiringPrincipal").map(str::to_owned),
        operations,
        constraints,
        statement,
        created: turn.cloud.now(),
        issued_by: format!("arn:aws:iam::{}:root", turn.account),
    };
    let key = turn.world.key_mut(&arn).ok_or_else(|| faults::no_key(&arn))?;
    key.grants.insert(id.clone(), grant);
    Ok(json!({"GrantId": id, "GrantToken": token}))
}

/// A grant as a statement of a key policy.
fn statement(grantee: &str, operations: &[String], constraints: Option<&Value>) -> Value {
    let actions: Vec<String> = operations.iter().map(|operation| format!("kms:{operation}")).collect();
    let mut equals = Map::new();
    let mut conditions = Map::new();
    for (member, exact) in [("EncryptionContextSubset", false), ("EncryptionContextEquals", true)] {
        let Some(pairs) = constraints.and_then(|constraints| constraints[member].as_object()) else { continue };
        for (name, value) in pairs {
            equals.insert(format!("kms:EncryptionContext:{name}"), value.clone());
        }
        if exact {
            let names: Vec<&str> = pairs.keys().map(proofmark_json::Key::as_str).collect();
            conditions.insert("ForAllValues:StringEquals", json!({"kms:EncryptionContextKeys": names}));
        }
    }
    if !equals.is_empty() {
        conditions.insert("StringEquals", Value::Object(equals));
    }
    let mut statement = json!({"Effect": "Allow", "Principal": {"AWS": grantee}, "Action": actions, "Resource": "*"});
    if !conditions.is_empty() {
        statement["Condition"] = Value::Object(conditions);
    }
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let key = turn.key()?;
    let wanted = |id: &str, grant: &Grant| {
        turn.text("GrantId").is_none_or(|given| given == id)
            && turn.text("GranteePrincipal").is_none_or(|given| given == grant.grantee)
    };
    let grants = key.grants.iter().filter(|(id, grant)| wanted(id, grant));
    let entries = grants.map(|(id, grant)| (id.clone(), shown(key, id, grant)));
    page(turn, "Grants", entries.collect())
}

fn shown(key: &Key, id: &str, grant: &Grant) -> Value {
    let mut entry = json!({
        "KeyId": key.arn, "GrantId": id, "Name": grant.name.as_deref().unwrap_or_default(), "CreationDate": grant.created.as_second(),
        "GranteePrincipal": grant.grantee, "IssuingAccount": grant.issued_by, "Operations": grant.operations,
    });
    if let Some(retiring) = &grant.retiring {
        entry["RetiringPrincipal"] = json!(retiring);
    }
    if let Some(constraints) = &grant.constraints {
        entry["Constraints"] = constraints.clone();
    }
    entry
}

/// The grants of every account that a principal of the caller's may end.
pub(super) fn list_retirable(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let retiring = turn.need("RetiringPrincipal")?;
    let here = format!("arn:aws:kms:{}:", turn.call.region);
    let keys = turn.world.accounts.values().flat_map(|account| account.keys.keys.values());
    let keys = keys.filter(|key| key.arn.starts_with(&here));
    let grants = keys.flat_map(|key| key.grants.iter().map(move |(id, grant)| (key, id, grant)));
    let grants = grants.filter(|(_, _, grant)| grant.retiring.as_deref() == Some(retiring));
    page(turn, "Grants", grants.map(|(key, id, grant)| (id.clone(), shown(key, id, grant))).collect())
}

/// Ends a grant. Whom the grant itself entitles needs nothing else; whoever else wants to needs `kms:RetireGrant` from the key's side.
pub(super) fn retire(turn: &mut Turn<'_>) -> Answer {
    let (arn, id) = match turn.text("GrantToken") {
        Some(token) => {
            let keys = turn.world.accounts.values().flat_map(|account| account.keys.keys.values());
            let mut grants = keys.flat_map(|key| key.grants.iter().map(move |(id, grant)| (key, id, grant)));
            let found = grants.find(|(_, _, grant)| grant.token == token);
            let found = found.map(|(key, id, _)| (key.arn.clone(), id.clone()));
            found.ok_or_else(|| Fault::new(400, "InvalidGrantTokenException", "The grant token is not valid."))?
        }
        None => (turn.named("KeyId")?, turn.need("GrantId")?.to_owned()),
    };
    let holder = turn.call.caller.principal.holder_arn();
    let by_grant = turn.world.key(&arn).and_then(|key| key.grants.get(&id)).is_some_and(|grant| {
        let may = grant.operations.iter().any(|operation| operation == "RetireGrant");
        let entitled = [grant.retiring.as_ref(), may.then_some(&grant.grantee)];
        holder.is_some() && entitled.contains(&holder.as_ref())
    });
    if by_grant {
        turn.not_denied(&arn, "kms:RetireGrant")?;
    } else {
        turn.allowed(&arn, "kms:RetireGrant", Context::default())?;
    }
    let key = turn.world.key_mut(&arn).ok_or_else(|| faults::no_key(&arn))?;
    let gone = key.grants.remove(&id);
    gone.map(|_| json!({})).ok_or_else(|| faults::not_found(&format!("Grant ID {id} not found")))
}

pub(super) fn revoke(turn: &mut Turn<'_>) -> Answer {
    let id = turn.need("GrantId")?.to_owned();
    let key = turn.key_mut()?;
    let gone = key.grants.remove(&id);
    gone.map(|_| json!({})).ok_or_else(|| faults::not_found(&format!("Grant ID {id} not found")))
}
