//! A denial as the client gets it: the webhook's own Status, with a few things set right.

use proofmark_json::{Value, json};

use crate::refusal::Refusal;

/// The refusal in the words of a webhook; `result` is the response's `status`.
pub(super) fn refusal(webhook: &str, result: Option<&Value>) -> Refusal {
    let mut status = result.cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
    let text = |field: &str| status.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let denied = format!("admission webhook {} denied the request", proofmark_status::quote(webhook));
    let message = match (text("message"), text("reason")) {
        (message, _) if !message.is_empty() => format!("{denied}: {message}"),
        (_, reason) if !reason.is_empty() => format!("{denied}: {reason}"),
        _ => format!("{denied} without explanation"),
    };
    // A denial is no success, whatever it calls itself.
    let code = status.get("code").and_then(Value::as_u64).and_then(|c| u16::try_from(c).ok()).unwrap_or(0).max(400);
    let word = if matches!(text("status").as_str(), "" | "Success") { "Failure".to_owned() } else { text("status") };
    for (field, value) in [("status", json!(word)), ("message", json!(message)), ("code", json!(code))] {
        status[field] = value;
    }
    if status.get("metadata").is_none_or(Value::is_null) {
        status["metadata"] = json!({});
    }
    crate::value::identify(&mut status, "v1", "Status");
    Refusal::Worded(code, Box::new(status))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!(null), 400, "denied the request without explanation")]
    #[case(json!({"reason": "NotFound"}), 400, "denied the request: NotFound")]
    #[case(json!({"code": 200, "message": "two hundred"}), 400, "denied the request: two hundred")]
    #[case(json!({"code": 418, "message": "teapot"}), 418, "denied the request: teapot")]
    fn codes_and_words(#[case] result: Value, #[case] code: u16, #[case] words: &str) {
        let Refusal::Worded(got, status) = refusal("w", Some(&result)) else { panic!("worded by the webhook") };
        assert_eq!((got, status["code"].clone()), (code, json!(code)));
        assert_eq!(status["status"], "Failure");
        assert_eq!(status["message"], format!("admission webhook \"w\" {words}"));
    }
}
