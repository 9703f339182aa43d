//! What a caller asks of a session, and the session that it gets.

use crate::iam::managed;
use crate::protocol::{Checks, Form, Text, Xml, in_name, invalid};
use crate::world::{AccountId, Document, Role, Session, World};
use crate::{Cloud, Fault};
use jiff::SignedDuration;
use proofmark_aws_policy::{Arn, Context, Kind, Principal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The longest inline session policy.
const LONGEST_POLICY: usize = 2048;
/// As many managed session policies, and tags.
const MOST_POLICIES: usize = 10;
const MOST_TAGS: usize = 50;

pub(super) const ROLE_ARN: Text = Text { min: 20, max: 2048, pattern: None };
pub(super) const SESSION_NAME: Text = Text { min: 2, max: 64, pattern: Some((r"[\w+=,.@-]*", in_name)) };

/// A role by its ARN.
#[derive(Debug, Clone)]
pub(super) struct RoleRef {
    pub(super) arn: String,
    pub(super) account: AccountId,
    path: String,
    name: String,
}

impl RoleRef {
    pub(super) fn parse(arn: &str) -> Result<Self, Fault> {
        let read = || {
            let parsed = Arn::parse(arn).filter(|parsed| parsed.service == "iam" && parsed.partition == "aws")?;
            let role = parsed.resource.strip_prefix("role/")?;
            let (path, name) = match role.rsplit_once('/') {
                Some((path, name)) => (format!("/{path}/"), name),
                None => ("/".to_owned(), role),
            };
            (!name.is_empty()).then_some(())?;
            Some(Self { arn: arn.to_owned(), account: AccountId::parse(parsed.account)?, path, name: name.to_owned() })
        };
        read().ok_or_else(|| invalid(format!("{arn} is invalid")))
    }

    /// The role, if it is there under this very path.
    pub(super) fn find<'a>(&self, world: &'a World) -> Option<&'a Role> {
        let role = world.accounts.get(&self.account)?.roles.get(&self.name)?;
        (role.path == self.path).then_some(role)
    }
}

/// What a session shall be.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) seconds: Option<i64>,
    pub(super) policy: Option<Document>,
    pub(super) policy_arns: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive: BTreeSet<String>,
    pub(super) source_identity: Option<String>,
}

