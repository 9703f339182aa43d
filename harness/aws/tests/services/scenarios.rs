//! Whole clouds as a table: accounts, roles, organisations and tokens, and who gets in.

use crate::client::{Answer, Client, cloud};
use crate::issuer::{Declared, ISSUER, claims};
use proofmark_aws::Cloud;
use proofmark_aws::setup::{
    AccessKeySpec, AccountSpec, ControlSpec, OrganizationSpec, PolicySpec, ProviderSpec, RoleSpec, Spec, UnitSpec,
    UserSpec,
};
use proofmark_json::{Map, Value, json};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

const PROVIDER: &str = "arn:aws:iam::222222222222:oidc-provider/oidc.example/id/1";
const LIMIT: &str = "arn:aws:iam::111111111111:policy/limit";

/// A row; see the head of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    who: String,
    to: Option<String>,
    trust: Option<String>,
    #[serde(rename = "if", default)]
    conditions: Map,
    oidc: Option<Map>,
    #[serde(default)]
    identity: Vec<String>,
    boundary: Option<Vec<String>>,
    #[serde(default)]
    role: Vec<String>,
    session: Option<Vec<String>>,
    organization: Option<Controls>,
    #[serde(default)]
    give: BTreeMap<String, String>,
    then: Option<String>,
    expect: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Controls {
    #[serde(default)]
    scp: Vec<String>,
    #[serde(default)]
    rcp: Vec<String>,
    #[serde(default)]
    instead: bool,
}

/// `Allow ACTION RESOURCE [to *] [if OPERATOR KEY VALUE]`
fn statement(line: &str) -> Value {
    let (head, condition) = line.split_once(" if ").map_or((line, None), |(head, rest)| (head, Some(rest)));
    let (head, everyone) = head.strip_suffix(" to *").map_or((head, false), |head| (head, true));
    let words: Vec<&str> = head.split(' ').collect();
    let mut statement = json!({"Effect": words[0], "Action": words[1], "Resource": words[2]});
    if everyone {
        statement["Principal"] = json!("*");
    }
    if let Some(condition) = condition {
        let words: Vec<&str> = condition.splitn(3, ' ').collect();
        statement["Condition"] = json!({ words[0]: { words[1]: words[2] } });
    }
    statement
}

fn document(lines: &[String]) -> Value {
    json!({"Version": "2012-10-17", "Statement": lines.iter().map(|line| statement(line)).collect::<Vec<_>>()})
}

fn inline(lines: &[String]) -> BTreeMap<String, Value> {
    if lines.is_empty() { BTreeMap::new() } else { BTreeMap::from([("own".to_owned(), document(lines))]) }
}

