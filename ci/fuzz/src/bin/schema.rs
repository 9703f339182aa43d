//! Structural schemas: a schema, NUL, a value. Defaulting and pruning come to an end after one time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_schema::Schema;

fuzz_target!(|data: &[u8]| {
    let [schema, value] = proofmark_fuzz::parts(data);
    let (Some(schema), Some(mut value)) = (proofmark_fuzz::json(schema), proofmark_fuzz::json(value)) else { return };
    let Ok(schema) = Schema::parse(&schema) else { return };
    let _ = schema.validate(&value, "");
    schema.prune(&mut value);
    let pruned = value.clone();
    assert!(schema.prune(&mut value).is_empty() && value == pruned, "there is nothing left to prune");
    schema.default(&mut value);
    let defaulted = value.clone();
    schema.default(&mut value);
    assert_eq!(value, defaulted, "there is nothing left to default");
});
