//! `proofmark certify`, `verify` and `diff`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use proofmark_certify::{
    Bundle, Comparison, ConformanceReport, Implementation, Key, Outcome, Signed, Subject, Tool, compare, sha256, verify,
};
use proofmark_clock::Clock;
use proofmark_env::kubeconfig::Needs;
use proofmark_env::{Embedded, Environment, shell_word};
use proofmark_replay::{Purpose, RunResult, Runner, Scenario, Target};
use proofmark_report::{Progress, Tee};

use crate::args::{CertifyArgs, DiffArgs, SubjectArgs, VerifyArgs};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::terminal::Terminal;
use crate::{environment, input, interrupt, random};

/// What is certified, and where it is played.
struct Candidate {
    environment: Box<dyn Environment>,
    target: Target,
    subject: Subject,
    /// What is worth knowing of this one time.
    record: BTreeMap<String, String>,
}

pub(crate) fn run(args: &CertifyArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    // What is wrong with the key is better known before than after.
    let key =
        args.key.as_deref().map(|file| Key::from_pem(&read(file)?).map_err(|why| unfit(file, &why))).transpose()?;
    Bundle::vacant(&args.output)?;
    let mut candidate = candidate(args, terminal)?;
    let scenarios: Vec<Scenario> = proofmark_catalog::all()
        .into_iter()
        .filter(|scenario| args.profiles.iter().any(|profile| scenario.about().profiles.contains_key(profile)))
        .collect();
    let interrupted = interrupt::flag()?;
    let runner = Runner::new(&*candidate.environment)
        .purpose(Purpose::Conformance(args.profiles.clone()))
        .read_only(args.read_only)
        .interrupted_by(interrupted.clone());
    let result = play(&runner, &scenarios, &candidate.target)?;
    if interrupted.load(Ordering::Relaxed) {
        return Ok(Exit::INTERRUPTED);
    }
    let implementation = Implementation {
        organization: args.organization.clone(),
        project: args.project.clone(),
        url: args.url.clone(),
        version: args.version.clone(),
        contact: args.contact.clone(),
    };
    let report = ConformanceReport::of(&result, &args.profiles, implementation);
    candidate.record.insert("date".to_owned(), clock_says()?);
    let bundle = Bundle::new(
        &report,
        &result,
        &candidate.subject,
        &tool()?,
        &candidate.record,
        &again(args, &candidate.target),
    )?;
    bundle.write(&args.output, key.as_ref())?;
    let mut text = String::new();
    for profile in &report.profiles {
        text.push_str(&format!("{}: {}\n", profile.name, profile.summary));
    }
    text.push_str(&format!("bundle {} in {}\n", bundle.digest(), args.output.display()));
    Destination::open(None)?.print(&text)?;
    Ok(if report.outcome() == Outcome::Success { Exit::AsExpected } else { Exit::Finding })
}

fn candidate(args: &CertifyArgs, terminal: &Terminal) -> Result<Candidate, ExpectedError> {
    let SubjectArgs { kubeconfig, manifests, kserve, kubeflow } = &args.subject;
    if let Some(file) = kubeconfig {
        return installed(file, args.context.as_deref(), args.read_only);
    }
    let (kind, target) = match (kserve, kubeflow) {
        _ if !manifests.is_empty() => {
            ("manifests", Target::manifests(manifests, input::manifests(manifests, terminal, false)?))
        }
        (Some(kserve), Some(kubeflow)) => ("release", Target::both(*kserve, *kubeflow)),
        (None, Some(kubeflow)) => ("release", Target::kubeflow(*kubeflow)),
        (kserve, None) => ("release", Target::kserve(kserve.unwrap_or(proofmark_kserve::Release::latest()))),
    };
    let subject = Subject::objects(kind, target.name.clone(), &target.plan.objects());
    Ok(Candidate { environment: Box::new(Embedded), target, subject, record: BTreeMap::new() })
}

/// The distribution on a cluster.
fn installed(file: &Path, context: Option<&str>, read_only: bool) -> Result<Candidate, ExpectedError> {
    let run = random::hexadecimal::<6>()?;
    let cluster = environment::open(file, context, run.clone())?;
    let cluster = if read_only {
        cluster.read_only()
    } else {
        environment::check(&cluster, Needs::Certify)?;
        cluster
    };
    let (distribution, manifests) = environment::distribution(&cluster)?;
    let subject = Subject::cluster(&distribution);
    let file = file.display().to_string();
    let mut arguments = vec!["--kubeconfig", file.as_str()];
    arguments.extend(context.iter().flat_map(|context| ["--context", context]));
    let target = Target::installed(subject.name.clone(), &arguments, manifests);
    let record = BTreeMap::from([("run".to_owned(), run), ("cluster".to_owned(), cluster.url())]);
    Ok(Candidate { environment: Box::new(cluster), target, subject, record })
}

