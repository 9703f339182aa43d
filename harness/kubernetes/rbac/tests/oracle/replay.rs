//! Plays steps on a policy and compares what this crate says with what the server said.

use proofmark_json::{Value, json};
use proofmark_rbac::review::{ReviewKind, Verdict, answer};
use proofmark_rbac::{
    Attributes, Binding, EscalationRefused, Policy, Role, UserInfo, authorize, confirm_binding, confirm_role,
    forbidden, rules_for, validate,
};

use crate::request::{Parts, user};

/// The policy as the steps so far have left it.
pub(crate) struct World {
    policy: Policy,
}

/// What one step showed.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) compared: usize,
    pub(crate) differences: Vec<String>,
}

impl Found {
    fn compare(&mut self, got: &Value, want: &Value) {
        self.compared += 1;
        if got != want {
            self.differences.push(format!("\n  got  {got}\n  want {want}"));
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self { policy: Policy::bootstrap() }
    }

    pub(crate) fn play(&mut self, step: &Value) -> Found {
        let mut found = Found::default();
        let (Some(method), Some(path)) = (step["method"].as_str(), step["path"].as_str()) else {
            return found;
        };
        let Some(user) = user(step) else { return found };
        let parts = Parts::of(method, path);
        let expected = &step["expect"];
        let status = expected["status"].as_u64().unwrap_or_default();
        if self.access(&mut found, &user, parts, expected) {
            let parts = Parts::of(method, path);
            let object = &step["body"];
            if parts.group == "authorization.k8s.io" && method == "POST" {
                self.review(&mut found, &user, &parts, step, expected);
            } else if parts.group == proofmark_rbac::GROUP {
                self.write(&mut found, &user, &parts, object, expected);
                if status < 300 {
                    self.apply(&parts, object, expected);
                }
            }
        }
        found
    }

    fn decide(&self, attributes: &Attributes<'_>) -> Verdict {
        if attributes.user.is_privileged() {
            return Verdict { allowed: true, ..Verdict::default() };
        }
        authorize(&self.policy, attributes).into()
    }

    /// The authorizer's part; whether the request passed it.
    fn access(&self, found: &mut Found, user: &UserInfo, mut parts: Parts, expected: &Value) -> bool {
        let status = expected["status"].as_u64().unwrap_or_default();
        let message = expected["body"]["message"].as_str().unwrap_or_default();
        let by_authorizer = status == 403 && message.contains(" cannot ");
        // Writes that create need `create` too, which is a second question.
        let second =
            by_authorizer && message.contains(" cannot create ") && matches!(parts.verb.as_str(), "update" | "patch");
        if second {
            "create".clone_into(&mut parts.verb);
        }
        let attributes = parts.attributes(user);
        let verdict = self.decide(&attributes);
        if by_authorizer {
            found.compare(&json!(verdict.allowed), &json!(false));
            found.compare(&forbidden(&attributes, &verdict.reason).to_value(), &expected["body"]);
            return false;
        }
        let empty = status == 403 && (message.is_empty() || message.ends_with("is forbidden: "));
        if !empty {
            found.compare(
                &json!([verdict.allowed, attributes.combined_resource()]),
                &json!([true, attributes.combined_resource()]),
            );
        }
        !empty
    }

    fn review(&self, found: &mut Found, user: &UserInfo, parts: &Parts, step: &Value, expected: &Value) {
        let mut review = step["body"].clone();
        let want = &expected["body"];
        let kind = match parts.resource.as_str() {
            "subjectaccessreviews" => ReviewKind::Subject,
            "localsubjectaccessreviews" => ReviewKind::LocalSubject,
            "selfsubjectaccessreviews" => ReviewKind::SelfSubject,
            "selfsubjectrulesreviews" if want["status"].is_object() => {
                let namespace = review["spec"]["namespace"].as_str().unwrap_or_default();
                let got = rules_for(&self.policy, user, namespace).status();
                return found.compare(&sorted(&got), &sorted(&want["status"]));
            }
            _ => return,
        };
        if want["code"].as_u64() == Some(400) {
            return; // refused when decoding
        }
        if kind == ReviewKind::LocalSubject && review["metadata"]["namespace"].is_null() {
            review["metadata"]["namespace"] = json!(parts.namespace);
        }
        let got = answer(kind, &review, user, |attributes| self.decide(attributes));
        match got {
            Ok(got) if step.get("only").is_some() => {
                // Recorded as pointers into the answer.
                let pointers =
                    want.as_object().into_iter().flatten().filter(|(pointer, _)| pointer.starts_with("/status/"));
                for (pointer, want) in pointers {
                    found.compare(got.pointer(pointer).unwrap_or(&json!("<absent>")), want);
                }
            }
            Ok(got) => {
                found.compare(&got["spec"], &want["spec"]);
                let mut status = got["status"].clone();
                for ignored in step["ignore"].as_array().into_iter().flatten() {
                    if ignored == "/status/reason" {
                        status.as_object_mut().map(|status| status.remove("reason"));
                    }
                }
                found.compare(&status, &want["status"]);
            }
            // The server prints managedFields there, which it adds before it validates.
            Err(got) if got.message.contains("metadata: ") => found.compare(&json!(got.code), &want["code"]),
            Err(got) => found.compare(&got.to_value(), want),
        }
    }

    /// Validation and escalation checks of a role or binding that is written.
    fn write(&self, found: &mut Found, user: &UserInfo, parts: &Parts, object: &Value, expected: &Value) {
        let want = &expected["body"];
        let message = want["message"].as_str().unwrap_or_default();
        let status = expected["status"].as_u64().unwrap_or_default();
        let has_object = object["kind"].is_string() && matches!(parts.verb.as_str(), "create" | "update");
        if !has_object || !matches!(status, 200 | 201 | 403 | 404 | 422) || message.contains("metadata.") {
            return;
        }
        let mut object = object.clone();
        if !parts.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(parts.namespace);
        }
        let is_role = parts.resource.ends_with("roles");
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if !is_role {
            validate::default_binding(&mut object);
        }
        if !user.is_privileged() {
            let refused = self.refusal(user, parts, &object, &name);
            let escalation = message.contains("is attempting to grant")
                || message.contains("must have cluster-admin")
                || (status == 404 && parts.verb == "create");
            if escalation || (refused.is_some() && status < 300) {
                let got = refused.map_or(Value::Null, |refused| refused.status(&parts.resource, &name).to_value());
                found.compare(&got, want);
            }
        }
        if status == 422 || status < 300 {
            let errors = match parts.resource.as_str() {
                "roles" => validate::validate_role(&object),
                "clusterroles" => validate::validate_cluster_role(&object),
                "rolebindings" if message.contains("cannot change roleRef") => return,
                "rolebindings" => validate::validate_role_binding(&object),
                "clusterrolebindings" => validate::validate_cluster_role_binding(&object),
                _ => return,
            };
            let kind = object["kind"].as_str().unwrap_or_default();
            if status == 422 {
                let got = proofmark_status::Status::invalid(proofmark_rbac::GROUP, kind, &name, &errors);
                found.compare(&got.to_value(), want);
            } else {
                found.compare(&json!(errors.len()), &json!(0));
            }
        }
    }

