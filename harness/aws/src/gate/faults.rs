//! What is wrong with a signature, in the words of the service that was addressed.

use crate::{Fault, Service};
use jiff::Timestamp;
use proofmark_aws_sigv4::{Expected, Malformed, Presigned, Signature, amz_date};

/// How far clocks may be apart.
pub(super) const SKEW_SECONDS: i64 = 900;

const TOKEN_INVALID: &str = "The security token included in the request is invalid.";
const MISMATCH: &str =
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.";

pub(super) fn malformed(service: Service, fault: &Malformed) -> Fault {
    match (service, fault) {
        (Service::S3, Malformed::Algorithm) => {
            Fault::new(400, "InvalidArgument", "Unsupported Authorization Type").with("ArgumentName", "Authorization")
        }
        (Service::S3, fault) => {
            Fault::new(400, "AuthorizationHeaderMalformed", format!("The authorization header is malformed; {fault}."))
        }
        (_, fault) => {
            Fault::new(400, "IncompleteSignature", format!("The request signature is not complete: {fault}."))
        }
    }
}

pub(super) fn malformed_query(fault: &Malformed) -> Fault {
    let message = match fault {
        Malformed::Missing(_) => {
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
             X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        }
        Malformed::Algorithm => "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
        Malformed::Credential(_) => {
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
        }
        Malformed::Expires(_) => "X-Amz-Expires should be a number",
    };
    Fault::new(400, "AuthorizationQueryParametersError", message)
}

pub(super) fn expires_out_of_range(expires: i64) -> Option<Fault> {
    let message = match expires {
        i64::MIN..0 => "X-Amz-Expires must be non-negative",
        604_801.. => {
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
        }
        _ => return None,
    };
    Some(Fault::new(400, "AuthorizationQueryParametersError", message))
}

pub(super) fn unknown_key(service: Service, key: &str) -> Fault {
    match service {
        Service::S3 => {
            Fault::new(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
                .with("AWSAccessKeyId", key)
        }
        Service::Kms | Service::Organizations => Fault::new(400, "UnrecognizedClientException", TOKEN_INVALID),
        Service::Sts | Service::Iam => Fault::new(403, "InvalidClientTokenId", TOKEN_INVALID),
    }
}

pub(super) fn wrong_token(service: Service, token: &str) -> Fault {
    match service {
        Service::S3 => Fault::new(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
            .with("Token-0", token),
        service => unknown_key(service, ""),
    }
}

pub(super) fn expired_token(service: Service, token: &str) -> Fault {
    match service {
        Service::S3 => Fault::new(400, "ExpiredToken", "The provided token has expired.").with("Token-0", token),
        Service::Kms | Service::Organizations => {
            Fault::new(400, "ExpiredTokenException", "The security token included in the request is expired")
        }
        Service::Sts | Service::Iam => {
            Fault::new(403, "ExpiredToken", "The security token included in the request is expired")
        }
    }
}

pub(super) fn skewed(service: Service, date: &str, sent: Timestamp, now: Timestamp) -> Fault {
    if service == Service::S3 {
        return Fault::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .with("RequestTime", date)
        .with("ServerTime", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .with("MaxAllowedSkewMilliseconds", "900000");
    }
    let now_text = amz_date(now);
    let minute = |seconds: i64| Timestamp::from_second(seconds).map(amz_date).unwrap_or_default();
    let message = if sent < now {
        let edge = minute(now.as_second() - SKEW_SECONDS);
        format!("Signature expired: {date} is now earlier than {edge} ({now_text} - 15 min.)")
    } else {
        let edge = minute(now.as_second() + SKEW_SECONDS);
        format!("Signature not yet current: {date} is still later than {edge} ({now_text} + 15 min.)")
    };
    Fault::new(
        if matches!(service, Service::Kms | Service::Organizations) { 400 } else { 403 },
        mismatch_code(service),
        message,
    )
}

pub(super) fn no_date(service: Service) -> Fault {
    match service {
        Service::S3 => Fault::new(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"),
        _ => Fault::new(
            400,
            "IncompleteSignature",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
    }
}

pub(super) fn presign_expired(presigned: &Presigned, ends: Timestamp, now: Timestamp) -> Fault {
    let stamp = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Fault::new(403, "AccessDenied", "Request has expired")
        .with("X-Amz-Expires", presigned.expires.to_string())
        .with("Expires", stamp(ends))
        .with("ServerTime", stamp(now))
}

pub(super) fn version_2_expired(ends: Timestamp, now: Timestamp) -> Fault {
    let stamp = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Fault::new(403, "AccessDenied", "Request has expired").with("Expires", stamp(ends)).with("ServerTime", stamp(now))
}

pub(super) fn version_2_mismatch(key: &str, signature: &str, string_to_sign: &str) -> Fault {
    Fault::new(403, "SignatureDoesNotMatch", MISMATCH)
        .with("AWSAccessKeyId", key)
        .with("StringToSign", string_to_sign)
        .with("SignatureProvided", signature)
        .with("StringToSignBytes", hexadecimal(string_to_sign))
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

pub(super) fn not_yet_valid(now: Timestamp) -> Fault {
    Fault::new(403, "AccessDenied", "Request is not valid yet")
        .with("ServerTime", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

pub(super) fn headers_not_signed(names: &[&str]) -> Fault {
    Fault::new(403, "AccessDenied", "There were headers present in the request which were not signed")
        .with("HeadersNotSigned", names.join(", "))
}

pub(super) fn wrong_service(service: Service, signed_for: &str) -> Fault {
    let wanted = service.signing_name();
    match service {
        Service::S3 => Fault::new(
            400,
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; incorrect service \"{signed_for}\". This endpoint belongs to \"{wanted}\"."
            ),
        ),
        service => Fault::new(
            if matches!(service, Service::Kms | Service::Organizations) { 400 } else { 403 },
            mismatch_code(service),
            format!("Credential should be scoped to correct service: '{wanted}'. "),
        ),
    }
}

pub(super) fn date_differs(service: Service, signature: &Signature, date: &str) -> Fault {
    let (scope, sent) = (&signature.scope.date, date.get(..8).unwrap_or_default());
    match service {
        Service::S3 => Fault::new(
            400,
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{sent}\"."
            ),
        ),
        _ => Fault::new(
            403,
            mismatch_code(service),
            format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{sent}', from '{date}'."
            ),
        ),
    }
}

pub(super) fn mismatch(service: Service, signature: &Signature, expected: &Expected) -> Fault {
    match service {
        Service::S3 => Fault::new(403, "SignatureDoesNotMatch", MISMATCH)
            .with("AWSAccessKeyId", &signature.access_key_id)
            .with("StringToSign", &expected.string_to_sign)
            .with("SignatureProvided", &signature.signature)
            .with("StringToSignBytes", hexadecimal(&expected.string_to_sign))
            .with("CanonicalRequest", &expected.canonical_request)
            .with("CanonicalRequestBytes", hexadecimal(&expected.canonical_request)),
        service => Fault::new(
            if matches!(service, Service::Kms | Service::Organizations) { 400 } else { 403 },
            mismatch_code(service),
            format!(
                "{} Consult the service documentation for details.",
                MISMATCH.replace("Check your key", "Check your AWS Secret Access Key")
            ),
        ),
    }
}

fn mismatch_code(service: Service) -> &'static str {
    match service {
        Service::Kms | Service::Organizations => "InvalidSignatureException",
        Service::S3 | Service::Sts | Service::Iam => "SignatureDoesNotMatch",
    }
}
