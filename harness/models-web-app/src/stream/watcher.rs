//! Reads a subject and follows its changes, as long as somebody wants to know.
//!
//! A watch that ends after its minute goes on from the last version without a word. When anything fails, clients are told, and after a pause
//! it begins anew.

use std::sync::Arc;

use proofmark_json::Value;
use tokio::time::sleep;

use super::PAUSE;
use super::hub::Followed;
use super::subject::Subject;
use crate::app::App;
use crate::cluster::items;
use crate::failure::{ApiFailure, Failure};

pub(super) async fn run(app: App, subject: Subject, followed: Arc<Followed>) {
    let following = async {
        loop {
            let Err(failure) = follow(&app, &subject, &followed).await;
            followed.tell(&subject.error(&app, &failure));
            sleep(PAUSE).await;
        }
    };
    let everybody_left = async {
        loop {
            sleep(PAUSE).await;
            if app.hub().forget_if_alone(&subject) {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = following => {}
        () = everybody_left => {}
    }
}

/// Follows it until something fails.
async fn follow(app: &App, subject: &Subject, followed: &Followed) -> Result<std::convert::Infallible, Failure> {
    let read = app.cluster().get(&subject.path(app)).await?;
    let mut version = version(&read);
    let objects = if subject.is_one() { vec![read] } else { items(read) };
    followed.begin(subject, objects.into_iter().map(|object| subject.shown(app, object)).collect());
    loop {
        let mut lines = app.cluster().watch(&subject.watch_path(app, &version)).await?;
        while let Some(mut event) = lines.next().await? {
            let object = event.get_mut("object").map(Value::take).unwrap_or_default();
            let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind == "ERROR" {
                return Err(refused(&object));
            }
            version = self::version(&object);
            followed.change(subject, kind, subject.shown(app, object));
        }
    }
}

fn version(of: &Value) -> String {
    of.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A watch that ended with a Status.
fn refused(status: &Value) -> Failure {
    let code = status.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let code = code.and_then(|code| http::StatusCode::from_u16(code).ok());
    Failure::Api(ApiFailure {
        status: code.unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR),
        message: status.get("message").and_then(Value::as_str).map(str::to_owned),
        body: status.to_string(),
    })
}
