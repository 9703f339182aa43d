//! Chunked lists: which state a list is read from, where in it, and where the next chunk begins.
//!
//! Source: `k8s.io/apiserver/pkg/storage/continue.go`, `ValidateListOptions` of `pkg/storage` and the delegation rules of
//! `pkg/storage/cacher`, release 1.35.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use proofmark_json::{Value, json};
use proofmark_status::{Cause, Details, Reason, Status};

use super::{Target, bad_request};
use crate::refusal::Refusal;
use crate::request::{ListOptions, Match};
use crate::server::Call;
use crate::store::Snapshot;

/// As Go reads it: what is left over of the last character does not matter.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// The version of continue tokens.
const VERSION: &str = "meta.k8s.io/v1";

/// The state that a list is read from, and which part of it.
pub(super) struct Chunk {
    pub(super) snapshot: Arc<Snapshot>,
    /// The place from which on objects are meant.
    pub(super) from: Option<String>,
    /// No more than so many objects; none for all of them.
    pub(super) limit: Option<usize>,
}

impl Chunk {
    /// Decides where a list is read.
    pub(super) fn of(call: &Call<'_>, target: &Target<'_>, options: &ListOptions) -> Result<Self, Refusal> {
        let now = call.server.store.snapshot();
        // A list of any state comes whole: the real server takes it from its cache.
        let limit = usize::try_from(options.limit).ok().filter(|l| *l > 0 && options.resource_version != "0");
        if !options.next.is_empty() {
            let token = Token::parse(&options.next)
                .map_err(|why| bad_request(format!("invalid continue token: continue key is not valid: {why}")))?;
            if !matches!(options.resource_version.as_str(), "" | "0") {
                return Err(bad_request("specifying resource version is not allowed when using continue"));
            }
            let from = Some(format!("{}{}", target.under(), token.start));
            // A negative revision stands for the latest.
            let Ok(revision) = u64::try_from(token.revision) else {
                return Ok(Self { snapshot: now, from, limit });
            };
            check_future(revision, &now)?;
            let past = call.server.store.past(&target.resource.prefix, revision);
            let snapshot = past.map_err(|_| expired(&Token { revision: -1, ..token }))?;
            return Ok(Self { snapshot, from, limit });
        }
        let given = options.revision().map_err(|why| bad_request(format!("invalid resource version: {why}")))?;
        check_future(given, &now)?;
        // Before there were words for it, a limit made a revision exact.
        let exact = match options.matching {
            Some(Match::Exact) => true,
            Some(Match::NotOlderThan) => false,
            None => given > 0 && limit.is_some(),
        };
        if !exact {
            return Ok(Self { snapshot: now, from: None, limit });
        }
        let past = call.server.store.past(&target.resource.prefix, given);
        let snapshot = past
            .map_err(|_| Status::new(410, Reason::Expired, "The resourceVersion for the provided list is too old."))?;
        Ok(Self { snapshot, from: None, limit })
    }

    /// The token of the chunk after the object at a place.
    pub(super) fn after(&self, target: &Target<'_>, place: &str) -> String {
        let start = format!("{}\0", place.strip_prefix(&target.under()).unwrap_or(place));
        let revision = i64::try_from(self.snapshot.revision()).unwrap_or(i64::MAX);
        Token { revision, start }.to_text()
    }
}

/// 504 for a revision that has not come yet.
pub(super) fn check_future(revision: u64, now: &Snapshot) -> Result<(), Refusal> {
    if revision <= now.revision() {
        return Ok(());
    }
    let message = format!("Timeout: Too large resource version: {revision}, current: {}", now.revision());
    let details = Details {
        causes: vec![Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        }],
        retry_after_seconds: 1,
        ..Details::default()
    };
    Err(Status::new(504, Reason::Timeout, message).with_details(details).into())
}

