//! A decision, drawn: the ways from a user to roles, or what the policies of one or two AWS accounts say.

use askama::Template;
use proofmark_env::{Decision, Grounds, IamGrounds, PolicyLayer, RbacGrounds, Ruling};

#[derive(Template)]
#[template(path = "decision.html")]
struct Drawing<'a> {
    allowed: bool,
    class: &'static str,
    verdict: &'static str,
    user: &'a str,
    words: &'a str,
    rbac: Option<&'a RbacGrounds>,
    iam: Vec<Iam<'a>>,
}

/// One action in AWS.
struct Iam<'a> {
    action: &'a str,
    allowed: bool,
    class: &'static str,
    verdict: &'static str,
    /// The caller's account and the owner's; one if they are the same.
    sides: Vec<Side<'a>>,
}

struct Side<'a> {
    title: String,
    role: &'static str,
    arns: Vec<&'a str>,
    layers: Vec<Layer<'a>>,
}

struct Layer<'a> {
    name: &'a str,
    class: &'static str,
    sign: char,
    does: &'static str,
    rests_on: Option<&'a str>,
}

/// HTML.
pub(super) fn drawn(decision: &Decision) -> askama::Result<String> {
    let (rbac, iam) = match &decision.grounds {
        Some(Grounds::Rbac(grounds)) => (Some(grounds), Vec::new()),
        Some(Grounds::Iam(actions)) => (None, actions.iter().map(Iam::of).collect()),
        None => (None, Vec::new()),
    };
    let (class, verdict) = outcome(decision.allowed);
    let (user, words) = (decision.user.as_str(), decision.explanation.as_str());
    Drawing { allowed: decision.allowed, class, verdict, user, words, rbac, iam }.render()
}

fn outcome(allowed: bool) -> (&'static str, &'static str) {
    if allowed { ("", "✓ Allowed") } else { ("denied", "✗ Denied") }
}

impl<'a> Iam<'a> {
    fn of(grounds: &'a IamGrounds) -> Self {
        let (class, verdict) = outcome(grounds.allowed);
        let IamGrounds { principal, account, action, resource, owner, allowed, layers } = grounds;
        let here =
            |of: Option<&str>| layers.iter().filter(|layer| layer.account.as_deref() == of).map(Layer::of).collect();
        let title =
            |account: Option<&str>| account.map_or("no account".to_owned(), |account| format!("Account {account}"));
        let sides = if account.as_ref() == Some(owner) {
            let all = layers.iter().map(Layer::of).collect();
            vec![Side { title: title(Some(owner)), role: "", arns: vec![principal, resource], layers: all }]
        } else {
            let caller = account.as_deref();
            vec![
                Side { title: title(caller), role: "asks", arns: vec![principal], layers: here(caller) },
                Side { title: title(Some(owner)), role: "owns it", arns: vec![resource], layers: here(Some(owner)) },
            ]
        };
        Self { action, allowed: *allowed, class, verdict, sides }
    }
}

impl<'a> Layer<'a> {
    fn of(layer: &'a PolicyLayer) -> Self {
        let (class, sign, does) = match layer.ruling {
            Ruling::Allows => ("allows", '✓', "allows it"),
            Ruling::Denies => ("denies", '✗', "denies it"),
            Ruling::Nothing => ("nothing", '–', "does not allow it"),
        };
        Self { name: &layer.name, class, sign, does, rests_on: layer.rests_on.as_deref() }
    }
}

/// The binding alone of `RoleBinding "x/team" of ClusterRole "edit" to User "alice"`.
fn binding(by: &str) -> &str {
    by.split_once(" of ").map_or(by, |(binding, _)| binding)
}
