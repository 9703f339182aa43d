//! A cloud on a port, until Ctrl-C: `cargo run --release --example cloud -- 127.0.0.1:4566`.

use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Settings};
use proofmark_clock::Clock;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:4566").parse()?;
    let listener = Listener::bind(address).await?;
    let cloud = Cloud::new(Settings::default(), Clock::real());
    listener.serve(cloud, CancellationToken::new()).await;
    Ok(())
}
