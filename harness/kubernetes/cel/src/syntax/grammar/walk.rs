//! The parser that goes on after mistakes, as ANTLR's default error strategy does.

use std::collections::BTreeSet;

use super::predict::predict;
use super::rules::{Grammar, Id, Item, Part, Rest, Rule};
use crate::source::Issue;
use crate::syntax::lexer::{Kind, Token};

/// How often recovery is tried.
const MAX_RECOVERIES: usize = 30;
/// How many tokens one recovery skips.
const MAX_SKIPPED: usize = 256;
/// How deep rules are nested before the walk gives up; the plain parser has told of expressions that are too deep.
const MAX_DEPTH: usize = 1500;

/// A mistake that ends a rule.
enum Mistake {
    /// The token is not one of those that can come.
    Mismatch(BTreeSet<Kind>),
    /// No alternative goes on at that token.
    NoAlternative { until: usize },
    /// Nothing more is to be told.
    GiveUp,
}

type Walk = Result<(), Mistake>;

pub(super) struct Walker<'s> {
    grammar: Grammar,
    source: &'s str,
    tokens: &'s [Token<'s>],
    next: usize,
    /// What follows each call of a rule that is being read, within its caller.
    calls: Vec<(Rule, Rest)>,
    /// While a mistake has been told and no token been read since, others are not.
    recovering: bool,
    recoveries: usize,
    last_error: Option<(usize, BTreeSet<Rest>)>,
    issues: Vec<Issue>,
}

impl<'s> Walker<'s> {
    pub(super) fn new(source: &'s str, tokens: &'s [Token<'s>]) -> Self {
        Self {
            grammar: Grammar::new(),
            source,
            tokens,
            next: 0,
            calls: Vec::new(),
            recovering: false,
            recoveries: 0,
            last_error: None,
            issues: Vec::new(),
        }
    }

    pub(super) fn walk(mut self) -> Vec<Issue> {
        // Giving up has been told of.
        let _ = self.rule(Rule::Start, 0, Rest::new());
        self.issues
    }

    fn token(&self, by: usize) -> Token<'s> {
        let last = self.tokens.len().saturating_sub(1);
        let end = Token { kind: Kind::Eof, at: 0, text: "" };
        self.tokens.get((self.next + by).min(last)).copied().unwrap_or(end)
    }

    fn ahead(&self) -> Kind {
        self.token(0).kind
    }

    fn consume(&mut self) {
        if self.ahead() != Kind::Eof {
            self.next += 1;
        }
    }

    /// Reads a rule; a mistake within it is told, and skipped.
    fn rule(&mut self, rule: Rule, prec: u8, after: Rest) -> Walk {
        if self.calls.len() > MAX_DEPTH {
            return Err(Mistake::GiveUp);
        }
        self.calls.push((rule, after));
        let start = self.token(0);
        let body = self.grammar.body(rule);
        let read = self.part(body, prec, &Rest::new());
        let recovered = match read {
            Ok(()) => Ok(()),
            Err(Mistake::GiveUp) => Err(Mistake::GiveUp),
            Err(mistake) => {
                self.report(&mistake);
                if rule == Rule::EscapeIdent {
                    // The tree that cel-go makes all the same has a name of no kind.
                    self.issues.push(Issue::new(start.at, "unsupported ident kind"));
                }
                self.recover()
            }
        };
        self.calls.pop();
        recovered
    }

