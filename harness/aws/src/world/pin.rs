//! Principals of saved policies.
//!
//! When a trust, bucket or key policy is saved, the users and roles that it names are pinned to their unique ids. Whoever takes the name of a
//! deleted user or role later is somebody else. A policy is shown with the names of those who are there and with the ids of those who are gone.
//! Source: IAM User Guide, "AWS JSON policy elements: Principal".

use super::{Account, Document, World};
use proofmark_aws_policy::{Arn, Kind, Policy, PolicyError, Trustee};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

impl World {
    /// The unique id of the user or role with this ARN, path included.
    pub fn principal_id(&self, arn: &str) -> Option<&str> {
        let parsed = Arn::parse(arn)?;
        let account: &Account = self.account(parsed.account)?;
        let (kind, rest) = parsed.resource.split_once('/')?;
        let (path, name) =
            rest.rsplit_once('/').map_or(("/".to_owned(), rest), |(path, name)| (format!("/{path}/"), name));
        let (found, id) = match kind {
            "user" => account.users.get(name).map(|user| (&user.path, &user.id))?,
            "role" => account.roles.get(name).map(|role| (&role.path, &role.id))?,
            _ => return None,
        };
        (*found == path).then_some(id)
    }

    /// Reads a policy that names principals, and pins them.
    ///
    /// # Errors
    /// What AWS refuses in such a document; users and roles that do not exist among it.
    pub fn pin(&self, text: &str, kind: Kind) -> Result<Document, PolicyError> {
        let mut policy = Policy::parse(text, kind)?;
        policy
            .pin(|arn| self.principal_id(arn).map(str::to_owned))
            .map_err(|principal| PolicyError::Principal { kind: "AWS".to_owned(), principal })?;
        Ok(Document { text: text.to_owned(), policy: Arc::new(policy) })
    }

    /// A saved policy as it is shown.
    pub fn shown<'a>(&self, document: &'a Document) -> Cow<'a, str> {
        let gone = self.gone(&document.policy);
        if gone.is_empty() {
            return Cow::Borrowed(&document.text);
        }
        let Ok(mut value) = serde_json::from_str::<Value>(&document.text) else {
            return Cow::Borrowed(&document.text);
        };
        let statements = match value.get_mut("Statement") {
            Some(Value::Array(statements)) => statements.as_mut_slice(),
            Some(one) => std::slice::from_mut(one),
            None => &mut [],
        };
        for statement in statements {
            for element in ["Principal", "NotPrincipal"] {
                match statement.get_mut(element).and_then(|principal| principal.get_mut("AWS")) {
                    Some(Value::Array(texts)) => texts.iter_mut().for_each(|text| rename(text, &gone)),
                    Some(text) => rename(text, &gone),
                    None => {}
                }
            }
        }
        Cow::Owned(value.to_string())
    }

    /// The pinned principals of a policy that are no longer there: ARN and id.
    fn gone<'a>(&self, policy: &'a Policy) -> BTreeMap<&'a str, &'a str> {
        policy
            .statements
            .iter()
            .filter_map(|statement| statement.principals.as_ref())
            .flat_map(|principals| principals.trustees())
            .filter_map(|trustee| match trustee {
                Trustee::Id { id, arn } if self.principal_id(arn) != Some(id) => Some((arn.as_str(), id.as_str())),
                _ => None,
            })
            .collect()
    }
}

fn rename(text: &mut Value, gone: &BTreeMap<&str, &str>) {
    if let Some(id) = text.as_str().and_then(|arn| gone.get(arn)) {
        *text = Value::String((*id).to_owned());
    }
}
