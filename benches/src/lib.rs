//! Criterion benchmarks of the whole house: `cargo bench -p proofmark-benches`.
//!
//! | bench | what it times |
//! |---|---|
//! | `apiserver` | create, get, list of 500 and a watched create, in process |
//! | `models_web_app` | a list of 1,000 InferenceServices, from the request to the last byte, over the API server in process |
//! | `rbac` | one decision over the default roles and several hundred bindings, and one explanation |
//! | `scenario` | a whole scenario on one release, from an empty server to the verdict |
//!
//! Times depend on the machine; compare runs of one machine only.
