//! What calls cost: CEL's extensions and Kubernetes' libraries.

use super::bounds::Bounds;
use super::calls::Estimate;
use super::walk::{Coster, Path};
use crate::eval::{PATTERN, TRAVERSAL};
use crate::syntax::ast::{Call, Expr, ExprKind, Literal};
use crate::types::Type;

const ONE: Bounds = Bounds { min: 1, max: 1 };
/// A call that makes a list.
const ALLOCATION: u64 = 1 + 10;
/// The size of addresses in bytes.
const ADDRESS: Bounds = Bounds { min: 4, max: 16 };
/// The longest pattern of a named format.
const FORMAT_PATTERN: f64 = 128.0;

impl Coster<'_> {
    /// Functions whose costs are not CEL's standard ones.
    pub(super) fn extension(&mut self, call: &Call, overload: &str) -> Option<Estimate> {
        self.lists(call, overload).or_else(|| self.texts(call, overload)).or_else(|| self.values(call, overload))
    }

    fn lists(&mut self, call: &Call, overload: &str) -> Option<Estimate> {
        let target = call.target.as_deref();
        let made = |factor: f64, size: Bounds| Estimate {
            cost: size.scaled(factor) + Bounds::exactly(ALLOCATION),
            size: Some(size),
        };
        Some(match (overload, target, call.args.as_slice()) {
            ("list_slice", Some(target), [start, end]) => {
                let size = self.size_or_unknown(target);
                let (start, end) = (constant(start, 0), constant(end, size.max));
                made(1.0, Bounds::exactly(end.wrapping_sub(start)))
            }
            ("lists_range", _, [n]) => made(1.0, Bounds::exactly(constant(n, u64::MAX))),
            ("list_reverse", Some(target), _) => made(1.0, self.size_or_unknown(target)),
            ("list_flatten" | "list_flatten_int", Some(target), args) => {
                let depth = args.first().map_or(1, |depth| constant(depth, u64::MAX));
                #[expect(clippy::cast_precision_loss, reason = "as in Go")]
                made(depth as f64, self.size_or_unknown(target))
            }
            ("list_distinct", Some(target), _) => {
                let size = self.size_or_unknown(target);
                made(2.0, size * size)
            }
            (id, Some(target), args) if id.starts_with("list_") && (id.ends_with("_sort") || id.ends_with("Keys")) => {
                let size = self.size_or_unknown(args.first().unwrap_or(target));
                let is_text = id.starts_with("list_string_") || id.starts_with("list_bytes_");
                made(if is_text { 2.0 + TRAVERSAL } else { 2.0 }, size * size)
            }
            ("list_sets_contains_list" | "list_sets_intersects_list" | "list_sets_equivalent_list", _, [a, b]) => {
                let factor = if overload.contains("equivalent") { 2.0 } else { 1.0 };
                Estimate::of((self.size_or_unknown(a) * self.size_or_unknown(b)).scaled(factor) + ONE)
            }
            _ => return self.traversals(call),
        })
    }

    /// Functions that look at every element of a list once.
    fn traversals(&mut self, call: &Call) -> Option<Estimate> {
        let target = call.target.as_deref()?;
        match call.function.as_str() {
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
                let size = self.size_or_unknown(target);
                let Type::List(of) = self.ast.ty(target) else { return Some(Estimate::of(size.scaled(TRAVERSAL))) };
                let each = match **of {
                    Type::String | Type::Bytes => ONE + self.element_size(target).scaled(TRAVERSAL),
                    _ => ONE,
                };
                Some(Estimate::of(size * each))
            }
            "join" => {
                let list = self.size_or_unknown(target);
                let mut size = match self.ast.ty(target) {
                    Type::List(_) => list * self.element_size(target),
                    _ => Bounds::NOTHING,
                };
                if let Some(separator) = call.args.first() {
                    let between = Bounds { min: list.min.saturating_sub(1), max: list.max.saturating_sub(1) };
                    size = size + self.size_or_unknown(separator) * between;
                }
                Some(Estimate { cost: size.scaled(TRAVERSAL), size: Some(size) })
            }
            _ => None,
        }
    }

    /// The size of a list's elements, as the schema has it.
    fn element_size(&self, list: &Expr) -> Bounds {
        let mut path: Path = self.schema_path(list);
        if path.is_empty() {
            return Bounds::UNKNOWN;
        }
        path.push("@items".to_owned());
        self.size_at(&path).unwrap_or(Bounds::UNKNOWN)
    }

    fn texts(&mut self, call: &Call, overload: &str) -> Option<Estimate> {
        let target = call.target.as_deref();
        Some(match (call.function.as_str(), target, call.args.as_slice()) {
            ("url" | "jsonpatch.escapeKey", None, [text])
            | ("lowerAscii" | "upperAscii" | "substring" | "trim", Some(text), _) => {
                let size = self.size_or_unknown(text);
                Estimate { cost: size.scaled(TRAVERSAL), size: Some(size) }
            }
            ("replace", Some(text), [old, new, ..]) => {
                let (size, old, new) =
                    (self.size_or_unknown(text), self.size_or_unknown(old), self.size_or_unknown(new));
                Estimate { cost: size.scaled(2.0 * TRAVERSAL), size: Some(replaced(size, old, new)) }
            }
            ("split", Some(text), args) => {
                let size = self.size_or_unknown(text);
                let most = match args.get(1).map(|limit| &limit.kind) {
                    #[expect(clippy::cast_sign_loss, reason = "as in Go: no limit is a large number")]
                    Some(ExprKind::Literal(Literal::Int(limit))) => *limit as u64,
                    _ => size.max,
                };
                Estimate { cost: size.scaled(2.0 * TRAVERSAL), size: Some(Bounds::up_to(most)) }
            }
            ("find" | "findAll", Some(text), [pattern, ..]) => {
                let size = self.size_or_unknown(text);
                let cost = (size + ONE).scaled(TRAVERSAL) * self.size_or_unknown(pattern).scaled(PATTERN);
                Estimate { cost, size: Some(Bounds::up_to(size.max)) }
            }
            ("ip", Some(_), _) if overload == "cidr_ip" => Estimate::of(ONE),
            (
                "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver" | "isSemver",
                None,
                [text, ..],
            ) => Estimate::of(self.size_or_unknown(text).scaled(TRAVERSAL)),
            ("ip.isCanonical", _, [text]) => Estimate::of(self.size_or_unknown(text).scaled(2.0 * TRAVERSAL)),
            ("validate", Some(_), [text]) => {
                Estimate::of(self.size_or_unknown(text).scaled(TRAVERSAL).scaled(FORMAT_PATTERN * PATTERN))
            }
            ("containsIP", Some(_), [other]) => {
                let text = matches!(overload, "cidr_contains_ip_string").then(|| self.size_or_unknown(other));
                let read = text.map_or(Bounds::NOTHING, |size| size.scaled(TRAVERSAL));
                Estimate::of((ADDRESS + ADDRESS).scaled(TRAVERSAL) + read)
            }
            ("containsCIDR", Some(_), [other]) => {
                let text = matches!(overload, "cidr_contains_cidr_string").then(|| self.size_or_unknown(other));
                let read = text.map_or(Bounds::NOTHING, |size| size.scaled(TRAVERSAL));
                Estimate::of((ADDRESS + ADDRESS).scaled(TRAVERSAL) + ADDRESS.scaled(TRAVERSAL) + ONE + read)
            }
            _ => return None,
        })
    }

    /// Functions of values that have no size, and equality of such values.
    fn values(&mut self, call: &Call, overload: &str) -> Option<Estimate> {
        let cost = match call.function.as_str() {
            "check" => Bounds::exactly(350_000),
            "fieldSelector" | "labelSelector" => {
                let [selector] = call.args.as_slice() else { return None };
                let length = self.size_or_unknown(selector);
                Bounds::exactly(10) + length.scaled(TRAVERSAL) + length.scaled(0.5).scaled(50.0)
            }
            "serviceAccount"
            | "path"
            | "group"
            | "resource"
            | "subresource"
            | "namespace"
            | "name"
            | "allowed"
            | "reason"
            | "error"
            | "errored"
            | "masked"
            | "prefixLength"
            | "family"
            | "isUnspecified"
            | "isLoopback"
            | "isLinkLocalMulticast"
            | "isLinkLocalUnicast"
            | "isGlobalUnicast"
            | "format.named"
            | "sign"
            | "asInteger"
            | "isInteger"
            | "asApproximateFloat"
            | "isGreaterThan"
            | "isLessThan"
            | "compareTo"
            | "add"
            | "sub"
            | "major"
            | "minor"
            | "patch"
            | "getScheme"
            | "getHostname"
            | "getHost"
            | "getPort"
            | "getEscapedPath"
            | "getQuery" => ONE,
            _ if overload == "equals" => {
                let [a, b] = call.args.as_slice() else { return None };
                match (self.ast.ty(a), self.ast.ty(b)) {
                    (Type::Opaque("kubernetes.NamedFormat"), Type::Opaque("kubernetes.NamedFormat")) => {
                        Bounds { min: 1, max: 64 }.scaled(TRAVERSAL)
                    }
                    (Type::Opaque("kubernetes.URL"), Type::Opaque("kubernetes.URL")) => {
                        let size = self.size(b).map_or(1, |size| size.max);
                        Bounds { min: 1, max: size }.scaled(TRAVERSAL)
                    }
                    (Type::Opaque(a), Type::Opaque(b)) if a == b => ONE,
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Estimate::of(cost))
    }
}

/// A whole number that is written down; negative ones count as none.
fn constant(expr: &Expr, default: u64) -> u64 {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(i)) => u64::try_from(*i).unwrap_or_default(),
        _ => default,
    }
}

/// The size of a text of which parts are replaced.
fn replaced(text: Bounds, old: Bounds, new: Bounds) -> Bounds {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as in Go"
    )]
    let times = |text: u64, part: u64| (text as f64 / part as f64).ceil() as u64;
    let (most, kept_most) = if old.min == 0 {
        (text.max.saturating_add(1), text.max)
    } else if new.max <= old.min {
        (0, text.max)
    } else {
        (times(text.max, old.min), 0)
    };
    let (least, kept_least) = if old.max == 0 {
        (text.min.saturating_add(1), text.min)
    } else if old.max <= new.min {
        (0, text.min)
    } else {
        (times(text.min, old.max), 0)
    };
    Bounds { min: least, max: most } * new + Bounds { min: kept_least, max: kept_most }
}