    fn refusal(&self, user: &UserInfo, parts: &Parts, object: &Value, name: &str) -> Option<EscalationRefused> {
        let group = proofmark_rbac::GROUP;
        if parts.resource.ends_with("roles") {
            // A create names no object.
            let target = if parts.verb == "create" { "" } else { name };
            let escalate = Attributes::resource(user, "escalate", group, &parts.resource)
                .in_namespace(&parts.namespace)
                .named(target);
            let role = Role::from_value(object).ok()?;
            return if self.decide(&escalate).allowed {
                None
            } else {
                confirm_role(&self.policy, user, &role, None).err()
            };
        }
        let binding = Binding::from_value(object).ok()?;
        let resource = if binding.role_ref.kind == "Role" { "roles" } else { "clusterroles" };
        let bind = Attributes::resource(user, "bind", group, resource)
            .in_namespace(&parts.namespace)
            .named(&binding.role_ref.name);
        if self.decide(&bind).allowed { None } else { confirm_binding(&self.policy, user, &binding).err() }
    }

    /// Takes over what the server stored.
    fn apply(&mut self, parts: &Parts, object: &Value, expected: &Value) {
        let namespace = Some(parts.namespace.as_str()).filter(|ns| !ns.is_empty());
        let is_role = parts.resource.ends_with("roles");
        match parts.verb.as_str() {
            "delete" if is_role => drop(self.policy.remove_role(namespace, &parts.name)),
            "delete" => drop(self.policy.remove_binding(namespace, &parts.name)),
            "create" | "update" | "patch" => {
                let answered = &expected["body"];
                let mut stored = if answered["metadata"].is_object() { answered.clone() } else { object.clone() };
                if !stored.is_object() {
                    return;
                }
                if let Some(namespace) = namespace {
                    stored["metadata"]["namespace"] = json!(namespace);
                }
                if self.policy.insert(&stored).is_err() {
                    return;
                }
            }
            _ => return,
        }
        self.policy.resolve_aggregation();
    }
}

/// A rules review's status with its rules in a fixed order, as a real server's order is random.
fn sorted(status: &Value) -> Value {
    let mut status = status.clone();
    for key in ["resourceRules", "nonResourceRules"] {
        if let Some(rules) = status[key].as_array_mut() {
            rules.sort_by_key(ToString::to_string);
        }
    }
    status
}
