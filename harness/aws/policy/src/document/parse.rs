//! JSON to a document. What is wrong with it is an error, as it would be when the policy is saved.

use std::collections::BTreeSet;

use proofmark_json::{Map, Value};

use super::statement::Either;
use super::{Effect, Kind, Policy, PolicyError, Principals, Statement, Trustee};
use crate::condition::{Condition, Operator};
use crate::pattern::{ArnPattern, Pattern, Syntax};

impl Policy {
    /// Reads a document for a place where it shall be attached.
    ///
    /// # Errors
    /// [`PolicyError`], the first that AWS would find.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        let document: Value = proofmark_json::from_str(text).map_err(|_| PolicyError::Json)?;
        let document = document.as_object().ok_or(PolicyError::Json)?;
        if let Some(element) = document.keys().find(|k| !matches!(k.as_str(), "Version" | "Id" | "Statement")) {
            return Err(PolicyError::Syntax { element: element.to_string() });
        }
        let variables = match document.get("Version").map(|v| v.as_str()) {
            None | Some(Some("2008-10-17")) => false,
            Some(Some("2012-10-17")) => true,
            Some(_) => return Err(PolicyError::Version),
        };
        // Control policies must say so. Source: AWS Organizations User Guide, "SCP syntax", "RCP syntax".
        if !variables && matches!(kind, Kind::ServiceControl | Kind::ResourceControl) {
            return Err(PolicyError::Version);
        }
        let reader = Reader { kind, variables };
        let statements = match document.get("Statement") {
            None => return Err(PolicyError::Missing { element: "Statement" }),
            Some(Value::Array(statements)) => {
                statements.iter().map(|s| reader.statement(s)).collect::<Result<_, _>>()?
            }
            Some(statement) => vec![reader.statement(statement)?],
        };
        if statements.is_empty() {
            return Err(PolicyError::Empty);
        }
        let policy = Self { id: optional_text(document, "Id")?, statements };
        policy.check_sids(kind)?;
        Ok(policy)
    }

    fn check_sids(&self, kind: Kind) -> Result<(), PolicyError> {
        let mut seen = BTreeSet::new();
        for sid in self.statements.iter().filter_map(|s| s.sid.as_deref()).filter(|sid| !sid.is_empty()) {
            if kind == Kind::Identity && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(PolicyError::Sid);
            }
            if !seen.insert(sid) {
                return Err(PolicyError::RepeatedSid);
            }
        }
        Ok(())
    }
}

const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

struct Reader {
    kind: Kind,
    variables: bool,
}

impl Reader {
    fn statement(&self, value: &Value) -> Result<Statement, PolicyError> {
        let fields = value.as_object().ok_or(PolicyError::Missing { element: "Statement" })?;
        if let Some(element) = fields.keys().find(|k| !ELEMENTS.contains(&k.as_str())) {
            return Err(PolicyError::Syntax { element: element.to_string() });
        }
        let effect = match fields.get("Effect").map(|e| e.as_str()) {
            None => return Err(PolicyError::Missing { element: "Effect" }),
            Some(Some("Allow")) => Effect::Allow,
            Some(Some("Deny")) => Effect::Deny,
            Some(_) => return Err(PolicyError::Syntax { element: "Effect".to_owned() }),
        };
        if self.kind == Kind::ResourceControl && effect == Effect::Allow {
            return Err(PolicyError::MustDeny);
        }
        Ok(Statement {
            sid: optional_text(fields, "Sid")?,
            effect,
            principals: self.principals(fields)?,
            actions: self.actions(fields)?,
            resources: self.resources(fields)?,
            conditions: self.conditions(fields.get("Condition"))?,
        })
    }

    fn principals(&self, fields: &Map) -> Result<Option<Principals>, PolicyError> {
        let Some((not, value)) = either(fields, "Principal", "NotPrincipal")? else {
            return match self.kind {
                Kind::Identity | Kind::ServiceControl => Ok(None),
                Kind::Resource | Kind::Trust | Kind::ResourceControl => Err(PolicyError::NoPrincipal),
            };
        };
        if matches!(self.kind, Kind::Identity | Kind::ServiceControl) {
            return Err(PolicyError::Prohibited { element: if not { "NotPrincipal" } else { "Principal" } });
        }
        let wrong = |kind: &str, principal: &str| PolicyError::Principal {
            kind: kind.to_owned(),
            principal: principal.to_owned(),
        };
        let trustees = match value {
            Value::String(all) if all == "*" => vec![Trustee::Everyone],
            Value::String(text) => return Err(wrong("STAR", text)),
            Value::Object(kinds) => {
                let mut trustees = Vec::new();
                for (kind, values) in kinds {
                    for text in texts(values, "Principal")? {
                        trustees.push(Trustee::parse(kind, &text).ok_or_else(|| wrong(kind, &text))?);
                    }
                }
                trustees
            }
            _ => return Err(PolicyError::Syntax { element: "Principal".to_owned() }),
        };
        // What limits resources is meant for everyone; conditions say who is spared.
        if self.kind == Kind::ResourceControl && (not || trustees != [Trustee::Everyone]) {
            return Err(PolicyError::Prohibited { element: if not { "NotPrincipal" } else { "Principal" } });
        }
        Ok(Some(Principals { not, trustees }))
    }