impl Case {
    fn owner(&self) -> &'static str {
        if self.to.as_deref() == Some("own") { "111111111111" } else { "222222222222" }
    }

    fn spec(&self) -> Spec {
        let trust = match (&self.trust, &self.oidc) {
            (Some(who), _) => {
                json!({"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole", "Condition": self.conditions})
            }
            (None, conditions) => json!({
                "Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": conditions,
            }),
        };
        let reader = RoleSpec {
            name: "reader".to_owned(),
            trust: json!({"Version": "2012-10-17", "Statement": [trust]}),
            policies: inline(&self.role),
            ..RoleSpec::default()
        };
        let boundary = self.boundary.as_ref().map(|_| LIMIT.to_owned());
        let user = |name: &str, policies: BTreeMap<String, Value>, key: &str| UserSpec {
            name: name.to_owned(),
            policies,
            boundary: boundary.clone().filter(|_| name == "ann"),
            access_keys: vec![AccessKeySpec { id: key.to_owned(), secret: "secret".to_owned() }],
            ..UserSpec::default()
        };
        let by_everyone = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/ann"}, "Action": "sts:AssumeRole"},
        ]});
        let role = |name: &str| RoleSpec {
            name: name.to_owned(),
            trust: by_everyone.clone(),
            policies: inline(&self.identity),
            boundary: boundary.clone(),
            ..RoleSpec::default()
        };
        let anything = inline(&["Allow sts:* *".to_owned()]);
        let mut workloads = AccountSpec {
            id: "111111111111".to_owned(),
            users: vec![user("ann", inline(&self.identity), "AKIAANNANNANNANN")],
            roles: vec![role("app"), role("other")],
            policies: self
                .boundary
                .iter()
                .map(|lines| PolicySpec { name: "limit".to_owned(), path: None, document: document(lines) })
                .collect(),
            ..AccountSpec::default()
        };
        let mut models = AccountSpec {
            id: "222222222222".to_owned(),
            providers: vec![ProviderSpec {
                url: ISSUER.to_owned(),
                client_ids: vec!["sts.amazonaws.com".to_owned()],
                thumbprints: vec![],
            }],
            ..AccountSpec::default()
        };
        let of_reader = if self.owner() == workloads.id { &mut workloads } else { &mut models };
        of_reader.roles.push(reader);
        let stranger = AccountSpec {
            id: "333333333333".to_owned(),
            users: vec![user("eve", anything, "AKIAEVEEVEEVEEVE")],
            ..AccountSpec::default()
        };
        Spec { accounts: vec![workloads, models, stranger], organization: self.organization.as_ref().map(organization) }
    }

    async fn play(&self) -> String {
        let cloud = cloud();
        let issuer = Arc::new(Declared::new());
        cloud.reach_issuers(issuer.clone());
        // Who shall be limited is so only once its session is there: sessions are made before the organisation.
        let spec = self.spec();
        cloud.set_up(&Spec { accounts: spec.accounts, organization: None }).expect("a cloud");
        let caller = self.caller(&cloud).await;
        cloud.set_up(&Spec { accounts: vec![], organization: spec.organization }).expect("an organisation");
        let answer = self.assume(&cloud, caller, &issuer).await;
        let answer = match &self.then {
            Some(action) if answer.status == 200 => {
                let (service, action) = action.split_once(':').expect("a service and an action");
                Client::of(&cloud, &answer).query(service, action, &[]).await
            }
            _ => answer,
        };
        if answer.status == 200 { "allowed".to_owned() } else { answer.fault() }
    }

    async fn caller(&self, cloud: &Cloud) -> Client {
        let ann = Client::new(cloud, "AKIAANNANNANNANN", "secret", None);
        match self.who.split_once(' ').unwrap_or((&self.who, "")) {
            ("user", "ann") => ann,
            ("role", name) => {
                let arn = format!("arn:aws:iam::111111111111:role/{name}");
                let session = ann.sts("AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "s1")]).await;
                Client::of(cloud, &session.good())
            }
            ("stranger", _) => Client::new(cloud, "AKIAEVEEVEEVEEVE", "secret", None),
            ("token", _) => Client::anonymous(cloud),
            _ => panic!("who: {}", self.who),
        }
    }

    async fn assume(&self, cloud: &Cloud, caller: Client, issuer: &Declared) -> Answer {
        let arn = format!("arn:aws:iam::{}:role/reader", self.owner());
        let mut parameters = BTreeMap::from([("RoleArn", arn.as_str()), ("RoleSessionName", "s1")]);
        parameters.extend(self.give.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let policy = self.session.as_ref().map(|lines| document(lines).to_string());
        parameters.extend(policy.as_deref().map(|policy| ("Policy", policy)));
        let token = self.who.strip_prefix("token ").map(|who| {
            let (subject, audience) = who.split_once(" aud ").unwrap_or((who, "sts.amazonaws.com"));
            issuer.token("k1", &claims(subject, cloud.now().as_second(), &json!({"aud": audience})))
        });
        parameters.extend(token.as_deref().map(|token| ("WebIdentityToken", token)));
        let action = if token.is_some() { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
        caller.sts(action, &parameters.into_iter().collect::<Vec<_>>()).await
    }
}

/// Account 444444444444 manages; the workloads and the models are in one unit, which the policies are attached to.
fn organization(controls: &Controls) -> OrganizationSpec {
    let control = |lines: &Vec<String>, instead| {
        let control = ControlSpec {
            name: "limit".to_owned(),
            document: document(lines),
            targets: vec!["teams".to_owned()],
            instead_of_full_access: instead,
        };
        if lines.is_empty() { vec![] } else { vec![control] }
    };
    OrganizationSpec {
        management: "444444444444".to_owned(),
        units: vec![UnitSpec {
            name: "teams".to_owned(),
            parent: None,
            accounts: vec!["111111111111".to_owned(), "222222222222".to_owned()],
        }],
        service_control: control(&controls.scp, controls.instead),
        resource_control: control(&controls.rcp, false),
        ..OrganizationSpec::default()
    }
}

#[tokio::test]
async fn every_rule_holds() {
    let cases: Vec<Case> = serde_yaml::from_str(include_str!("scenarios.yaml")).expect("a table");
    let mut wrong = Vec::new();
    for case in &cases {
        let found = case.play().await;
        if !found.starts_with(&case.expect) {
            wrong.push(format!("{}:\n  expected {}\n  found    {found}", case.rule, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
