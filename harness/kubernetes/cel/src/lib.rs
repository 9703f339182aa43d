//! The Common Expression Language as Kubernetes 1.35 uses it: parsed, checked, estimated and evaluated as a real API server does,
//! with its words for everything that is wrong.
//!
//! ```
//! use std::collections::BTreeMap;
//! use proofmark_cel::{Env, Program, Shape, Value};
//!
//! let env = Env::kubernetes().with_shape("self", &Shape::integer());
//! let ast = env.compile("self > 3").expect("well formed");   // or `Issues`: text with lines and carets
//! let program = Program::new(&ast).expect("constants have values");
//! let variables = BTreeMap::from([("self", Value::Int(5))]);
//! let evaluation = program.eval(&variables, 1_000_000);        // the limit of one call, in CEL's units
//! assert_eq!(evaluation.result.map(|value| value.as_bool()), Ok(Some(true)));
//! ```
//!
//! - [`Env`]: which names an expression may use; [`Env::compile`] gives an [`Ast`] or [`Issues`].
//!   [`Ast::output_type`] and [`Ast::refers_to`] tell what was written.
//! - [`Program`]: an expression that can be evaluated again and again. Values of variables come from an [`Activation`]; JSON is
//!   not copied ([`Value::read`] with a [`Shape`], [`Value::untyped`] without).
//! - [`Shape`]: what an OpenAPI schema says of values, for the checker, for reading and for [`estimate`].
//! - [`Authorizer`]: whoever answers for the variable `authorizer`.
//! - [`escape`], [`unescape`]: names of properties as expressions write them.
//!
//! Everything is pure. Source of behaviour and wording: cel-go 0.26 and `k8s.io/apiserver/pkg/cel`, release 1.35.

mod check;
mod cost;
mod env;
mod eval;
mod library;
mod names;
mod shape;
mod source;
mod syntax;
mod types;
mod value;

pub use check::Ast;
pub use cost::{Bounds, estimate};
pub use env::Env;
pub use eval::{Activation, Evaluation, Program};
pub use library::authorizer::{AccessDecision, AccessQuestion, Authorizer};
pub use names::{escape, unescape};
pub use shape::{ListKind, MAX_REQUEST_BYTES, Property, Shape};
pub use source::{Issue, Issues, Position};
pub use types::{ObjectType, Type};
pub use value::{Duration, EvalError, Evaluated, Key, List, Map, Opaque, Text, Timestamp, Value};
