//! The machine's own network.

use super::{ConnectError, Connecting, Network, Stream};
use tokio::net::{TcpStream, lookup_host};

/// The machine's own network.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sockets;

impl Network for Sockets {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        Box::pin(async move {
            let addresses = lookup_host((host, port)).await.map_err(|_| ConnectError::UnknownName)?;
            let mut last = ConnectError::UnknownName;
            for address in addresses {
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        // Small requests must not wait for each other; a stream without the option works as well.
                        let _ = stream.set_nodelay(true);
                        return Ok(Box::new(stream) as Box<dyn Stream>);
                    }
                    Err(error) => last = ConnectError::System(error.raw_os_error().unwrap_or(5)),
                }
            }
            Err(last)
        })
    }
}
