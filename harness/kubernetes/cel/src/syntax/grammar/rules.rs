//! CEL's grammar as a graph, in the form to which ANTLR brings it: left recursion has become loops with precedences.

use std::collections::BTreeSet;

use crate::syntax::lexer::Kind;

/// A rule of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    Start,
    Expr,
    Or,
    And,
    Relation,
    Calc,
    Unary,
    Member,
    Primary,
    ExprList,
    ListInit,
    FieldInit,
    OptField,
    MapInit,
    EscapeIdent,
    OptExpr,
    Literal,
}

const RULES: [Rule; 17] = [
    Rule::Start,
    Rule::Expr,
    Rule::Or,
    Rule::And,
    Rule::Relation,
    Rule::Calc,
    Rule::Unary,
    Rule::Member,
    Rule::Primary,
    Rule::ExprList,
    Rule::ListInit,
    Rule::FieldInit,
    Rule::OptField,
    Rule::MapInit,
    Rule::EscapeIdent,
    Rule::OptExpr,
    Rule::Literal,
];

/// A part of a rule.
#[derive(Debug)]
pub(super) enum Part {
    /// One of these tokens.
    Token(Vec<Kind>),
    /// A rule, called with a precedence.
    Call(Rule, u8),
    /// Allowed where the rule was called with this precedence at most.
    Guard(u8),
    Sequence(Vec<Id>),
    /// One of these. `ahead`: the choice takes more than the next token.
    Choice {
        of: Vec<Id>,
        ahead: bool,
    },
    Optional(Id),
    /// Any number of times.
    Star {
        body: Id,
        ahead: bool,
    },
    /// At least once.
    Plus {
        body: Id,
        ahead: bool,
    },
}

/// A part, by its place in the graph.
pub(super) type Id = usize;

/// A part that is still to be read, and the precedence of the rule that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Part(Id, u8),
    /// The end of a rule of which it is not known who called it.
    Outer(Rule),
}

/// What is still to be read, the next item last.
pub(super) type Rest = Vec<Item>;

pub(super) struct Grammar {
    parts: Vec<Part>,
    bodies: Vec<Id>,
    /// For each rule, what can follow a call of it: who calls, and what comes after within the caller.
    callers: Vec<Vec<(Rule, Rest)>>,
}

impl Grammar {
    pub(super) fn new() -> Self {
        let mut grammar = Self { parts: Vec::new(), bodies: Vec::new(), callers: RULES.map(|_| Vec::new()).to_vec() };
        for rule in RULES {
            let body = grammar.body_of(rule);
            grammar.bodies.push(body);
        }
        for (rule, body) in RULES.into_iter().zip(grammar.bodies.clone()) {
            grammar.find_calls(rule, body, &mut Rest::new());
        }
        grammar
    }

    pub(super) fn part(&self, id: Id) -> &Part {
        &self.parts[id]
    }

    pub(super) fn body(&self, rule: Rule) -> Id {
        self.bodies[rule as usize]
    }

    pub(super) fn callers(&self, rule: Rule) -> &[(Rule, Rest)] {
        &self.callers[rule as usize]
    }

    fn add(&mut self, part: Part) -> Id {
        self.parts.push(part);
        self.parts.len() - 1
    }

    fn token(&mut self, kind: Kind) -> Id {
        self.add(Part::Token(vec![kind]))
    }

    fn call(&mut self, rule: Rule) -> Id {
        self.add(Part::Call(rule, 0))
    }

    fn sequence(&mut self, of: Vec<Id>) -> Id {
        self.add(Part::Sequence(of))
    }

    fn optional(&mut self, body: Id) -> Id {
        self.add(Part::Optional(body))
    }

    /// `rule (separator rule)*`, each rule being a sequence.
    fn separated(&mut self, separator: Kind, ahead: bool, item: fn(&mut Self) -> Vec<Id>) -> Id {
        let mut first = item(self);
        let mut more = vec![self.token(separator)];
        more.extend(item(self));
        let body = self.sequence(more);
        first.push(self.add(Part::Star { body, ahead }));
        self.sequence(first)
    }

    /// `operand (operator operand)*` with precedences.
    fn infix(&mut self, operand: Rule, itself: Rule, operators: &[(u8, &[Kind])]) -> Id {
        let first = self.call(operand);
        let mut forms = Vec::new();
        for (binds, kinds) in operators {
            let form = vec![
                self.add(Part::Guard(*binds)),
                self.add(Part::Token(kinds.to_vec())),
                self.add(Part::Call(itself, binds + 1)),
            ];
            forms.push(self.sequence(form));
        }
        let body = match forms.as_slice() {
            [one] => *one,
            _ => self.add(Part::Choice { of: forms, ahead: true }),
        };
        let star = self.add(Part::Star { body, ahead: true });
        self.sequence(vec![first, star])
    }

