//! A syntax tree as text, for tests that print and parse again. Loops have no text of their own.

use super::ast::{Expr, ExprKind, Literal};

/// The expression, in parentheses wherever it has parts.
pub(crate) fn print(expr: &Expr) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    let mark = |optional: bool| if optional { "?" } else { "" };
    match &expr.kind {
        ExprKind::Error => "<error>".to_owned(),
        ExprKind::Fold(_) => "<loop>".to_owned(),
        ExprKind::Literal(literal) => print_literal(literal),
        ExprKind::Ident(name) => name.clone(),
        ExprKind::Select { operand, field, test: true } => format!("has({}.{field})", print(operand)),
        ExprKind::Select { operand, field, test: false } => format!("({}).{field}", print(operand)),
        ExprKind::List(items) => {
            format!("[{}]", list(items.iter().map(|i| format!("{}{}", mark(i.optional), print(&i.value))).collect()))
        }
        ExprKind::Map(entries) => {
            let one = |e: &super::ast::Entry| format!("{}{}: {}", mark(e.optional), print(&e.key), print(&e.value));
            format!("{{{}}}", list(entries.iter().map(one).collect()))
        }
        ExprKind::Struct { name, fields } => {
            let one = |f: &super::ast::Field| format!("{}{}: {}", mark(f.optional), f.name, print(&f.value));
            format!("{name}{{{}}}", list(fields.iter().map(one).collect()))
        }
        ExprKind::Call(call) => {
            let args: Vec<String> = call.args.iter().map(print).collect();
            let symbol = call.function.trim_matches('_');
            match (call.function.as_str(), call.target.as_deref(), args.as_slice()) {
                (function, Some(target), _) => format!("({}).{function}({})", print(target), list(args)),
                ("_?_:_", _, [a, b, c]) => format!("(({a}) ? ({b}) : ({c}))"),
                ("_[_]", _, [a, b]) => format!("({a})[{b}]"),
                ("_[?_]", _, [a, b]) => format!("({a})[?{b}]"),
                ("@in", _, [a, b]) => format!("(({a}) in ({b}))"),
                ("!_" | "-_", _, [a]) => format!("({symbol}({a}))"),
                (function, None, [a, b]) if function.starts_with('_') => format!("(({a}) {symbol} ({b}))"),
                (function, ..) => format!("{function}({})", list(args)),
            }
        }
    }
}

fn print_literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(b) => b.to_string(),
        Literal::Int(i) => i.to_string(),
        Literal::Uint(u) => format!("{u}u"),
        Literal::Double(d) => format!("{d:?}"),
        Literal::String(s) => {
            let escaped: String = s.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
            format!("'{escaped}'")
        }
        Literal::Bytes(b) => {
            let escaped: String = b.iter().map(|b| format!("\\x{b:02x}")).collect();
            format!("b'{escaped}'")
        }
    }
}