impl Wanted {
    /// Reads what `AssumeRole` and its likes have in common. Constraints go into `checks`, which the caller finishes.
    pub(super) fn read<'a>(form: &'a Form, checks: &mut Checks<'a>) -> Self {
        Self {
            name: checks.need("RoleSessionName", SESSION_NAME).to_owned(),
            source_identity: checks.text("SourceIdentity", SESSION_NAME).map(str::to_owned),
            ..Self::of_session(form, checks, 43_200)
        }
    }

    /// Reads what every session may have: policies, tags, and a length of at most so many seconds.
    pub(super) fn of_session<'a>(form: &'a Form, checks: &mut Checks<'a>, longest: i64) -> Self {
        let plain = |max| Text { min: 1, max, pattern: None };
        let tags = form.pairs("Tags", "Key", "Value");
        let letters: fn(char) -> bool = |c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
        for (index, (key, value)) in tags.iter().enumerate() {
            let at = |member: &str| format!("tags.{}.member.{member}", index + 1);
            let text = |min, max, pattern| Text { min, max, pattern: Some((pattern, letters)) };
            checks.value(&at("key"), key, text(1, 128, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"));
            checks.value(&at("value"), value, text(0, 256, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"));
        }
        checks.text("Policy", plain(LONGEST_POLICY));
        Self {
            seconds: checks.number("DurationSeconds", 900, longest),
            policy_arns: form.list_of("PolicyArns", "arn").into_iter().map(str::to_owned).collect(),
            tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            transitive: form.list("TransitiveTagKeys").into_iter().map(str::to_owned).collect(),
            ..Self::default()
        }
    }

    /// What needs more than one parameter to be judged.
    pub(super) fn finish(&mut self, form: &Form) -> Result<(), Fault> {
        if let Some(text) = form.get("Policy") {
            let document = Document::parse(text, Kind::Identity);
            self.policy =
                Some(document.map_err(|error| Fault::new(400, "MalformedPolicyDocument", error.to_string()))?);
        }
        if self.policy_arns.len() > MOST_POLICIES {
            return Err(invalid(format!("The number of managed policies exceeds the limit of {MOST_POLICIES}.")));
        }
        let given = form.pairs("Tags", "Key", "Value");
        let distinct: BTreeSet<String> = given.iter().map(|(key, _)| key.to_lowercase()).collect();
        if distinct.len() < given.len() {
            return Err(Fault::new(
                400,
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        if given.len() > MOST_TAGS {
            return Err(invalid(format!("The number of session tags exceeds the limit of {MOST_TAGS}.")));
        }
        match self.transitive.iter().find(|key| !self.tags.contains_key(*key)) {
            Some(key) => Err(Fault::new(
                400,
                "InvalidParameterValue",
                format!("The specified transitive tag key must be included in the requested tags: {key}."),
            )),
            None => Ok(()),
        }
    }

    /// The keys by which trust and identity policies judge it.
    pub(super) fn keys(&self, keys: &mut Context) {
        if !self.name.is_empty() {
            keys.set("sts:RoleSessionName", &self.name);
        }
        if let Some(identity) = &self.source_identity {
            keys.set("sts:SourceIdentity", identity);
        }
        for (key, value) in &self.tags {
            keys.set(&format!("aws:RequestTag/{key}"), value);
        }
        if !self.tags.is_empty() {
            keys.set_many("aws:TagKeys", self.tags.keys().cloned());
        }
        if !self.transitive.is_empty() {
            keys.set_many("sts:TransitiveTagKeys", self.transitive.iter().cloned());
        }
    }

    /// The actions that it needs beside the one that was called.
    pub(super) fn further_actions(&self) -> Vec<&'static str> {
        let tags = (!self.tags.is_empty()).then_some("sts:TagSession");
        let identity = self.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
        tags.into_iter().chain(identity).collect()
    }

    /// The session policies; none if none was given.
    pub(super) fn policies(
        &self,
        world: &World,
        account: &AccountId,
    ) -> Result<Option<Vec<(String, Document)>>, Fault> {
        let Some(account) = world.accounts.get(account) else { return Ok(None) };
        let mut policies: Vec<(String, Document)> =
            self.policy.iter().map(|document| ("inline session policy".to_owned(), document.clone())).collect();
        for arn in &self.policy_arns {
            let document = managed(account, arn).ok_or_else(|| {
                Fault::new(
                    400,
                    "MalformedPolicyDocument",
                    format!("The policy {arn} does not exist or is not attachable."),
                )
            })?;
            policies.push((format!("session policy {arn}"), document.clone()));
        }
        Ok((!policies.is_empty()).then_some(policies))
    }
}

/// How a session came to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// By another session of a role.
    pub(super) chained: bool,
    /// By a token of this provider, with the keys that stay.
    pub(super) provider: Option<String>,
    pub(super) keys: BTreeMap<String, String>,
}

/// Makes a session of a role, and answers with its credentials.
pub(super) fn open(
    cloud: &Cloud,
    world: &mut World,
    role: &RoleRef,
    wanted: Wanted,
    origin: Origin,
) -> Result<Xml, Fault> {
    let session = begin_as(cloud, world, role, wanted, origin)?;
    let mut xml = Xml::default();
    let identity = session.source_identity.clone();
    xml.element("AssumedRoleUser", |xml| {
        let (id, name) = match &session.principal {
            Principal::Session { id, session, .. } => (id.as_str(), session.as_str()),
            _ => ("", ""),
        };
        xml.text("AssumedRoleId", format!("{id}:{name}")).text("Arn", session.principal.arn());
    });
    keep(cloud, world, session, &mut xml);
    xml.some("SourceIdentity", identity);
    Ok(xml)
}

/// A session of a role. Whether it may be is settled; how long it may be is not.
pub(super) fn begin_as(
    cloud: &Cloud,
    world: &World,
    role: &RoleRef,
    wanted: Wanted,
    origin: Origin,
) -> Result<Session, Fault> {
    let Some(found) = role.find(world) else { return Err(invalid(format!("{} is invalid", role.arn))) };
    let seconds = wanted.seconds.unwrap_or(3600);
    if origin.chained && seconds > 3600 {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if seconds > found.max_session_seconds {
        return Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    let principal = Principal::Session {
        account: role.account.to_string(),
        path: found.path.clone(),
        role: found.name.clone(),
        id: found.id.clone(),
        session: wanted.name.clone(),
    };
    let policies = wanted.policies(world, &role.account)?;
    Ok(Session {
        account: role.account.clone(),
        policies,
        tags: wanted.tags,
        transitive: wanted.transitive,
        source_identity: wanted.source_identity,
        federated_provider: origin.provider,
        federated_keys: origin.keys,
        chained: origin.chained,
        ..begin(cloud, principal, role.account.clone(), seconds)
    })
}

/// A session that begins now, without policies and tags.
pub(super) fn begin(cloud: &Cloud, principal: Principal, account: AccountId, seconds: i64) -> Session {
    let issued = cloud.now();
    Session {
        principal,
        account,
        secret: cloud.random().secret(),
        token: format!("IQoJb3JpZ2luX2Vj{}", cloud.random().token(344)),
        issued,
        expires: issued.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(issued),
        policies: None,
        tags: BTreeMap::new(),
        transitive: BTreeSet::new(),
        source_identity: None,
        federated_provider: None,
        federated_keys: BTreeMap::new(),
        chained: false,
    }
}

/// Puts a session into the world; its access key.
pub(super) fn insert(cloud: &Cloud, world: &mut World, session: Session) -> (String, Arc<Session>) {
    let (id, session) = (cloud.random().unique_id("ASIA"), Arc::new(session));
    world.sessions.insert(id.clone(), Arc::clone(&session));
    (id, session)
}

/// Puts a session into the world, and its credentials into the answer.
pub(super) fn keep(cloud: &Cloud, world: &mut World, session: Session, xml: &mut Xml) {
    let (id, session) = insert(cloud, world, session);
    xml.element("Credentials", |xml| {
        xml.text("AccessKeyId", &id).text("SecretAccessKey", &session.secret).text("SessionToken", &session.token);
        xml.text("Expiration", session.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    });
}
