//! What an expression can cost at most, known before it is ever evaluated.
//!
//! Sizes follow from the schema ([`Shape`]), costs from sizes. A CustomResourceDefinition whose rules could cost too much is refused.
//! The rules are those of `checker/cost.go` of cel-go 0.26 and `k8s.io/apiserver/pkg/cel/library/cost.go`, release 1.35.

mod bounds;
mod calls;
mod extensions;
mod walk;

pub use bounds::Bounds;

use crate::check::Ast;
use crate::shape::Shape;

/// Estimates the cost of an expression whose variables are of shape `root`.
pub fn estimate(ast: &Ast, root: &Shape) -> Bounds {
    walk::Coster::new(ast, root).cost(&ast.expr)
}
