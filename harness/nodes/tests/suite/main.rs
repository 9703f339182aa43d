//! Simulated nodes on the embedded API server, on one thread and a paused clock: an hour of back-off costs nothing.

mod deletion;
mod images;
mod lifecycle;
mod logs;
mod probes;
mod scheduling;
mod volumes;
mod world;
