//! Whole runs over a small world.

mod check;
mod embedded;
mod play;
mod support;
mod web;
