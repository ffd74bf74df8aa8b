//! `feedctl audit-compose`: what in the compose files would let a feed stay dead. Needs no engine and no running stack.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use chrono::{Local, NaiveDate};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use feedctl_checks::target::Role;
use feedctl_compose::audit::{self, Audit};
use feedctl_compose::finding::Severity;
use feedctl_compose::fix;
use feedctl_compose::model::RoleKind;
use feedctl_compose::project::{Part, Request};

use crate::cli::Global;
use crate::config::Outline;
use crate::exit::Exit;
use crate::render::audit::{FORMATS, Run, secrets};
use crate::screen::{self, Screen};
use crate::suggest;

mod changes;

use changes::Change;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compose file, in the order in which they lie over each other; without it `compose:` of feedctl.yml, else what
    /// `docker compose` would take
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where relative paths of the project count from; without it the folder of the first file
    #[arg(long, value_name = "DIR")]
    project_directory: Option<PathBuf>,
    /// Variables, instead of the `.env` beside the first file
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<PathBuf>,
    /// A profile that is active when the project runs; services of every profile are audited
    #[arg(long = "profile", value_name = "PROFILE")]
    profiles: Vec<String>,
    /// The form of the report
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = formats())]
    format: String,
    /// The least that makes the command fail
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
    /// Change the files where that is safe; nothing else in them changes
    #[arg(long)]
    fix: bool,
    /// With --fix: show the changes and change nothing
    #[arg(long, requires = "fix", conflicts_with = "format")]
    diff: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Warn,
    Error,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
}

pub(crate) fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let folder = std::env::current_dir().context("cannot tell the working folder")?;
    let outline = Outline::load(global.config.as_deref(), &folder)?;
    let format = FORMATS.iter().find(|format| format.name == args.format);
    let format = format.expect("clap takes only the names of this table");
    let fail_on = match args.fail_on {
        FailOn::Warn => Severity::Warn,
        FailOn::Error => Severity::Error,
    };
    // Files of the command line may be of another project, or a part of this one.
    let wanted = outline.required().filter(|_| args.files.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let roles: BTreeMap<_, _> = outline.roles().map(|(name, role)| (name.to_owned(), kind(role))).collect();
    let request = request(&args, outline, &folder);
    let today = Local::now().date_naive();
    let look = || audit::audit(&request, &roles, today);
    let mut audit = look();
    if args.fix {
        let changes = changes(&audit, &request, today);
        if args.diff && !audit.is_refused() {
            if changes.is_empty() {
                screen::tell(&told(&changes));
            }
            let masks = secrets(&audit, &request);
            screen::print(&changes.iter().map(|change| change.diff(&masks)).collect::<String>())?;
            return Ok(exit(&audit, fail_on));
        }
        changes::write(&changes)?;
        screen::tell(&told(&changes));
        audit = look();
        // What was left is for a person.
        audit.findings.iter_mut().for_each(|finding| finding.fix = None);
    }
    screen::tell(&absent(&wanted, &audit));
    let exit = exit(&audit, fail_on);
    let run = Run { audit: &audit, request: &request, exit, fail_on, at: Local::now().into(), took: started.elapsed() };
    screen::print(&(format.write)(&run, Screen::of_stdout(global.color)))?;
    Ok(exit)
}

fn changes(audit: &Audit, request: &Request, today: NaiveDate) -> Vec<Change> {
    let change = |(file, after)| {
        let source = audit.sources.get(file);
        let path = request.working_folder.join(&source.path);
        Change { shown: source.path.clone(), path, before: source.text.clone(), after }
    };
    // What is written is UTF-8, and a file in UTF-16 would be another one.
    let is_utf16 = |change: &Change| {
        let mut mark = [0; 2];
        let read = File::open(&change.path).and_then(|mut file| file.read_exact(&mut mark));
        read.is_ok() && matches!(mark, [0xff, 0xfe] | [0xfe, 0xff])
    };
    fix::fixed(audit, request, today).into_iter().map(change).filter(|change| !is_utf16(change)).collect()
}

fn told(changes: &[Change]) -> String {
    match changes {
        [] => "nothing to change by a program\n".to_owned(),
        changes => changes.iter().map(|change| format!("changed {}\n", change.shown.display())).collect(),
    }
}

/// The services of feedctl.yml that no compose file has: a slip of the finger, most often.
fn absent(wanted: &[String], audit: &Audit) -> String {
    let Some((model, project)) = audit.model().zip(audit.project.as_ref()) else { return String::new() };
    let may_be_there = project.gaps.iter().any(|gap| gap.part == Part::Project);
    let absent = wanted.iter().filter(|name| !may_be_there && !model.services.contains_key(name.as_str()));
    let warning = |name: &String| {
        let near = suggest::closest(name, model.services.keys().copied());
        let meant = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
        format!("warning: feedctl.yml names the service `{}`, which no compose file has{meant}\n", name.escape_debug())
    };
    absent.map(warning).collect()
}

fn request(args: &Args, outline: Outline, folder: &Path) -> Request {
    let files = if args.files.is_empty() { outline.compose } else { args.files.clone() };
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect::<BTreeMap<_, _>>();
    Request {
        files,
        project_directory: args.project_directory.clone(),
        env_files: args.env_files.clone(),
        profiles: args.profiles.clone(),
        name: None,
        working_folder: folder.to_owned(),
        environment,
        texts: BTreeMap::new(),
    }
}

fn kind(role: Role) -> RoleKind {
    match role {
        Role::Service => RoleKind::Service,
        Role::OneShot => RoleKind::OneShot,
    }
}

/// What was seen beats what could not be resolved; a project that Compose refuses is a mistake of configuration.
fn exit(audit: &Audit, fail_on: Severity) -> Exit {
    match () {
        () if audit.is_refused() => Exit::Usage,
        () if audit.has_seen(fail_on) => Exit::Failed,
        () if audit.may_hide(fail_on) => Exit::NotJudged,
        () => Exit::Passed,
    }
}
