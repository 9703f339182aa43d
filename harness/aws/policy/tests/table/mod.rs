//! The format of the tables.

use std::collections::BTreeMap;

use proofmark_aws_policy::{
    Attached, Context, Denial, Kind, Layer, Policies, Policy, Principal, Request, ResourceRule, decide,
};
use proofmark_json::{Map, Value, json};
use serde::Deserialize;

/// One row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The rule that it holds.
    pub(crate) rule: String,
    who: String,
    ask: String,
    #[serde(default)]
    identity: Vec<String>,
    boundary: Option<Vec<String>>,
    session: Option<Vec<String>>,
    /// A policy that may grant.
    bucket: Option<Vec<String>>,
    /// A policy that must allow: of a key.
    key: Option<Vec<String>>,
    /// A policy that must allow: of a role.
    trust: Option<Vec<String>>,
    #[serde(default)]
    scp: Vec<Vec<String>>,
    #[serde(default)]
    rcp: Vec<String>,
    /// The version of the documents; none at all if empty.
    version: Option<String>,
    #[serde(default)]
    keys: BTreeMap<String, Value>,
    /// `allowed`, `explicit LAYER`, `implicit LAYER`
    pub(crate) expect: String,
    /// How our sentence ends, behind what was asked for.
    #[serde(default)]
    pub(crate) says: String,
}

/// A row with its documents read.
pub(crate) struct World {
    principal: Principal,
    action: String,
    resource: String,
    owner: String,
    context: Context,
    identity: Policy,
    boundary: Option<Policy>,
    session: Option<Policy>,
    own: Option<(Policy, ResourceRule)>,
    scp: Vec<Policy>,
    rcp: Option<Policy>,
}

impl Case {
    pub(crate) fn world(&self) -> Result<World, String> {
        let (who, account) = of(&self.who);
        let (ask, owner) = of(&self.ask);
        let (action, resource) = ask.split_once(' ').ok_or("ask: action and resource")?;
        let principal = principal(who, account)?;
        let mut context = Context::default();
        principal.keys(&mut context);
        for (key, value) in &self.keys {
            match value {
                Value::Array(values) => context.set_many(key, values.iter().map(text)),
                value => context.set(key, text(value)),
            }
        }
        let one = |kind, lines: &Option<Vec<String>>| lines.as_ref().map(|l| self.policy(kind, l)).transpose();
        let must = ResourceRule::MustAllow;
        let own =
            match (one(Kind::Resource, &self.bucket)?, one(Kind::Resource, &self.key)?, one(Kind::Trust, &self.trust)?)
            {
                (Some(policy), _, _) => Some((policy, ResourceRule::MayGrant)),
                (_, Some(policy), _) | (_, _, Some(policy)) => Some((policy, must)),
                _ => None,
            };
        Ok(World {
            principal,
            action: action.to_owned(),
            resource: resource.to_owned(),
            owner: owner.to_owned(),
            context,
            identity: self.policy(Kind::Identity, &self.identity)?,
            boundary: one(Kind::Identity, &self.boundary)?,
            session: one(Kind::Identity, &self.session)?,
            own,
            scp: self.scp.iter().map(|level| self.policy(Kind::ServiceControl, level)).collect::<Result<_, _>>()?,
            rcp: (!self.rcp.is_empty()).then(|| self.policy(Kind::ResourceControl, &self.rcp)).transpose()?,
        })
    }

    fn policy(&self, kind: Kind, lines: &[String]) -> Result<Policy, String> {
        // Nothing at all is no document, but it is what an empty row says.
        if lines.is_empty() {
            return Ok(Policy { id: None, statements: Vec::new() });
        }
        let statements: Vec<Value> = lines.iter().map(|line| statement(line)).collect::<Result<_, _>>()?;
        let mut document = json!({"Version": "2012-10-17", "Statement": statements});
        match self.version.as_deref() {
            None => {}
            Some("") => {
                document.as_object_mut().expect("an object").remove("Version");
            }
            Some(version) => document["Version"] = json!(version),
        }
        Policy::parse(&document.to_string(), kind).map_err(|e| format!("{document}: {e}"))
    }
}

impl World {
    /// The outcome in the words of the tables.
    pub(crate) fn outcome(&self) -> String {
        self.with(|request, policies| match decide(request, policies).denial {
            None => "allowed".to_owned(),
            Some(Denial::Explicit(layer)) => format!("explicit {}", name(layer)),
            Some(Denial::Implicit(layer)) => format!("implicit {}", name(layer)),
        })
    }

    /// AWS' reason and our sentence.
    pub(crate) fn words(&self) -> (String, String) {
        self.with(|request, policies| {
            let decision = decide(request, policies);
            (decision.denial.map(|d| d.reason(request.action)).unwrap_or_default(), decision.explain(request))
        })
    }

