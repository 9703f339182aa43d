//! Server-side apply.
//!
//! The configuration is merged into the live object; what the manager applied before and no longer does is pruned unless someone
//! else owns it; whatever that changes and others own is a conflict, or changes hands by force.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_status::Status;

use super::conflict::Conflicts;
use super::entries::{self, ManagerId, Managers, Operation, Owned};
use super::update::{Changes, live_or_zero, strip_meta};
use super::versions::ConvertError;
use super::{FieldManager, Manager, kubectl};
use crate::fieldset::FieldSet;
use crate::typed::{Duplicates, TypeErrors};
use crate::value;

/// Who owns what an object had before anyone was tracked.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// What an apply makes of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object with its `managedFields`, before decoding and defaulting: values stand as they were applied, nulls included.
    pub object: Value,
    /// Whether the object differs from the live one beyond `managedFields`. Kubernetes converts and defaults only what did change.
    pub changed: bool,
}

/// Why an apply is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// The configuration is of another kind or version.
    #[error("invalid object type: {0}")]
    WrongType(String),
    /// The configuration brings entries of its own.
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
    /// Others own some of the fields.
    #[error(transparent)]
    Conflict(#[from] Conflicts),
    /// The configuration does not fit its type.
    #[error("failed to create typed patch object ({object}): {errors}")]
    Configuration {
        /// `namespace/name; group/version, Kind=Kind`
        object: String,
        /// Where and why.
        errors: TypeErrors,
    },
    /// The live object does not fit its type.
    #[error("failed to create typed live object ({object}): {errors}")]
    Live {
        /// `namespace/name; group/version, Kind=Kind`
        object: String,
        /// Where and why.
        errors: TypeErrors,
    },
    /// The live entries cannot be read.
    #[error("failed to decode managed fields: {0}")]
    Entries(#[from] entries::EntriesError),
    /// What the object had before could not be attributed.
    #[error("failed to create manager for existing fields: {0}")]
    BeforeFirstApply(String),
    /// A conversion between versions failed.
    #[error("{0}")]
    Convert(String),
}

impl ApplyError {
    /// The refusal as the API words it.
    pub fn status(&self) -> Status {
        match self {
            Self::WrongType(_) | Self::ManagedFields => Status::bad_request(self.to_string()),
            Self::Conflict(conflicts) => conflicts.status(),
            _ => Status {
                code: 500,
                reason: None,
                message: self.to_string(),
                details: None,
                success: false,
                next: String::new(),
            },
        }
    }
}

impl From<ConvertError> for ApplyError {
    fn from(error: ConvertError) -> Self {
        Self::Convert(error.to_string())
    }
}

impl FieldManager<'_> {
    /// Applies a configuration. Without a live object it makes a new one.
    ///
    /// The manager `kubectl` takes over, without force, what client-side apply left in its annotation.
    ///
    /// # Errors
    /// See [`ApplyError`]; conflicts only without `force`.
    pub fn apply(
        &self,
        live: Option<&Value>,
        applied: &Value,
        manager: &Manager<'_>,
        force: bool,
    ) -> Result<Applied, ApplyError> {
        let (gvk, object_name) = (gvk(applied), name_of(applied));
        if gvk != gvk_of(manager.api_version, self.kind) {
            return Err(ApplyError::WrongType(gvk));
        }
        let managers = match live.and_then(entries::of) {
            Some(given) => entries::decode(given)?,
            None => Managers::new(),
        };
        let managers = match live {
            Some(live) if managers.is_empty() => self.attribute_what_is_there(live, managers, manager)?,
            _ => managers,
        };
        if entries::of(applied).is_some() {
            return Err(ApplyError::ManagedFields);
        }
        let typed = self.typed(manager.api_version)?;
        let bare = live_or_zero(typed, live);
        typed
            .validate(applied, Duplicates::Refused)
            .map_err(|errors| ApplyError::Configuration { object: format!("{object_name}; {gvk}"), errors })?;
        let live_errors = |errors| ApplyError::Live { object: format!("{}; {gvk}", name_of(&bare)), errors };
        typed.validate(&bare, Duplicates::Allowed).map_err(live_errors)?;

        let mut merged = match self.merge(&bare, applied, managers.clone(), manager, force) {
            Err(ApplyError::Conflict(conflicts)) if manager.name == kubectl::SERVER_SIDE && live.is_some() => {
                match kubectl::conflicts_to_report(typed, &bare, manager.api_version, conflicts) {
                    Some(conflicts) => return Err(conflicts.into()),
                    None => self.merge(&bare, applied, managers, manager, true)?,
                }
            }
            other => other?,
        };
        if manager.name == kubectl::SERVER_SIDE {
            kubectl::sync_last_applied(&mut merged.object, applied);
        }
        entries::store(&mut merged.object, &merged.managers);
        Ok(Applied { object: merged.object, changed: merged.changed })
    }

    fn attribute_what_is_there(
        &self,
        live: &Value,
        managers: Managers,
        manager: &Manager<'_>,
    ) -> Result<Managers, ApplyError> {
        let mut live = live.clone();
        entries::clear(&mut live);
        let before = Manager { name: BEFORE_FIRST_APPLY, ..*manager };
        self.updated(None, &live, managers, &before).map_err(ApplyError::BeforeFirstApply)
    }

    fn merge(
        &self,
        live: &Value,
        applied: &Value,
        mut managers: Managers,
        manager: &Manager<'_>,
        force: bool,
    ) -> Result<Merged, ApplyError> {
        let version = manager.api_version;
        let typed = self.typed(version)?;
        self.reconcile(live, version, &mut managers)?;
        let mut set = typed.field_set(applied);
        if let Some(filter) = self.versions.reset(version) {
            filter.apply(&mut set);
        }
        let id = ManagerId::new(manager.name, Operation::Apply, version, manager.subresource);
        let last = managers.remove(&id);
        let time = last.as_ref().and_then(|last| last.time.clone());
        // A configuration that still has all it had prunes nothing.
        let dropped = last.filter(|last| last.api_version != version || !last.set.is_subset(&set));
        managers.insert(id.clone(), Owned { set, api_version: version.to_owned(), time });

        let mut object = typed.merge(live, applied);
        if let Some(last) = dropped {
            object = self.prune(object, version, &managers, &last)?;
        }

        let mut changes = Changes::new(self, live, &object, version).map_err(ApplyError::Convert)?;
        let conflicts = changes.conflicts(&managers, &id).map_err(ApplyError::Convert)?;
        if !force && !conflicts.is_empty() {
            return Err(Conflicts::new(conflicts).into());
        }
        changes.disown(&mut managers, Some(&id)).map_err(ApplyError::Convert)?;

        let changed = !value::equal(live, &object);
        if let Some(owned) = managers.get_mut(&id) {
            strip_meta(&mut owned.set);
            if changed {
                owned.time = Some(manager.time.to_owned());
            }
        }
        managers.retain(|_, owned| !owned.set.is_empty());
        Ok(Merged { object, managers, changed })
    }

    /// Removes what the manager owned by its last configuration, unless others (or its new one) own it, or nobody did.
    fn prune(&self, merged: Value, version: &str, managers: &Managers, last: &Owned) -> Result<Value, ApplyError> {
        let at_last = match self.at(&merged, version, &last.api_version) {
            Ok(object) => object.into_owned(),
            Err(ConvertError::UnknownVersion) => return Ok(merged),
            Err(failed) => return Err(failed.into()),
        };
        let typed = self.typed(&last.api_version)?;
        let mut last_set = last.set.clone();
        typed.declare(&mut last_set);
        let pruned = typed.remove(&at_last, &last_set);
        let had = typed.declared_field_set(&at_last);
        let (pruned, pruned_version) = self.add_back_owned(&at_last, pruned, &last.api_version, &had, managers)?;

        // What is gone now and was not the manager's comes back.
        let pruned = match self.at(&pruned, &pruned_version, &last.api_version) {
            Ok(object) => object,
            Err(ConvertError::UnknownVersion) => Cow::Borrowed(&at_last),
            Err(failed) => return Err(failed.into()),
        };
        let mut gone = had;
        gone.subtract(&typed.declared_field_set(&pruned));
        let pruned = typed.remove(&at_last, &gone.intersection(&last_set));
        Ok(self.at(&pruned, &last.api_version, version)?.into_owned())
    }

    /// Puts back what pruning removed and some manager owns, version by version, the pruned one first.
    fn add_back_owned(
        &self,
        merged: &Value,
        pruned: Value,
        version: &str,
        had: &FieldSet,
        managers: &Managers,
    ) -> Result<(Value, String), ApplyError> {
        let mut owned_at: BTreeMap<&str, FieldSet> = BTreeMap::new();
        for owned in managers.values() {
            owned_at.entry(&owned.api_version).or_default().absorb(owned.set.clone());
        }
        let mut versions: Vec<_> = owned_at.into_iter().collect();
        versions.sort_by_key(|(at, _)| *at != version);

        let (mut merged, mut pruned, mut from) = (Cow::Borrowed(merged), pruned, version.to_owned());
        for (to, mut owned) in versions {
            let (next_merged, next_pruned, typed) =
                match (self.at(&merged, &from, to), self.at(&pruned, &from, to), self.typed(to)) {
                    (Ok(merged), Ok(pruned), Ok(typed)) => (merged, pruned, typed),
                    (Err(ConvertError::Failed(why)), ..) | (_, Err(ConvertError::Failed(why)), _) => {
                        return Err(ApplyError::Convert(why));
                    }
                    _ => continue,
                };
            typed.declare(&mut owned);
            let mut gone = if to == version { had.clone() } else { typed.declared_field_set(&next_merged) };
            gone.subtract(&typed.declared_field_set(&next_pruned));
            gone.subtract(&owned);
            pruned = typed.remove(&next_merged, &gone);
            merged = Cow::Owned(next_merged.into_owned());
            from = to.to_owned();
        }
        Ok((pruned, from))
    }
}

struct Merged {
    object: Value,
    managers: Managers,
    changed: bool,
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

fn name_of(object: &Value) -> String {
    format!("{}/{}", text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}

/// An object's type as Go prints it: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`.
fn gvk(object: &Value) -> String {
    let api_version = text(object, "/apiVersion");
    if api_version.matches('/').count() > 1 {
        return "/, Kind=".into();
    }
    gvk_of(api_version, text(object, "/kind"))
}

fn gvk_of(api_version: &str, kind: &str) -> String {
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}
