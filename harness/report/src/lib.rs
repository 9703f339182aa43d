//! A replay, rendered. Every output is a [`proofmark_replay::Sink`] of the runner's events and writes to whatever it is given.
//!
//! | [`Format`] | for | written |
//! |---|---|---|
//! | `text` | people at a terminal | at the end: a matrix, or one case in full |
//! | `json` | programs | at the end: one document, [`SCHEMA_VERSION`] |
//! | `ndjson` | programs that cannot wait | event by event, one line each |
//! | `junit` | CI servers | at the end |
//! | `markdown` | issues, release notes | at the end |
//! | `github` | GitHub Actions | at the end: annotations; [`GithubSummary`] is the step's summary |
//! | `html` | people, and publishing | at the end: one file, [`html()`] |
//!
//! Beside these, [`Progress`] shows on a terminal how far a run is. No output knows the wall clock: the same run gives the same bytes.

mod cell;
mod failure;
mod format;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod progress;
mod read;
mod styles;
mod tee;
mod text;

pub use format::{Format, Options, output};
pub use github::GithubSummary;
pub use html::{Cover, Grade, html};
pub use json::SCHEMA_VERSION;
pub use progress::Progress;
pub use read::{ReadError, Report};
pub use styles::Styles;
pub use tee::Tee;
