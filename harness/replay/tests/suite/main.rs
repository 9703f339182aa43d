//! Whole runs over a small world.

mod aws;
mod check;
mod embedded;
mod play;
mod support;
mod web;