    /// Reads a part; `rest` follows it in the same rule.
    fn part(&mut self, id: Id, prec: u8, rest: &Rest) -> Walk {
        let plus = |items: &[Item]| -> Rest { rest.iter().copied().chain(items.iter().copied()).collect() };
        let here = plus(&[Item::Part(id, prec)]);
        match self.grammar.part(id) {
            Part::Token(kinds) => {
                let kinds = kinds.iter().copied().collect();
                self.read(&kinds, rest)
            }
            Part::Guard(_) => Ok(()),
            Part::Call(rule, prec) => self.rule(*rule, *prec, rest.clone()),
            Part::Sequence(of) => {
                let of = of.clone();
                for (i, id) in of.iter().enumerate() {
                    let after: Vec<Item> = of[i + 1..].iter().rev().map(|id| Item::Part(*id, prec)).collect();
                    self.part(*id, prec, &plus(&after))?;
                }
                Ok(())
            }
            Part::Choice { of, ahead } => {
                let (of, ahead) = (of.clone(), *ahead);
                self.sync(&here, false)?;
                let alternatives: Vec<Rest> = of.iter().map(|id| vec![Item::Part(*id, prec)]).collect();
                let chosen = if ahead { self.predict(&alternatives, rest)? } else { self.choose(&alternatives)? };
                self.part(of[chosen], prec, rest)
            }
            Part::Optional(body) => {
                let body = *body;
                self.sync(&here, false)?;
                if self.starts(body, prec) { self.part(body, prec, rest) } else { Ok(()) }
            }
            Part::Star { body, ahead } => {
                let (body, ahead) = (*body, *ahead);
                self.sync(&here, false)?;
                while self.goes_on(body, prec, id, ahead, rest)? {
                    self.part(body, prec, &here)?;
                    self.sync(&here, true)?;
                }
                Ok(())
            }
            Part::Plus { body, ahead } => {
                let (body, ahead) = (*body, *ahead);
                self.sync(&here, false)?;
                loop {
                    self.part(body, prec, &here)?;
                    let again = plus(&[Item::Part(id, prec)]);
                    let (mut expected, _) = self.grammar.first(&again);
                    expected.extend(self.grammar.first(rest).0);
                    self.sync_with(&expected, false, true)?;
                    if !self.goes_on(body, prec, id, ahead, rest)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn starts(&self, body: Id, prec: u8) -> bool {
        self.grammar.first(&[Item::Part(body, prec)]).0.contains(&self.ahead())
    }

    /// Whether a loop is taken once more.
    fn goes_on(&mut self, body: Id, prec: u8, id: Id, ahead: bool, rest: &Rest) -> Result<bool, Mistake> {
        if !ahead {
            return Ok(self.starts(body, prec));
        }
        // A loop that must be taken once has been: from here on it may end.
        let again = match self.grammar.part(id) {
            Part::Plus { .. } => vec![vec![Item::Part(body, prec)], vec![Item::Part(id, prec), Item::Part(body, prec)]],
            _ => vec![vec![Item::Part(id, prec), Item::Part(body, prec)]],
        };
        let count = again.len();
        let mut alternatives = again;
        alternatives.push(Rest::new());
        Ok(self.predict(&alternatives, rest)? < count)
    }

    fn choose(&self, alternatives: &[Rest]) -> Result<usize, Mistake> {
        let fits = |rest: &Rest| self.grammar.first(rest).0.contains(&self.ahead());
        alternatives.iter().position(fits).ok_or(Mistake::NoAlternative { until: self.next })
    }

    fn predict(&self, alternatives: &[Rest], rest: &Rest) -> Result<usize, Mistake> {
        let rule = self.calls.last().map_or(Rule::Start, |(rule, _)| *rule);
        let local: Rest = [Item::Outer(rule)].into_iter().chain(rest.iter().copied()).collect();
        let full: Rest = self.calls.iter().flat_map(|(_, after)| after).chain(rest).copied().collect();
        let ahead = self.tokens.get(self.next..).unwrap_or_default();
        let dead = |at: usize| Mistake::NoAlternative { until: self.next + at };
        predict(&self.grammar, alternatives, &local, &full, ahead).map_err(dead)
    }

    /// Which tokens can come, given what is left of this rule and of its callers.
    fn expected(&self, rest: &Rest) -> BTreeSet<Kind> {
        let (mut tokens, mut ends) = self.grammar.first(rest);
        for (_, after) in self.calls.iter().rev() {
            if !ends {
                return tokens;
            }
            let (more, more_ends) = self.grammar.first(after);
            tokens.extend(more);
            ends = more_ends;
        }
        if ends {
            tokens.insert(Kind::Eof);
        }
        tokens
    }

    /// Before a choice: whether something that can come does come. `again`: at the end of a round of a loop.
    fn sync(&mut self, here: &Rest, again: bool) -> Walk {
        let (tokens, ends) = self.grammar.first(here);
        self.sync_with(&tokens, ends, again)
    }

    fn sync_with(&mut self, tokens: &BTreeSet<Kind>, ends: bool, again: bool) -> Walk {
        if self.recovering || ends || tokens.contains(&self.ahead()) {
            return Ok(());
        }
        let expected = tokens.clone();
        if again {
            self.unwanted(&expected);
            let until = expected.union(&self.recovery_set()).copied().collect();
            return self.skip_until(&until);
        }
        if self.delete(&expected) { Ok(()) } else { Err(Mistake::Mismatch(expected)) }
    }

    /// Reads one of these tokens, leaving out or making up one if that helps.
    fn read(&mut self, kinds: &BTreeSet<Kind>, rest: &Rest) -> Walk {
        if kinds.contains(&self.ahead()) {
            self.recovering = false;
            self.consume();
            return Ok(());
        }
        self.attempt()?;
        if self.delete(kinds) {
            self.consume();
            return Ok(());
        }
        if self.expected(rest).contains(&self.ahead()) {
            if !self.recovering {
                self.recovering = true;
                let message = format!("missing {} at {}", names(kinds), shown(self.token(0)));
                self.tell(self.token(0), message);
            }
            return Ok(());
        }
        Err(Mistake::Mismatch(kinds.clone()))
    }

    /// Leaves out a token, if the one after it can come.
    fn delete(&mut self, expected: &BTreeSet<Kind>) -> bool {
        if !expected.contains(&self.token(1).kind) || self.ahead() == Kind::Eof {
            return false;
        }
        self.unwanted(expected);
        self.consume();
        self.recovering = false;
        true
    }

    fn unwanted(&mut self, expected: &BTreeSet<Kind>) {
        if !self.recovering {
            self.recovering = true;
            let message = format!("extraneous input {} expecting {}", shown(self.token(0)), names(expected));
            self.tell(self.token(0), message);
        }
    }

    fn report(&mut self, mistake: &Mistake) {
        if self.recovering {
            return;
        }
        self.recovering = true;
        match mistake {
            Mistake::Mismatch(expected) => {
                let message = format!("mismatched input {} expecting {}", shown(self.token(0)), names(expected));
                self.tell(self.token(0), message);
            }
            Mistake::NoAlternative { until } => {
                let offending = self.tokens.get(*until).copied().unwrap_or_else(|| self.token(0));
                let text = self.text(self.token(0), offending);
                let message = match text.strip_prefix('.') {
                    Some(word @ ("true" | "false" | "null")) => {
                        format!("mismatched input '{word}' expecting IDENTIFIER")
                    }
                    _ => format!("no viable alternative at input {}", quoted(&text)),
                };
                self.tell(offending, message);
            }
            Mistake::GiveUp => {}
        }
    }

    /// The text from one token to another.
    fn text(&self, from: Token<'s>, to: Token<'s>) -> String {
        if from.kind == Kind::Eof {
            return "<EOF>".to_owned();
        }
        let start = usize::try_from(from.at).unwrap_or_default();
        let end = usize::try_from(to.at).unwrap_or_default() + to.text.chars().count();
        self.source.chars().skip(start).take(end.saturating_sub(start)).collect()
    }

    fn tell(&mut self, at: Token<'s>, message: String) {
        self.issues.push(Issue::new(at.at, format!("Syntax error: {message}")));
    }

    fn attempt(&mut self) -> Walk {
        if self.recoveries == MAX_RECOVERIES {
            self.tell(self.token(0), format!("error recovery attempt limit exceeded: {MAX_RECOVERIES}"));
            return Err(Mistake::GiveUp);
        }
        self.recoveries += 1;
        Ok(())
    }

    /// Skips to what can follow one of the rules that are being read.
    fn recover(&mut self) -> Walk {
        self.attempt()?;
        let place: Rest = self.calls.last().map(|(rule, _)| vec![Item::Outer(*rule)]).unwrap_or_default();
        let mut states = match self.last_error.take() {
            Some((at, states)) if at == self.next => {
                if states.contains(&place) {
                    self.consume();
                }
                states
            }
            _ => BTreeSet::new(),
        };
        states.insert(place);
        self.last_error = Some((self.next, states));
        let until = self.recovery_set();
        self.skip_until(&until)
    }

    fn recovery_set(&self) -> BTreeSet<Kind> {
        self.calls.iter().flat_map(|(_, after)| self.grammar.first(after).0).collect()
    }

    fn skip_until(&mut self, kinds: &BTreeSet<Kind>) -> Walk {
        let mut skipped = 0;
        while self.ahead() != Kind::Eof && !kinds.contains(&self.ahead()) {
            if skipped == MAX_SKIPPED {
                let message = format!("error recovery token lookahead limit exceeded: {MAX_SKIPPED}");
                self.issues.push(Issue { at: None, message });
                return Err(Mistake::GiveUp);
            }
            skipped += 1;
            self.consume();
        }
        Ok(())
    }
}

fn names(kinds: &BTreeSet<Kind>) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    match names.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("{{{}}}", many.join(", ")),
    }
}

fn shown(token: Token<'_>) -> String {
    quoted(if token.kind == Kind::Eof { "<EOF>" } else { token.text })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r"))
}
