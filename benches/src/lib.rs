//! Criterion benchmarks of the whole house: `cargo bench -p proofmark-benches`.
//!
//! | bench | what it times |
//! |---|---|
//! | `apiserver` | create, get, list of 500 and a watched create, in process |
//! | `rbac` | one decision over the default roles and several hundred bindings, and one explanation |
//! | `scenario` | a whole scenario on one release, from an empty server to the verdict |
//!
//! Times depend on the machine; compare runs of one machine only.
