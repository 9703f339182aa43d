//! The secret of a storage specification: entries that are JSON in a text.

use proofmark_env::PatchFormat;
use proofmark_json::{Value, json};
use proofmark_replay::{Step, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::SECRETS;

/// The secret that KServe looks at unless told.
pub(crate) const NAME: &str = "storage-config";

/// The secret with these entries, each given as JSON.
pub(crate) fn create(entries: &[(&str, Value)]) -> Step {
    let data = json!({"stringData": texts(entries)});
    step("a user creates the secret storage-config").create(&SECRETS, SECRETS.object(Some(TEAM), NAME, data))
}

/// Some entries are written anew.
pub(crate) fn change(title: &str, entries: &[(&str, Value)]) -> Step {
    let place = SECRETS.in_namespace(TEAM).named(NAME);
    step(title).patch(place, PatchFormat::Merge, json!({"stringData": texts(entries)}))
}

/// An entry for a bucket behind an endpoint.
pub(crate) fn s3() -> Value {
    json!({
        "type": "s3", "bucket": "models", "endpoint_url": "https://minio.example.com", "region": "us-east-1",
        "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    })
}

fn texts(entries: &[(&str, Value)]) -> Value {
    entries.iter().map(|(key, entry)| ((*key).to_owned(), json!(entry.to_string()))).collect()
}
