//! Which user a client certificate names.
//!
//! Kubernetes' rule (`k8s.io/apiserver/pkg/authentication/request/x509`): the common name is the user, each organization a group,
//! and since 1.33 a subject attribute `1.3.6.1.4.1.57683.2` the uid. The chain must lead to the authority at this time, and the
//! certificate must be usable for clients.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use x509_parser::der_parser::{Oid, oid};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use crate::authority::Authority;
use crate::certificate::CertError;
use crate::user::{CREDENTIAL_ID, UserInfoParts};

const COMMON_NAME: Oid<'static> = oid!(2.5.4.3);
const ORGANIZATION: Oid<'static> = oid!(2.5.4.10);
const UID: Oid<'static> = oid!(1.3.6.1.4.1.57683.2);

impl Authority {
    /// The user named by a client's certificate chain (its own certificate first, as TLS presents it), at this time.
    ///
    /// # Errors
    /// [`CertError::Nameless`] for a trusted certificate without a common name: the request goes on without it.
    /// Anything else means 401.
    pub fn peer_user(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> Result<UserInfoParts, CertError> {
        let (certificate, intermediates) =
            chain.split_first().ok_or_else(|| CertError::Unreadable("an empty chain".to_owned()))?;
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate_der().clone()).map_err(CertError::Untrusted)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
            .build()
            .map_err(|e| CertError::Tls(rustls::Error::General(e.to_string())))?;
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        verifier
            .verify_client_cert(certificate, intermediates, UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
            .map_err(CertError::Untrusted)?;

        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|e| CertError::Unreadable(e.to_string()))?;
        let subject = parsed.subject();
        // Go keeps the last common name.
        let name = values(subject, &COMMON_NAME).pop().filter(|name| !name.is_empty()).ok_or(CertError::Nameless)?;
        let uids = values(subject, &UID);
        let uid = match uids.as_slice() {
            [] => None,
            [only] if !only.is_empty() => Some(only.clone()),
            _ => return Err(CertError::Uid(uids)),
        };
        let fingerprint = hex::encode(digest(&SHA256, certificate));
        Ok(UserInfoParts {
            name,
            groups: values(subject, &ORGANIZATION),
            uid,
            extra: BTreeMap::from([(CREDENTIAL_ID.to_owned(), vec![format!("X509SHA256={fingerprint}")])]),
        })
    }
}

fn values(name: &X509Name<'_>, kind: &Oid<'_>) -> Vec<String> {
    name.iter_attributes()
        .filter(|attribute| attribute.attr_type() == kind)
        .filter_map(|attribute| attribute.as_str().ok())
        .map(str::to_owned)
        .collect()
}
