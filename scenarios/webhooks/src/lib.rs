//! Failures of KServe's webhooks, and of the deployment modes that they guard.
//!
//! | module | what goes wrong |
//! |---|---|
//! | `nobody_answers` | the API server asks for the webhooks where nobody is |
//! | `local_models` | the defaulter may not read what it needs |
//! | `mode_kept` | a service of an older release cannot be changed any more |
//! | `no_knative` | serverless services on a cluster without Knative |

mod local_models;
mod mode_kept;
mod no_knative;
mod nobody_answers;

use proofmark_replay::Scenario;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![nobody_answers::scenario(), no_knative::scenario(), mode_kept::scenario(), local_models::scenario()]
}
