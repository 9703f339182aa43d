//! IAM policies: an identity's policy, NUL, a resource's, NUL, an ARN. Whatever they say, nobody who is explicitly denied is allowed, and nothing is allowed without a statement that
//! allows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_aws_policy::{
    Arn, Attached, Context, Effect, Kind, Policies, Policy, Principal, Request, ResourceRule, decide,
};

const ACCOUNT: &str = "111111111111";

fuzz_target!(|data: &[u8]| {
    let [identity, resource, arn] = proofmark_fuzz::parts(data);
    let (Ok(identity), Ok(resource), Ok(arn)) =
        (std::str::from_utf8(identity), std::str::from_utf8(resource), std::str::from_utf8(arn))
    else {
        return;
    };
    for kind in [Kind::Trust, Kind::ServiceControl, Kind::ResourceControl] {
        let _ = Policy::parse(identity, kind);
    }
    let identity = Policy::parse(identity, Kind::Identity);
    let resource = Policy::parse(resource, Kind::Resource).ok();
    let Ok(identity) = identity else { return };
    let owner = Arn::parse(arn).map_or(ACCOUNT, |arn| arn.account);
    let principal = Principal::Session {
        account: ACCOUNT.to_owned(),
        path: "/".to_owned(),
        role: "reader".to_owned(),
        id: "AROAREADER".to_owned(),
        session: "s".to_owned(),
    };
    let mut context =
        Context::default().with("aws:SourceIp", "10.0.0.1").with("s3:prefix", "a/").with("aws:SecureTransport", "true");
    context.set_many("aws:TagKeys", ["one", "two"]);
    principal.keys(&mut context);
    let request = Request { principal: &principal, action: "s3:GetObject", resource: arn, owner, context: &context };
    let attached = [Attached { name: "identity", policy: &identity }];
    let policies = Policies {
        identity: &attached,
        boundary: None,
        session: None,
        resource: resource.as_ref().map(|policy| Attached { name: "resource", policy }),
        resource_rule: ResourceRule::MayGrant,
        service_control: &[],
        resource_control: &[],
    };
    let decision = decide(&request, &policies);
    let _ = decision.explain(&request);
    let statements = || identity.statements.iter().chain(resource.iter().flat_map(|policy| &policy.statements));
    if decision.is_allowed() {
        assert!(statements().any(|statement| statement.effect == Effect::Allow), "something allows");
        // The same policies as a boundary and a session policy that say nothing more allow no more.
        let none = Policy { id: None, statements: Vec::new() };
        let closed =
            Policies { boundary: Some(Attached { name: "boundary", policy: &none }), resource: None, ..policies };
        assert!(!decide(&request, &closed).is_allowed(), "an empty boundary allows nothing");
    }
});
