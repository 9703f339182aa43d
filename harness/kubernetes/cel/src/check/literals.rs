//! What is wrong with literals, though their types fit: times and patterns that cannot be read, mixed lists, formats.
//!
//! Source: `cel/validator.go` and `ext/formatting.go` of cel-go 0.26, as far as Kubernetes enables them.

use proofmark_text::Pattern;

use super::Ast;
use crate::library::format::check_format;
use crate::source::{Issue, Position};
use crate::syntax::ast::{Call, Expr, ExprKind, Literal};
use crate::types::Type;
use crate::value::{Duration, Timestamp};

pub(super) fn mistakes(ast: &Ast) -> Vec<Issue> {
    let mut issues = Vec::new();
    ast.expr.walk(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind {
            argument(call, &mut issues);
            format_call(ast, expr.at, call, &mut issues);
        }
    });
    mixed(ast, &ast.expr, &mut issues);
    issues
}

/// Constant arguments that will never do.
fn argument(call: &Call, issues: &mut Vec<Issue>) {
    let Some(arg) = call.args.first() else { return };
    let ExprKind::Literal(literal) = &arg.kind else { return };
    let fine = match (call.function.as_str(), literal) {
        ("duration", Literal::String(text)) => Duration::parse(text).is_some(),
        ("timestamp", Literal::String(text)) => Timestamp::parse(text).is_some(),
        ("timestamp", Literal::Int(seconds)) => Timestamp::from_unix(*seconds).is_ok(),
        ("matches", Literal::String(text)) => Pattern::new(text).mistake().is_none(),
        _ => true,
    };
    if !fine {
        issues.push(Issue::new(arg.at, format!("invalid {} argument", call.function)));
    }
}

/// `'%d'.format(['a'])`
fn format_call(ast: &Ast, at: Position, call: &Call, issues: &mut Vec<Issue>) {
    let (Some(target), [args]) = (call.target.as_deref(), call.args.as_slice()) else { return };
    if call.function != "format" {
        return;
    }
    if let (ExprKind::Literal(Literal::String(text)), ExprKind::List(items)) = (&target.kind, &args.kind) {
        let types: Vec<(Position, &Type)> = items.iter().map(|item| (item.value.at, ast.ty(&item.value))).collect();
        issues.extend(check_format(text, at, &types));
    }
}

/// Lists and maps whose parts are not of one type, `dyn` being a type like others; the arguments of `format` may be.
fn mixed(ast: &Ast, expr: &Expr, issues: &mut Vec<Issue>) {
    let inner = |ty: &Type, optional: bool| if optional { ty.unwrap_optional().0.clone() } else { ty.clone() };
    let mismatch =
        |at, wanted: &Type, found: &Type| Issue::new(at, format!("expected type '{wanted}' but found '{found}'"));
    match &expr.kind {
        ExprKind::Call(call) if call.function == "format" => return,
        ExprKind::List(items) => {
            let mut types = items.iter().map(|item| (item.value.at, inner(ast.ty(&item.value), item.optional)));
            if let Some((_, first)) = types.next()
                && let Some((at, other)) = types.find(|(_, ty)| *ty != first)
            {
                issues.push(mismatch(at, &first, &other));
            }
        }
        ExprKind::Map(entries) => {
            let mut first: Option<(&Type, Type)> = None;
            for entry in entries {
                let (key, value) = (ast.ty(&entry.key), inner(ast.ty(&entry.value), entry.optional));
                let Some((first_key, first_value)) = &first else {
                    first = Some((key, value));
                    continue;
                };
                if key != *first_key {
                    issues.push(mismatch(entry.key.at, first_key, key));
                }
                if value != *first_value {
                    issues.push(mismatch(entry.value.at, first_value, &value));
                }
            }
        }
        _ => {}
    }
    expr.children().for_each(|child| mixed(ast, child, issues));
}
