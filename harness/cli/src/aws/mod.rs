//! `proofmark aws`: a cloud of several accounts on real sockets, alone, as one starts a mock of AWS; and what it decided, in sentences.

mod explain;
mod live;
mod world;

use std::ffi::OsString;
use std::io::Write as _;

use crate::args::{AwsArgs, AwsCommand, AwsServeArgs};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::process::{Signals, child};

use live::Live;

pub(crate) use world::read as world;

pub(crate) fn run(args: &AwsArgs) -> Result<Exit, ExpectedError> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|source| ExpectedError::System { what: "start threads", source })?;
    match &args.command {
        Some(AwsCommand::Explain(args)) => runtime.block_on(explain::run(args)),
        None => runtime.block_on(serve(&args.serve)),
    }
}

async fn serve(args: &AwsServeArgs) -> Result<Exit, ExpectedError> {
    let mut signals = Signals::new()?;
    let live = Live::start(args).await?;
    let variables = live.variables();
    let exit = match args.command.split_first() {
        Some((program, arguments)) => child::run(program, arguments, &variables, &mut signals).await?,
        None => {
            if !args.quiet {
                welcome(&live, &variables)?;
            }
            signals.next().await;
            Exit::AsExpected
        }
    };
    live.end().await;
    Ok(exit)
}

/// Where it is, and what to paste into a shell.
fn welcome(live: &Live, variables: &[(&'static str, OsString)]) -> Result<(), ExpectedError> {
    let mut out = Destination::open(None)?;
    let mut text = format!("S3, STS, IAM, KMS and Organizations of AWS, at {}\n\n", live.url());
    for (name, value) in variables {
        text.push_str(&format!("  export {name}={}\n", value.display()));
    }
    text.push_str(
        "\nThe access key of an account's root user is the account's id; any twelve digits are an account.\n",
    );
    text.push_str("`proofmark aws explain` tells what was decided, and why. Ctrl-C ends it.\n");
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|source| out.failed(source))
}
