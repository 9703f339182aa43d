//! Failures of the network, in the words of botocore, requests and urllib3.

use crate::exception::{Exception, Link};
use crate::net::{BundleError, ConnectError, NetError, TlsError, Url};
use crate::python;
use crate::release::Urllib3;

/// Which library sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    /// botocore, to the URL as it was written.
    Botocore,
    /// requests
    Requests,
}

/// Tells failures of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub(crate) urllib3: Urllib3,
    pub(crate) url: &'a Url,
    /// The URL as it was written.
    pub(crate) text: &'a str,
    /// Seconds, as the settings have them.
    pub(crate) read_timeout: u64,
    /// Seconds, as the settings have them.
    pub(crate) connect_timeout: u64,
}

impl Teller<'_> {
    /// The exception that botocore raises.
    pub(crate) fn botocore(&self, error: &NetError) -> Exception {
        let (class, message) = match error {
            NetError::Connect(ConnectError::TimedOut) => (
                "botocore.exceptions.ConnectTimeoutError",
                format!("Connect timeout on endpoint URL: \"{}\"", self.text),
            ),
            NetError::Connect(_) => (
                "botocore.exceptions.EndpointConnectionError",
                format!("Could not connect to the endpoint URL: \"{}\"", self.text),
            ),
            NetError::Proxy(proxy, _) | NetError::Tunnel(proxy, _) => {
                let proxy = proxy.to_string();
                let message = format!("Failed to connect to proxy URL: \"{}\"", proxy.trim_end_matches('/'));
                ("botocore.exceptions.ProxyConnectionError", message)
            }
            NetError::Tls(error) => (
                "botocore.exceptions.SSLError",
                format!("SSL validation failed for {} {}", self.text, self.tls(error).message),
            ),
            NetError::Closed | NetError::Protocol(_) => (
                "botocore.exceptions.ConnectionClosedError",
                format!(
                    "Connection was closed before we received a valid response from endpoint URL: \"{}\".",
                    self.text
                ),
            ),
            NetError::ReadTimeout => {
                ("botocore.exceptions.ReadTimeoutError", format!("Read timeout on endpoint URL: \"{}\"", self.text))
            }
        };
        Exception::new(class, message).because(Link::Context, self.origin(error, Library::Botocore))
    }

    /// The exception that requests raises.
    pub(crate) fn requests(&self, error: &NetError) -> Exception {
        let origin = match error {
            NetError::Tls(TlsError::Refused(_)) if self.urllib3 == Urllib3::V1 => self.ssl(error),
            _ => self.origin(error, Library::Requests),
        };
        let class = match error {
            NetError::Connect(ConnectError::TimedOut) => "requests.exceptions.ConnectTimeout",
            NetError::Connect(_) => "requests.exceptions.ConnectionError",
            NetError::Proxy(..) | NetError::Tunnel(..) => "requests.exceptions.ProxyError",
            NetError::Tls(_) => "requests.exceptions.SSLError",
            NetError::Closed | NetError::Protocol(_) => {
                return Exception::new("requests.exceptions.ConnectionError", origin.message.clone())
                    .because(Link::Context, origin);
            }
            NetError::ReadTimeout => {
                return Exception::new("requests.exceptions.ReadTimeout", origin.message.clone())
                    .because(Link::Context, origin);
            }
        };
        let cause = match error {
            NetError::Tls(tls) => format!("SSLError({})", self.ssl_repr(tls)),
            _ => format!("{}({})", origin.name(), python::repr(&origin.message)),
        };
        let message = format!(
            "{}: Max retries exceeded with url: {} (Caused by {cause})",
            self.pool(Library::Requests),
            self.url.target
        );
        let retries = Exception::new("urllib3.exceptions.MaxRetryError", message.clone()).because(self.link(), origin);
        Exception::new(class, message).because(Link::Context, retries)
    }

    /// The exception of urllib3 under it.
    fn origin(&self, error: &NetError, library: Library) -> Exception {
        match error {
            NetError::Connect(error) => self.connect(error, self.url, library),
            NetError::Proxy(proxy, error) => {
                let connect = self.connect(error, proxy, library);
                let what =
                    if self.urllib3 == Urllib3::V1 { "Cannot connect to proxy." } else { "Unable to connect to proxy" };
                let message = format!("('{what}', {}({}))", connect.name(), python::repr(&connect.message));
                Exception::new("urllib3.exceptions.ProxyError", message).because(self.link(), connect)
            }
            NetError::Tunnel(_, status) => {
                let why = Exception::new(
                    "OSError",
                    format!("Tunnel connection failed: {status} {}", python::reason(*status)),
                );
                let message = format!("('Unable to connect to proxy', OSError({}))", python::repr(&why.message));
                Exception::new("urllib3.exceptions.ProxyError", message).because(self.link(), why)
            }
            NetError::Tls(tls) => {
                let link = match tls {
                    TlsError::Bundle(_) => self.link(),
                    _ => Link::Context,
                };
                let below = self.tls(tls);
                Exception::new("urllib3.exceptions.SSLError", below.message.clone()).because(link, below)
            }
            NetError::Closed => {
                aborted("http.client.RemoteDisconnected", "Remote end closed connection without response")
            }
            NetError::Protocol(why) => aborted("http.client.BadStatusLine", why),
            NetError::ReadTimeout => {
                let message = format!("{}: Read timed out. (read timeout={})", self.pool(library), self.read_timeout);
                Exception::new("urllib3.exceptions.ReadTimeoutError", message)
                    .because(self.link(), Exception::new("TimeoutError", "timed out"))
            }
        }
    }

    fn ssl(&self, error: &NetError) -> Exception {
        match error {
            NetError::Tls(tls) => self.tls(tls),
            other => self.origin(other, Library::Requests),
        }
    }

    fn ssl_repr(&self, error: &TlsError) -> String {
        let below = self.tls(error);
        match error {
            TlsError::Bundle(BundleError::System(errno)) => {
                format!("{}({errno}, {})", below.name(), python::repr(python::strerror(*errno)))
            }
            TlsError::OtherNames(_) => format!("{}({})", below.name(), python::repr(&below.message)),
            _ => format!("{}(1, {})", below.name(), python::repr(&below.message)),
        }
    }

    /// What Python's `ssl` says.
    fn tls(&self, error: &TlsError) -> Exception {
        match error {
            TlsError::Bundle(BundleError::System(errno)) => Exception::os(*errno, ""),
            TlsError::Bundle(BundleError::Empty) => Exception::new(
                "ssl.SSLError",
                "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found (_ssl.c:4154)",
            ),
            TlsError::Refused(why) => Exception::new(
                "ssl.SSLCertVerificationError",
                format!("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why} (_ssl.c:1006)"),
            ),
            TlsError::OtherNames(names) => {
                let quoted: Vec<String> = names.iter().map(|name| python::repr(name)).collect();
                let host = &self.url.host;
                let message = match quoted.as_slice() {
                    [] => "no appropriate subjectAltName fields were found".to_owned(),
                    [name] => format!("hostname {} doesn't match {name}", python::repr(host)),
                    names => format!("hostname {} doesn't match either of {}", python::repr(host), names.join(", ")),
                };
                Exception::new("urllib3.util.ssl_match_hostname.CertificateError", message)
            }
            TlsError::Protocol(message) => Exception::new("ssl.SSLError", *message),
        }
    }

    fn connect(&self, error: &ConnectError, url: &Url, library: Library) -> Exception {
        let connection = self.connection(url, library);
        match error {
            ConnectError::UnknownName => {
                let why = Exception::new("socket.gaierror", "[Errno -2] Name or service not known");
                let (class, message) = match self.urllib3 {
                    Urllib3::V1 => (
                        "urllib3.exceptions.NewConnectionError",
                        format!("{connection}: Failed to establish a new connection: {}", why.message),
                    ),
                    _ => (
                        "urllib3.exceptions.NameResolutionError",
                        format!("{connection}: Failed to resolve '{}' ({})", url.host, why.message),
                    ),
                };
                Exception::new(class, message).because(self.link(), why)
            }
            ConnectError::System(errno) => {
                let why = Exception::os(*errno, "");
                let message = format!("{connection}: Failed to establish a new connection: {}", why.message);
                Exception::new("urllib3.exceptions.NewConnectionError", message).because(self.link(), why)
            }
            ConnectError::TimedOut => {
                let message = format!(
                    "({connection}, 'Connection to {} timed out. (connect timeout={})')",
                    url.host, self.connect_timeout
                );
                Exception::new("urllib3.exceptions.ConnectTimeoutError", message)
                    .because(self.link(), Exception::new("TimeoutError", "timed out"))
            }
        }
    }

    /// How a connection is printed. Where Python prints an address in memory, this is always the same.
    fn connection(&self, url: &Url, library: Library) -> String {
        let secure = if url.https { "HTTPS" } else { "HTTP" };
        let (module, prefix) = match library {
            Library::Botocore => ("botocore.awsrequest.", "AWS"),
            Library::Requests => ("urllib3.connection.", ""),
        };
        match self.urllib3 {
            Urllib3::V2Named => {
                format!("{prefix}{secure}Connection(host='{}', port={})", url.host, url.port_or_default())
            }
            _ => format!("<{module}{prefix}{secure}Connection object at 0x7f0000000000>"),
        }
    }

    fn pool(&self, library: Library) -> String {
        let secure = if self.url.https { "HTTPS" } else { "HTTP" };
        let prefix = if library == Library::Botocore { "AWS" } else { "" };
        format!("{prefix}{secure}ConnectionPool(host='{}', port={})", self.url.host, self.url.port_or_default())
    }

    /// urllib3 2 says what its exceptions come from, urllib3 1.26 lets Python find out.
    fn link(&self) -> Link {
        if self.urllib3 == Urllib3::V1 { Link::Context } else { Link::Cause }
    }
}

fn aborted(class: &'static str, why: &str) -> Exception {
    let why = Exception::new(class, why);
    let message = format!("('Connection aborted.', {}({}))", why.name(), python::repr(&why.message));
    Exception::new("urllib3.exceptions.ProtocolError", message).because(Link::Context, why)
}
