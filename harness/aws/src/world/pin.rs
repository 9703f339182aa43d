//! Principals of saved policies.
//!
//! When a trust, bucket or key policy is saved, the users and roles that it names are pinned to their unique ids. Whoever takes the name of a
//! deleted user or role later is somebody else. A policy is shown with the names of those who are there and with the ids of those who are gone.
//! Source: IAM User Guide, "AWS JSON policy elements: Principal".

use super::{Account, Document, World};
use proofmark_aws_policy::{Arn, Kind, Pinned, Policy, PolicyError, Trustee};
use proofmark_json::Value;
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
            .pin(|trustee| self.pinned(trustee, kind))
            .map_err(|(kind, principal)| PolicyError::Principal { kind: kind.to_owned(), principal })?;
        Ok(Document { text: text.to_owned(), policy: Arc::new(policy) })
    }

    fn pinned(&self, trustee: &Trustee, kind: Kind) -> Option<Pinned> {
        match trustee {
            Trustee::Arn(arn) => self.principal_id(arn).map(|id| Pinned::Id(id.to_owned())),
            Trustee::Id { id, .. } => self.principal_arn(id).map(|_| Pinned::Id(id.clone())),
            // Roles know no canonical ids.
            Trustee::CanonicalUser(id) if kind == Kind::Resource => {
                let account = self.accounts.values().find(|account| account.canonical_id == *id)?;
                Some(Pinned::Account(account.id.to_string()))
            }
            _ => None,
        }
    }

    /// The ARN of the user or role with this unique id.
    fn principal_arn(&self, id: &str) -> Option<String> {
        self.accounts.values().find_map(|account| {
            let user = account.users.values().find(|user| user.id == id).map(|user| ("user", &user.path, &user.name));
            let role =
                || account.roles.values().find(|role| role.id == id).map(|role| ("role", &role.path, &role.name));
            let (kind, path, name) = user.or_else(role)?;
            Some(format!("arn:aws:iam::{}:{kind}{path}{name}", account.id))
        })
    }

    /// A saved policy as it is shown.
    pub fn shown<'a>(&self, document: &'a Document) -> Cow<'a, str> {
        let renamed = self.renamed(&document.policy);
        if renamed.is_empty() {
            return Cow::Borrowed(&document.text);
        }
        let Ok(mut value) = proofmark_json::from_str::<Value>(&document.text) else {
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
                    Some(Value::Array(texts)) => texts.iter_mut().for_each(|text| rename(text, &renamed)),
                    Some(text) => rename(text, &renamed),
                    None => {}
                }
            }
        }
        Cow::Owned(value.to_string())
    }

    /// The pinned principals of a policy that are shown otherwise than they were written: by ARN while they are there, by id afterwards.
    fn renamed<'a>(&self, policy: &'a Policy) -> BTreeMap<&'a str, String> {
        policy
            .statements
            .iter()
            .filter_map(|statement| statement.principals.as_ref())
            .flat_map(|principals| principals.trustees())
            .filter_map(|trustee| match trustee {
                Trustee::Id { id, written } if self.principal_id(written) != Some(id) => {
                    Some((written.as_str(), self.principal_arn(id).unwrap_or_else(|| id.clone())))
                }
                _ => None,
            })
            .collect()
    }
}

fn rename(text: &mut Value, renamed: &BTreeMap<&str, String>) {
    if let Some(shown) = text.as_str().and_then(|written| renamed.get(written)) {
        *text = Value::String(shown.clone());
    }
}
