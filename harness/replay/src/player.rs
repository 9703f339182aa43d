//! Plays single steps: acts, looks at what came of it as often as the step asks, and writes down the evidence.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use proofmark_env::{Aws, Body, Cluster, EnvError, Exchange, Identity, Limit, Universe, Web};
use proofmark_json::{Map, Value, json};

use crate::created::Created;
use crate::diff::Difference;
use crate::expect::Expect;
use crate::permission::{PermissionChange, Survey, grouped, lines};
use crate::step::{Action, When};
use crate::{Evidence, Outcome, Step, StepResult, StepVerdict, Taken, kubectl, mask};

/// How long the pauses between two looks may grow, or to this part of the time that there is: pauses grow with what has passed, so no wait becomes twice as long.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PART: u32 = 100;

/// Plays the steps of one case.
pub(crate) struct Player {
    cluster: Cluster,
    cloud: Option<Aws>,
    web: Option<Web>,
    /// The exchanges of the step that is being played.
    exchanges: Vec<Exchange>,
    /// What was created in the phase that is being played.
    created: Created,
    surveys: BTreeMap<String, (Vec<(Identity, String)>, Survey)>,
    /// What the comparison of the step that is being played came to.
    change: Option<PermissionChange>,
    /// Whether a step would have changed what others have there.
    fenced: bool,
    /// What the case may take in all.
    limit: Limit,
    /// What the last look at the step that is being played found.
    found: Option<String>,
    /// When something was changed last, by a step or by whoever made the universe.
    changed: Duration,
}

/// What came of a step.
struct Look {
    outcome: Outcome,
    differences: Vec<Difference>,
    history: Vec<Taken>,
}

impl Player {
    /// Plays in a universe, and no longer than to the limit.
    pub(crate) fn new(universe: &Universe, limit: Limit) -> Self {
        Self {
            cluster: universe.cluster.clone(),
            cloud: universe.cloud.clone(),
            web: universe.web(),
            exchanges: Vec::new(),
            created: Created::default(),
            surveys: BTreeMap::new(),
            change: None,
            fenced: false,
            limit,
            found: None,
            changed: universe.cluster.elapsed(),
        }
    }

    pub(crate) fn elapsed_ms(&self) -> u64 {
        millis(self.cluster.elapsed())
    }

    pub(crate) async fn settle(&self) {
        self.cluster.settle().await;
    }

    /// Plays a step. A panic, a failure of the environment or the end of the case's time ends the step as an inner error.
    pub(crate) async fn play(&mut self, step: &Step, should_be_missing: bool) -> StepResult {
        let expectations = step.expectations();
        self.found = None;
        let limit = self.limit;
        let look = AssertUnwindSafe(self.look(step, &expectations, should_be_missing)).catch_unwind();
        let looked = limit.wait("the end of the case, which was at this step", look).await;
        self.note_exchanges();
        let exchanges = std::mem::take(&mut self.exchanges);
        self.created.note(&exchanges);
        if step.writes() && exchanges.iter().any(changes) {
            self.changed = self.cluster.elapsed();
        }

        let mut result = StepResult {
            title: step.title.clone(),
            identity: step.who.to_string(),
            action: step.action_in_words(),
            expected: expectations
                .iter()
                .map(|e| mask::text(&format!("{}{}", e.in_words(), step.when_in_words())))
                .collect(),
            should_be_missing,
            verdict: StepVerdict::InnerError,
            found: String::new(),
            text: None,
            differences: Vec::new(),
            history: Vec::new(),
            permissions: self.change.take(),
            evidence: evidence(step, &exchanges),
        };
        match looked {
            Ok(Ok(Ok(look))) => {
                let occurred = look.differences.is_empty();
                result.verdict =
                    if occurred == should_be_missing { StepVerdict::Unexpected } else { StepVerdict::AsExpected };
                result.found = mask::text(&look.outcome.in_words());
                result.text = look.outcome.text.as_deref().map(mask::text);
                result.differences = look.differences.into_iter().map(|d| masked(&look.outcome.body, d)).collect();
                result.history = look.history;
            }
            Ok(Ok(Err(error))) => {
                self.fenced |= matches!(error, EnvError::Foreign(_));
                result.found = error.to_string();
            }
            Err(over) => {
                let last = self.found.take().map(|found| format!("; what was found last: {found}")).unwrap_or_default();
                result.found = format!("{over}{last}");
            }
            Ok(Err(panic)) => result.found = format!("panic: {}", panic_message(&*panic)),
        }
        result
    }

