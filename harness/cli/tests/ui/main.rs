//! The binary as its users see it: what is typed, what is printed, how it ends. Whole outputs are snapshots.
//!
//! Commands run in the root of the workspace, so that paths in the outputs are the same everywhere.

mod aws;
mod bad_input;
mod can_i;
mod certify;
mod check;
mod clean;
mod files;
mod in_cluster;
mod kind;
mod manual;
mod parts;
mod pipelines;
mod read_only;
mod run;
mod sonobuoy;
mod support;
mod up;
mod web;
