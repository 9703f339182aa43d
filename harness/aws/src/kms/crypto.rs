//! Ciphertexts: which key, a nonce, and what AES-256-GCM makes of the plaintext and the encryption context.

use super::access::EncryptionContext;
use super::faults;
use super::key::Key;
use crate::{Cloud, Fault};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The first byte of a ciphertext.
const FORM: u8 = 1;

/// Encrypts. The key's ARN stands in front, so that the ciphertext says how to open it.
pub(super) fn encrypt(
    cloud: &Cloud,
    key: &Key,
    plaintext: &[u8],
    context: &EncryptionContext,
) -> Result<Vec<u8>, Fault> {
    let nonce: [u8; NONCE_LEN] = cloud.random().bytes();
    let arn = key.arn.as_bytes();
    let mut out = vec![FORM];
    out.extend(u16::try_from(arn.len()).map_err(|_| faults::invalid_ciphertext())?.to_be_bytes());
    out.extend(arn);
    out.extend(nonce);
    let mut sealed = plaintext.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(canonical(context)), &mut sealed)
        .map_err(|_| faults::invalid_ciphertext())?;
    out.extend(sealed);
    Ok(out)
}

/// The ARN of the key of a ciphertext, and the rest of it.
pub(super) fn key_of(ciphertext: &[u8]) -> Result<(&str, &[u8]), Fault> {
    let read = || {
        let rest = ciphertext.strip_prefix(&[FORM])?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (arn, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some((std::str::from_utf8(arn).ok()?, rest))
    };
    read().ok_or_else(faults::invalid_ciphertext)
}

/// Decrypts what [`key_of`] left.
pub(super) fn decrypt(key: &Key, rest: &[u8], context: &EncryptionContext) -> Result<Vec<u8>, Fault> {
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(faults::invalid_ciphertext)?;
    let mut plaintext = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = cipher(key)?
        .open_in_place(nonce, Aad::from(canonical(context)), &mut plaintext)
        .map_err(|_| faults::invalid_ciphertext())?;
    let length = opened.len();
    plaintext.truncate(length);
    Ok(plaintext)
}

fn cipher(key: &Key) -> Result<LessSafeKey, Fault> {
    UnboundKey::new(&AES_256_GCM, &key.material).map(LessSafeKey::new).map_err(|_| faults::invalid_ciphertext())
}

/// One text for each context, whatever the order in which it was given.
fn canonical(context: &EncryptionContext) -> Vec<u8> {
    proofmark_json::to_vec(context).unwrap_or_default()
}
