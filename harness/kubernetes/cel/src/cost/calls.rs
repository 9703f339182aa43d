//! What calls cost: CEL's standard functions.

use super::bounds::Bounds;
use super::walk::Coster;
use crate::eval::{PATTERN, TRAVERSAL};
use crate::syntax::ast::{Call, Expr};

/// The cost of a call without that of its target, and the size of the result, as far as that is known.
pub(super) struct Estimate {
    pub(super) cost: Bounds,
    pub(super) size: Option<Bounds>,
}

impl Estimate {
    pub(super) fn of(cost: Bounds) -> Self {
        Self { cost, size: None }
    }
}

const ONE: Bounds = Bounds { min: 1, max: 1 };

impl<'a> Coster<'a> {
    /// A call by one of its overloads; `costs` are those of its arguments.
    pub(super) fn call_estimate(
        &mut self,
        expr: &'a Expr,
        call: &'a Call,
        overload: &str,
        costs: &[Bounds],
    ) -> Estimate {
        let args = costs.iter().fold(Bounds::NOTHING, |sum, cost| sum + *cost);
        if let Some(estimate) = self.extension(call, overload) {
            return Estimate { cost: estimate.cost + args, size: estimate.size };
        }
        match (overload, costs) {
            // The right side need not be evaluated.
            ("logical_or" | "logical_and", [left, right]) => {
                return Estimate::of(Bounds { min: left.min, max: (*left + *right).max });
            }
            ("conditional", [condition, then, otherwise]) => {
                return self.conditional(expr, call, *condition + then.union(*otherwise));
            }
            _ => {}
        }
        let estimate = self.standard(expr, call, overload).unwrap_or_else(|| Estimate::of(ONE));
        Estimate { cost: estimate.cost + args, size: estimate.size }
    }

    fn conditional(&mut self, expr: &Expr, call: &Call, cost: Bounds) -> Estimate {
        let [_, then, otherwise] = call.args.as_slice() else { return Estimate::of(cost) };
        let size = self.size_or_unknown(then).union(self.size_or_unknown(otherwise));
        if let (Some(a), Some(b)) = (self.entries_of(then), self.entries_of(otherwise)) {
            self.set_entries(expr, a.union(b));
        }
        Estimate { cost, size: Some(size) }
    }

    fn standard(&mut self, expr: &Expr, call: &Call, overload: &str) -> Option<Estimate> {
        let target = call.target.as_deref();
        Some(match (overload, target, call.args.as_slice()) {
            ("string_format", Some(target), _) => Estimate::of(self.size_or_unknown(target).scaled(TRAVERSAL)),
            ("string_to_bytes", _, [arg]) => {
                let size = self.size_or_unknown(arg);
                let result = Bounds { min: size.min, max: size.max.wrapping_mul(4) };
                Estimate { cost: size.scaled(TRAVERSAL), size: Some(result) }
            }
            ("bytes_to_string", _, [arg]) => {
                let size = self.size_or_unknown(arg);
                Estimate { cost: size.scaled(TRAVERSAL), size: Some(Bounds { min: size.min / 4, max: size.max }) }
            }
            ("strings_quote", _, [arg]) => {
                let size = self.size_or_unknown(arg);
                let result = Bounds { min: size.min.wrapping_add(2), max: size.max.wrapping_mul(2).wrapping_add(2) };
                Estimate { cost: size.scaled(TRAVERSAL), size: Some(result) }
            }
            ("starts_with_string" | "ends_with_string", _, [arg]) => {
                Estimate::of(self.size_or_unknown(arg).scaled(TRAVERSAL))
            }
            ("in_list", _, [_, list]) => Estimate::of(self.size_or_unknown(list).scaled(1.0)),
            ("matches_string", Some(target), [pattern]) => {
                let text = (self.size_or_unknown(target) + ONE).scaled(TRAVERSAL);
                Estimate::of(text * self.size_or_unknown(pattern).scaled(PATTERN))
            }
            ("contains_string", Some(target), [part]) => {
                let text = self.size_or_unknown(target).scaled(TRAVERSAL);
                Estimate::of(text * self.size_or_unknown(part).scaled(TRAVERSAL))
            }
            ("add_string" | "add_bytes" | "add_list", _, [a, b]) => {
                let size = self.size_or_unknown(a) + self.size_or_unknown(b);
                if let (Some(a), Some(b)) = (self.entries_of(a), self.entries_of(b)) {
                    self.set_entries(expr, a.union(b));
                }
                let cost = if overload == "add_list" { ONE } else { size.scaled(TRAVERSAL) };
                Estimate { cost, size: Some(size) }
            }
            (id, _, [a, b]) if is_comparison(id) => {
                let max = self.size_or_unknown(a).max.min(self.size_or_unknown(b).max);
                Estimate::of(Bounds { min: u64::from(max > 0), max }.scaled(TRAVERSAL))
            }
            _ => return None,
        })
    }
}

/// Whether texts or whole values are compared.
fn is_comparison(overload: &str) -> bool {
    let ordered = ["less_", "less_equals_", "greater_", "greater_equals_"];
    matches!(overload, "equals" | "not_equals")
        || ordered.iter().any(|prefix| matches!(overload.strip_prefix(prefix), Some("string" | "bytes")))
}