    /// Acts and looks, as often as the step asks.
    async fn look(&mut self, step: &Step, expectations: &[Expect], should_be_missing: bool) -> Result<Look, EnvError> {
        let mut look = self.once(step, expectations).await?;
        let mut history = vec![taken(&look.outcome)];
        match step.when {
            When::Now | When::Stays => {
                // Where nobody knows whether controllers have work left, a look that does no more than read is not the last one.
                let in_doubt =
                    |player: &Self, look: &Look| look.differences.is_empty() == should_be_missing && player.only_read();
                let doubt = self.doubt();
                look = self.look_again(look, step, expectations, doubt, in_doubt, &mut Vec::new()).await?;
                history = Vec::from_iter((step.when == When::Stays).then(|| taken(&look.outcome)));
                if step.when == When::Stays && look.differences.is_empty() {
                    self.settle().await;
                    look = self.once(step, expectations).await?;
                    history.push(taken(&look.outcome));
                }
            }
            When::Within(time) | When::Answered(time) => {
                let waits = |_: &Self, look: &Look| match step.when {
                    When::Answered(_) => look.outcome.body.as_object().is_some_and(Map::is_empty),
                    _ => !look.differences.is_empty(),
                };
                look = self.look_again(look, step, expectations, time, waits, &mut history).await?;
            }
        }
        look.history = history;
        Ok(look)
    }

    /// Acts and looks again for as long as there is something to wait for, and no longer than this time. What is found goes into the history whenever it changes.
    async fn look_again(
        &mut self,
        mut look: Look,
        step: &Step,
        expectations: &[Expect],
        time: Duration,
        waits: impl Fn(&Self, &Look) -> bool,
        history: &mut Vec<Taken>,
    ) -> Result<Look, EnvError> {
        let deadline = self.cluster.elapsed() + time;
        let longest = LONGEST_PAUSE.max(time / LONGEST_PART);
        let mut pause = Duration::from_millis(10);
        while waits(self, &look) && self.cluster.elapsed() < deadline {
            self.cluster.advance(pause.min(deadline.saturating_sub(self.cluster.elapsed()))).await;
            pause = (pause * 2).min(longest);
            self.exchanges.clear(); // evidence is the last look; the earlier ones are in the history
            look = self.once(step, expectations).await?;
            if history.last().is_none_or(|last| last.found != mask::text(&look.outcome.in_words())) {
                history.push(taken(&look.outcome));
            }
        }
        Ok(look)
    }

    /// How much longer controllers may have work. They have it from what was changed last: who has waited for them once need not wait again at the next step.
    fn doubt(&self) -> Duration {
        let since = self.cluster.elapsed().saturating_sub(self.changed);
        self.cluster.doubt().saturating_sub(since)
    }

    /// Whether the step that is being played has changed nothing so far.
    fn only_read(&self) -> bool {
        !self.exchanges.is_empty() && self.exchanges.iter().all(|exchange| exchange.request.method.is_safe())
    }

    async fn once(&mut self, step: &Step, expectations: &[Expect]) -> Result<Look, EnvError> {
        let mut outcome = self.act(step).await?;
        if let Some((_, read)) = step.reading.as_ref().filter(|_| outcome.succeeded()) {
            outcome = match read(&outcome.body) {
                Ok(body) => Outcome { body, text: None, ..outcome },
                Err(words) => self.saying(words),
            };
        }
        self.note_exchanges();
        self.found = Some(mask::text(&outcome.in_words()));
        let differences = expectations.iter().flat_map(|expect| expect.check(&outcome)).collect();
        Ok(Look { outcome, differences, history: Vec::new() })
    }

    async fn act(&mut self, step: &Step) -> Result<Outcome, EnvError> {
        let (cluster, who) = (&self.cluster, &step.who);
        match &step.action {
            Action::Wait(time) => {
                cluster.settle().await;
                cluster.advance(*time).await;
                Ok(self.saying("quiet"))
            }
            Action::Request { request, .. } => Ok(Outcome::of(&cluster.send(who, request.clone()).await?)),
            Action::Apply { file, resource, object } => kubectl::apply(cluster, who, file, resource, object).await,
            Action::Client { call, .. } => {
                let result = call(cluster.client(who)).await;
                self.note_exchanges();
                Ok(self.client_outcome(result))
            }
            Action::Survey { name, subjects } => {
                let survey = match self.take_survey(subjects).await? {
                    Ok(survey) => survey,
                    Err(refused) => return Ok(Outcome::of(&refused)),
                };
                let words = counted(survey.len());
                self.surveys.insert(name.clone(), (subjects.clone(), survey));
                Ok(self.permissions(Value::Null, words.clone(), words))
            }
            Action::Compare { name } => {
                let Some((subjects, before)) = self.surveys.get(name).cloned() else {
                    return Ok(self.saying(format!("there is no survey {name:?}")));
                };
                Ok(match self.take_survey(&subjects).await? {
                    Ok(after) => {
                        let (gained, lost) = after.since(&before);
                        let words = format!("{}\n{}", lines("gained", &gained), lines("lost", &lost));
                        let body = json!({"gained": grouped(&gained), "lost": grouped(&lost)});
                        let summary = format!("gained {}, lost {}", counted(gained.len()), counted(lost.len()));
                        self.change = Some(PermissionChange { gained, lost });
                        self.permissions(body, words, summary)
                    }
                    Err(refused) => Outcome::of(&refused),
                })
            }
            Action::Http(request) => {
                let web = self.web.as_ref().ok_or(EnvError::Unsupported("way into pods"))?;
                Ok(Outcome::of(&web.send(who, request.clone()).await?))
            }
            Action::Aws(call) => match who {
                Identity::Aws(who) => Ok(Outcome::of_aws(&call.send(self.cloud()?, who).await?)),
                who => Err(EnvError::Request(format!("{who} is not known to AWS"))),
            },
            Action::Load(load) => load.run(self.cloud()?).await,
            Action::Pull(pull) => pull.run(cluster, self.cloud()?).await,
        }
    }

