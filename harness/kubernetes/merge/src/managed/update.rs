//! Ownership after a create, an update or a patch.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use proofmark_json::Value;

use super::entries::{self, ManagerId, Managers, Operation, Owned};
use super::plain::{self, Head};
use super::versions::ConvertError;
use super::{FieldManager, Manager, cap};
use crate::fieldset::{FieldSet, Path};
use crate::typed::{Comparison, Duplicates, Typed};
use crate::value;

impl<'a> FieldManager<'a> {
    /// The new object with the `managedFields` that the write leaves behind.
    ///
    /// Entries in `new` itself count, so that they can be edited: `[]` and `[{}]` forget all managers, entries that cannot be read
    /// and an absent list leave the live ones, and a write through a subresource ignores them. (Decoders that leave out empty lists
    /// must hand an empty one of a built-in object on to here; in custom resources Kubernetes, too, takes it for absent.) An object
    /// whose managers were forgotten stays without until it is applied. If either object does not fit its type, all managers are
    /// forgotten.
    pub fn update(&self, live: Option<&Value>, new: Value, manager: &Manager<'_>) -> Value {
        let mut object = new;
        let given = entries::take(&mut object).filter(Value::is_array);
        let managers = match self.start_from(live, given, manager) {
            Start::Plain(list) => {
                match self.updated_plain(live, &object, list, manager) {
                    Ok(entries) if !entries.is_empty() => entries::put(&mut object, Value::Array(entries)),
                    _ => {}
                }
                return object;
            }
            Start::Read(managers) => managers,
        };
        let created =
            live.is_none_or(|live| live.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or("").is_empty());
        if managers.is_empty() && !created {
            return object;
        }
        if let Ok(managers) = self.updated(live, &object, managers, manager) {
            entries::store(&mut object, &managers);
        }
        object
    }

    /// The entries that count before the write. `given` are those of the new object.
    fn start_from(&self, live: Option<&Value>, given: Option<Value>, manager: &Manager<'_>) -> Start {
        let kept = live.and_then(entries::of);
        if manager.subresource.is_empty()
            && let Some(given) = given
        {
            if entries::is_reset(&given) {
                return Start::Read(Managers::new());
            }
            return match self.plain(given, manager) {
                Ok(list) => Start::Plain(list),
                Err(given) => match entries::decode(&given) {
                    Ok(managers) if !managers.is_empty() => Start::Read(managers),
                    _ => Start::Read(kept.and_then(|kept| entries::decode(kept).ok()).unwrap_or_default()),
                },
            };
        }
        let Some(kept) = kept else { return Start::Read(Managers::new()) };
        // Mostly the new object was made of the live one.
        let kept = given.filter(|given| value::equal(given, kept)).unwrap_or_else(|| kept.clone());
        match self.plain(kept, manager) {
            Ok(list) => Start::Plain(list),
            Err(kept) => Start::Read(entries::decode(&kept).unwrap_or_default()),
        }
    }

    /// The entries of a plain list; otherwise the list.
    fn plain(&self, entries: Value, manager: &Manager<'_>) -> Result<Vec<Value>, Value> {
        match (entries, self.versions.typed(manager.api_version)) {
            (Value::Array(list), Some(typed)) if plain::is_plain(&list, manager.api_version, typed) => Ok(list),
            (entries, _) => Err(entries),
        }
    }

