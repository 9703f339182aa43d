//! Recursive descent over CEL's grammar, expanding macros on the way.
//!
//! Limits are cel-go's: 100,000 code points, and 250 levels of any one rule of its grammar.

use crate::source::{Issue, Issues, Position};
use crate::syntax::ast::{Call, Entry, Expr, ExprId, ExprKind, Field, Item, Literal, op};
use crate::syntax::lexer::{Kind, Token, tokens};
use crate::syntax::{grammar, literal, macros};

const MAX_SIZE: usize = 100_000;
const MAX_DEPTH: usize = 250;

/// Identifiers that are kept for the future.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "null",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// An expression and the number of ids that were given out for its parts.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) expr: Expr,
    pub(crate) ids: ExprId,
}

/// Reads an expression.
pub(crate) fn parse(source: &str) -> Result<Parsed, Issues> {
    let size = source.chars().count();
    if size > MAX_SIZE {
        let message = format!("expression code point size exceeds limit: size: {size}, limit {MAX_SIZE}");
        return Err(Issues::new(source, vec![Issue { at: None, message }]));
    }
    let (tokens, mut issues) = tokens(source);
    let mut parser = Parser { tokens: &tokens, next: 0, ids: 0, issues: Vec::new(), depths: [0; 4] };
    let result = parser.whole();
    let (ids, semantic) = (parser.ids, parser.issues);
    match result {
        Ok(expr) => {
            issues.extend(semantic);
            if issues.is_empty() && depth(&expr) > MAX_DEPTH {
                issues.push(Issue { at: None, message: "max recursion depth exceeded".to_owned() });
            }
            if issues.is_empty() { Ok(Parsed { expr, ids }) } else { Err(Issues::new(source, issues)) }
        }
        Err(Stop::TooDeep) => {
            issues.push(Issue { at: None, message: format!("expression recursion limit exceeded: {MAX_DEPTH}") });
            Err(Issues::new(source, issues))
        }
        Err(Stop::Syntax) => {
            issues.extend(grammar::mistakes(source, &tokens));
            Err(Issues::new(source, issues))
        }
    }
}

/// How deep the nodes that cel-go visits by recursion are nested.
fn depth(expr: &Expr) -> usize {
    let own = match &expr.kind {
        ExprKind::Select { .. } => 1,
        ExprKind::Call(call) => usize::from(!matches!(call.function.as_str(), op::AND | op::OR | op::NOT | op::NEGATE)),
        _ => 0,
    };
    own + expr.children().map(depth).max().unwrap_or_default()
}

/// Why parsing ended early.
enum Stop {
    Syntax,
    TooDeep,
}

/// The rules of the grammar that can nest without end.
#[derive(Clone, Copy)]
enum Rule {
    Expr,
    Relation,
    Calc,
    Member,
}

type Parse<T = Expr> = Result<T, Stop>;

pub(super) struct Parser<'s> {
    tokens: &'s [Token<'s>],
    next: usize,
    ids: ExprId,
    issues: Vec<Issue>,
    depths: [usize; 4],
}

impl<'s> Parser<'s> {
    fn whole(&mut self) -> Parse {
        let expr = self.expr()?;
        self.expect(Kind::Eof)?;
        Ok(expr)
    }

    fn ahead(&self, by: usize) -> Kind {
        self.tokens.get(self.next + by).map_or(Kind::Eof, |t| t.kind)
    }

    fn is(&self, kind: Kind) -> bool {
        self.ahead(0) == kind
    }

