//! The limit on managers that update: an object that many hands touched does not grow without end.

use std::collections::BTreeMap;

use super::entries::{ManagerId, Managers, Operation};

/// How many managers that update an object keeps.
const LIMIT: usize = 10;
/// Who owns what the oldest ones owned.
const BUCKET: &str = "ancient-changes";

/// Whether so many managers may be too many.
pub(super) fn may_exceed(managers: usize) -> bool {
    managers > LIMIT
}

/// Merges the oldest updating managers of a version into one, until the limit holds or nothing more can be merged.
/// The first one of a version is renamed only when a second one joins it.
pub(super) fn cap_update_managers(managers: &mut Managers) {
    let mut updaters: Vec<_> = managers
        .iter()
        .filter(|(id, _)| id.operation == Operation::Update)
        .map(|(id, owned)| (owned.seconds(), id.identifier(), id.clone()))
        .collect();
    updaters.sort();
    let mut left = updaters.len();
    let mut first_of_version: BTreeMap<String, ManagerId> = BTreeMap::new();
    for (_, _, id) in updaters {
        if left <= LIMIT {
            return;
        }
        let Some(version) = managers.get(&id).map(|owned| owned.api_version.clone()) else {
            continue;
        };
        let Some(first) = first_of_version.get(&version) else {
            first_of_version.insert(version, id);
            continue;
        };
        let bucket = ManagerId::new(BUCKET, Operation::Update, &version, "");
        if !managers.contains_key(&bucket)
            && let Some(owned) = managers.remove(first)
        {
            managers.insert(bucket.clone(), owned);
        }
        if let Some(joining) = managers.remove(&id) {
            if let Some(owned) = managers.get_mut(&bucket) {
                owned.set.absorb(joining.set);
                owned.time = joining.time;
            }
            left -= 1;
        }
    }
}
