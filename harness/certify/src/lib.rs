//! What a run showed of a distribution, as a bundle that can be published, checked and repeated.
//!
//! ```text
//! RunResult ---> ConformanceReport --+
//! Subject, Tool -> environment ------+--> Bundle: files, each with its digest in bundle.json, which is signed
//! RunResult ---> record/ ------------+
//! ```
//!
//! A bundle has two parts. The *result* says what was certified, where, by what and how it came out; it is the same whenever the same tool
//! looks at the same distribution, and its digest is the certificate's. The *record* is what happened that one time: when, the name of the run, and
//! every exchange, with its times, uids and versions. The signature covers both.
//!
//! [`verify()`] trusts no document: it tells the report anew from the evidence in the record, so that a result cannot be talked up without forging that too.
//! Whoever forges everything, and is asked for no signature, is beyond what can be seen here; that is what keys are for.
//!
//! Nothing here plays anything or knows a clock.

mod bundle;
mod compare;
mod consistency;
mod digest;
mod documents;
mod environment;
mod report;
mod signature;
mod submission;
mod tally;
mod verify;

pub use bundle::{Bundle, BundleError, Part};
pub use compare::{Comparison, compare};
pub use digest::sha256;
pub use environment::{Subject, Tool};
pub use report::{ConformanceReport, Implementation, LevelReport, Outcome, ProfileReport, Statistics, TestResult};
pub use signature::{Key, SignatureError};
pub use verify::{Signed, Verified, VerifyError, verify};
