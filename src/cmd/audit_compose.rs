//! `feedctl audit-compose`: what in the compose files would let a feed stay dead. Needs no engine and no running stack.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use chrono::Local;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use feedctl_checks::target::Role;
use feedctl_compose::audit::{self, Audit};
use feedctl_compose::finding::Severity;
use feedctl_compose::fix;
use feedctl_compose::model::RoleKind;
use feedctl_compose::project::Request;
use similar::TextDiff;

use crate::cli::Global;
use crate::config::Outline;
use crate::exit::Exit;
use crate::mask::masked;
use crate::render::audit::{FORMATS, Run};
use crate::screen::{self, Screen};

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
    #[arg(long, requires = "fix")]
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
    let roles: BTreeMap<_, _> = outline.roles().map(|(name, role)| (name.to_owned(), kind(role))).collect();
    let request = request(&args, outline, &folder);
    let look = || audit::audit(&request, &roles, Local::now().date_naive());
    let mut audit = look();
    if args.fix {
        let changes = changes(&audit, &folder);
        if args.diff && !audit.is_refused() {
            screen::print(&changes.iter().map(Change::diff).collect::<String>())?;
            return Ok(exit(&audit, fail_on));
        }
        for change in &changes {
            change.write()?;
        }
        screen::tell(&told(&changes));
        audit = look();
    }
    let exit = exit(&audit, fail_on);
    let run = Run { audit: &audit, exit, fail_on, at: Local::now().into(), took: started.elapsed() };
    screen::print(&(format.write)(&run, Screen::of_stdout(global.color)))?;
    Ok(exit)
}

/// A file that `--fix` changes.
struct Change {
    /// As the user named it.
    shown: PathBuf,
    path: PathBuf,
    before: String,
    after: String,
}

fn changes(audit: &Audit, folder: &Path) -> Vec<Change> {
    let Some(model) = audit.model() else { return Vec::new() };
    let fixed = fix::fixed(&model, &audit.sources, &audit.findings);
    let change = |(file, after)| {
        let source = audit.sources.get(file);
        Change { shown: source.path.clone(), path: folder.join(&source.path), before: source.text.clone(), after }
    };
    // A file outside the working folder has an absolute path here, and other projects that read it.
    fixed.into_iter().map(change).filter(|change| change.shown.is_relative()).collect()
}

impl Change {
    fn diff(&self) -> String {
        let name = self.shown.display().to_string();
        TextDiff::from_lines(&masked(&self.before), &masked(&self.after))
            .unified_diff()
            .header(&name, &name)
            .to_string()
    }

    /// Only where the file still is what was audited; another file takes its place at once, so that it is never half written.
    fn write(&self) -> anyhow::Result<()> {
        let shown = self.shown.display();
        let now = fs::read_to_string(&self.path).with_context(|| format!("cannot read {shown}"))?;
        anyhow::ensure!(now == self.before, "{shown} was changed in the meantime: run the command again");
        let path = self.path.canonicalize().with_context(|| format!("cannot find {shown}"))?;
        let beside = path.with_extension("feedctl-fix");
        let written = File::create_new(&beside)
            .and_then(|mut file| file.write_all(self.after.as_bytes()))
            .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
            .and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            // The error is told; a second one about the file beside it would only hide it.
            drop(fs::remove_file(&beside));
        }
        written.with_context(|| format!("cannot write {shown}"))
    }
}

fn told(changes: &[Change]) -> String {
    match changes {
        [] => "nothing to change by a program\n".to_owned(),
        changes => changes.iter().map(|change| format!("changed {}\n", change.shown.display())).collect(),
    }
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
