//! CEL rules at registration: they must compile, and must not be able to cost too much.
//!
//! A rule's cost is that of one evaluation times how often its place can occur in an object; `maxItems` and `maxProperties` bound
//! that, the size of requests does otherwise.

use proofmark_cel::Shape;
use proofmark_json::Value;
use proofmark_status::FieldError;

use super::go;
use crate::path::{child, entry, item};
use crate::rules::{Compiled, compile, shape_of};
use crate::schema::{Schema, Type};

/// What one rule may cost.
const RULE_LIMIT: u64 = 10_000_000;
/// What all rules of a schema may cost together.
const TOTAL_LIMIT: u64 = 100_000_000;
/// How many of the most expensive rules are named.
const NAMED: usize = 4;

/// Everything wrong with the rules of a schema. Nodes at or below which `others` found something are passed over.
/// `is_unchanged`: the schema is an old one, whose single rules are not measured again.
pub(super) fn validate(schema: &Schema, at: &str, others: &[FieldError], is_unchanged: bool) -> Vec<FieldError> {
    let mut walk = Walk { others, is_unchanged, errors: Vec::new(), total: 0, expensive: Vec::new() };
    walk.node(schema, &Place { at: at.to_owned(), is_resource: true, times: Some(1), uncorrelated: None, shape: None });
    let Walk { mut errors, total, mut expensive, .. } = walk;
    if total > TOTAL_LIMIT {
        expensive.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
        let contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        errors.extend(expensive.into_iter().take(NAMED).map(|(_, at)| FieldError::forbidden(at, contributed)));
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        errors.push(FieldError::forbidden(at, exceeds(what, total, TOTAL_LIMIT)));
    }
    errors
}

/// Where a schema stands.
struct Place<'s> {
    at: String,
    is_resource: bool,
    /// How often at most; none if nothing bounds it.
    times: Option<u64>,
    /// The innermost place around whose parts have no old states.
    uncorrelated: Option<String>,
    /// The shape, if a rule further out has made one.
    shape: Option<&'s Shape>,
}

struct Walk<'e> {
    others: &'e [FieldError],
    is_unchanged: bool,
    errors: Vec<FieldError>,
    total: u64,
    /// Costs and places of the rules that count.
    expensive: Vec<(u64, String)>,
}

impl Walk<'_> {
    fn node(&mut self, schema: &Schema, place: &Place<'_>) {
        // Made where the outermost rules stand; all places below share it.
        let made = (place.shape.is_none() && !schema.validations.is_empty())
            .then(|| shape_of(schema, place.is_resource, "selfType"));
        let shape = place.shape.or(made.as_ref());
        let below = |at: String, schema: &Schema, shape, uncorrelated: Option<&str>, times| Place {
            at,
            is_resource: schema.embedded_resource,
            times,
            uncorrelated: uncorrelated.map(str::to_owned).or_else(|| place.uncorrelated.clone()),
            shape,
        };
        let times = most(schema).zip(place.times).map(|(most, times)| most.saturating_mul(times));
        if let Some(values) = schema.additional_schema() {
            let shape = shape.and_then(|shape| shape.property("")).map(|shape| &**shape);
            self.node(values, &below(child(&place.at, "additionalProperties"), values, shape, None, times));
        }
        let map_type = schema.map_type.as_deref();
        let unmatched = (!matches!(map_type, None | Some("granular" | "atomic"))).then_some(place.at.as_str());
        for (name, property) in &schema.properties {
            let shape = shape.and_then(|shape| shape.property(name)).map(|shape| &**shape);
            let at = entry(&child(&place.at, "properties"), name);
            self.node(property, &below(at, property, shape, unmatched, times));
        }
        if let Some(items) = &schema.items {
            let shape = shape.and_then(|shape| shape.items()).map(|shape| &**shape);
            let unmatched = (schema.list_type.as_deref() != Some("map")).then_some(place.at.as_str());
            self.node(items, &below(child(&place.at, "items"), items, shape, unmatched, times));
        }
        if !schema.validations.is_empty() && !self.others.iter().any(|error| error.field.starts_with(&place.at)) {
            self.rules(schema, place, shape);
        }
    }

    fn rules(&mut self, schema: &Schema, place: &Place<'_>, shape: Option<&Shape>) {
        let at = child(&place.at, "x-kubernetes-validations");
        // What expressions cannot see from outside may still have a shape of its own.
        let own;
        let shape = match shape.filter(|shape| shape.ty().is_some()) {
            Some(shape) => shape,
            None => {
                own = shape_of(schema, place.is_resource, "selfType");
                &own
            }
        };
        if shape.ty().is_none() {
            let why = "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
            self.errors.push(FieldError::internal(at, why));
            return;
        }
        for (i, compiled) in compile(&schema.validations, schema, shape).iter().enumerate() {
            self.rule(compiled, &item(&at, i), place, shape);
        }
    }

    fn rule(&mut self, compiled: &Compiled, at: &str, place: &Place<'_>, shape: &Shape) {
        let (rule, at_rule, at_message) = (&compiled.rule, child(at, "rule"), child(at, "messageExpression"));
        let cost = compiled.cost.saturating_mul(place.times.unwrap_or_else(|| shape.max_cardinality()));
        self.measure("estimated rule cost", cost, &at_rule);
        let printed = || go::rule(rule);
        if let Some(mistake) = &compiled.mistake {
            self.errors.push(FieldError::invalid(&at_rule, printed(), mistake.as_str()));
        }
        if let Some(mistake) = &compiled.message_mistake {
            self.errors.push(FieldError::invalid(&at_message, printed(), mistake.as_str()));
        } else if let Some(cost) = compiled.message_cost {
            self.measure("estimated messageExpression cost", cost, &at_message);
        }
        match (&place.uncorrelated, rule.optional_old_self) {
            (Some(within), _) if compiled.uses_old_self => {
                let why = format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {within}");
                self.errors.push(FieldError::invalid(at_rule, rule.rule.as_str(), why));
            }
            (_, Some(optional)) if !compiled.uses_old_self => {
                let why = "may not be set if oldSelf is not used in rule";
                self.errors.push(FieldError::invalid(child(at, "optionalOldSelf"), Value::Bool(optional), why));
            }
            _ => {}
        }
    }

    fn measure(&mut self, what: &str, cost: u64, at: &str) {
        if !self.is_unchanged && cost > RULE_LIMIT {
            self.errors.push(FieldError::forbidden(at, exceeds(what, cost, RULE_LIMIT)));
        }
        self.total = self.total.saturating_add(cost);
        if cost >= TOTAL_LIMIT / 100 {
            self.expensive.push((cost, at.to_owned()));
        }
    }
}

/// How many parts a value has at most; none if nothing bounds it.
fn most(schema: &Schema) -> Option<u64> {
    let bound = |max: Option<i64>| max.map(|max| u64::try_from(max).unwrap_or_default());
    match schema.ty {
        Some(Type::Object) if schema.additional.is_some() => bound(schema.checks.max_properties),
        Some(Type::Array) => bound(schema.checks.max_items),
        _ => Some(1),
    }
}

fn exceeds(what: &str, cost: u64, limit: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "as in Go")]
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}
