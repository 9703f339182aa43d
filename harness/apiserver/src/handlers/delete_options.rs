//! `DeleteOptions`: from the body, or else from the query.
//!
//! Source: `DeleteResource` in `k8s.io/apiserver/pkg/endpoints/handlers/delete.go` and `ValidateDeleteOptions`, release 1.35.

use proofmark_json::{Value, json};
use proofmark_registry::{Dependents, meta};
use proofmark_status::{FieldError, Status};

use super::{Target, bad_request, body};
use crate::decode::{self, Format};
use crate::refusal::Refusal;
use crate::request::{parse_bool, parse_int};
use crate::server::Call;
use crate::store::Object;

/// The finalizer with which an object waits until its dependents are let go.
const ORPHAN: &str = "orphan";
/// The finalizer with which an object waits until its dependents are gone.
const FOREGROUND: &str = "foregroundDeletion";

/// What a deletion is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct DeleteOptions {
    /// Seconds.
    pub(super) grace: Option<i64>,
    policy: Option<String>,
    orphan: Option<bool>,
    uid: Option<String>,
    revision: Option<String>,
    pub(super) dry_run: Vec<String>,
}

impl DeleteOptions {
    /// Reads and checks the options. With a body the query says nothing.
    pub(super) fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        body::check_size(call.exchange.body)?;
        let options = if call.exchange.body.is_empty() { Self::of_query(call) } else { Self::of_body(call) }?;
        let mut errors = Vec::new();
        if let Some(policy) = &options.policy {
            if options.orphan.is_some() {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                errors.push(FieldError::invalid("propagationPolicy", policy.clone(), why));
            }
            let known = ["Foreground", "Background", "Orphan", "nil"];
            if policy == "nil" || !known.contains(&policy.as_str()) {
                errors.push(FieldError::not_supported("propagationPolicy", policy.clone(), &known));
            }
        }
        if options.dry_run.iter().any(|d| d != "All") {
            errors.push(FieldError::not_supported("dryRun", json!(options.dry_run), &["All"]));
        }
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &errors).into())
        }
    }

    fn of_query(call: &Call<'_>) -> Result<Self, Refusal> {
        let query = call.exchange.query;
        let text = |name: &str| query.get(name).map(str::to_owned);
        Ok(Self {
            grace: query.get("gracePeriodSeconds").map(parse_int).transpose().map_err(bad_request)?,
            policy: text("propagationPolicy"),
            orphan: query.get("orphanDependents").map(parse_bool),
            uid: text("uid").filter(|uid| !uid.is_empty()),
            revision: text("resourceVersion"),
            dry_run: query.all("dryRun").map(str::to_owned).collect(),
        })
    }

    fn of_body(call: &Call<'_>) -> Result<Self, Refusal> {
        let body = &call.exchange.body.text();
        let format = Format::of(call.exchange.header("content-type")).ok_or_else(|| decode::unsupported(false))?;
        let ty = proofmark_builtin::type_of("", "v1", "DeleteOptions").ok_or_else(Refusal::no_such_resource)?;
        let value = match format {
            Format::Json => {
                let unreadable =
                    |why: String| bad_request(format!("couldn't get version/kind; json parse error: {why}"));
                let value = decode::json(body).map_err(unreadable)?;
                body::check_type_meta(&value).map_err(unreadable)?;
                value
            }
            Format::Yaml => decode::yaml(body).map_err(bad_request)?,
            Format::Protobuf => {
                let read = proofmark_builtin::proto::decode_as(body, "meta.k8s.io/v1", "DeleteOptions");
                read.map_err(|e| bad_request(e.to_string()))?.value
            }
        };
        check_kind(&value)?;
        let decoded = proofmark_builtin::decode::decode(&value, ty, false).map_err(|e| bad_request(e.to_string()))?;
        Ok(Self::of_value(&decoded.value))
    }

    /// Reads options that were decoded.
    pub(super) fn of_value(value: &Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let dry_run = value.get("dryRun").and_then(Value::as_array).into_iter().flatten();
        Self {
            grace: value.get("gracePeriodSeconds").and_then(Value::as_i64),
            policy: text("/propagationPolicy"),
            orphan: value.get("orphanDependents").and_then(Value::as_bool),
            uid: text("/preconditions/uid"),
            revision: text("/preconditions/resourceVersion"),
            dry_run: dry_run.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// The options as an object, as admission sees them.
    pub(super) fn to_value(&self) -> Value {
        let mut options = json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"});
        let mut put = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                options[field] = value;
            }
        };
        put("gracePeriodSeconds", self.grace.map(Value::from));
        let preconditions = [("uid", &self.uid), ("resourceVersion", &self.revision)];
        let preconditions: proofmark_json::Map = preconditions
            .into_iter()
            .filter_map(|(field, given)| Some((field.to_owned(), json!(given.as_ref()?))))
            .collect();
        put("preconditions", (!preconditions.is_empty()).then_some(Value::Object(preconditions)));
        put("orphanDependents", self.orphan.map(Value::from));
        put("propagationPolicy", self.policy.clone().map(Value::from));
        put("dryRun", (!self.dry_run.is_empty()).then(|| json!(self.dry_run)));
        options
    }

    /// Whether nothing is to be stored.
    pub(super) fn dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    /// Whether the client said what becomes of dependents.
    pub(super) fn says_of_dependents(&self) -> bool {
        self.policy.is_some() || self.orphan.is_some()
    }

    /// Whether dependents are to go, in the old words. Such a deletion that is not done at once answers 202.
    pub(super) fn cascades(&self) -> bool {
        self.orphan == Some(false)
    }

    /// Checks the preconditions. Refusals name the kind rather than the resource.
    pub(super) fn check(&self, target: &Target<'_>, live: &Object) -> Result<(), Refusal> {
        let resource = target.resource;
        let refuse = |why: String| Err(Status::conflict(&resource.group, &resource.kind, target.name, &why).into());
        let uid = meta::text(&live.value, "uid");
        if let Some(wanted) = self.uid.as_deref().filter(|w| *w != uid) {
            return refuse(format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
            ));
        }
        let revision = live.revision.to_string();
        if let Some(wanted) = self.revision.as_deref().filter(|w| *w != revision) {
            return refuse(format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({revision}). The object might have been modified"
            ));
        }
        Ok(())
    }

    /// The same for kinds that check for themselves and in words of their own: namespaces, definitions of custom resources.
    pub(super) fn check_early(&self, target: &Target<'_>, live: &Object) -> Result<(), Refusal> {
        let revision = live.revision.to_string();
        let pairs = [
            ("UID", &self.uid, meta::text(&live.value, "uid")),
            ("ResourceVersion", &self.revision, revision.as_str()),
        ];
        for (what, wanted, have) in pairs {
            if let Some(wanted) = wanted.as_deref().filter(|w| *w != have) {
                let why =
                    format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {have}");
                return Err(Status::conflict(&target.resource.group, &target.resource.plural, target.name, &why).into());
            }
        }
        Ok(())
    }

    /// Writes orphaning and foreground deletion as finalizers for the garbage collector.
    pub(super) fn set_finalizers(&self, object: &mut Value, dependents: Dependents) {
        let wanted = self.finalizer(object, dependents);
        let meta = meta::of_mut(object);
        let mut list: Vec<Value> = meta.get("finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
        let before = list.clone();
        list.retain(|f| !matches!(f.as_str(), Some(ORPHAN | FOREGROUND)));
        list.extend(wanted.map(Value::from));
        if list.len() == before.len() && list.iter().all(|f| before.contains(f)) {
            return;
        }
        if list.is_empty() {
            meta.shift_remove("finalizers");
        } else {
            meta.insert("finalizers", Value::Array(list));
        }
    }

    /// What the options say wins over what the object says, and that over what its kind does.
    fn finalizer(&self, object: &Value, dependents: Dependents) -> Option<&'static str> {
        if dependents == Dependents::Unsupported {
            return None;
        }
        match (self.orphan, self.policy.as_deref()) {
            (Some(true), _) | (None, Some("Orphan")) => return Some(ORPHAN),
            (None, Some("Foreground")) => return Some(FOREGROUND),
            (Some(false), _) | (None, Some(_)) => return None,
            (None, None) => {}
        }
        let finalizers = meta::of(object).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
        let own = finalizers.into_iter().flatten().filter_map(Value::as_str);
        let own = own.filter_map(|f| [ORPHAN, FOREGROUND].into_iter().find(|known| *known == f)).next();
        let orphaned = matches!(dependents, Dependents::Orphaned | Dependents::OrphanedWith(_));
        own.or(orphaned.then_some(ORPHAN))
    }
}

/// The kind exists in every group and version; another one is refused.
fn check_kind(value: &Value) -> Result<(), Refusal> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if matches!(kind, "" | "DeleteOptions") {
        return Ok(());
    }
    let unversioned = ["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"];
    if unversioned.contains(&kind) {
        return Err(bad_request(format!("converting (v1.{kind}) to (v1.DeleteOptions): unknown conversion")));
    }
    let (kind, version) = (proofmark_status::quote(kind), proofmark_status::quote(version));
    Err(bad_request(format!(
        "no kind {kind} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\""
    )))
}