    /// `( '(' rule? ')' )` and the like; `comma`: one may stand before the end.
    fn enclosed(&mut self, open: Kind, rule: Rule, comma: bool, close: Kind) -> Vec<Id> {
        let (open, inner, close) = (self.token(open), self.call(rule), self.token(close));
        let mut parts = vec![open, self.optional(inner)];
        if comma {
            let comma = self.token(Kind::Comma);
            parts.push(self.optional(comma));
        }
        parts.push(close);
        parts
    }

    /// `('.')? IDENTIFIER`
    fn name(&mut self) -> Vec<Id> {
        let dot = self.token(Kind::Dot);
        vec![self.optional(dot), self.token(Kind::Ident)]
    }

    /// `'?'?` and a rule.
    fn marked(&mut self, rule: Rule) -> Id {
        let mark = self.token(Kind::Question);
        let parts = vec![self.optional(mark), self.call(rule)];
        self.sequence(parts)
    }

    fn body_of(&mut self, rule: Rule) -> Id {
        use Kind::*;
        match rule {
            Rule::Start => {
                let parts = vec![self.call(Rule::Expr), self.token(Eof)];
                self.sequence(parts)
            }
            Rule::Expr => {
                let branches =
                    vec![self.token(Question), self.call(Rule::Or), self.token(Colon), self.call(Rule::Expr)];
                let branches = self.sequence(branches);
                let parts = vec![self.call(Rule::Or), self.optional(branches)];
                self.sequence(parts)
            }
            Rule::Or => self.separated(Or, false, |g| vec![g.call(Rule::And)]),
            Rule::And => self.separated(And, false, |g| vec![g.call(Rule::Relation)]),
            Rule::Relation => {
                let operators = [Equals, NotEquals, In, Less, LessEquals, GreaterEquals, Greater];
                self.infix(Rule::Calc, Rule::Relation, &[(1, &operators)])
            }
            Rule::Calc => self.infix(Rule::Unary, Rule::Calc, &[(2, &[Star, Slash, Percent]), (1, &[Minus, Plus])]),
            Rule::Unary => self.unary(),
            Rule::Member => self.member(),
            Rule::Primary => self.primary(),
            Rule::ExprList => self.separated(Comma, false, |g| vec![g.call(Rule::Expr)]),
            Rule::ListInit => self.separated(Comma, true, |g| vec![g.call(Rule::OptExpr)]),
            Rule::FieldInit => {
                self.separated(Comma, true, |g| vec![g.call(Rule::OptField), g.token(Colon), g.call(Rule::Expr)])
            }
            Rule::MapInit => {
                self.separated(Comma, true, |g| vec![g.call(Rule::OptExpr), g.token(Colon), g.call(Rule::Expr)])
            }
            Rule::OptField => self.marked(Rule::EscapeIdent),
            Rule::OptExpr => self.marked(Rule::Expr),
            Rule::EscapeIdent => {
                let of = vec![self.token(Ident), self.token(EscapedIdent)];
                self.add(Part::Choice { of, ahead: false })
            }
            Rule::Literal => self.literal(),
        }
    }

    fn unary(&mut self) -> Id {
        let mut of = vec![self.call(Rule::Member)];
        for (sign, ahead) in [(Kind::Not, false), (Kind::Minus, true)] {
            let body = self.token(sign);
            let parts = vec![self.add(Part::Plus { body, ahead }), self.call(Rule::Member)];
            of.push(self.sequence(parts));
        }
        self.add(Part::Choice { of, ahead: true })
    }

    fn member(&mut self) -> Id {
        let mark = self.token(Kind::Question);
        let select =
            vec![self.add(Part::Guard(3)), self.token(Kind::Dot), self.optional(mark), self.call(Rule::EscapeIdent)];
        let mut method = vec![self.add(Part::Guard(2)), self.token(Kind::Dot), self.token(Kind::Ident)];
        method.extend(self.enclosed(Kind::OpenParen, Rule::ExprList, false, Kind::CloseParen));
        let mark = self.token(Kind::Question);
        let index = vec![
            self.add(Part::Guard(1)),
            self.token(Kind::OpenBracket),
            self.optional(mark),
            self.call(Rule::Expr),
            self.token(Kind::CloseBracket),
        ];
        let of = [select, method, index].map(|parts| self.sequence(parts)).to_vec();
        let body = self.add(Part::Choice { of, ahead: true });
        let parts = vec![self.call(Rule::Primary), self.add(Part::Star { body, ahead: true })];
        self.sequence(parts)
    }

