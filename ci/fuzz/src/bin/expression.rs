//! Expressions, compiled and evaluated: an expression, NUL, the JSON that `self` and `object` stand for.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use proofmark_cel::{Env, Program, Shape, Value};

/// What one evaluation may cost, in CEL's units: less than a rule of a schema may, so that inputs stay quick.
const LIMIT: u64 = 100_000;

fuzz_target!(|data: &[u8]| {
    let [source, document] = proofmark_fuzz::parts(data);
    let Ok(source) = std::str::from_utf8(source) else { return };
    let env = Env::kubernetes().with_shape("self", &Shape::untyped()).with_shape("object", &Shape::untyped());
    let Ok(ast) = env.compile(source) else { return };
    let Ok(program) = Program::new(&ast) else { return };
    let document = proofmark_fuzz::json(document).unwrap_or_default();
    let variables = BTreeMap::from([("self", Value::untyped(&document)), ("object", Value::untyped(&document))]);
    // Whatever comes of it: it is an answer, and in time.
    let _ = program.eval(&variables, LIMIT);
});
