//! One recorded request after the other.

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_merge::fieldset::FieldSet;
use proofmark_merge::managed::{FieldManager, Filter, Manager};
use proofmark_merge::{PatchError, json_patch, manager_name, merge_patch, strategic_merge, validate_merge_patch};
use proofmark_status::Status;

use crate::compare;
use crate::object;
use crate::resource::{Place, Resource, Resources, Served, at_version};

/// What a step shows.
pub(crate) enum Outcome {
    Agrees,
    Differs(String),
    /// Nothing of it is decided here.
    PassedOver,
}

/// The objects of a case.
#[derive(Default)]
pub(crate) struct World {
    resources: Resources,
    objects: BTreeMap<String, Live>,
    saved: BTreeMap<String, String>,
}

/// An object, and whether it is as a server recorded it, with all its defaults.
struct Live {
    object: Value,
    is_recorded: bool,
}

enum Wrote {
    Object(Value),
    Refused(Status),
    NotHere,
}

impl World {
    pub(crate) fn play(&mut self, step: &Value) -> Outcome {
        let step = self.filled(step);
        let expected = &step["expect"];
        let code = expected["status"].as_u64().unwrap_or_default();
        let outcome = Place::of(step["path"].as_str().unwrap_or_default())
            .and_then(|place| self.play_at(&step, &place, code, &expected["body"]));
        for (name, pointer) in step["save"].as_object().into_iter().flatten() {
            let value = expected["body"]
                .pointer(pointer.as_str().unwrap_or_default())
                .and_then(Value::as_str)
                .unwrap_or("masked-uid");
            self.saved.insert(name.to_string(), value.to_owned());
        }
        outcome.unwrap_or(Outcome::PassedOver)
    }

    fn play_at(&mut self, step: &Value, place: &Place, code: u64, recorded: &Value) -> Option<Outcome> {
        let query = Query::of(step["path"].as_str()?);
        let dry_run = query.get("dryRun").is_some();
        if query.get("dryRun").is_some_and(|value| value != "All") {
            return None;
        }
        if step["method"] == "DELETE" && code < 300 {
            self.objects.remove(&place.key);
        }
        if place.plural == "customresourcedefinitions" && step["method"] == "POST" && code == 201 {
            self.resources.define(&step["body"])?;
            return None;
        }
        let key = if place.name.is_empty() {
            place.named(step["body"]["metadata"]["name"].as_str()?)
        } else {
            place.key.clone()
        };
        let is_partial = step.get("only").is_some();
        if step.get("ignore").is_some_and(|ignored| ignored.to_string().contains("managedFields")) {
            return None;
        }
        if step["method"] == "GET" && code == 200 && !is_partial && self.objects.contains_key(&key) {
            self.objects.insert(key, Live { object: object::unmasked(recorded), is_recorded: true });
            return None;
        }
        let resource = self.resources.find(place)?;
        let live = self.objects.get(&key);
        let truth =
            (code < 300 && !is_partial && live.is_none_or(|live| live.is_recorded)).then(|| object::unmasked(recorded));
        let at_request = live.map(|live| at_version(&live.object, &place.api_version));
        let request = Request { resources: &self.resources, resource: &resource, place, step, query: &query };
        let wrote = request.write(at_request.as_ref(), truth.as_ref())?;
        // Applying merges before defaults are set: on a true live object it tells who owns what.
        let by_apply = step["type"] == "application/apply-patch+yaml" && live.is_none_or(|live| live.is_recorded);
        let judged = Judged {
            recorded,
            is_partial,
            has_defaults: resource.has_defaults(),
            knows_owners: by_apply || truth.is_some(),
        };
        let outcome = judged.judge(&wrote, code);
        if let Wrote::Object(object) = wrote
            && code < 300
            && !dry_run
        {
            let is_recorded = !is_partial && place.subresource.is_empty();
            self.objects.insert(
                key,
                Live { object: if is_recorded { object::unmasked(recorded) } else { object }, is_recorded },
            );
        }
        Some(outcome)
    }

