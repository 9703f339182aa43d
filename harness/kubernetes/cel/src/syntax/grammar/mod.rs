//! Mistakes of syntax, in the words of cel-go, which are those of the parser that ANTLR generates for CEL's grammar.
//!
//! Such a parser is not content with the first mistake: it leaves out or makes up a token, or skips to where a rule can go on, and
//! says in each case something else. So expressions that the plain parser could not read are walked once more:
//!
//! - [`rules`]: the grammar as a graph, and which tokens can come next from any point of it;
//! - [`predict`]: which alternative is taken, looking ahead as far as needed (ALL(*));
//! - [`walk`]: the parser itself, with ANTLR's default strategy of recovery.
//!
//! Nothing here builds a tree. Not reproduced: lookahead that ANTLR caches in automata, which changes speed alone.

mod predict;
mod rules;
mod walk;

use super::lexer::{Kind, Token};
use crate::source::Issue;

/// Everything wrong with the order of these tokens, the last of which is the end.
pub(super) fn mistakes(source: &str, tokens: &[Token<'_>]) -> Vec<Issue> {
    let found = walk::Walker::new(source, tokens).walk();
    let fallback = || {
        // Both parsers read the same language; should they ever differ, the expression is still refused.
        let end = tokens.iter().find(|token| token.kind == Kind::Eof).map_or(0, |token| token.at);
        vec![Issue::new(end, "Syntax error: expression cannot be read")]
    };
    if found.is_empty() { fallback() } else { found }
}

#[cfg(test)]
mod tests {
    use crate::syntax::parse;

    #[test]
    fn mistakes_have_the_words_of_cel_go() {
        let operand = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
        let cases = [
            ("self.n > ", "1:10", format!("mismatched input '<EOF>' expecting {operand}")),
            ("object.", "1:8", "no viable alternative at input '.'".to_owned()),
            ("a b", "1:3", "extraneous input 'b' expecting <EOF>".to_owned()),
            ("(a", "1:3", "missing ')' at '<EOF>'".to_owned()),
            ("a.true", "1:3", "mismatched input 'true' expecting IDENTIFIER".to_owned()),
            ("", "1:1", format!("mismatched input '<EOF>' expecting {operand}")),
        ];
        for (source, place, message) in cases {
            let issues = parse(source).expect_err(source).to_string();
            let first = issues.lines().next().unwrap_or_default();
            assert_eq!(first, format!("ERROR: <input>:{place}: Syntax error: {message}"), "{source}");
        }
    }
}