    fn with<R>(&self, then: impl Fn(&Request<'_>, &Policies<'_>) -> R) -> R {
        let request = Request {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            owner: &self.owner,
            context: &self.context,
        };
        let identity = [Attached { name: "identity", policy: &self.identity }];
        let session: Vec<_> = self.session.iter().map(|policy| Attached { name: "session", policy }).collect();
        let levels: Vec<_> = self.scp.iter().map(|policy| [Attached { name: "scp", policy }]).collect();
        let levels: Vec<&[Attached<'_>]> = levels.iter().map(|level| level.as_slice()).collect();
        let rcp: Vec<_> = self.rcp.iter().map(|policy| Attached { name: "rcp", policy }).collect();
        let policies = Policies {
            identity: &identity,
            boundary: self.boundary.as_ref().map(|policy| Attached { name: "boundary", policy }),
            session: self.session.as_ref().map(|_| session.as_slice()),
            resource: self.own.as_ref().map(|(policy, _)| Attached { name: "resource", policy }),
            resource_rule: self.own.as_ref().map_or(ResourceRule::MayGrant, |(_, rule)| *rule),
            service_control: &levels,
            resource_control: &rcp,
        };
        then(&request, &policies)
    }
}

fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "identity",
        Layer::Boundary => "boundary",
        Layer::Session => "session",
        Layer::Resource => "resource",
        Layer::ServiceControl => "scp",
        Layer::ResourceControl => "rcp",
    }
}

/// `... of B` -> the account; A unless said.
fn of(text: &str) -> (&str, &str) {
    match text.rsplit_once(" of ") {
        Some((rest, "B")) => (rest, "222222222222"),
        Some((rest, "A")) => (rest, "111111111111"),
        _ => (text, "111111111111"),
    }
}

fn principal(who: &str, account: &str) -> Result<Principal, String> {
    let account = account.to_owned();
    Ok(match who.split_once(' ').unwrap_or((who, "")) {
        ("root", _) => Principal::Root { account },
        ("anonymous", _) => Principal::Anonymous,
        ("user", name) => {
            Principal::User { account, path: "/".into(), name: name.into(), id: format!("AIDA{}", name.to_uppercase()) }
        }
        ("session", name) => {
            let (role, session) = name.rsplit_once('/').ok_or("session: ROLE/SESSION")?;
            let (path, role) = match role.rsplit_once('/') {
                Some((path, role)) => (format!("{path}/"), role),
                None => ("/".to_owned(), role),
            };
            let id = format!("AROA{}", role.to_uppercase());
            Principal::Session { account, path, role: role.into(), id, session: session.into() }
        }
        ("federated-user", name) => {
            // `bob by ann`; without a maker the root vouches.
            let (name, by) = name.split_once(" by ").unwrap_or((name, ""));
            let by = match by {
                "" => Principal::Root { account: account.clone() },
                by => principal(&format!("user {by}"), &account)?,
            };
            Principal::FederatedUser { account, name: name.into(), by: Box::new(by) }
        }
        ("federated", provider) => Principal::Federated { provider: provider.into() },
        ("service", name) => Principal::Service { name: name.into() },
        _ => return Err(format!("who: {who}")),
    })
}

/// `Allow ACTIONS [RESOURCES] [to PRINCIPALS] [if OPERATOR KEY VALUES]...`
fn statement(line: &str) -> Result<Value, String> {
    let mut parts = line.split(" if ");
    let (head, to) = match parts.next().unwrap_or_default().split_once(" to ") {
        Some((head, to)) => (head, Some(to)),
        None => (parts_head(line), None),
    };
    let mut words = head.split_whitespace();
    let mut out = Map::new();
    out.insert("Effect", json!(words.next()));
    element(&mut out, "Action", words.next().ok_or("no action")?);
    if let Some(resources) = words.next() {
        element(&mut out, "Resource", resources);
    }
    if let Some(to) = to {
        let (not, to) = to.strip_prefix('!').map_or((false, to), |rest| (true, rest));
        let principals = if to == "*" { json!("*") } else { trustees(to) };
        out.insert(if not { "NotPrincipal" } else { "Principal" }, principals);
    }
    let mut conditions = Map::new();
    for part in parts {
        let mut words = part.splitn(3, ' ');
        let (operator, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let values: Vec<&str> = words.next().unwrap_or_default().split('|').collect();
        let operator = conditions.entry(operator).or_insert_with(|| json!({}));
        operator[key] = json!(values);
    }
    if !conditions.is_empty() {
        out.insert("Condition", Value::Object(conditions));
    }
    Ok(Value::Object(out))
}

fn parts_head(line: &str) -> &str {
    line.split(" if ").next().unwrap_or_default()
}

fn element(out: &mut Map, name: &str, text: &str) {
    let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    let values: Vec<&str> = text.split('|').collect();
    out.insert(if not { format!("Not{name}") } else { name.to_owned() }, json!(values));
}

fn trustees(text: &str) -> Value {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in text.split('|') {
        let (kind, name) = one.split_once('=').unwrap_or(("AWS", one));
        kinds.entry(kind).or_default().push(name);
    }
    json!(kinds)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