    /// The same as [`FieldManager::updated`] for a plain list: only what the write touches is read and written anew.
    fn updated_plain(
        &self,
        live: Option<&Value>,
        object: &Value,
        list: Vec<Value>,
        manager: &Manager<'_>,
    ) -> Result<Vec<Value>, String> {
        let typed = self.typed(manager.api_version).map_err(|error| error.to_string())?;
        let live = live_or_zero(typed, live);
        typed.validate(object, Duplicates::Allowed).map_err(|errors| errors.to_string())?;
        typed.validate_beside(&live, object, Duplicates::Allowed).map_err(|errors| errors.to_string())?;
        let mut changes = Changes::new(self, &live, object, manager.api_version)?;
        let changes = changes.take(manager.api_version).unwrap_or_default();

        let id = ManagerId::new(manager.name, Operation::Update, manager.api_version, manager.subresource);
        let (mut kept, mut read) = (Vec::with_capacity(list.len() + 1), Vec::new());
        for entry in list {
            let own = Head::of(&entry).is_some_and(|head| head.is_manager(&id.name, id.operation, &id.subresource));
            let touched = match entry.get("fieldsV1") {
                Some(Value::Object(fields)) => changes.sets().into_iter().any(|set| plain::touches(fields, set)),
                _ => true,
            };
            if own || touched { read.push(entry) } else { kept.push(entry) }
        }
        let mut managers = entries::decode(&Value::Array(read)).map_err(|error| error.to_string())?;
        managers.retain(|_, owned| {
            changes.sets().into_iter().for_each(|set| owned.set.subtract(set));
            !owned.set.is_empty()
        });
        let mut written = changes.into_written();
        strip_meta(&mut written);
        if !written.is_empty() {
            own(&mut managers, id, written, manager);
        }
        if cap::may_exceed(managers.len() + kept.len()) {
            managers.append(&mut entries::decode(&Value::Array(kept)).map_err(|error| error.to_string())?);
            cap::cap_update_managers(&mut managers);
            return Ok(entries::encode(&managers));
        }
        kept.extend(managers.iter().map(|(id, owned)| entries::entry(id, owned)));
        kept.sort_by_cached_key(|entry| {
            let head = Head::of(entry);
            head.map(|head| {
                (head.operation, entries::seconds(head.time), head.name.to_owned(), head.subresource.to_owned())
            })
        });
        Ok(kept)
    }

    /// The managers after `manager` changed `live` into `object`.
    pub(super) fn updated(
        &self,
        live: Option<&Value>,
        object: &Value,
        mut managers: Managers,
        manager: &Manager<'_>,
    ) -> Result<Managers, String> {
        let typed = self.typed(manager.api_version).map_err(|error| error.to_string())?;
        let live = live_or_zero(typed, live);
        typed.validate(object, Duplicates::Allowed).map_err(|errors| errors.to_string())?;
        typed.validate_beside(&live, object, Duplicates::Allowed).map_err(|errors| errors.to_string())?;
        self.reconcile(&live, manager.api_version, &mut managers).map_err(|error| error.to_string())?;

        let mut changes = Changes::new(self, &live, object, manager.api_version)?;
        changes.disown(&mut managers, None)?;
        let mut written = changes.take(manager.api_version).map(Comparison::into_written).unwrap_or_default();
        strip_meta(&mut written);
        if !written.is_empty() {
            let id = ManagerId::new(manager.name, Operation::Update, manager.api_version, manager.subresource);
            own(&mut managers, id, written, manager);
        }
        cap::cap_update_managers(&mut managers);
        Ok(managers)
    }

    pub(super) fn typed(&self, api_version: &str) -> Result<Typed<'a>, ConvertError> {
        self.versions.typed(api_version).ok_or(ConvertError::UnknownVersion)
    }

    /// An object at a version, which may be the one that it has. A converted object has to fit its new type.
    pub(super) fn at<'v>(&self, object: &'v Value, from: &str, to: &str) -> Result<Cow<'v, Value>, ConvertError> {
        if from == to {
            return Ok(Cow::Borrowed(object));
        }
        let converted = self.versions.convert(object, to)?;
        if let Some(typed) = self.versions.typed(to) {
            typed
                .validate(&converted, Duplicates::Allowed)
                .map_err(|errors| ConvertError::Failed(errors.to_string()))?;
        }
        Ok(Cow::Owned(converted))
    }

    /// Brings the managers' sets into line with today's types, and forgets those at versions that are gone.
    pub(super) fn reconcile(
        &self,
        live: &Value,
        api_version: &str,
        managers: &mut Managers,
    ) -> Result<(), ConvertError> {
        let mut known: BTreeMap<String, bool> = BTreeMap::new();
        for owned in managers.values_mut() {
            let version = &owned.api_version;
            if !known.contains_key(version) {
                let served = match self.at(live, api_version, version) {
                    Ok(_) => self.versions.typed(version).is_some(),
                    Err(ConvertError::UnknownVersion) => false,
                    Err(failed) => return Err(failed),
                };
                known.insert(version.clone(), served);
            }
            if let Some(typed) = self.versions.typed(version) {
                typed.reconcile(&mut owned.set);
            }
        }
        managers.retain(|_, owned| known.get(&owned.api_version).copied().unwrap_or(false));
        Ok(())
    }
}

/// Who owned what before a write.
enum Start {
    /// Entries of which most will stay as they are.
    Plain(Vec<Value>),
    /// Managers, read.
    Read(Managers),
}

