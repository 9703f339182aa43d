//! From text to syntax tree: [`lexer`], [`parser`], [`macros`].
//!
//! The parser is written for expressions that are right. What it cannot read is read again by [`grammar`], which behaves like
//! the generated parser of cel-go in everything that concerns mistakes, and so finds its words for them.

pub(crate) mod ast;
mod grammar;
mod lexer;
mod literal;
mod macros;
mod parser;
#[cfg(test)]
mod print;

pub(crate) use parser::parse;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ast::{Call, Entry, Expr, ExprKind, Item, Literal, op};
    use super::parse;
    use super::print::print;

    fn expr(kind: ExprKind) -> Expr {
        Expr { id: 0, at: 0, kind }
    }

    fn call(function: &str, args: Vec<Expr>) -> Expr {
        expr(ExprKind::Call(Call { function: function.to_owned(), target: None, args }))
    }

    /// Expressions without macros.
    fn expressions() -> impl Strategy<Value = Expr> {
        let literal = prop_oneof![
            Just(Literal::Null),
            any::<bool>().prop_map(Literal::Bool),
            (0_i64..).prop_map(Literal::Int),
            any::<u64>().prop_map(Literal::Uint),
            ".*".prop_map(|text| Literal::String(text.into())),
            any::<Vec<u8>>().prop_map(|bytes| Literal::Bytes(bytes.into())),
        ];
        let leaf = prop_oneof![
            literal.prop_map(|literal| expr(ExprKind::Literal(literal))),
            "[x-z]{1,2}".prop_map(|name| expr(ExprKind::Ident(name))),
        ];
        leaf.prop_recursive(4, 40, 3, |inner| {
            let binary =
                prop::sample::select(vec![op::ADD, op::MULTIPLY, op::EQUALS, op::LESS, op::IN, op::AND, op::INDEX]);
            prop_oneof![
                (binary, inner.clone(), inner.clone()).prop_map(|(op, a, b)| call(op, vec![a, b])),
                (inner.clone(), inner.clone(), inner.clone())
                    .prop_map(|(a, b, c)| call(op::CONDITIONAL, vec![a, b, c])),
                inner.clone().prop_map(|a| call(op::NOT, vec![a])),
                inner.clone().prop_map(|operand| expr(ExprKind::Select {
                    operand: Box::new(operand),
                    field: "f".to_owned(),
                    test: false
                })),
                prop::collection::vec((any::<bool>(), inner.clone()), 0..3).prop_map(|items| {
                    expr(ExprKind::List(items.into_iter().map(|(optional, value)| Item { optional, value }).collect()))
                }),
                prop::collection::vec((any::<bool>(), inner.clone(), inner), 0..3).prop_map(|entries| {
                    let entry = |(optional, key, value)| Entry { optional, key, value };
                    expr(ExprKind::Map(entries.into_iter().map(entry).collect()))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(expr in expressions()) {
            let text = print(&expr);
            let read = parse(&text).map_err(|issues| TestCaseError::fail(issues.to_string()))?;
            prop_assert_eq!(print(&read.expr), text);
        }

        #[test]
        fn nothing_makes_the_parser_panic(text in ".{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn tokens_in_any_order_are_read_or_refused(
            tokens in prop::collection::vec(prop::sample::select(vec![
                "a", "1", "-", "!", ".", ",", "(", ")", "[", "]", "{", "}", "?", ":", "&&", "||", "==", "in", "+", "*", "'s'", "true",
            ]), 0..12)
        ) {
            let text = tokens.join(" ");
            if let Err(issues) = parse(&text) {
                // The parser that explains must agree with the one that refuses.
                prop_assert!(!issues.to_string().contains("cannot be read"), "{}", text);
            }
        }
    }
}
