//! What policies would decide: `SimulateCustomPolicy`, `SimulatePrincipalPolicy`, and the keys that they would read.
//!
//! The same decision as for real calls, over policies that are given or that a user, group or role has, with the context keys that are given.
//! Source: IAM API Reference; IAM User Guide, "IAM policy testing with the IAM policy simulator".

use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn};
use super::{faults, managed};
use crate::Fault;
use crate::protocol::{Form, Xml, invalid};
use crate::world::Document;
use proofmark_aws_policy::{
    Arn, Attached, Cited, Context, Decision, Denial, Kind, Layer, Policies, Principal, Request, ResourceRule, Said,
    decide,
};
use proofmark_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A policy under the name and of the kind that answers tell.
struct Source {
    name: String,
    kind: &'static str,
    document: Document,
}

/// Whose policies are tried.
struct Subject {
    principal: Principal,
    identity: Vec<Source>,
    boundary: Option<Source>,
}

pub(super) fn custom(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    turn.form.need("PolicyInputList.member.1")?;
    let subject = Subject { principal: caller(turn)?, identity: given(turn.form, "PolicyInputList")?, boundary: None };
    simulate(turn, subject)
}

pub(super) fn principal(turn: &mut Turn<'_>) -> Answer {
    let mut subject = source(turn)?;
    subject.identity.extend(given(turn.form, "PolicyInputList")?);
    simulate(turn, subject)
}

pub(super) fn keys_of_custom(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    turn.form.need("PolicyInputList.member.1")?;
    answer_keys(&given(turn.form, "PolicyInputList")?)
}

pub(super) fn keys_of_principal(turn: &mut Turn<'_>) -> Answer {
    let mut subject = source(turn)?;
    subject.identity.extend(given(turn.form, "PolicyInputList")?);
    answer_keys(&subject.identity)
}

/// The user, group or role that a request names, with its policies.
fn source(turn: &Turn<'_>) -> Result<Subject, Fault> {
    let arn = turn.form.need("PolicySourceArn")?.to_owned();
    let parsed = Arn::parse(&arn).filter(|arn| arn.service == "iam" && arn.account == turn.id.as_str());
    let (kind, path) = parsed.and_then(|arn| arn.resource.split_once('/')).ok_or_else(|| {
        faults::invalid_input(format!("Invalid Entity Arn: {arn} does not clearly define entity type and name."))
    })?;
    let name = path.rsplit('/').next().unwrap_or_default();
    let holder = match kind {
        "user" => Holder::User,
        "group" => Holder::Group,
        "role" => Holder::Role,
        _ => {
            return Err(faults::invalid_input(format!(
                "Invalid Entity Arn: {arn} does not clearly define entity type and name."
            )));
        }
    };
    turn.allow(&arn, Context::default())?;
    let account = turn.account()?;
    if holder.resource(account, name).0 != arn {
        return Err(faults::not_found(holder.word(), name));
    }
    let mut identity = held(turn, holder, name)?;
    let (principal, boundary) = match holder {
        Holder::User => {
            let user = account.users.get(name).ok_or_else(|| faults::not_found("user", name))?;
            for group in &user.groups {
                identity.extend(held(turn, Holder::Group, group)?);
            }
            let (path, name, id) = (user.path.clone(), user.name.clone(), user.id.clone());
            (Principal::User { account: turn.id.to_string(), path, name, id }, user.boundary.clone())
        }
        Holder::Role => {
            let role = account.roles.get(name).ok_or_else(|| faults::not_found("role", name))?;
            let (path, id, session) = (role.path.clone(), role.id.clone(), "simulated".to_owned());
            let account = turn.id.to_string();
            (Principal::Session { account, path, role: role.name.clone(), id, session }, role.boundary.clone())
        }
        Holder::Group => (caller(turn)?, None),
    };
    let boundary = boundary.and_then(|arn| {
        let document = managed(account, &arn)?.clone();
        Some(Source { name: arn, kind: "user-managed", document })
    });
    Ok(Subject { principal, identity, boundary })
}

fn held(turn: &Turn<'_>, holder: Holder, name: &str) -> Result<Vec<Source>, Fault> {
    let account = turn.account()?;
    let (inline, attached) = holder.policies(account, name)?;
    let inline = inline.iter().map(|(policy, document)| Source {
        name: format!("{}_{name}_{policy}", holder.word()),
        kind: holder.word(),
        document: document.clone(),
    });
    let attached = attached.iter().filter_map(|arn| {
        let kind = if arn.starts_with("arn:aws:iam::aws:") { "aws-managed" } else { "user-managed" };
        let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
        Some(Source { name, kind, document: managed(account, arn)?.clone() })
    });
    Ok(inline.chain(attached).collect())
}

