//! An entry of the mounted secret.

use super::STORAGE_CONFIG;
use crate::host::Host;
use proofmark_json::Map;

/// What an entry says.
pub(super) struct Entry(Map);

impl Entry {
    /// Reads the file that has the entry's name.
    pub(super) fn read(host: &Host, key: &str) -> Result<Self, String> {
        let path = format!("{STORAGE_CONFIG}/{key}");
        if key.contains('/') || host.files.kind(&path).is_none() {
            return Err(format!("Storage secretKey not found: {key}"));
        }
        let unreadable = |why: String| format!("Could not read storage configuration from {path}: {why}");
        let text = host.files.read(&path).map_err(|error| unreadable(error.to_string()))?;
        let parsed = proofmark_json::from_slice::<Map>(&text);
        let mut members =
            parsed.map_err(|error| format!("Could not parse storage configuration json from {path}: {error}"))?;
        if members.get("type").is_some_and(|kind| kind == "s3")
            && !members.contains_key("bucket")
            && let Some(bucket) = members.get("default_bucket").cloned()
        {
            members.insert("bucket".to_owned(), bucket);
        }
        Ok(Self(members))
    }

    /// A member that is a text; anything else counts as absent.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }
}
