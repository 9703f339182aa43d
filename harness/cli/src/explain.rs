//! `proofmark explain`

use proofmark_json::json;
use proofmark_kserve::Release;
use proofmark_replay::{Expected, Scenario, Target};

use crate::args::{ExplainArgs, PlainFormat};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::json;
use crate::terminal::Terminal;

pub(crate) fn run(args: &ExplainArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    let scenario = proofmark_catalog::find(&args.scenario)?;
    let releases = Releases::of(&scenario);
    let text = match args.plain.format {
        PlainFormat::Text => {
            let options = terminal.options(args.plain.output.is_some(), false);
            article(&scenario, &releases, options.width)
        }
        PlainFormat::Json => {
            let releases = json!({"reproduces": releases.reproduces, "absent": releases.absent});
            json::document("scenario", &json!({"about": scenario.about(), "kserveReleases": releases}))
        }
    };
    Destination::open(args.plain.output.as_deref())?.print(&text)?;
    Ok(Exit::AsExpected)
}

/// The releases of KServe that have the failure, and those that do not.
struct Releases {
    reproduces: Vec<&'static str>,
    absent: Vec<&'static str>,
}

impl Releases {
    fn of(scenario: &Scenario) -> Self {
        let (mut reproduces, mut absent) = (Vec::new(), Vec::new());
        for release in Release::all() {
            match scenario.expected(&Target::kserve(*release)) {
                Expected::Reproduces => reproduces.push(release.version()),
                Expected::Absent => absent.push(release.version()),
                Expected::NotApplicable { .. } => {}
            }
        }
        Self { reproduces, absent }
    }
}

fn article(scenario: &Scenario, releases: &Releases, width: usize) -> String {
    let about = scenario.about();
    let mut out = format!("{}: {}\n", about.id, about.title);
    let mut section = |title: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("\n{title}\n{}\n", wrapped(text, width)));
        }
    };
    section("In short", &about.summary);
    section("Story", &about.story);
    section("Cause", &about.cause);
    section("Fix", &about.fix);
    let ways = about.variants.iter().map(|variant| format!("{}/{}: {}", about.id, variant.id, variant.title));
    section("Ways to fix it", &lines(ways));
    section("Upstream", &lines(about.links.iter().map(|link| format!("{} {}", link.title, link.url))));
    section("Affected", &about.affected);
    section("KServe with it", &releases.reproduces.join(", "));
    section("KServe without it", &releases.absent.join(", "));
    section("Family", &about.family);
    let profiles = about.profiles.iter().map(|(profile, level)| format!("{profile}: {}", level.name()));
    section("Conformance", &lines(profiles));
    if let Some(release) = releases.reproduces.last() {
        section("See it", &format!("proofmark run {} --kserve {release}", about.id));
    }
    out
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Indented, and no line longer than it may be unless it is one word.
fn wrapped(text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width.clamp(40, 100))
        .initial_indent("  ")
        .subsequent_indent("  ")
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}
