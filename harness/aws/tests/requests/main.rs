//! S3 in process, request by request: which actions each needs, what refusals look like, whose keys are asked for.

mod actions;
mod client;
mod encryption;
mod forms;
mod interrupted;
mod refusals;
