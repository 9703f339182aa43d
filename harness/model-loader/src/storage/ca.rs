//! Certificates of authorities that are mounted from a ConfigMap.

use super::Storage;
use crate::exception::{Exception, Result};
use crate::journal::Level;
use crate::net::{BundleError, Trust, bundle};
use crate::python;
use crate::release::BundleRule;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The name of the mounted file.
const FILE: &str = "cabundle.crt";

/// Whom S3 is told to trust; nothing where botocore shall find out.
pub(super) fn for_s3(storage: &Storage) -> Result<Option<Trust>> {
    let environment = &storage.environment;
    if storage.is.bundle == BundleRule::Botocore {
        return Ok(None);
    }
    let verify =
        environment.filled("S3_VERIFY_SSL").map(|value| !matches!(value.to_lowercase().as_str(), "0" | "false"));
    if verify == Some(false) {
        return Ok(Some(Trust::Anyone));
    }
    let config_map = environment.filled("CA_BUNDLE_CONFIGMAP_NAME").is_some();
    let own = environment.filled("AWS_CA_BUNDLE");
    let path = match (own, config_map, storage.is.bundle) {
        (Some(own), true, _) | (Some(own), false, BundleRule::BundleFirst) => Some(own.to_owned()),
        (None, true, rule) => Some(mounted(storage, rule)?),
        _ => None,
    };
    let Some(path) = path else { return Ok(verify.map(|_| Trust::System)) };
    if storage.host.files.kind(&path).is_none() {
        return Err(Exception::runtime(format!("Failed to find ca bundle file({path}).")));
    }
    storage.journal.info("storage.py:_download_s3()", format_args!("ca bundle file({path}) exists."));
    Ok(Some(Trust::Bundle(path)))
}

fn mounted(storage: &Storage, rule: BundleRule) -> Result<String> {
    match (storage.environment.get("CA_BUNDLE_VOLUME_MOUNT_POINT"), rule) {
        (Some(folder), BundleRule::OnlyWithConfigMap) => Ok(format!("{folder}/{FILE}")),
        (Some(folder), _) => Ok(python::join(folder, FILE)),
        (None, BundleRule::OnlyWithConfigMap) => {
            Err(Exception::new("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'str'"))
        }
        (None, _) => Err(Exception::new("TypeError", "expected str, bytes or os.PathLike object, not NoneType")),
    }
}

/// Puts the mounted bundle together with what the system trusts, and has everything but S3 use it. What cannot be used is told and left alone.
pub(super) fn export(storage: &mut Storage) -> Result<()> {
    const PLACE: &str = "kserve_storage.py:_configure_global_ca_bundle()";
    let environment = &storage.environment;
    if environment.filled("CA_BUNDLE_CONFIGMAP_NAME").is_none() {
        return Ok(());
    }
    let (requests, openssl) =
        (environment.filled("REQUESTS_CA_BUNDLE").is_some(), environment.filled("SSL_CERT_FILE").is_some());
    if requests && openssl {
        return Ok(());
    }
    let path = python::join(environment.get("CA_BUNDLE_VOLUME_MOUNT_POINT").unwrap_or("/etc/ssl/custom-certs"), FILE);
    let files = &storage.host.files;
    if files.kind(&path).is_none() {
        let message = format!("Global ca bundle file({path}) not found, using the default trust store.");
        storage.journal.write(Level::Warning, PLACE, &message);
        return Ok(());
    }
    let combined = combine(storage, &path);
    let combined = match combined {
        Ok(combined) => combined,
        Err(why) => {
            let message = format!(
                "Failed to combine global ca bundle file({path}) with the default trust store, using the default trust store: {why}"
            );
            storage.journal.write(Level::Warning, PLACE, &message);
            return Ok(());
        }
    };
    let message = format!("Global ca bundle file({path}) combined with the default trust store at {combined}");
    storage.journal.write(Level::Info, PLACE, &message);
    if !requests {
        storage.environment.set("REQUESTS_CA_BUNDLE", combined.clone());
    }
    if !openssl {
        storage.environment.set("SSL_CERT_FILE", combined);
    }
    Ok(())
}

/// Writes everything that is trusted into one file.
fn combine(storage: &Storage, path: &str) -> std::result::Result<String, String> {
    let files = &*storage.host.files;
    let mut certificates = storage.host.authorities.to_vec();
    certificates.extend(bundle(files, path).map_err(|error| match error {
        BundleError::System(errno) => format!("[Errno {errno}] {}: {}", python::strerror(errno), python::repr(path)),
        BundleError::Empty => "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found".to_owned(),
    })?);
    let folder = storage.environment.filled("TMPDIR").unwrap_or("/tmp");
    let name = proofmark_aws_sigv4::sha256_hex(path.as_bytes());
    let combined = format!("{folder}/tmp{}.crt", name.get(..8).unwrap_or_default());
    let mut file = files.create(&combined).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let text =
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(&certificate));
        file.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(combined)
}
