//! What is tried again, and how often: botocore's legacy and standard modes.
//!
//! Source: `_retry.json` and `retryhandler.py` (legacy), `retries/standard.py`.

use std::time::Duration;

/// How failures are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryMode {
    Legacy,
    Standard,
}

/// How often a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryRule {
    pub(crate) mode: RetryMode,
    /// In all, the first time included.
    pub(crate) attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attempt<'a> {
    /// An answer, with the code of the error in it.
    Answered { status: u16, code: &'a str },
    /// No answer, because of the network.
    Failed,
    /// No answer, because the request could not be sent as it is.
    Unsendable,
}

/// What to do after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) again: bool,
    /// Whether the error shall tell how often it was tried.
    pub(crate) exhausted: bool,
}

/// Codes that the standard mode takes for throttling.
const THROTTLED: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Codes that the legacy mode repeats when they come with a status of 400.
const LEGACY_BAD_REQUESTS: [&str; 5] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "ProvisionedThroughputExceededException",
];

impl RetryRule {
    /// The standard mode.
    pub(crate) fn standard(attempts: u32) -> Self {
        Self { mode: RetryMode::Standard, attempts }
    }

    /// Judges the attempt of that number; the first is 1. `own` are codes that the service adds, for a status of 400.
    pub(crate) fn judge(self, number: u32, attempt: Attempt<'_>, own: &[&str]) -> Verdict {
        let left = number < self.attempts;
        match self.mode {
            RetryMode::Legacy => {
                let again = match attempt {
                    Attempt::Failed => true,
                    Attempt::Unsendable => false,
                    Attempt::Answered { status: 400, code } => {
                        LEGACY_BAD_REQUESTS.contains(&code) || own.contains(&code)
                    }
                    Attempt::Answered { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504 | 509),
                };
                Verdict { again: again && left, exhausted: again && !left }
            }
            RetryMode::Standard => {
                let again = match attempt {
                    Attempt::Failed | Attempt::Unsendable => true,
                    Attempt::Answered { status, code } => {
                        matches!(status, 500 | 502 | 503 | 504)
                            || matches!(code, "RequestTimeout" | "RequestTimeoutException" | "IDPCommunicationError")
                            || THROTTLED.contains(&code)
                    }
                };
                // The count is looked at first here, so the last attempt is the last whatever became of it.
                Verdict { again: again && left, exhausted: !left }
            }
        }
    }

    /// How long to wait behind the attempt of that number. The original draws a number between nothing and twice this.
    pub(crate) fn pause(self, number: u32) -> Duration {
        let longest = Duration::from_secs(20);
        let exponent = number.saturating_sub(1).min(10);
        (Duration::from_millis(500) * 2u32.pow(exponent)).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_judged_by_mode() {
        let legacy = RetryRule { mode: RetryMode::Legacy, attempts: 5 };
        let standard = RetryRule { mode: RetryMode::Standard, attempts: 4 };
        let answered = |status, code| Attempt::Answered { status, code };
        for (rule, number, attempt, again, exhausted) in [
            (legacy, 1, answered(503, "SlowDown"), true, false),
            (legacy, 5, answered(503, "SlowDown"), false, true),
            (legacy, 1, answered(429, "x"), true, false),
            (legacy, 1, answered(403, "AccessDenied"), false, false),
            (legacy, 5, answered(403, "AccessDenied"), false, false),
            (legacy, 1, answered(400, "BadDigest"), true, false),
            (legacy, 1, Attempt::Failed, true, false),
            (legacy, 1, Attempt::Unsendable, false, false),
            (standard, 1, answered(429, "x"), false, false),
            (standard, 1, answered(400, "SlowDown"), true, false),
            (standard, 4, answered(500, "x"), false, true),
            (standard, 4, answered(403, "AccessDenied"), false, true),
        ] {
            assert_eq!(
                rule.judge(number, attempt, &["BadDigest"]),
                Verdict { again, exhausted },
                "{attempt:?} {number}"
            );
        }
    }
}
