//! The file that tells clients where a cluster is and who they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_json::{Map, Value, json};

use crate::authority::Issued;

/// How a user proves who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A bearer token.
    Token(String),
    /// A client certificate.
    Certificate(Issued),
    /// Nothing: `system:anonymous`.
    Anonymous,
}

/// One user, for whom the file gets a context of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeconfigUser {
    /// The user's and the context's name in the file.
    pub name: String,
    /// The namespace of the user's context; `default` when absent.
    pub namespace: Option<String>,
    /// How the user proves who they are.
    pub credentials: Credentials,
}

/// A kubeconfig for one cluster, with a context for each user; the first user's context is the current one.
///
/// `server` is a URL, `ca_pem` the authority of its certificate (none for plain HTTP). Written as JSON it is also YAML, so every client reads it.
pub fn kubeconfig(cluster: &str, server: &str, ca_pem: Option<&str>, users: &[KubeconfigUser]) -> Value {
    let mut place = Map::from_iter([("server".to_owned(), json!(server))]);
    if let Some(pem) = ca_pem {
        place.insert("certificate-authority-data", json!(STANDARD.encode(pem)));
    }
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": place}],
        "users": users.iter().map(|user| json!({"name": user.name, "user": auth(&user.credentials)})).collect::<Vec<_>>(),
        "contexts": users.iter().map(|user| context(cluster, user)).collect::<Vec<_>>(),
        "current-context": users.first().map_or("", |user| &user.name),
    })
}

fn auth(credentials: &Credentials) -> Value {
    match credentials {
        Credentials::Token(token) => json!({"token": token}),
        Credentials::Certificate(issued) => json!({
            "client-certificate-data": STANDARD.encode(&issued.certificate_pem),
            "client-key-data": STANDARD.encode(&issued.key_pem),
        }),
        Credentials::Anonymous => json!({}),
    }
}

fn context(cluster: &str, user: &KubeconfigUser) -> Value {
    let mut context = json!({"cluster": cluster, "user": user.name});
    if let (Some(namespace), Some(fields)) = (&user.namespace, context.as_object_mut()) {
        fields.insert("namespace", json!(namespace));
    }
    json!({"name": user.name, "context": context})
}
