//! Patches: a document, NUL, a patch; as a JSON patch, a merge patch, and a strategic merge patch of a few kinds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_builtin::{type_of, types};

const KINDS: [(&str, &str, &str); 4] =
    [("", "v1", "Pod"), ("", "v1", "Service"), ("apps", "v1", "Deployment"), ("", "v1", "ServiceAccount")];

fuzz_target!(|data: &[u8]| {
    let [document, patch] = proofmark_fuzz::parts(data);
    let (Some(document), Some(patch)) = (proofmark_fuzz::json(document), proofmark_fuzz::json(patch)) else { return };
    let _ = proofmark_merge::json_patch(&document, &patch).map_err(|error| error.status());
    let merged = proofmark_merge::merge_patch(&document, &patch);
    assert_eq!(proofmark_merge::merge_patch(&merged, &patch), merged, "a merge patch changes nothing the second time");
    for (group, version, kind) in KINDS {
        let ty = type_of(group, version, kind).expect("a built-in kind");
        let _ = proofmark_merge::strategic_merge(&document, &patch, types(), ty).map_err(|error| error.status());
    }
});