    /// The step with what earlier answers said.
    fn filled(&self, step: &Value) -> Value {
        let mut text = step.to_string().replace("<uid>", "masked-uid");
        for (name, value) in &self.saved {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        while let Some((before, rest)) = text.split_once("${repeat.") {
            let Some((count, after)) = rest.split_once('}') else {
                break;
            };
            text = format!("{before}{}{after}", "x".repeat(count.parse().unwrap_or_default()));
        }
        proofmark_json::from_str(&text).unwrap_or_else(|_| step.clone())
    }
}

struct Query(BTreeMap<String, String>);

impl Query {
    fn of(path: &str) -> Self {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        Self(
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// A request to a resource.
struct Request<'a> {
    resources: &'a Resources,
    resource: &'a Resource<'a>,
    place: &'a Place,
    step: &'a Value,
    query: &'a Query,
}

impl Request<'_> {
    /// What this crate makes of it. `truth` is the recorded outcome where it is complete: with its defaults, it tells what was
    /// written.
    fn write(&self, live: Option<&Value>, truth: Option<&Value>) -> Option<Wrote> {
        let Self { resource, place, step, query, .. } = *self;
        let (api_version, subresource) = (place.api_version.as_str(), place.subresource.as_str());
        let named = step["body"]["metadata"]["name"].as_str().unwrap_or(&place.name);
        let name = manager_name(step["headers"]["User-Agent"].as_str(), query.get("fieldManager")).ok()?;
        let manager = Manager { name: &name, api_version, subresource, time: "2024-01-01T00:00:01Z" };
        let reset = match subresource {
            "status" => Some(Filter::Exclude(FieldSet::of_fields(&[&["spec"]]))),
            "" if resource.has_status() => Some(Filter::Exclude(FieldSet::of_fields(&[&["status"]]))),
            "" => None,
            _ => return None,
        };
        let versions = Served { resources: self.resources, place, resource, reset };
        let fields = FieldManager { versions: &versions, kind: resource.kind() };
        let body = step.get("body")?;
        if body.is_array() && body.to_string().contains("/metadata/resourceVersion") {
            return None; // no revisions here
        }
        let patched = match (
            step["method"].as_str()?,
            step["type"].as_str().unwrap_or_default().trim_start_matches("application/"),
        ) {
            ("POST" | "PUT", _) => Ok(body.clone()),
            ("PATCH", "apply-patch+yaml") => {
                query.get("fieldManager")?;
                let force = query.get("force").is_some_and(|force| force != "false");
                return Some(match fields.apply(live, body, &manager, force) {
                    Ok(applied) => object::decoded(resource, api_version, &applied.object)
                        .map_or(Wrote::NotHere, |object| {
                            Wrote::Object(object::settle(resource, subresource, live, object, named))
                        }),
                    Err(refused) => Wrote::Refused(refused.status()),
                });
            }
            ("PATCH", kind) => patch(kind, live?, body, resource)?,
            _ => return None,
        };
        let new = match patched {
            Ok(patched) => match object::decoded(resource, api_version, &patched) {
                Some(decoded) => decoded,
                None => return Some(Wrote::NotHere),
            },
            Err(refused) => return Some(Wrote::Refused(refused.status())),
        };
        let mut written = truth.filter(|_| resource.has_defaults() && resource.kind() != "Pod").unwrap_or(&new).clone();
        written["metadata"]["managedFields"] = new["metadata"]["managedFields"].clone();
        let new = object::with_entries_of(new, &fields.update(live, written, &manager));
        Some(Wrote::Object(object::settle(resource, subresource, live, new, named)))
    }
}

fn patch(kind: &str, live: &Value, body: &Value, resource: &Resource<'_>) -> Option<Result<Value, PatchError>> {
    Some(match (kind, resource) {
        ("json-patch+json", _) => json_patch(live, body),
        ("merge-patch+json", _) => validate_merge_patch(body).map(|()| merge_patch(live, body)),
        ("strategic-merge-patch+json", Resource::BuiltIn { id, .. }) => {
            strategic_merge(live, body, proofmark_builtin::types(), *id)
        }
        _ => return None,
    })
}

/// What an outcome is held against.
struct Judged<'a> {
    recorded: &'a Value,
    is_partial: bool,
    has_defaults: bool,
    /// Whether all owners can be told, or only appliers.
    knows_owners: bool,
}

impl Judged<'_> {
    fn judge(&self, wrote: &Wrote, code: u64) -> Outcome {
        let differs = match wrote {
            Wrote::NotHere => return Outcome::PassedOver,
            Wrote::Object(_) if code >= 300 || code == 0 => return Outcome::PassedOver,
            Wrote::Refused(status) => self.refusal_differs(status, code),
            Wrote::Object(object) => self.owners_differ(object).or_else(|| self.values_differ(object)),
        };
        differs.map_or(Outcome::Agrees, Outcome::Differs)
    }

    fn refusal_differs(&self, status: &Status, code: u64) -> Option<String> {
        let body = status.to_value();
        let message = if self.is_partial { &self.recorded["/message"] } else { &self.recorded["message"] };
        if u64::from(status.code) != code {
            return Some(format!("refused with {body}, recorded {code}"));
        }
        if message.is_string() && body["message"] != *message {
            return Some(format!("{}\n    recorded {message}", body["message"]));
        }
        let (ours, theirs) = (compare::causes(&body), compare::causes(self.recorded));
        (!self.is_partial && ours != theirs).then(|| format!("causes {ours:?}\n    recorded {theirs:?}"))
    }

    fn owners_differ(&self, object: &Value) -> Option<String> {
        let recorded = match self.recorded.get("/metadata/managedFields") {
            Some(entries) => proofmark_json::json!({"metadata": {"managedFields": entries}}),
            None if self.is_partial => return None,
            None => self.recorded.clone(),
        };
        let (mut ours, mut theirs) = (compare::entries(object), compare::entries(&recorded));
        if self.has_defaults && !self.knows_owners {
            (ours, theirs) = (compare::of_appliers(ours), compare::of_appliers(theirs));
        }
        (ours != theirs).then(|| format!("managedFields {ours}\n    recorded      {theirs}"))
    }

    fn values_differ(&self, object: &Value) -> Option<String> {
        let mut bare = object.clone();
        for field in ["managedFields", "generation"] {
            bare["metadata"].as_object_mut()?.shift_remove(field);
        }
        if !self.is_partial {
            return compare::not_within(&bare, self.recorded, self.has_defaults, "");
        }
        let pointers = self.recorded.as_object()?.iter().filter(|(pointer, _)| !pointer.contains("managedFields"));
        pointers.into_iter().find_map(|(pointer, recorded)| {
            let ours = bare.pointer(pointer).unwrap_or(&Value::Null);
            let is_compared = recorded == "<absent>" || !ours.is_null();
            is_compared.then(|| compare::not_within(ours, recorded, self.has_defaults, pointer)).flatten()
        })
    }
}
