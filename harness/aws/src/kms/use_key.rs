//! Encrypting, decrypting, data keys.

use super::access::{EncryptionContext, context_keys, usable};
use super::turn::{Answer, Turn};
use super::{crypto, faults};
use crate::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_aws_policy::Context;
use proofmark_json::{Value, json};

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";
/// The longest plaintext.
const LONGEST: usize = 4096;

/// What conditions can ask of a use of the key that a member names.
fn keys_of(turn: &Turn<'_>, member: &str, context: &EncryptionContext) -> Context {
    let mut keys = turn.alias_keys(member);
    context_keys(context, &mut keys);
    keys.set("kms:EncryptionAlgorithm", ALGORITHM);
    keys
}

fn blob(turn: &Turn<'_>, member: &str) -> Result<Vec<u8>, Fault> {
    STANDARD
        .decode(turn.need(member)?)
        .map_err(|_| Fault::new(400, "SerializationException", format!("{member} is not base64.")))
}

/// Encrypts for the key that a member names.
fn seal(
    turn: &Turn<'_>,
    member: &str,
    action: &str,
    plaintext: &[u8],
    context: &EncryptionContext,
) -> Result<(String, String), Fault> {
    let arn = turn.named(member)?;
    let key = turn.allowed(&arn, action, keys_of(turn, member, context))?;
    usable(key)?;
    Ok((STANDARD.encode(crypto::encrypt(turn.cloud, key, plaintext, context)?), arn))
}

/// Decrypts with the key that the ciphertext names, which must be the one that the caller says, if it says one.
fn unseal(
    turn: &Turn<'_>,
    ciphertext: &[u8],
    said: &str,
    action: &str,
    context: &EncryptionContext,
) -> Result<(Vec<u8>, String), Fault> {
    let (arn, rest) = crypto::key_of(ciphertext)?;
    if turn.text(said).is_some() && turn.named(said)? != arn {
        return Err(Fault::new(
            400,
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        ));
    }
    let key = turn.allowed(arn, action, keys_of(turn, said, context))?;
    usable(key)?;
    Ok((crypto::decrypt(key, rest, context)?, arn.to_owned()))
}

pub(super) fn encrypt(turn: &mut Turn<'_>) -> Answer {
    let plaintext = blob(turn, "Plaintext")?;
    if plaintext.is_empty() {
        return Err(faults::constraint("", "plaintext", "have length greater than or equal to 1"));
    }
    if plaintext.len() > LONGEST {
        return Err(faults::constraint("", "plaintext", &format!("have length less than or equal to {LONGEST}")));
    }
    let context = turn.map("EncryptionContext");
    let (ciphertext, arn) = seal(turn, "KeyId", "kms:Encrypt", &plaintext, &context)?;
    Ok(json!({"CiphertextBlob": ciphertext, "KeyId": arn, "EncryptionAlgorithm": ALGORITHM}))
}

pub(super) fn decrypt(turn: &mut Turn<'_>) -> Answer {
    let ciphertext = blob(turn, "CiphertextBlob")?;
    let (plaintext, arn) = unseal(turn, &ciphertext, "KeyId", "kms:Decrypt", &turn.map("EncryptionContext"))?;
    Ok(json!({"Plaintext": STANDARD.encode(plaintext), "KeyId": arn, "EncryptionAlgorithm": ALGORITHM}))
}

pub(super) fn re_encrypt(turn: &mut Turn<'_>) -> Answer {
    let ciphertext = blob(turn, "CiphertextBlob")?;
    let context = turn.map("SourceEncryptionContext");
    let (plaintext, source) = unseal(turn, &ciphertext, "SourceKeyId", "kms:ReEncryptFrom", &context)?;
    let context = turn.map("DestinationEncryptionContext");
    let (ciphertext, arn) = seal(turn, "DestinationKeyId", "kms:ReEncryptTo", &plaintext, &context)?;
    Ok(json!({
        "CiphertextBlob": ciphertext, "SourceKeyId": source, "KeyId": arn,
        "SourceEncryptionAlgorithm": ALGORITHM, "DestinationEncryptionAlgorithm": ALGORITHM,
    }))
}

pub(super) fn generate_data_key(turn: &mut Turn<'_>) -> Answer {
    data_key(turn, true)
}

pub(super) fn generate_data_key_without_plaintext(turn: &mut Turn<'_>) -> Answer {
    data_key(turn, false)
}

fn data_key(turn: &Turn<'_>, show: bool) -> Answer {
    let length = match (turn.text("KeySpec"), turn.body["NumberOfBytes"].as_u64()) {
        (Some("AES_256"), None) => 32,
        (Some("AES_128"), None) => 16,
        (None, Some(bytes @ 1..=1024)) => usize::try_from(bytes).unwrap_or(32),
        (Some(other), None) => {
            let constraint = "satisfy enum value set: [AES_256, AES_128]";
            return Err(faults::constraint(&format!(" '{other}'"), "keySpec", constraint));
        }
        (None, Some(bytes)) => return Err(out_of_range(bytes)),
        _ => {
            return Err(faults::validation("Please specify either number of bytes or key spec."));
        }
    };
    let whole: [u8; 1024] = turn.cloud.random().bytes();
    let plaintext = whole.get(..length).unwrap_or(&whole);
    let context = turn.map("EncryptionContext");
    let (ciphertext, arn) = seal(turn, "KeyId", &turn.action, plaintext, &context)?;
    let mut out: Value = json!({"CiphertextBlob": ciphertext, "KeyId": arn});
    if show {
        out["Plaintext"] = json!(STANDARD.encode(plaintext));
    }
    Ok(out)
}

/// As many bytes as nobody may ask for.
fn out_of_range(bytes: u64) -> Fault {
    let constraint = if bytes == 0 { "greater than or equal to 1" } else { "less than or equal to 1024" };
    faults::constraint(&format!(" '{bytes}'"), "numberOfBytes", &format!("have value {constraint}"))
}

pub(super) fn generate_random(turn: &mut Turn<'_>) -> Answer {
    turn.allow("*", Context::default())?;
    let length = match turn.body["NumberOfBytes"].as_u64() {
        Some(length @ 1..=1024) => length,
        Some(length) => return Err(out_of_range(length)),
        None => return Err(faults::validation("NumberOfBytes must be between 1 and 1024.")),
    };
    let whole: [u8; 1024] = turn.cloud.random().bytes();
    let some = whole.get(..usize::try_from(length).unwrap_or(0)).unwrap_or(&whole);
    Ok(json!({"Plaintext": STANDARD.encode(some)}))
}
