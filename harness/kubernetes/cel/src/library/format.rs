//! `'%s has %d'.format([name, count])`: values put into a text, and the check of constant formats.
//!
//! Source: `ext/formatting.go` of cel-go 0.26, with the locale that Kubernetes leaves at `en_US`: `%f` groups thousands.

use proofmark_status::quote;

use super::{convert, mismatch};
use crate::source::{Issue, Position};
use crate::types::{Functions, Type};
use crate::value::{EvalError, Evaluated, Value, show_double};

const PRECISION: usize = 6;

pub(super) fn declare(functions: &mut Functions) {
    functions.method("format", "string_format", "string, list(dyn) -> string", format);
}

fn format<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::String(text), Value::List(list)] = args else { return mismatch() };
    let mut next = 0;
    let built = each_clause(text, &mut |clause| {
        let value = list.get(next).ok_or_else(|| format!("index {next} out of range"))?.map_err(|e| e.to_string())?;
        next += 1;
        match clause.verb {
            Some(verb) => verb.apply(&value).map_err(|why| format!("error during formatting: {why}")),
            None => Err(clause.mistake()),
        }
    });
    built.map(Value::string).map_err(EvalError::other)
}

/// Where a constant format does not fit its arguments, which are given with their places.
pub(crate) fn check_format(text: &str, at: Position, args: &[(Position, &Type)]) -> Option<Issue> {
    let mut next = 0;
    let mut place = at;
    let checked = each_clause(text, &mut |clause| {
        let found = args.get(next);
        next += 1;
        let (Some((arg_at, ty)), Some(verb)) = (found, clause.verb.as_ref()) else {
            return Err(match found {
                None if clause.at_end => "unexpected end of string".to_owned(),
                None => format!("index {} out of range", next - 1),
                Some(_) => clause.mistake(),
            });
        };
        if verb.takes(ty) {
            return Ok(String::new());
        }
        place = *arg_at;
        Err(format!("error during formatting: {}", verb.refusal(ty.runtime_name())))
    });
    match checked {
        Err(message) => Some(Issue::new(place, message)),
        Ok(_) if args.len() > next => {
            let message = format!("too many arguments supplied to string.format (expected {next}, got {})", args.len());
            Some(Issue::new(at, message))
        }
        Ok(_) => None,
    }
}

/// One `%...` of a format.
struct Clause {
    verb: Option<Verb>,
    why: String,
    at_end: bool,
}

impl Clause {
    fn mistake(&self) -> String {
        if self.at_end {
            "unexpected end of string".to_owned()
        } else {
            format!("could not parse formatting clause: {}", self.why)
        }
    }
}

enum Verb {
    String,
    Decimal,
    Fixed(usize),
    Scientific(usize),
    Binary,
    Hex { upper: bool },
    Octal,
}