/// Plays, and reads where there is something to read.
fn play(runner: &Runner<'_>, scenarios: &[Scenario], target: &Target) -> Result<RunResult, ExpectedError> {
    let failed = |source| ExpectedError::System { what: "play", source };
    let mut sinks = Tee::new().and(Box::new(Progress::new()));
    let mut result = runner.run(scenarios, std::slice::from_ref(target), &mut sinks).map_err(failed)?;
    if let Some(manifests) = &target.manifests {
        let read = proofmark_replay::check(scenarios, manifests, &mut |_: &_| Ok(())).map_err(failed)?;
        result.inspections = read.inspections;
    }
    Ok(result)
}

/// The command line that certifies the same once more.
fn again(args: &CertifyArgs, target: &Target) -> String {
    let mut words = vec!["proofmark".to_owned(), "certify".to_owned()];
    words.extend(args.profiles.iter().flat_map(|profile| ["--profile".to_owned(), profile.to_string()]));
    words.extend(target.arguments.iter().cloned());
    words.extend(args.read_only.then(|| "--read-only".to_owned()));
    words.extend(["-o".to_owned(), "bundle".to_owned()]);
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

fn tool() -> Result<Tool, ExpectedError> {
    let failed = |source| ExpectedError::System { what: "read this program", source };
    let program = std::env::current_exe().and_then(std::fs::read).map_err(failed)?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Tool { name: "proofmark".to_owned(), version, sha256: sha256(&program) })
}

fn clock_says() -> Result<String, ExpectedError> {
    let failed = |source| ExpectedError::System { what: "start a runtime", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
    let _inside = runtime.enter();
    Ok(Clock::real().stamp())
}

fn read(file: &Path) -> Result<String, ExpectedError> {
    std::fs::read_to_string(file).map_err(|source| ExpectedError::Read { file: file.to_owned(), source })
}

/// Whether there is a folder: that none is there says nothing about a bundle.
fn folder(path: &Path) -> Result<(), ExpectedError> {
    let read = std::fs::read_dir(path).map(drop);
    read.map_err(|source| ExpectedError::Read { file: path.to_owned(), source })
}

fn unfit(file: &Path, why: &dyn std::fmt::Display) -> ExpectedError {
    ExpectedError::World { file: file.to_owned(), why: why.to_string() }
}

/// `proofmark verify`
pub(crate) fn check(args: &VerifyArgs) -> Result<Exit, ExpectedError> {
    let key = args.key.as_deref().map(read).transpose()?;
    folder(&args.bundle)?;
    let verified = verify(&args.bundle, key.as_deref())?;
    let signed = match &verified.signed {
        Signed::ByGivenKey => "signed by the given key".to_owned(),
        Signed::ByOwnKey(sha256) => format!("signed by the key that lies in the bundle (SHA-256 {sha256})"),
        Signed::No => "not signed".to_owned(),
    };
    let (files, Tool { name, version, .. }) = (verified.files, &verified.tool);
    let mut text = format!("whole: {files} files by {name} {version}, {signed}\ndigest {}\n", verified.digest);
    for profile in &verified.report.profiles {
        text.push_str(&format!("{}: {}\n", profile.name, profile.summary));
    }
    Destination::open(None)?.print(&text)?;
    Ok(Exit::AsExpected)
}

/// `proofmark diff`
pub(crate) fn diff(args: &DiffArgs) -> Result<Exit, ExpectedError> {
    folder(&args.before)?;
    folder(&args.after)?;
    let Comparison { better, worse, other } = compare(&args.before, &args.after)?;
    let mut text = String::new();
    for (head, lines) in [("better", &better), ("worse", &worse), ("also different", &other)] {
        if !lines.is_empty() {
            text.push_str(&format!("{head}:\n"));
            lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
    }
    if text.is_empty() {
        text.push_str("no difference\n");
    }
    Destination::open(None)?.print(&text)?;
    Ok(if worse.is_empty() { Exit::AsExpected } else { Exit::Finding })
}
