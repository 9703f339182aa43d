//! May they? Collects every policy that bears on a request, decides, and records the decision.
//!
//! Services say what is asked for ([`Ask`]) and what the resource's own policy is; who calls is in the [`Call`]. Everything else follows from the
//! world: identity policies of the user or role, boundary, session policies, the organisation above both accounts, and context keys.

mod call;
mod context;
mod decisions;
mod policies;

pub use call::{Ask, Call, Refusal};
pub use decisions::{Decided, Decisions};

use crate::Cloud;
use crate::world::World;
use proofmark_aws_policy::{Denial, Policies, Request, decide};

impl Cloud {
    /// Decides whether a call may do what it asks for, and records the decision.
    ///
    /// # Errors
    /// [`Refusal`] says which layer denies it.
    pub fn authorize(&self, world: &World, call: &Call, ask: &Ask<'_>) -> Result<(), Refusal> {
        let context = context::of(self, world, call, ask);
        let collected = policies::collect(world, call, ask);
        let request = Request {
            principal: &call.caller.principal,
            action: ask.action,
            resource: ask.resource,
            owner: ask.owner,
            context: &context,
        };
        let identity = collected.identity();
        let session = collected.session();
        let levels = collected.service_control();
        let levels: Vec<&[_]> = levels.iter().map(Vec::as_slice).collect();
        let resource_control = collected.resource_control();
        let decision = decide(
            &request,
            &Policies {
                identity: &identity,
                boundary: collected.boundary(),
                session: session.as_deref(),
                resource: ask.resource_policy,
                resource_rule: ask.resource_rule,
                service_control: &levels,
                resource_control: &resource_control,
            },
        );
        self.decisions().push(|| Decided::new(self.now(), call, &request, &decision));
        decision.denial.map_or(Ok(()), |denial| Err(refusal(world, call, ask, denial)))
    }
}

fn refusal(world: &World, call: &Call, ask: &Ask<'_>, denial: Denial) -> Refusal {
    Refusal {
        denial,
        principal: call.caller.principal.arn(),
        action: ask.action.to_owned(),
        resource: ask.resource.to_owned(),
        detailed: policies::same_account_or_organization(world, call, ask.owner),
    }
}