/// 410 of a chunk whose state is forgotten. Its token goes on with the latest state.
fn expired(inconsistent: &Token) -> Status {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without \
         the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the \
         provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk \
         was returned and now may show up in the list.";
    Status { next: inconsistent.to_text(), ..Status::new(410, Reason::Expired, message) }
}

/// What a continue token says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    /// The revision of the first chunk; negative for the latest.
    revision: i64,
    /// Where the next chunk begins, below the collection's own key.
    start: String,
}

impl Token {
    fn to_text(&self) -> String {
        let text = json!({"v": VERSION, "rv": self.revision, "start": self.start}).to_string();
        BASE64.encode(text)
    }

    /// Reads a token; the error is Go's text.
    fn parse(text: &str) -> Result<Self, String> {
        let bytes = BASE64.decode(text).map_err(|error| {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _) => at,
                // Go points at the quantum that is too short.
                base64::DecodeError::InvalidLength(length) => length / 4 * 4,
                _ => text.len(),
            };
            format!("illegal base64 data at input byte {at}")
        })?;
        let value = proofmark_builtin::decode::parse(&bytes).map_err(|e| e.to_string())?;
        if !value.is_object() {
            let given = crate::value::type_name(&value);
            return Err(format!("json: cannot unmarshal {given} into Go value of type storage.continueToken"));
        }
        let misfit = |field: &str, value: &Value, go: &str| {
            let given = crate::value::type_name(value);
            format!("json: cannot unmarshal {given} into Go struct field continueToken.{field} of type {go}")
        };
        let text = |field: &str| match value.get(field) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(misfit(field, other, "string")),
        };
        let version = text("v")?;
        let revision = match value.get("rv") {
            None | Some(Value::Null) => 0,
            Some(number) => number.as_i64().ok_or_else(|| misfit("rv", number, "int64"))?,
        };
        let start = text("start")?;
        if version != VERSION {
            return Err(format!("server does not recognize this encoded version {version}"));
        }
        if revision == 0 {
            return Err(format!("incorrect encoded start resourceVersion (version {VERSION})"));
        }
        if start.is_empty() {
            return Err(format!("encoded start key empty (version {VERSION})"));
        }
        if !is_clean(start.strip_prefix('/').unwrap_or(&start)) {
            return Err(start);
        }
        Ok(Self { revision, start: start.strip_prefix('/').unwrap_or(&start).to_owned() })
    }
}

/// Whether a key stays where it is put (`path.Clean` leaves it alone).
fn is_clean(key: &str) -> bool {
    key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn tokens_survive_the_way_to_the_client_and_back() {
        let token = Token { revision: 7, start: "n/a\0".to_owned() };
        assert_eq!(Token::parse(&token.to_text()), Ok(token));
    }

    #[rstest]
    #[case("!", "illegal base64 data at input byte 0")]
    #[case("{", "illegal base64 data at input byte 0")]
    #[case("W10", "json: cannot unmarshal array into Go value of type storage.continueToken")]
    fn broken_tokens(#[case] text: &str, #[case] want: &str) {
        assert_eq!(Token::parse(text).unwrap_err(), want);
    }

    #[rstest]
    #[case(json!({"v": "v9", "rv": 1, "start": "x"}), "server does not recognize this encoded version v9")]
    #[case(json!({"v": VERSION, "start": "x"}), "incorrect encoded start resourceVersion (version meta.k8s.io/v1)")]
    #[case(json!({"v": VERSION, "rv": 1}), "encoded start key empty (version meta.k8s.io/v1)")]
    #[case(json!({"v": VERSION, "rv": "1"}), "json: cannot unmarshal string into Go struct field continueToken.rv of type int64")]
    #[case(json!({"v": VERSION, "rv": 1, "start": "../x"}), "../x")]
    fn tokens_that_say_nothing(#[case] token: Value, #[case] want: &str) {
        assert_eq!(Token::parse(&BASE64.encode(token.to_string())).unwrap_err(), want);
    }
}