/// Who is said to call; somebody of the account unless told.
fn caller(turn: &Turn<'_>) -> Result<Principal, Fault> {
    let account = turn.id.to_string();
    let (path, name) = ("/".to_owned(), "simulated".to_owned());
    let Some(arn) = turn.form.get("CallerArn") else {
        return Ok(Principal::User { account, path, id: String::new(), name });
    };
    let wrong = || faults::invalid_input(format!("Invalid Caller Arn: {arn}"));
    let parsed = Arn::parse(arn).ok_or_else(wrong)?;
    let (kind, rest) = parsed.resource.split_once('/').ok_or_else(wrong)?;
    let (path, name) = rest.rsplit_once('/').map_or((path, rest), |(path, name)| (format!("/{path}/"), name));
    let (account, name) = (parsed.account.to_owned(), name.to_owned());
    let id = turn.world.principal_id(arn).unwrap_or_default().to_owned();
    match kind {
        "user" => Ok(Principal::User { account, path, name, id }),
        "role" => Ok(Principal::Session { account, path, role: name, id, session: "simulated".to_owned() }),
        _ => Err(wrong()),
    }
}

fn parse(text: &str, kind: Kind) -> Result<Document, Fault> {
    Document::parse(text, kind).map_err(|error| faults::invalid_input(error.to_string()))
}

/// Policies that come with the request: `PolicyInputList.1`.
fn given(form: &Form, list: &str) -> Result<Vec<Source>, Fault> {
    let numbered = form.list(list).into_iter().enumerate();
    numbered
        .map(|(index, text)| {
            let document = parse(text, Kind::Identity)?;
            Ok(Source { name: format!("{list}.{}", index + 1), kind: "IAM Policy", document })
        })
        .collect()
}

/// The keys that are given.
fn context(turn: &Turn<'_>, principal: &Principal) -> Result<Context, Fault> {
    let mut context = Context::default();
    principal.keys(&mut context);
    let form = turn.form;
    for prefix in form.numbered("ContextEntries") {
        let name = form.need(&format!("{prefix}.ContextKeyName"))?;
        let values = form.list(&format!("{prefix}.ContextKeyValues")).into_iter().map(str::to_owned);
        let values: Vec<String> = values.collect();
        let kind = form.need(&format!("{prefix}.ContextKeyType"))?;
        if !kind.ends_with("List") && values.len() > 1 {
            return Err(invalid(format!("The context key {name} of the type {kind} must have one value.")));
        }
        context.set_many(name, values);
    }
    Ok(context)
}

fn simulate(turn: &Turn<'_>, subject: Subject) -> Answer {
    let form = turn.form;
    form.need("ActionNames.member.1")?;
    // A boundary that is given takes the place of the principal's own.
    let boundary = given(form, "PermissionsBoundaryPolicyInputList")?.pop().or(subject.boundary);
    let resource_policy = form.get("ResourcePolicy").map(|text| parse_resource(turn, text)).transpose()?;
    let keys = context(turn, &subject.principal)?;
    let owner = form.get("ResourceOwner").and_then(Arn::parse).map(|arn| arn.account);
    let owner = owner.or(subject.principal.account()).unwrap_or_default();
    let resources = match form.list("ResourceArns") {
        resources if resources.is_empty() => vec!["*"],
        resources => resources,
    };
    let sources: BTreeMap<&str, &Source> = subject
        .identity
        .iter()
        .chain(&boundary)
        .chain(&resource_policy)
        .map(|source| (source.name.as_str(), source))
        .collect();
    let identity: Vec<Attached<'_>> = subject.identity.iter().map(attached).collect();
    let policies = Policies {
        identity: &identity,
        boundary: boundary.as_ref().map(attached),
        resource: resource_policy.as_ref().map(attached),
        resource_rule: ResourceRule::MayGrant,
        ..Policies::default()
    };
    let mut results = Vec::new();
    for action in form.list("ActionNames") {
        if !action.contains(':') {
            return Err(faults::invalid_input(format!("Invalid action name: {action}")));
        }
        for resource in &resources {
            let request = Request { principal: &subject.principal, action, resource, owner, context: &keys };
            let decision = decide(&request, &policies);
            results.push((format!("{:08}", results.len()), result(&request, &decision, &sources)));
        }
    }
    let page = page(form, results)?;
    Ok(Some(page.write("EvaluationResults", |xml, result| {
        *xml = result;
    })))
}

