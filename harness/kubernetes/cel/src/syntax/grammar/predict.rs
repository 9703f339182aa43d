//! Which alternative to take.
//!
//! All alternatives are followed token by token until one is left. First without regard to who called the rule (SLL), then, if
//! alternatives cannot be told apart, with the calls as they are (LL); of those that are alike the first is taken. Where no
//! alternative goes on, one that had come to the end of the rule is taken, and the mistake is left to the rule's caller.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Grammar, Item, Part, Rest};
use crate::syntax::lexer::{Kind, Token};

/// An alternative on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Config {
    alternative: usize,
    rest: Rest,
    /// Whether it has left the rule in which the choice is.
    is_outside: bool,
}

/// The alternative, or the place in `tokens` where none goes on.
pub(super) fn predict(
    grammar: &Grammar,
    alternatives: &[Rest],
    local: &[Item],
    full: &[Item],
    tokens: &[Token<'_>],
) -> Result<usize, usize> {
    match follow(grammar, alternatives, local, tokens, false) {
        Outcome::One(alternative) => Ok(alternative),
        Outcome::Dead(at) => Err(at),
        Outcome::Alike(first) => match follow(grammar, alternatives, full, tokens, true) {
            Outcome::One(alternative) => Ok(alternative),
            Outcome::Alike(_) => Ok(first),
            Outcome::Dead(at) => Err(at),
        },
    }
}

enum Outcome {
    One(usize),
    /// These cannot be told apart; the first of them.
    Alike(usize),
    Dead(usize),
}

fn follow(grammar: &Grammar, alternatives: &[Rest], below: &[Item], tokens: &[Token<'_>], is_full: bool) -> Outcome {
    let start = alternatives.iter().enumerate().map(|(alternative, rest)| {
        let rest = below.iter().chain(rest).copied().collect();
        Config { alternative, rest, is_outside: false }
    });
    let mut configs = closure(grammar, start.collect());
    for (at, token) in tokens.iter().enumerate() {
        let reached: Vec<Config> = configs.iter().filter_map(|config| step(grammar, config, token.kind)).collect();
        let next = closure(grammar, reached);
        let mut left = next.iter().map(|config| config.alternative);
        let Some(first) = left.next() else {
            let finished = configs.iter().filter(|config| config.is_outside).map(|config| config.alternative).min();
            return finished.map_or(Outcome::Dead(at), Outcome::One);
        };
        if left.all(|other| other == first) {
            return Outcome::One(first);
        }
        if let Some(first) = conflict(&next, is_full) {
            return if is_full { Outcome::One(first) } else { Outcome::Alike(first) };
        }
        configs = next;
    }
    // The end was read, and more than one alternative came to it.
    configs.iter().map(|config| config.alternative).min().map_or(Outcome::Dead(tokens.len()), Outcome::Alike)
}

/// The first of the alternatives that will never differ any more.
fn conflict(configs: &BTreeSet<Config>, is_full: bool) -> Option<usize> {
    let mut by_place: BTreeMap<&Rest, BTreeSet<usize>> = BTreeMap::new();
    let mut by_next: BTreeMap<Option<&Item>, BTreeSet<usize>> = BTreeMap::new();
    for config in configs {
        by_place.entry(&config.rest).or_default().insert(config.alternative);
        by_next.entry(config.rest.last()).or_default().insert(config.alternative);
    }
    if is_full {
        let firsts: BTreeSet<usize> =
            by_place.values().filter_map(|alternatives| alternatives.first().copied()).collect();
        return firsts.first().copied().filter(|_| firsts.len() == 1);
    }
    let is_alike = by_place.values().any(|alternatives| alternatives.len() > 1);
    let is_open = by_next.values().any(|alternatives| alternatives.len() == 1);
    configs.iter().map(|config| config.alternative).min().filter(|_| is_alike && !is_open)
}

/// The config after a token, if it can read that.
fn step(grammar: &Grammar, config: &Config, kind: Kind) -> Option<Config> {
    let (Item::Part(id, _), rest) = config.rest.split_last()? else { return None };
    match grammar.part(*id) {
        Part::Token(kinds) if kinds.contains(&kind) => Some(Config { rest: rest.to_vec(), ..config.clone() }),
        _ => None,
    }
}

/// All configs that can be reached without reading a token, up to where a token comes next.
fn closure(grammar: &Grammar, start: Vec<Config>) -> BTreeSet<Config> {
    let mut open = start;
    let mut seen: BTreeSet<Config> = open.iter().cloned().collect();
    let mut out = BTreeSet::new();
    while let Some(config) = open.pop() {
        let Some((top, below)) = config.rest.split_last() else {
            out.insert(config);
            continue;
        };
        let with = |items: Vec<Item>, is_outside: bool| {
            let rest = below.iter().copied().chain(items.into_iter().rev()).collect();
            Config { alternative: config.alternative, rest, is_outside }
        };
        let same = config.is_outside;
        let next: Vec<Config> = match *top {
            Item::Outer(rule) => {
                let callers = grammar.callers(rule).iter();
                callers
                    .map(|(caller, rest)| {
                        let rest = [Item::Outer(*caller)].into_iter().chain(rest.iter().copied()).collect();
                        Config { alternative: config.alternative, rest, is_outside: true }
                    })
                    .collect()
            }
            Item::Part(id, prec) => match grammar.part(id) {
                Part::Token(_) => {
                    out.insert(config);
                    continue;
                }
                Part::Guard(binds) if *binds < prec => Vec::new(),
                Part::Guard(_) => vec![with(Vec::new(), same)],
                Part::Call(rule, prec) => vec![with(vec![Item::Part(grammar.body(*rule), *prec)], same)],
                Part::Sequence(of) => vec![with(of.iter().map(|id| Item::Part(*id, prec)).collect(), same)],
                Part::Choice { of, .. } => of.iter().map(|id| with(vec![Item::Part(*id, prec)], same)).collect(),
                Part::Optional(body) => vec![with(Vec::new(), same), with(vec![Item::Part(*body, prec)], same)],
                Part::Star { body, .. } => {
                    vec![with(Vec::new(), same), with(vec![Item::Part(*body, prec), Item::Part(id, prec)], same)]
                }
                // After the first time, it can go on or end.
                Part::Plus { body, .. } => vec![
                    with(vec![Item::Part(*body, prec)], same),
                    with(vec![Item::Part(*body, prec), Item::Part(id, prec)], same),
                ],
            },
        };
        open.extend(next.into_iter().filter(|config| seen.insert(config.clone())));
    }
    out
}
