//! The rules of one node, compiled.

use proofmark_cel::{Ast, Env, Program, Shape, Type, estimate};

use crate::crd::rule_path;
use crate::schema::{Rule, Schema};

/// A rule, and what came of compiling it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rule: Rule,
    /// None if the rule is empty or does not compile.
    pub(super) program: Option<Program>,
    /// What makes the message; none if there is no such expression or it does not compile.
    pub(super) message: Option<Program>,
    pub(crate) uses_old_self: bool,
    /// `fieldPath` as errors write paths; empty for the node itself.
    pub(super) path: String,
    /// Why the rule does not compile.
    pub(crate) mistake: Option<String>,
    /// Why its `messageExpression` does not compile.
    pub(crate) message_mistake: Option<String>,
    /// What the rule can cost at most, in CEL's units.
    pub(crate) cost: u64,
    /// What the message can cost at most; none if there is no such expression.
    pub(crate) message_cost: Option<u64>,
}

/// Compiles the rules that stand at a node. `node` is the schema by which values there are read.
pub(crate) fn compile(rules: &[Rule], node: &Schema, shape: &Shape) -> Vec<Compiled> {
    let env = Env::kubernetes().with_shape("self", shape);
    let ty = shape.ty().cloned().unwrap_or(Type::Dyn);
    let old = env.clone().with("oldSelf", ty.clone());
    let optional_old = env.with("oldSelf", Type::optional(ty));
    let env_of = |rule: &Rule| if rule.optional_old_self == Some(true) { &optional_old } else { &old };
    rules.iter().map(|rule| one(rule, node, shape, env_of(rule))).collect()
}

fn one(rule: &Rule, node: &Schema, shape: &Shape, env: &Env) -> Compiled {
    let mut compiled = Compiled {
        rule: rule.clone(),
        program: None,
        message: None,
        uses_old_self: false,
        path: String::new(),
        mistake: None,
        message_mistake: None,
        cost: 0,
        message_cost: None,
    };
    if rule.rule.trim().is_empty() {
        return compiled;
    }
    let ast = match checked(env, &rule.rule, &Type::Bool, "", "cel expression must evaluate to a bool") {
        Ok(ast) => ast,
        Err(mistake) => return Compiled { mistake: Some(mistake), ..compiled },
    };
    compiled.uses_old_self = ast.refers_to("oldSelf");
    match Program::new(&ast) {
        Ok(program) => compiled.program = Some(program),
        Err(error) => return Compiled { mistake: Some(format!("program instantiation failed: {error}")), ..compiled },
    }
    compiled.cost = estimate(&ast, shape).max;
    if !rule.message_expression.is_empty() {
        const NO_TEXT: &str = "messageExpression must evaluate to a string";
        let ast = checked(env, &rule.message_expression, &Type::String, "messageExpression ", NO_TEXT);
        let planned = ast.and_then(|ast| {
            let failed = |error| format!("messageExpression instantiation failed: {error}");
            Ok((Program::new(&ast).map_err(failed)?, estimate(&ast, shape).max))
        });
        match planned {
            Ok((program, cost)) => (compiled.message, compiled.message_cost) = (Some(program), Some(cost)),
            Err(mistake) => return Compiled { message_mistake: Some(mistake), ..compiled },
        }
    }
    compiled.path = rule_path(&rule.field_path, node);
    compiled
}

fn checked(env: &Env, source: &str, wanted: &Type, what: &str, otherwise: &str) -> Result<Ast, String> {
    let ast = env.compile(source).map_err(|issues| format!("{what}compilation failed: {issues}"))?;
    if ast.output_type() == wanted { Ok(ast) } else { Err(otherwise.to_owned()) }
}
