//! A recorded request as attributes: who, which verb, which resource.

use proofmark_json::Value;
use proofmark_rbac::{Attributes, UserInfo};

/// The parts of a request's URL, owned.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) verb: String,
    pub(crate) is_resource: bool,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) path: String,
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [a, b, ..]) => std::str::from_utf8(&[*a, *b]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Parts {
    pub(crate) fn of(method: &str, url: &str) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = decode(path);
        let mut parts = Self { verb: method.to_lowercase(), path: path.clone(), ..Self::default() };
        let words: Vec<&str> = path.trim_matches('/').split('/').collect();
        let rest = match words.as_slice() {
            ["api", _, rest @ ..] if !rest.is_empty() => rest,
            ["apis", group, _, rest @ ..] if !rest.is_empty() => {
                (*group).clone_into(&mut parts.group);
                rest
            }
            _ => return parts,
        };
        parts.is_resource = true;
        let (rest, old_watch) = match rest {
            ["watch", tail @ ..] if !tail.is_empty() => (tail, true),
            rest => (rest, false),
        };
        let rest = match rest {
            ["namespaces", namespace, tail @ ..] => {
                (*namespace).clone_into(&mut parts.namespace);
                if matches!(tail, [] | ["status" | "finalize", ..]) { rest } else { tail }
            }
            rest => rest,
        };
        let at = |i: usize| rest.get(i).copied().unwrap_or_default().to_owned();
        (parts.resource, parts.name, parts.subresource) = (at(0), at(1), at(2));
        parts.verb = if old_watch { "watch" } else { parts.request_verb(method, query) }.to_owned();
        parts
    }

    fn request_verb(&mut self, method: &str, query: &str) -> &'static str {
        let on_collection = self.name.is_empty();
        let mut watch = false;
        for (key, value) in query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            watch |= key == "watch" && !matches!(value, "0" | "false");
            let value = decode(value);
            if key == "fieldSelector" && on_collection && method == "GET" {
                for term in value.split(',') {
                    if let Some(("metadata.name", name)) = term.split_once('=') {
                        name.trim_start_matches('=').clone_into(&mut self.name);
                    }
                }
            }
        }
        match method {
            "POST" => "create",
            "GET" | "HEAD" if on_collection && watch => "watch",
            "GET" | "HEAD" if on_collection => "list",
            "GET" | "HEAD" => "get",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" if on_collection => "deletecollection",
            "DELETE" => "delete",
            _ => "",
        }
    }

    pub(crate) fn attributes<'a>(&'a self, user: &'a UserInfo) -> Attributes<'a> {
        if !self.is_resource {
            return Attributes::path(user, &self.verb, &self.path);
        }
        Attributes::resource(user, &self.verb, &self.group, &self.resource)
            .subresource(&self.subresource)
            .in_namespace(&self.namespace)
            .named(&self.name)
    }
}

/// Who a step runs as, with the groups that the API server adds to an impersonated user. `None`: by a token of its own.
pub(crate) fn user(step: &Value) -> Option<UserInfo> {
    if step.get("token").is_some() {
        return None;
    }
    let Some(name) = step["as"].as_str() else {
        return Some(UserInfo::new("system:admin", ["system:masters", "system:authenticated"]));
    };
    let mut groups: Vec<String> =
        step["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    if let Some((namespace, _)) = account.filter(|_| groups.is_empty()) {
        groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    }
    let added = if name == "system:anonymous" { "system:unauthenticated" } else { "system:authenticated" };
    if !groups.iter().any(|group| group == added) {
        groups.push(added.to_owned());
    }
    Some(UserInfo::new(name, groups))
}