/// Copies a format, with what `fill` makes of each clause.
fn each_clause(text: &str, fill: &mut dyn FnMut(Clause) -> Result<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (clause, length) = parse_clause(rest);
        out.push_str(&fill(clause)?);
        rest = rest.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

/// What follows a `%`, and its length.
fn parse_clause(text: &str) -> (Clause, usize) {
    let bad = |why: String| Clause { verb: None, why, at_end: text.is_empty() };
    let mut precision = PRECISION;
    let mut length = 0;
    if let Some(rest) = text.strip_prefix('.') {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == rest.len() {
            return (
                bad("error while parsing precision: could not find end of precision specifier".to_owned()),
                text.len(),
            );
        }
        let Ok(parsed) = rest[..digits].parse() else {
            let shown = quote(&rest[..digits]);
            let why =
                format!("error while converting precision to integer: strconv.Atoi: parsing {shown}: invalid syntax");
            return (bad(format!("error while parsing precision: {why}")), text.len());
        };
        precision = parsed;
        length = digits + 1;
    }
    let Some(letter) = text[length..].chars().next() else { return (bad(String::new()), text.len()) };
    let verb = match letter {
        's' => Verb::String,
        'd' => Verb::Decimal,
        'f' => Verb::Fixed(precision),
        'e' => Verb::Scientific(precision),
        'b' => Verb::Binary,
        'x' | 'X' => Verb::Hex { upper: letter == 'X' },
        'o' => Verb::Octal,
        other => return (bad(format!("unrecognized formatting clause \"{other}\"")), text.len()),
    };
    (Clause { verb: Some(verb), why: String::new(), at_end: false }, length + 1)
}

impl Verb {
    fn refusal(&self, given: &str) -> String {
        let words = match self {
            Self::String => {
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
            }
            Self::Decimal => "decimal clause can only be used on integers",
            Self::Fixed(_) => "fixed-point clause can only be used on doubles",
            Self::Scientific(_) => "scientific clause can only be used on doubles",
            Self::Binary => "only integers and bools can be formatted as binary",
            Self::Hex { .. } => "only integers, byte buffers, and strings can be formatted as hex",
            Self::Octal => "octal clause can only be used on integers",
        };
        format!("{words}, was given {given}")
    }

    /// Whether values of the type can be shown; what is not known is let pass.
    fn takes(&self, ty: &Type) -> bool {
        match (self, ty) {
            (_, Type::Dyn) => true,
            (Self::String, ty) => !matches!(ty, Type::Optional(_) | Type::Object(_) | Type::Opaque(_)),
            (Self::Decimal | Self::Octal, ty) => matches!(ty, Type::Int | Type::Uint),
            (Self::Fixed(_) | Self::Scientific(_), ty) => matches!(ty, Type::Double | Type::String),
            (Self::Binary, ty) => matches!(ty, Type::Int | Type::Uint | Type::Bool),
            (Self::Hex { .. }, ty) => matches!(ty, Type::Int | Type::Uint | Type::String | Type::Bytes),
        }
    }

    fn apply(&self, value: &Value<'_>) -> Result<String, String> {
        let refused = || self.refusal(value.ty().runtime_name());
        Ok(match (self, value) {
            (Self::String, _) => show(value)?,
            (Self::Decimal, Value::Int(i)) => i.to_string(),
            (Self::Decimal, Value::Uint(u)) => u.to_string(),
            (Self::Fixed(precision), _) => {
                let d = double(value).ok_or_else(refused)?;
                special(d).unwrap_or_else(|| grouped(&format!("{d:.precision$}")))
            }
            (Self::Scientific(precision), _) => {
                let d = double(value).ok_or_else(refused)?;
                special(d).unwrap_or_else(|| scientific(d, *precision))
            }
            (Self::Binary, Value::Int(i)) => signed(*i, |m| format!("{m:b}")),
            (Self::Binary, Value::Uint(u)) => format!("{u:b}"),
            (Self::Binary, Value::Bool(b)) => u8::from(*b).to_string(),
            (Self::Octal, Value::Int(i)) => signed(*i, |m| format!("{m:o}")),
            (Self::Octal, Value::Uint(u)) => format!("{u:o}"),
            (Self::Hex { upper }, value) => {
                let lower = match value {
                    Value::Int(i) => signed(*i, |m| format!("{m:x}")),
                    Value::Uint(u) => format!("{u:x}"),
                    Value::String(text) => hex::encode(text.as_bytes()),
                    Value::Bytes(bytes) => hex::encode(bytes),
                    _ => return Err(refused()),
                };
                if *upper { lower.to_uppercase() } else { lower }
            }
            _ => return Err(refused()),
        })
    }
}

/// Go writes the sign before the digits of the magnitude.
fn signed(i: i64, digits: impl Fn(u64) -> String) -> String {
    let sign = if i < 0 { "-" } else { "" };
    format!("{sign}{}", digits(i.unsigned_abs()))
}

/// The number to show; some texts stand for numbers.
fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(d) => Some(*d),
        Value::String(text) => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn special(d: f64) -> Option<String> {
    let infinity = || if d > 0.0 { "∞" } else { "-∞" };
    if d.is_nan() { Some("NaN".to_owned()) } else { d.is_infinite().then(|| infinity().to_owned()) }
}

/// With a comma before every three digits.
fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = sign.to_owned();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `1.5 × 10³`, as en_US writes it.
fn scientific(d: f64, precision: usize) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let plain = format!("{d:.precision$e}");
    let Some((mantissa, exponent)) = plain.split_once('e') else { return plain };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("", exponent), |rest| ("⁻", rest));
    let exponent = format!("{exponent:0>2}");
    let digits = exponent.chars().filter_map(|c| DIGITS.get(usize::try_from(c.to_digit(10)?).ok()?));
    format!("{mantissa}\u{a0}×\u{a0}10{sign}{}", digits.collect::<String>())
}

/// `%s`
fn show(value: &Value<'_>) -> Result<String, String> {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::List(list) => {
            let items: Result<Vec<String>, String> =
                list.iter().map(|item| show_within(&item.map_err(|e| e.to_string())?)).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        Value::Map(map) => {
            let mut entries = Vec::new();
            for entry in map.entries() {
                let (key, value) = entry.map_err(|e| e.to_string())?;
                if !matches!(key, Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Uint(_)) {
                    return Err(format!("no formatting function for map key of type {}", key.ty().runtime_name()));
                }
                entries.push((show_within(&key)?, show_within(&value)?));
            }
            entries.sort();
            let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
            Ok(format!("{{{}}}", entries.join(", ")))
        }
        plain => match convert::to_string(std::slice::from_ref(plain)) {
            Ok(Value::String(text)) => Ok(text.to_string()),
            Ok(_) | Err(EvalError::NoSuchOverload) => Err(Verb::String.refusal(plain.ty().runtime_name())),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// A value within a list or a map.
fn show_within(value: &Value<'_>) -> Result<String, String> {
    Ok(match value {
        Value::String(text) => quote(text),
        Value::Bytes(bytes) => format!("b{}", quote(&String::from_utf8_lossy(bytes))),
        Value::Double(d) if d.is_finite() => format!("{d:.6}"),
        Value::Double(d) => quote(&show_double(*d)),
        Value::Timestamp(time) => format!("timestamp({})", quote(&time.to_string())),
        Value::Duration(span) => format!("duration({})", quote(&span.to_string())),
        other => match show(other) {
            Err(_) => return Err(format!("no formatting function for {}", other.ty().runtime_name())),
            shown => shown?,
        },
    })
}
