//! Failures of KServe's webhooks, and of the deployment modes that they guard.
//!
//! | where | what goes wrong |
//! |---|---|
//! | `nobody_answers` | the API server asks for the webhooks where nobody is |
//! | `stories/localmodel-rbac.yaml` | the defaulter may not read what it needs |
//! | `stories/deployment-mode-immutable.yaml` | a service of an older release cannot be changed any more |
//! | `stories/serverless-without-knative.yaml` | serverless services on a cluster without Knative |

mod nobody_answers;

use proofmark_replay::Scenario;
use proofmark_scenario_files::embedded;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        nobody_answers::scenario(),
        embedded("serverless-without-knative.yaml", include_str!("../stories/serverless-without-knative.yaml")),
        embedded("deployment-mode-immutable.yaml", include_str!("../stories/deployment-mode-immutable.yaml")),
        embedded("localmodel-rbac.yaml", include_str!("../stories/localmodel-rbac.yaml")),
    ]
}