/// Gives the one who wrote what was written.
fn own(managers: &mut Managers, id: ManagerId, written: FieldSet, manager: &Manager<'_>) {
    let owned =
        managers.entry(id).or_insert_with(|| Owned { set: FieldSet::new(), api_version: String::new(), time: None });
    owned.set.absorb(written);
    owned.api_version = manager.api_version.to_owned();
    owned.time = Some(manager.time.to_owned());
}

/// The live object, or the empty one that a new one is compared with.
pub(super) fn live_or_zero<'v>(typed: Typed<'_>, live: Option<&'v Value>) -> Cow<'v, Value> {
    live.map_or_else(|| Cow::Owned(typed.zero()), Cow::Borrowed)
}

/// What nobody owns: identity and what the server alone writes.
static STRIPPED: LazyLock<FieldSet> = LazyLock::new(|| {
    let mut set = FieldSet::of_fields(&[&["apiVersion"], &["kind"], &["metadata"]]);
    let of_metadata = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    of_metadata.into_iter().for_each(|field| set.insert(&Path::fields(&["metadata", field])));
    set
});

/// Takes out what nobody owns.
pub(super) fn strip_meta(set: &mut FieldSet) {
    set.subtract(&STRIPPED);
}

/// What a write changed, at every version at which someone owns fields.
pub(super) struct Changes<'m, 'v> {
    manager: &'m FieldManager<'m>,
    old: &'v Value,
    new: &'v Value,
    api_version: &'v str,
    by_version: BTreeMap<String, Option<Comparison>>,
}

impl<'m, 'v> Changes<'m, 'v> {
    pub(super) fn new(
        manager: &'m FieldManager<'m>,
        old: &'v Value,
        new: &'v Value,
        api_version: &'v str,
    ) -> Result<Self, String> {
        let mut changes = Self { manager, old, new, api_version, by_version: BTreeMap::new() };
        changes.at(api_version)?;
        Ok(changes)
    }

    /// The differences at a version; `None` if it is not served.
    pub(super) fn at(&mut self, version: &str) -> Result<Option<&Comparison>, String> {
        if !self.by_version.contains_key(version) {
            let comparison = self.compare(version)?;
            self.by_version.insert(version.to_owned(), comparison);
        }
        Ok(self.by_version.get(version).and_then(Option::as_ref))
    }

    /// The differences at a version at which they were asked for, for the last time.
    fn take(&mut self, version: &str) -> Option<Comparison> {
        self.by_version.remove(version).flatten()
    }

    fn compare(&self, version: &str) -> Result<Option<Comparison>, String> {
        let old = self.manager.at(self.old, self.api_version, version);
        let new = self.manager.at(self.new, self.api_version, version);
        let (old, new, typed) = match (old, new, self.manager.typed(version)) {
            (Ok(old), Ok(new), Ok(typed)) => (old, new, typed),
            (Err(ConvertError::Failed(why)), ..) => return Err(format!("failed to convert old object: {why}")),
            (_, Err(ConvertError::Failed(why)), _) => return Err(format!("failed to convert new object: {why}")),
            _ => return Ok(None),
        };
        let mut changes = typed.compare(&old, &new);
        if let Some(filter) = self.manager.versions.reset(version) {
            [&mut changes.removed, &mut changes.modified, &mut changes.added]
                .into_iter()
                .for_each(|set| filter.apply(set));
        }
        Ok(Some(changes))
    }

    /// What each manager owns of what was written, but for the one who wrote it.
    pub(super) fn conflicts(
        &mut self,
        managers: &Managers,
        but: &ManagerId,
    ) -> Result<Vec<(ManagerId, FieldSet)>, String> {
        let mut out = Vec::new();
        for (id, owned) in managers.iter().filter(|(id, _)| *id != but) {
            let Some(changes) = self.at(&owned.api_version)? else {
                continue;
            };
            let theirs = owned.set.intersection(&changes.written());
            if !theirs.is_empty() {
                out.push((id.clone(), theirs));
            }
        }
        Ok(out)
    }

    /// Takes what was written or removed away from everyone but the one who wrote; who is left with nothing is forgotten.
    pub(super) fn disown(&mut self, managers: &mut Managers, but: Option<&ManagerId>) -> Result<(), String> {
        let mut gone = Vec::new();
        for (id, owned) in managers.iter_mut().filter(|(id, _)| Some(*id) != but) {
            match self.at(&owned.api_version)? {
                Some(changes) => changes.sets().into_iter().for_each(|set| owned.set.subtract(set)),
                None => gone.push(id.clone()),
            }
        }
        managers.retain(|id, owned| !gone.contains(id) && !owned.set.is_empty());
        Ok(())
    }
}