    async fn take_survey(&self, subjects: &[(Identity, String)]) -> Result<Result<Survey, Exchange>, EnvError> {
        self.cluster.settle().await; // aggregated roles are filled by a controller
        Survey::take(&self.cluster, subjects).await
    }

    fn permissions(&self, body: Value, words: String, summary: String) -> Outcome {
        Outcome { status: Some(201), body, summary: Some(summary), ..self.saying(words) }
    }

    /// An outcome that is a text and nothing else.
    fn saying(&self, words: impl Into<String>) -> Outcome {
        let (at, text) = (self.cluster.elapsed(), Some(words.into()));
        Outcome {
            at,
            status: None,
            headers: Vec::new(),
            body: Value::Null,
            text,
            exit: None,
            decision: None,
            summary: None,
        }
    }

    fn cloud(&self) -> Result<&Aws, EnvError> {
        self.cloud.as_ref().ok_or(EnvError::Unsupported("cloud"))
    }

    /// What calls of a typed client came to: their result, or the refusal as the server sent it.
    fn client_outcome(&self, result: kube::Result<Value>) -> Outcome {
        let last = self.exchanges.last().map(Outcome::of);
        match (result, last) {
            (Ok(body), Some(last)) => Outcome { body, ..last },
            (Ok(body), None) => Outcome { status: Some(200), body, text: None, ..self.saying("") },
            (Err(kube::Error::Api(_)), Some(last)) => last,
            (Err(error), _) => self.saying(error.to_string()),
        }
    }

    /// What was created since this was last asked.
    pub(crate) fn take_created(&mut self) -> Created {
        std::mem::take(&mut self.created)
    }

    /// Whether a step was not sent because it would have changed what others have there: on this cluster the scenario cannot be played.
    pub(crate) fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// What the case may take in all.
    pub(crate) fn limit(&self) -> Limit {
        self.limit
    }

    /// Where the steps are played.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    fn note_exchanges(&mut self) {
        self.exchanges.extend(self.cluster.take_exchanges());
    }
}

/// Whether something was changed by this.
fn changes(exchange: &Exchange) -> bool {
    !exchange.request.method.is_safe() && exchange.response.status < 400
}

/// The exchanges behind a step. Surveys are many and long, and the step's text tells what came of them: there the rules are left out.
fn evidence(step: &Step, exchanges: &[Exchange]) -> Vec<Arc<Evidence>> {
    let is_survey = matches!(step.action, Action::Survey { .. } | Action::Compare { .. });
    let told = |exchange: &Exchange| {
        let mut evidence = Evidence::of(exchange);
        if is_survey && exchange.response.status == 201 {
            evidence.response.body = Body::Omitted(exchange.response.body.json().to_string().len());
        }
        Arc::new(evidence)
    };
    exchanges.iter().map(told).collect()
}

/// So many permissions, in words.
fn counted(permissions: usize) -> String {
    match permissions {
        0 => "none".to_owned(),
        1 => "1 permission".to_owned(),
        more => format!("{more} permissions"),
    }
}

fn masked(body: &Value, difference: Difference) -> Difference {
    let mask = |value: Value| mask::at(body, &difference.path, &value);
    Difference {
        expected: difference.expected.map(mask),
        found: difference.found.map(mask),
        path: difference.path.clone(),
    }
}

fn taken(outcome: &Outcome) -> Taken {
    Taken { at_ms: millis(outcome.at), found: mask::text(&outcome.in_words()) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The message of a caught panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(message), _) => message,
        (None, Some(message)) => message,
        (None, None) => "without a message",
    }
}