    fn primary(&mut self) -> Id {
        let ident = self.name();
        let mut call = self.name();
        call.extend(self.enclosed(Kind::OpenParen, Rule::ExprList, false, Kind::CloseParen));
        let nested = vec![self.token(Kind::OpenParen), self.call(Rule::Expr), self.token(Kind::CloseParen)];
        let list = self.enclosed(Kind::OpenBracket, Rule::ListInit, true, Kind::CloseBracket);
        let map = self.enclosed(Kind::OpenBrace, Rule::MapInit, true, Kind::CloseBrace);
        let mut message = self.name();
        let dotted = vec![self.token(Kind::Dot), self.token(Kind::Ident)];
        let body = self.sequence(dotted);
        message.push(self.add(Part::Star { body, ahead: false }));
        message.extend(self.enclosed(Kind::OpenBrace, Rule::FieldInit, true, Kind::CloseBrace));
        let mut of = [ident, call, nested, list, map, message].map(|parts| self.sequence(parts)).to_vec();
        of.push(self.call(Rule::Literal));
        self.add(Part::Choice { of, ahead: true })
    }

    fn literal(&mut self) -> Id {
        let signed = |g: &mut Self, kind| {
            let sign = g.token(Kind::Minus);
            let parts = vec![g.optional(sign), g.token(kind)];
            g.sequence(parts)
        };
        let mut of = vec![signed(self, Kind::Int), self.token(Kind::Uint), signed(self, Kind::Float)];
        for kind in [Kind::String, Kind::Bytes, Kind::True, Kind::False, Kind::Null] {
            of.push(self.token(kind));
        }
        self.add(Part::Choice { of, ahead: true })
    }

    /// Notes every call within a part; `rest` is what follows the part.
    fn find_calls(&mut self, caller: Rule, id: Id, rest: &mut Rest) {
        let parts: Vec<(Id, Rest)> = match self.part(id) {
            Part::Token(_) | Part::Guard(_) => return,
            Part::Call(rule, _) => {
                let (rule, rest) = (*rule, rest.clone());
                self.callers[rule as usize].push((caller, rest));
                return;
            }
            Part::Sequence(of) => {
                let after = |i: usize| of[i + 1..].iter().rev().map(|id| Item::Part(*id, 0));
                (0..of.len()).map(|i| (of[i], rest.iter().copied().chain(after(i)).collect())).collect()
            }
            Part::Choice { of, .. } => of.iter().map(|id| (*id, rest.clone())).collect(),
            Part::Optional(body) => vec![(*body, rest.clone())],
            Part::Star { body, .. } | Part::Plus { body, .. } => {
                let again = rest.iter().copied().chain([Item::Part(id, 0)]).collect();
                vec![(*body, again)]
            }
        };
        for (id, mut rest) in parts {
            self.find_calls(caller, id, &mut rest);
        }
    }

    /// Which tokens can come first, and whether it can all be left out.
    pub(super) fn first(&self, rest: &[Item]) -> (BTreeSet<Kind>, bool) {
        let mut tokens = BTreeSet::new();
        for item in rest.iter().rev() {
            let Item::Part(id, _) = item else { continue };
            if !self.first_of(*id, &mut tokens) {
                return (tokens, false);
            }
        }
        (tokens, true)
    }

    /// The same for one part; whether it can be left out.
    fn first_of(&self, id: Id, tokens: &mut BTreeSet<Kind>) -> bool {
        match self.part(id) {
            Part::Token(kinds) => {
                tokens.extend(kinds);
                false
            }
            Part::Call(rule, _) => self.first_of(self.body(*rule), tokens),
            Part::Guard(_) => true,
            Part::Sequence(of) => of.iter().all(|id| self.first_of(*id, tokens)),
            Part::Choice { of, .. } => {
                // All of them count, also after one that can be left out.
                let empty: Vec<bool> = of.iter().map(|id| self.first_of(*id, tokens)).collect();
                empty.contains(&true)
            }
            Part::Optional(body) | Part::Star { body, .. } => {
                self.first_of(*body, tokens);
                true
            }
            Part::Plus { body, .. } => self.first_of(*body, tokens),
        }
    }
}
