//! Typed decoding of JSON: `apps/v1/Deployment`, NUL, a body. Decoding comes to rest: Go writes what it could make
//! nothing of as null, which is gone the next time, and then nothing changes any more.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_builtin::{decode, type_of};

fuzz_target!(|data: &[u8]| {
    let [kind, body] = proofmark_fuzz::parts(data);
    let kind = String::from_utf8_lossy(kind);
    let mut kind = kind.rsplitn(3, '/');
    let (Some(name), Some(version)) = (kind.next(), kind.next()) else { return };
    let Some(ty) = type_of(kind.next().unwrap_or_default(), version, name) else { return };
    if let Ok(text) = decode::Text::parse(body) {
        text.duplicates();
        let value = text.value();
        let anew = decode::decode(&value, ty, true);
        assert_eq!(decode::decode_owned(value, ty, true), anew, "in place it is as anew");
    }
    if let Ok(decoded) = decode::decode_text(body, ty, true) {
        let again = decode::decode(&decoded.value, ty, true).expect("what was decoded fits its type");
        let third = decode::decode(&again.value, ty, true).expect("what was decoded fits its type");
        assert_eq!(third.value, again.value);
        assert_eq!(again.complaints, []);
    }
});
