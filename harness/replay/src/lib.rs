//! What a scenario is, and how one is run.
//!
//! A [`Scenario`] is the story of one documented failure: data that can be read ([`About`]), which targets have it ([`Affected`]), and five
//! phases of [`Step`]s that show it, fix it, and show that it is gone and that nothing else was opened. A [`Runner`] plays scenarios against
//! [`Target`]s on a [`proofmark_env::Environment`] and tells [`Event`]s; every output is a [`Sink`] of them.
//!
//! ```text
//! Scenario x Target -> Case --play--> Event* --> Sink (text, JSON, JUnit, ...)
//!                                        \-----> Collector -> RunResult
//! ```
//! A scenario may also bring an [`Inspector`], which finds its failure in manifests by reading them; [`check`] lets all of them read, and tells
//! the same kind of events.
//!
//! What leaves a case is masked first ([`Evidence`]): no output sees a secret. Nothing here knows a file format or a terminal.

mod aws;
mod created;
mod diff;
mod events;
mod evidence;
mod expect;
mod expression;
mod finding;
mod inspect;
mod kubectl;
mod mask;
mod merge;
mod observe;
mod outcome;
mod permission;
mod play;
mod player;
mod profile;
mod resource;
mod result;
mod runner;
mod scenario;
mod seed;
mod shard;
mod step;
mod target;

pub use aws::{Load, Pull};
pub use diff::{Difference, exact, partial};
pub use events::{Collector, Event, Sink};
pub use evidence::{Evidence, Got, Sent};
pub use expression::Expression;
pub use finding::{Finding, Inspection, Location, Missing, Severity};
pub use inspect::{Inspector, check};
pub use kubectl::error_text;
pub use mask::MASK;
pub use merge::{MergeError, merge};
pub use outcome::Outcome;
pub use permission::{Permission, PermissionChange, permissions};
pub use profile::{Level, Profile};
pub use resource::{Place, Resource};
pub use result::{
    Bottom, Case, CaseResult, Conclusion, PhaseResult, RunResult, StepResult, StepVerdict, Taken, Totals, Verdict,
};
pub use runner::{Purpose, Runner};
pub use scenario::{About, Link, Phase, Scenario, Variant};
pub use shard::{Shard, ShardError, Slice};
pub use step::{Step, step};
pub use target::{Affected, Expected, Target};
