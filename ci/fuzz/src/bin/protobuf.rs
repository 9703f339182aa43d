//! Kubernetes protobuf: what can be read can be written, and then reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_builtin::{proto, type_of};

fuzz_target!(|data: &[u8]| {
    let Ok(object) = proto::decode(data) else { return };
    let (group, version) = object.api_version.split_once('/').unwrap_or(("", &object.api_version));
    let Some(ty) = type_of(group, version, &object.kind) else { return };
    let again = proto::decode(&proto::encode(&object.value, ty)).expect("what was written can be read");
    assert_eq!(again.value, object.value);
});