    fn expect(&mut self, kind: Kind) -> Parse<Token<'s>> {
        match self.tokens.get(self.next) {
            Some(token) if token.kind == kind => {
                self.next += 1;
                Ok(*token)
            }
            _ => Err(Stop::Syntax),
        }
    }

    fn accept(&mut self, kind: Kind) -> Option<Token<'s>> {
        self.expect(kind).ok()
    }

    fn enter(&mut self, rule: Rule) -> Parse<()> {
        let depth = &mut self.depths[rule as usize];
        *depth += 1;
        if *depth > MAX_DEPTH { Err(Stop::TooDeep) } else { Ok(()) }
    }

    fn exit(&mut self, rule: Rule, times: usize) {
        self.depths[rule as usize] -= times;
    }

    pub(super) fn node(&mut self, at: Position, kind: ExprKind) -> Expr {
        let id = self.ids;
        self.ids += 1;
        Expr { id, at, kind }
    }

    pub(super) fn report(&mut self, at: Position, message: impl Into<String>) -> Expr {
        self.issues.push(Issue::new(at, message));
        self.node(at, ExprKind::Error)
    }

    /// A call, or what the macro of that name makes of it.
    fn call(&mut self, at: Position, function: &str, target: Option<Expr>, args: Vec<Expr>) -> Expr {
        let call = Call { function: function.to_owned(), target: target.map(Box::new), args };
        match macros::find(&call) {
            Some(expand) => expand(self, at, call),
            None => self.node(at, ExprKind::Call(call)),
        }
    }

    fn operator(&mut self, at: Position, function: &str, args: Vec<Expr>) -> Expr {
        self.node(at, ExprKind::Call(Call { function: function.to_owned(), target: None, args }))
    }

    fn expr(&mut self) -> Parse {
        self.enter(Rule::Expr)?;
        let mut expr = self.logic(Kind::Or)?;
        if let Some(token) = self.accept(Kind::Question) {
            let then = self.logic(Kind::Or)?;
            self.expect(Kind::Colon)?;
            let otherwise = self.expr()?;
            expr = self.operator(token.at, op::CONDITIONAL, vec![expr, then, otherwise]);
        }
        self.exit(Rule::Expr, 1);
        Ok(expr)
    }

    /// `a || b || ...` and below it `a && b && ...`: a balanced tree.
    fn logic(&mut self, kind: Kind) -> Parse {
        let operand = |this: &mut Self| if kind == Kind::Or { this.logic(Kind::And) } else { this.relation() };
        let mut terms = vec![Some(operand(self)?)];
        let mut places = Vec::new();
        while let Some(token) = self.accept(kind) {
            places.push(token.at);
            terms.push(Some(operand(self)?));
        }
        let function = if kind == Kind::Or { op::OR } else { op::AND };
        Ok(self.balance(function, &mut terms, &places, 0))
    }

    /// The tree over `places.len() + 1` terms, beginning with the one at `from`.
    fn balance(&mut self, function: &str, terms: &mut [Option<Expr>], places: &[Position], from: usize) -> Expr {
        let middle = places.len() / 2;
        let Some(at) = places.get(middle) else {
            let taken = terms.get_mut(from).and_then(Option::take);
            return taken.unwrap_or_else(|| self.node(0, ExprKind::Error));
        };
        let left = self.balance(function, terms, &places[..middle], from);
        let right = self.balance(function, terms, &places[middle + 1..], from + middle + 1);
        self.operator(*at, function, vec![left, right])
    }

    fn relation(&mut self) -> Parse {
        self.enter(Rule::Relation)?;
        let mut left = self.calc(0)?;
        let mut pushed = 1;
        loop {
            let function = match self.ahead(0) {
                Kind::Less => op::LESS,
                Kind::LessEquals => op::LESS_EQUALS,
                Kind::GreaterEquals => op::GREATER_EQUALS,
                Kind::Greater => op::GREATER,
                Kind::Equals => op::EQUALS,
                Kind::NotEquals => op::NOT_EQUALS,
                Kind::In => op::IN,
                _ => break,
            };
            let at = self.tokens[self.next].at;
            self.next += 1;
            self.enter(Rule::Relation)?;
            pushed += 1;
            self.enter(Rule::Relation)?;
            let right = self.calc(0)?;
            self.exit(Rule::Relation, 1);
            left = self.operator(at, function, vec![left, right]);
        }
        self.exit(Rule::Relation, pushed);
        Ok(left)
    }

    fn calc(&mut self, at_least: u8) -> Parse {
        self.enter(Rule::Calc)?;
        let mut left = self.unary()?;
        let mut pushed = 1;
        loop {
            let (function, binds) = match self.ahead(0) {
                Kind::Star => (op::MULTIPLY, 2),
                Kind::Slash => (op::DIVIDE, 2),
                Kind::Percent => (op::MODULO, 2),
                Kind::Plus => (op::ADD, 1),
                Kind::Minus => (op::SUBTRACT, 1),
                _ => break,
            };
            if binds < at_least {
                break;
            }
            let at = self.tokens[self.next].at;
            self.next += 1;
            self.enter(Rule::Calc)?;
            pushed += 1;
            let right = self.calc(binds + 1)?;
            left = self.operator(at, function, vec![left, right]);
        }
        self.exit(Rule::Calc, pushed);
        Ok(left)
    }

    fn unary(&mut self) -> Parse {
        let kind = self.ahead(0);
        let is_number = self.is(Kind::Minus) && matches!(self.ahead(1), Kind::Int | Kind::Float);
        if is_number || !matches!(kind, Kind::Not | Kind::Minus) {
            return self.member();
        }
        let first = self.expect(kind)?;
        let mut times = 1;
        while self.accept(kind).is_some() {
            times += 1;
        }
        let operand = self.member()?;
        if times % 2 == 0 {
            return Ok(operand);
        }
        Ok(self.operator(first.at, if kind == Kind::Not { op::NOT } else { op::NEGATE }, vec![operand]))
    }

    fn member(&mut self) -> Parse {
        self.enter(Rule::Member)?;
        let mut expr = self.primary()?;
        let mut pushed = 1;
        loop {
            if let Some(dot) = self.accept(Kind::Dot) {
                self.enter(Rule::Member)?;
                expr = self.selection(expr, dot.at)?;
            } else if let Some(open) = self.accept(Kind::OpenBracket) {
                self.enter(Rule::Member)?;
                let function = if self.accept(Kind::Question).is_some() { op::OPT_INDEX } else { op::INDEX };
                let index = self.expr()?;
                self.expect(Kind::CloseBracket)?;
                expr = self.operator(open.at, function, vec![expr, index]);
            } else {
                break;
            }
            pushed += 1;
        }
        self.exit(Rule::Member, pushed);
        Ok(expr)
    }

    /// What follows a dot: a field, an optional field, or a method.
    fn selection(&mut self, operand: Expr, dot: Position) -> Parse {
        let optional = self.accept(Kind::Question).is_some();
        if !optional && self.is(Kind::Ident) && self.ahead(1) == Kind::OpenParen {
            let name = self.expect(Kind::Ident)?;
            let open = self.expect(Kind::OpenParen)?;
            let args = self.args()?;
            return Ok(self.call(open.at, name.text, Some(operand), args));
        }
        let (field, at) = self.field_name()?;
        if optional {
            let field = self.node(at, ExprKind::Literal(Literal::String(field.into())));
            return Ok(self.operator(dot, op::OPT_SELECT, vec![operand, field]));
        }
        Ok(self.node(dot, ExprKind::Select { operand: Box::new(operand), field, test: false }))
    }

    /// An identifier. Kubernetes does not enable those in backticks.
    fn field_name(&mut self) -> Parse<(String, Position)> {
        if let Some(token) = self.accept(Kind::EscapedIdent) {
            self.report(token.at, "unsupported syntax: '`'");
            return Ok((token.text.trim_matches('`').to_owned(), token.at));
        }
        self.expect(Kind::Ident).map(|token| (token.text.to_owned(), token.at))
    }

    /// The arguments of a call and the closing parenthesis.
    fn args(&mut self) -> Parse<Vec<Expr>> {
        let mut args = Vec::new();
        if self.accept(Kind::CloseParen).is_some() {
            return Ok(args);
        }
        loop {
            args.push(self.expr()?);
            if self.accept(Kind::Comma).is_none() {
                self.expect(Kind::CloseParen)?;
                return Ok(args);
            }
        }
    }

    fn primary(&mut self) -> Parse {
        match self.ahead(0) {
            Kind::OpenParen => {
                self.next += 1;
                let inner = self.expr()?;
                self.expect(Kind::CloseParen)?;
                Ok(inner)
            }
            Kind::OpenBracket => self.list(),
            Kind::OpenBrace => self.map(),
            Kind::Dot | Kind::Ident => self.name(),
            _ => self.literal(),
        }
    }

    fn name(&mut self) -> Parse {
        let start = self.tokens[self.next];
        let global = self.accept(Kind::Dot).is_some();
        let ident = self.expect(Kind::Ident)?;
        let prefix = if global { "." } else { "" };
        if self.is_message() {
            let mut name = format!("{prefix}{}", ident.text);
            while self.accept(Kind::Dot).is_some() {
                name.push('.');
                name.push_str(self.expect(Kind::Ident)?.text);
            }
            return self.message(name);
        }
        let reserved = RESERVED.contains(&ident.text);
        let call = self.accept(Kind::OpenParen);
        let args = if call.is_some() { self.args()? } else { Vec::new() };
        if reserved {
            return Ok(self.report(start.at, format!("reserved identifier: {}", ident.text)));
        }
        let name = format!("{prefix}{}", ident.text);
        Ok(match call {
            Some(open) => self.call(open.at, &name, None, args),
            None => self.node(ident.at, ExprKind::Ident(name)),
        })
    }

    /// Whether what is read so far of a name goes on to the braces of a message.
    fn is_message(&self) -> bool {
        let mut by = 0;
        while self.ahead(by) == Kind::Dot && self.ahead(by + 1) == Kind::Ident {
            by += 2;
        }
        self.ahead(by) == Kind::OpenBrace
    }

    fn message(&mut self, name: String) -> Parse {
        let open = self.expect(Kind::OpenBrace)?;
        let mut fields = Vec::new();
        while !matches!(self.ahead(0), Kind::CloseBrace | Kind::Comma) {
            let optional = self.accept(Kind::Question).is_some();
            let (name, _) = self.field_name()?;
            let colon = self.expect(Kind::Colon)?;
            let value = self.expr()?;
            fields.push(Field { at: colon.at, optional, name, value });
            if !self.goes_on(Kind::CloseBrace) {
                break;
            }
        }
        self.close(Kind::CloseBrace)?;
        Ok(self.node(open.at, ExprKind::Struct { name, fields }))
    }

    fn map(&mut self) -> Parse {
        let open = self.expect(Kind::OpenBrace)?;
        let mut entries = Vec::new();
        while !matches!(self.ahead(0), Kind::CloseBrace | Kind::Comma) {
            let optional = self.accept(Kind::Question).is_some();
            let key = self.expr()?;
            self.expect(Kind::Colon)?;
            let value = self.expr()?;
            entries.push(Entry { optional, key, value });
            if !self.goes_on(Kind::CloseBrace) {
                break;
            }
        }
        self.close(Kind::CloseBrace)?;
        Ok(self.node(open.at, ExprKind::Map(entries)))
    }

    fn list(&mut self) -> Parse {
        let open = self.expect(Kind::OpenBracket)?;
        let mut items = Vec::new();
        while !matches!(self.ahead(0), Kind::CloseBracket | Kind::Comma) {
            let optional = self.accept(Kind::Question).is_some();
            items.push(Item { optional, value: self.expr()? });
            if !self.goes_on(Kind::CloseBracket) {
                break;
            }
        }
        self.close(Kind::CloseBracket)?;
        Ok(self.node(open.at, ExprKind::List(items)))
    }

    /// Whether a comma follows, and after it something else than the end.
    fn goes_on(&mut self, end: Kind) -> bool {
        self.is(Kind::Comma) && self.ahead(1) != end && self.accept(Kind::Comma).is_some()
    }

    /// The end of a literal, after at most one comma.
    fn close(&mut self, end: Kind) -> Parse<()> {
        self.accept(Kind::Comma);
        self.expect(end).map(|_| ())
    }

    fn literal(&mut self) -> Parse {
        let sign = self.accept(Kind::Minus);
        let token = *self.tokens.get(self.next).ok_or(Stop::Syntax)?;
        let at = sign.map_or(token.at, |sign| sign.at);
        let read = match (token.kind, sign.is_some()) {
            (Kind::Int, negative) => literal::int(token.text, negative).ok_or("invalid int literal"),
            (Kind::Float, negative) => literal::double(token.text, negative).ok_or("invalid double literal"),
            (_, true) => return Err(Stop::Syntax),
            (Kind::Uint, _) => literal::uint(token.text).ok_or("invalid uint literal"),
            (Kind::String, _) => literal::string(token.text),
            (Kind::Bytes, _) => literal::bytes(token.text),
            (Kind::True, _) => Ok(Literal::Bool(true)),
            (Kind::False, _) => Ok(Literal::Bool(false)),
            (Kind::Null, _) => Ok(Literal::Null),
            _ => return Err(Stop::Syntax),
        };
        self.next += 1;
        Ok(match read {
            Ok(literal) => self.node(at, ExprKind::Literal(literal)),
            Err(message) => self.report(at, message),
        })
    }
}
