//! Service account token Secrets (`pkg/controller/serviceaccount/tokens_controller.go`): filled in while their account exists, deleted with it.
//!
//! What is missing is added; a token or a namespace that somebody wrote stays. A Secret that goes is taken out of its account's `secrets`.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proofmark_json::{Value, json};

use crate::context::{Context, kinds};
use crate::kit::{Api, Error, Informer, Next, Reason as _, Reconcile, Resource, Selection, object, queue};

const SECRETS: Resource = Resource::namespaced("", "v1", "secrets", "Secret");
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";
const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";

/// What the token of a Secret says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegacyToken<'a> {
    /// The namespace of the service account and of the Secret.
    pub namespace: &'a str,
    /// The service account's name.
    pub service_account: &'a str,
    /// The service account's uid.
    pub service_account_uid: &'a str,
    /// The Secret's name.
    pub secret: &'a str,
}

/// Signs tokens that live in Secrets. Clones share the signer.
#[derive(Clone)]
pub struct SecretTokens(Arc<dyn Fn(LegacyToken<'_>) -> String + Send + Sync>);

impl SecretTokens {
    /// Signs by `sign`, which gives the JWT that says what it is told.
    pub fn new(sign: impl Fn(LegacyToken<'_>) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(sign))
    }
}

impl fmt::Debug for SecretTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretTokens")
    }
}

/// An account, or the account that a Secret names; without a uid any account of that name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Account {
    namespace: String,
    name: String,
    uid: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Account(Account),
    Secret { name: String, uid: String, account: Account },
}

pub(crate) fn start(context: &mut Context) {
    let Some(signer) = context.options().secret_tokens.clone() else { return };
    let accounts = context.informer(Selection::whole(kinds::SERVICE_ACCOUNTS));
    let secrets = context.informer(Selection::whole(SECRETS).fields("type=kubernetes.io/service-account-token"));
    let (queue, worker) = queue::new();
    let changed = queue.clone();
    accounts.on_change(move |change| {
        let account = change.latest();
        queue.add(Key::Account(named(account, object::name(account), object::uid(account))));
    });
    secrets.on_change(move |change| {
        let secret = change.latest();
        if let Some(account) = object::annotation(secret, ACCOUNT_NAME).filter(|name| !name.is_empty()) {
            let account = named(secret, account, object::annotation(secret, ACCOUNT_UID).unwrap_or_default());
            changed.add(Key::Secret {
                name: object::name(secret).to_owned(),
                uid: object::uid(secret).to_owned(),
                account,
            });
        }
    });
    let api = context.api("tokens-controller");
    let root_ca = BASE64.encode(&context.options().root_ca);
    let tokens = Tokens { api, accounts, secrets, signer, root_ca };
    context.spawn(async move {
        tokens.accounts.synced().await;
        tokens.secrets.synced().await;
        worker.run(tokens).await;
    });
}

fn named(object: &Value, name: &str, uid: &str) -> Account {
    Account { namespace: object::namespace(object).to_owned(), name: name.to_owned(), uid: uid.to_owned() }
}

impl Account {
    /// Whether this account is `object`.
    fn is(&self, object: &Value) -> bool {
        self.uid.is_empty() || self.uid == object::uid(object)
    }
}

struct Tokens {
    api: Api,
    accounts: Informer,
    secrets: Informer,
    signer: SecretTokens,
    /// Base64, as Secrets have it.
    root_ca: String,
}

impl Reconcile for Tokens {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, key: &Key) -> Result<Next, Error> {
        match key {
            Key::Account(account) if self.cached(account) => {}
            Key::Account(account) => self.delete_all_of(account).await?,
            Key::Secret { name, uid, account } => {
                let secret = self.secrets.get(&account.namespace, name).filter(|secret| object::uid(secret) == uid);
                match (secret, self.account(account).await?) {
                    (Some(secret), Some(account)) => self.fill(&secret, &account).await?,
                    (Some(secret), None) => self.delete(&secret).await?,
                    (None, Some(_)) => self.forget(name, account).await?,
                    (None, None) => {}
                }
            }
        }
        Ok(Next::Done)
    }
}

impl Tokens {
    fn cached(&self, account: &Account) -> bool {
        self.accounts.get(&account.namespace, &account.name).is_some_and(|found| account.is(&found))
    }

    /// The account, asked for when the cache has none: it may be newer than the cache.
    async fn account(&self, account: &Account) -> Result<Option<Value>, Error> {
        if let Some(found) = self.accounts.get(&account.namespace, &account.name).filter(|found| account.is(found)) {
            return Ok(Some(Value::clone(&found)));
        }
        match self.api.get(&kinds::SERVICE_ACCOUNTS, &account.namespace, &account.name).await {
            Ok(found) => Ok(Some(found).filter(|found| account.is(found))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn delete_all_of(&self, account: &Account) -> Result<(), Error> {
        for secret in self.secrets.within(&account.namespace) {
            let uid = object::annotation(&secret, ACCOUNT_UID).unwrap_or_default();
            if object::annotation(&secret, ACCOUNT_NAME) == Some(&account.name)
                && (uid.is_empty() || uid == account.uid)
            {
                self.delete(&secret).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, secret: &Value) -> Result<(), Error> {
        let options = json!({"preconditions": {"uid": object::uid(secret)}});
        match self.api.delete(&SECRETS, object::namespace(secret), object::name(secret), &options).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => Err(error),
            _ => Ok(()),
        }
    }

    async fn fill(&self, secret: &Value, account: &Value) -> Result<(), Error> {
        let (namespace, name) = (object::namespace(secret), object::name(secret));
        let absent =
            |key: &str| secret.pointer("/data").and_then(|data| data.get(key)?.as_str()).unwrap_or_default().is_empty();
        let needs_ca = !self.root_ca.is_empty() && object::text(secret, "/data/ca.crt") != self.root_ca;
        if !needs_ca && !absent("namespace") && !absent("token") {
            return Ok(());
        }
        let mut filled = secret.clone();
        if needs_ca {
            filled["data"]["ca.crt"] = json!(self.root_ca);
        }
        if absent("namespace") {
            filled["data"]["namespace"] = json!(BASE64.encode(namespace));
        }
        if absent("token") {
            let (service_account, service_account_uid) = (object::name(account), object::uid(account));
            let token = (self.signer.0)(LegacyToken { namespace, service_account, service_account_uid, secret: name });
            filled["data"]["token"] = json!(BASE64.encode(token));
        }
        filled["metadata"]["annotations"][ACCOUNT_NAME] = json!(object::name(account));
        filled["metadata"]["annotations"][ACCOUNT_UID] = json!(object::uid(account));
        match self.api.update(&SECRETS, &filled).await {
            // Who changed it in the meantime has sent a further event.
            Err(error) if !error.is_conflict() && !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes a Secret that is gone out of the list of its account.
    async fn forget(&self, secret: &str, account: &Account) -> Result<(), Error> {
        let mut found = match self.api.get(&kinds::SERVICE_ACCOUNTS, &account.namespace, &account.name).await {
            Ok(found) if account.is(&found) => found,
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(secrets) = found.get_mut("secrets").and_then(Value::as_array_mut) else { return Ok(()) };
        let before = secrets.len();
        secrets.retain(|reference| reference.get("name").and_then(Value::as_str) != Some(secret));
        if secrets.len() == before {
            return Ok(());
        }
        match self.api.update(&kinds::SERVICE_ACCOUNTS, &found).await {
            Err(error) if error.is_not_found() => Ok(()),
            done => done.map(|_| ()),
        }
    }
}