    fn actions(&self, fields: &Map) -> Result<Either<Pattern>, PolicyError> {
        let (not, value) = either(fields, "Action", "NotAction")?.ok_or(PolicyError::NoActions)?;
        let texts = texts(value, "Action")?;
        if texts.is_empty() {
            return Err(PolicyError::NoActions);
        }
        if not && self.kind == Kind::ResourceControl {
            return Err(PolicyError::Prohibited { element: "NotAction" });
        }
        // What limits resources names the services whose resources it limits.
        let all = |action: &str| action == "*" && self.kind != Kind::ResourceControl;
        if let Some(action) = texts.iter().find(|action| !all(action) && !is_action(action)) {
            return Err(PolicyError::Action { action: action.clone() });
        }
        let syntax = Syntax { wildcards: true, variables: false, ignore_case: true };
        Ok(Either { not, patterns: texts.iter().map(|action| Pattern::new(action, syntax)).collect() })
    }

    fn resources(&self, fields: &Map) -> Result<Option<Either<ArnPattern>>, PolicyError> {
        let Some((not, value)) = either(fields, "Resource", "NotResource")? else {
            return if self.kind == Kind::Trust { Ok(None) } else { Err(PolicyError::NoResources) };
        };
        if self.kind == Kind::Trust {
            return Err(PolicyError::Prohibited { element: if not { "NotResource" } else { "Resource" } });
        }
        let texts = texts(value, "Resource")?;
        if texts.is_empty() {
            return Err(PolicyError::NoResources);
        }
        if let Some(resource) = texts.iter().find(|r| *r != "*" && !is_resource(r)) {
            return Err(PolicyError::Resource { resource: resource.clone() });
        }
        let patterns = texts.iter().map(|resource| ArnPattern::resource(resource, self.variables)).collect();
        Ok(Some(Either { not, patterns }))
    }

    fn conditions(&self, value: Option<&Value>) -> Result<Vec<Condition>, PolicyError> {
        let syntax = || PolicyError::Syntax { element: "Condition".to_owned() };
        let mut conditions = Vec::new();
        let Some(value) = value else { return Ok(conditions) };
        for (name, keys) in value.as_object().ok_or_else(syntax)? {
            let operator = Operator::parse(name).ok_or_else(|| PolicyError::Operator { operator: name.to_string() })?;
            for (key, values) in keys.as_object().ok_or_else(syntax)? {
                conditions.push(Condition::new(operator, key, &texts(values, "Condition")?, self.variables));
            }
        }
        Ok(conditions)
    }
}

/// `s3:GetObject`: a service without wildcards, a colon, an action.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, action)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !service.is_empty() && service.chars().all(plain) && !action.is_empty()
    })
}

/// An ARN, whose end may be missing.
fn is_resource(text: &str) -> bool {
    let mut parts = text.split(':');
    let named = |part: Option<&str>| part.is_some_and(|p| !p.is_empty());
    parts.next() == Some("arn") && named(parts.next()) && named(parts.next())
}

/// An element or its negation; both at once are a mistake.
fn either<'v>(fields: &'v Map, positive: &str, negative: &str) -> Result<Option<(bool, &'v Value)>, PolicyError> {
    match (fields.get(positive), fields.get(negative)) {
        (Some(_), Some(_)) => Err(PolicyError::Syntax { element: negative.to_owned() }),
        (Some(value), None) => Ok(Some((false, value))),
        (None, Some(value)) => Ok(Some((true, value))),
        (None, None) => Ok(None),
    }
}

/// One value or a list of them; numbers and booleans as text.
fn texts(value: &Value, element: &str) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(PolicyError::Syntax { element: element.to_owned() }),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}

fn optional_text(fields: &Map, element: &'static str) -> Result<Option<String>, PolicyError> {
    match fields.get(element) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(PolicyError::Syntax { element: element.to_owned() }),
    }
}
