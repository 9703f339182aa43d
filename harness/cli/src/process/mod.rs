//! What runs beside a live environment: a command with its variables, and the signals that end both.

pub(crate) mod child;
mod signals;

pub(crate) use signals::Signals;
