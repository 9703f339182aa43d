//! Admission: what must hold, or is filled in, because of other objects.
//!
//! [`mutate`] runs before an object is validated, then [`grant`]; a deletion has [`delete`]. Each plugin is a file and says
//! which objects it looks at. Plugins run in kube-apiserver's order.

mod escalation;
mod namespace_lifecycle;
mod service_account;

use serde_json::Value;

use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// Fills in what other objects ask for. `old` is none for a creation.
pub(crate) async fn mutate(
    call: &Call<'_>,
    target: &Target<'_>,
    object: &mut Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    if old.is_none() {
        namespace_lifecycle::create(call, target)?;
        service_account::create(call, target, object)?;
    }
    Ok(())
}

/// Refuses what the caller may not grant; a role or binding is checked before it is validated.
pub(crate) fn grant(call: &Call<'_>, target: &Target<'_>, object: &Value, old: Option<&Value>) -> Result<(), Refusal> {
    escalation::check(call, target, object, old)
}

/// Refuses deletions of what must stay.
pub(crate) async fn delete(_: &Call<'_>, target: &Target<'_>, _: &Value) -> Result<(), Refusal> {
    namespace_lifecycle::delete(target)
}
