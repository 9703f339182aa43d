//! Names that hashes make (`controller.ComputeHash`, `rand.SafeEncodeString`): short, and without letters that make words.

use proofmark_builtin::spew;
use serde_json::Value;

const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The `pod-template-hash` of a template; `collisions` make it another one.
pub(crate) fn of_template(template: &Value, collisions: Option<i64>) -> String {
    let mut hash = Fnv::new();
    hash.write(spew::pod_template(template).as_bytes());
    if let Some(collisions) = collisions {
        // Four bytes of the number in a buffer of eight.
        hash.write(&u64::from(u32::try_from(collisions).unwrap_or_default()).to_le_bytes());
    }
    hash.encoded()
}

/// FNV-1a of 32 bits.
pub(crate) struct Fnv(u32);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0x811c_9dc5)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// The number, in letters that make no words.
    pub(crate) fn encoded(&self) -> String {
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
        let template = serde_json::json!({"metadata": {"labels": {"app": "web"}}, "spec": {
            "containers": [{"name": "app", "image": "busybox:1.36", "resources": {}, "imagePullPolicy": "IfNotPresent",
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "automountServiceAccountToken": false, "securityContext": {}, "schedulerName": "default-scheduler",
        }});
        assert_eq!(of_template(&template, None), "579765dfcb");
        assert_ne!(of_template(&template, Some(1)), "579765dfcb");
    }
}
