//! Serves an API server on a free port, runs a command with KUBECONFIG set, and ends with it:
//! `cargo run --example serve -- kubectl get namespaces`.

use std::net::{Ipv4Addr, SocketAddr};

use proofmark_apiserver::ApiServer;
use proofmark_apiserver::transport::Listener;
use proofmark_identity::{Credentials, KubeconfigUser, kubeconfig};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.address().to_string();
    let server = ApiServer::builder().real_clock().address(&address).build()?;
    let admin = KubeconfigUser {
        name: "admin".to_owned(),
        namespace: None,
        credentials: Credentials::Token(server.admin_token().to_owned()),
    };
    let ca = server.authority().certificate_pem();
    let config = kubeconfig("proofmark", &format!("https://{address}"), Some(&ca), &[admin]);
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), config.to_string())?;

    let stop = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(server, stop.clone()));
    let mut command = std::env::args().skip(1);
    let program = command.next().ok_or("no command given")?;
    let status = tokio::process::Command::new(program).args(command).env("KUBECONFIG", file.path()).status().await?;
    stop.cancel();
    serving.await??;
    std::process::exit(status.code().unwrap_or(1));
}