fn parse_resource(turn: &Turn<'_>, text: &str) -> Result<Source, Fault> {
    let document = turn.world.pin(text, Kind::Resource);
    let document = document.map_err(|error| faults::invalid_input(error.to_string()))?;
    Ok(Source { name: "ResourcePolicy".to_owned(), kind: "resource", document })
}

fn attached(source: &Source) -> Attached<'_> {
    Attached { name: &source.name, policy: &source.document.policy }
}

/// One evaluation, as an entry of the answer.
fn result(request: &Request<'_>, decision: &Decision<'_>, sources: &BTreeMap<&str, &Source>) -> Xml {
    let mut xml = Xml::default();
    let word = match decision.denial {
        None => "allowed",
        Some(Denial::Explicit(_)) => "explicitDeny",
        Some(Denial::Implicit(_)) => "implicitDeny",
    };
    xml.text("EvalActionName", request.action).text("EvalResourceName", request.resource).text("EvalDecision", word);
    let layers = [Layer::Identity, Layer::Boundary, Layer::Resource];
    let cited = layers.into_iter().filter_map(|layer| match (decision.said(layer), decision.denial) {
        (Said::Allows(cited), None) | (Said::Denies(cited), Some(Denial::Explicit(_))) => Some(cited),
        _ => None,
    });
    xml.members("MatchedStatements", cited, |xml, cited| statement(xml, &cited, sources));
    xml.element("MissingContextValues", |_| {});
    if !matches!(decision.said(Layer::Boundary), Said::NotAsked) {
        let allowed = decision.said(Layer::Boundary).allows().to_string();
        xml.element("PermissionsBoundaryDecisionDetail", |xml| {
            xml.text("AllowedByPermissionsBoundary", allowed);
        });
    }
    xml
}

fn statement(xml: &mut Xml, cited: &Cited<'_>, sources: &BTreeMap<&str, &Source>) {
    let Some(source) = sources.get(cited.policy) else { return };
    xml.text("SourcePolicyId", &source.name).text("SourcePolicyType", source.kind);
    if let Some((start, end)) = place(&source.document.text, cited.index) {
        for (name, (line, column)) in [("StartPosition", start), ("EndPosition", end)] {
            xml.element(name, |xml| {
                xml.text("Line", line.to_string()).text("Column", column.to_string());
            });
        }
    }
}

/// Where a statement begins and ends in its document: lines and columns, from 1.
fn place(text: &str, index: usize) -> Option<((usize, usize), (usize, usize))> {
    #[derive(serde::Deserialize)]
    struct Parts<'a> {
        #[serde(rename = "Statement", borrow)]
        statement: &'a RawValue,
    }
    let whole: Parts<'_> = proofmark_json::from_str(text).ok()?;
    let several: Result<Vec<&RawValue>, _> = proofmark_json::from_str(whole.statement.get());
    let statement = several.map_or(Some(whole.statement), |several| several.get(index).copied())?.get();
    let from = statement.as_ptr().addr() - text.as_ptr().addr();
    let at = |offset: usize| {
        let before = text.get(..offset)?;
        let line = before.matches('\n').count() + 1;
        Some((line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1))
    };
    Some((at(from)?, at(from + statement.len())?))
}

/// The keys of conditions and variables, as they are written.
fn answer_keys(sources: &[Source]) -> Answer {
    let mut keys = BTreeMap::new();
    for source in sources {
        let document: Value = proofmark_json::from_str(&source.document.text).unwrap_or_default();
        let statements = match &document["Statement"] {
            Value::Array(several) => several.as_slice(),
            one => std::slice::from_ref(one),
        };
        for statement in statements {
            let conditions = statement["Condition"].as_object().into_iter().flatten();
            for key in conditions.filter_map(|(_, keys)| keys.as_object()).flatten().map(|(key, _)| key) {
                keys.insert(key.to_lowercase(), key.to_string());
            }
        }
        for part in source.document.text.split("${").skip(1) {
            let key = part.split(['}', ',']).next().unwrap_or_default().trim();
            if key.contains(':') {
                keys.insert(key.to_lowercase(), key.to_owned());
            }
        }
    }
    let mut xml = Xml::default();
    xml.texts("ContextKeyNames", keys.values());
    Ok(Some(xml))
}
