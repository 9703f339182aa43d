//! Names that hashes make (`controller.ComputeHash`, `rand.SafeEncodeString`): short, and without letters that make words.

use proofmark_builtin::spew;
use proofmark_json::Value;

const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The `pod-template-hash` of a template; `collisions` make it another one.
pub(crate) fn of_template(template: &Value, collisions: Option<i64>) -> String {
    let mut hash = Fnv::new();
    hash.write_1a(spew::pod_template(template).as_bytes());
    if let Some(collisions) = collisions {
        // Four bytes of the number in a buffer of eight.
        hash.write_1a(&u64::from(u32::try_from(collisions).unwrap_or_default()).to_le_bytes());
    }
    hash.encoded()
}

/// The hash that is the name of a ControllerRevision of a StatefulSet: of the text that it keeps.
pub(crate) fn of_revision(text: &str, collisions: i64) -> String {
    let mut hash = Fnv::new();
    hash.write_1(text.as_bytes());
    hash.write_1(collisions.to_string().as_bytes());
    hash.encoded()
}

/// FNV of 32 bits.
struct Fnv(u32);

impl Fnv {
    const PRIME: u32 = 0x0100_0193;

    fn new() -> Self {
        Self(0x811c_9dc5)
    }

    /// FNV-1a: a byte first, then the product.
    fn write_1a(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }

    /// FNV-1: the product first, then a byte.
    fn write_1(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(Self::PRIME) ^ u32::from(*byte);
        }
    }

    /// The number, in letters that make no words.
    fn encoded(&self) -> String {
        let letter = |digit: u8| ALPHABET.get(usize::from(digit) % ALPHABET.len()).copied().map_or('b', char::from);
        self.0.to_string().bytes().map(letter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Go's `ComputeHash` answers.
    #[test]
    fn a_template_has_its_hash() {
        let template = proofmark_json::json!({"metadata": {"labels": {"app": "web"}}, "spec": {
            "containers": [{"name": "app", "image": "busybox:1.36", "resources": {}, "imagePullPolicy": "IfNotPresent",
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "automountServiceAccountToken": false, "securityContext": {}, "schedulerName": "default-scheduler",
        }});
        assert_eq!(of_template(&template, None), "579765dfcb");
        assert_ne!(of_template(&template, Some(1)), "579765dfcb");
    }
}
