//! FORMATS of `audit-compose`: one row per format. A format turns an audit into text; it decides nothing, reads no clock
//! and writes nowhere. It is given a [`View`], in which no text holds a secret.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use feedctl_checks::speech;
use feedctl_compose::audit::Audit;
use feedctl_compose::finding::{Certainty, Finding, Severity};
use feedctl_compose::project::Request;
use feedctl_compose::source::{Place as Start, Span};
use feedctl_compose::suppress::Allowed;
use serde::Serialize;

use crate::exit::Exit;
use crate::mask::Masks;
use crate::render::table::visible::{moves_or_hides, visible};
use crate::screen::Screen;

mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod secrets;
mod table;

pub(crate) use secrets::of as secrets;

/// An audit, and how it ended.
pub(crate) struct Run<'a> {
    pub(crate) audit: &'a Audit,
    /// What was asked for: where the command ran, and in which environment.
    pub(crate) request: &'a Request,
    pub(crate) exit: Exit,
    /// The least that makes the command fail.
    pub(crate) fail_on: Severity,
    pub(crate) at: DateTime<FixedOffset>,
    pub(crate) took: Duration,
}

pub(crate) struct Format {
    /// What `--format` takes.
    pub(crate) name: &'static str,
    pub(crate) write: fn(&Run<'_>, Screen) -> String,
}

/// The first is the default.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "table", write: |run, screen| table::write(&View::of(run), screen) },
    Format { name: "json", write: |run, _| json::write(&View::exact(run)) },
    Format { name: "sarif", write: |run, _| sarif::write(&View::of(run)) },
    Format { name: "github", write: |run, _| github::write(&View::of(run)) },
    Format { name: "junit", write: |run, _| junit::write(&View::of(run)) },
    Format { name: "markdown", write: |run, _| markdown::write(&View::of(run)) },
];

/// What the formats show of a run. The one place where secrets are taken out: no format reads the findings of the audit.
struct View<'a> {
    run: &'a Run<'a>,
    /// Those of the audit, in its order.
    findings: Vec<Finding>,
    allowed: Vec<Allowed>,
    masks: Masks,
    /// Where the command ran; the paths that people read count from here.
    folder: PathBuf,
    /// The top of the repository around it; the paths that code scanning reads count from here.
    root: PathBuf,
    /// As the command line named them.
    files: Vec<PathBuf>,
}

impl<'a> View<'a> {
    /// For people: texts of strangers are made visible.
    fn of(run: &'a Run<'a>) -> Self {
        Self::new(run, visible)
    }

    /// For machines: texts are as they stand in the files.
    fn exact(run: &'a Run<'a>) -> Self {
        Self::new(run, str::to_owned)
    }

    fn new(run: &'a Run<'a>, shown: fn(&str) -> String) -> Self {
        let request = run.request;
        let masks = secrets::of(run.audit, request);
        let shown = |text: &str| shown(&masks.hide(text));
        let findings = run.audit.findings.iter().map(|finding| fit(finding, &shown)).collect();
        let allowed = run
            .audit
            .allowed
            .iter()
            .map(|allowed| Allowed { finding: fit(&allowed.finding, &shown), reason: shown(&allowed.reason) });
        let allowed = allowed.collect();
        let folder = request.working_folder.clone();
        // A job may run in a folder of the checkout (`working-directory:`), and its annotations count from the top.
        let workspace = request.environment.get("GITHUB_WORKSPACE").map(PathBuf::from);
        let root = workspace.filter(|root| root.is_absolute() && folder.starts_with(root));
        let root = root.unwrap_or_else(|| folder.clone());
        Self { run, findings, allowed, masks, folder, root, files: request.files.clone() }
    }

    fn place(&self, at: Span) -> Place {
        let Start { path, line, column } = self.run.audit.sources.place(at);
        let end = self.run.audit.sources.place(Span { start: at.end, ..at });
        Place {
            path: path.strip_prefix(&self.folder).unwrap_or(path).display().to_string(),
            in_repository: self.in_repository(path),
            line,
            column,
            end_line: end.line,
            end_column: end.column,
        }
    }

    /// None where the file lies outside.
    fn in_repository(&self, path: &Path) -> Option<String> {
        let mut cleaned = PathBuf::new();
        for component in self.folder.join(path).components() {
            match component {
                Component::ParentDir if !cleaned.pop() => return None,
                Component::ParentDir | Component::CurDir => {}
                other => cleaned.push(other),
            }
        }
        let path = cleaned.strip_prefix(&self.root).unwrap_or(&cleaned);
        path.is_relative().then(|| path.display().to_string())
    }

    /// Where a finding without a place is shown: the first compose file in the repository, else the one that Compose looks for first.
    fn first_file(&self) -> String {
        let named = self.run.audit.project.as_ref().map_or(&self.files, |project| &project.files);
        let mut named = named.iter().filter_map(|file| self.in_repository(file));
        named.next().unwrap_or_else(|| "compose.yaml".to_owned())
    }

    /// `2 errors, 1 warning in 5 services (docker-compose.yml + docker-compose.override.yml)`
    fn counted(&self) -> String {
        let count = |wanted: fn(&Finding) -> bool| self.findings.iter().filter(|finding| wanted(finding)).count();
        let counts = [
            (count(|finding| finding.certainty == Certainty::Seen && finding.severity == Severity::Error), "error"),
            (count(|finding| finding.certainty == Certainty::Unresolved), "unresolved value"),
            (count(|finding| finding.certainty == Certainty::Seen && finding.severity == Severity::Warn), "warning"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, noun)| speech::counted(*count as u64, noun)).collect();
        let counts = if counts.is_empty() { "nothing wrong".to_owned() } else { counts.join(", ") };
        let Some(project) = &self.run.audit.project else { return counts };
        let services = self.run.audit.model().map_or(0, |model| model.services.len());
        let files: Vec<String> = project.files.iter().map(|file| visible(&file.display().to_string())).collect();
        let allowed = match self.allowed.len() {
            0 => String::new(),
            allowed => format!(", {allowed} allowed by comments"),
        };
        format!("{counts} in {} ({}){allowed}", speech::counted(services as u64, "service"), files.join(" + "))
    }
}

/// A finding whose texts may be shown.
fn fit(finding: &Finding, shown: &impl Fn(&str) -> String) -> Finding {
    Finding {
        service: finding.service.as_deref().map(shown),
        message: shown(&finding.message),
        label: shown(&finding.label),
        related: finding.related.iter().map(|(at, label)| (*at, shown(label))).collect(),
        consequence: shown(&finding.consequence),
        remedy: shown(&finding.remedy),
        otherwise: finding.otherwise.as_deref().map(shown),
        fix: finding.fix.clone(),
        ..*finding
    }
}

/// A span as CI systems count: from 1, the end behind the last character.
struct Place {
    path: String,
    in_repository: Option<String>,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", visible(&self.path), self.line, self.column)
    }
}

/// JSON that means the same and moves no cursor when somebody looks at it.
fn json_text(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data with text keys");
    text.push('\n');
    if !text.contains(|c| c != '\n' && moves_or_hides(c)) {
        return text;
    }
    let escaped = |c: char| match c {
        '\n' => c.to_string(),
        c if moves_or_hides(c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use chrono::Local;
    use feedctl_compose::audit;

    use super::*;

    /// Runs in the folder `sub` of a checkout; `workspace` is the path of GITHUB_WORKSPACE from the checkout.
    fn check(workspace: Option<&str>, file: &str, github: &str, sarif: &str) {
        let checkout = tempfile::tempdir().expect("a temporary folder can be made");
        for folder in ["sub", "other"] {
            fs::create_dir(checkout.path().join(folder)).expect("the folder is writable");
            let text = "services:\n  a:\n    image: app:1.4.2\n";
            fs::write(checkout.path().join(folder).join("compose.yaml"), text).expect("the folder is writable");
        }
        let workspace = workspace.map(|path| checkout.path().join(path).display().to_string());
        let request = Request {
            files: vec![PathBuf::from(file)],
            working_folder: checkout.path().join("sub"),
            environment: workspace.map(|path| ("GITHUB_WORKSPACE".to_owned(), path)).into_iter().collect(),
            ..Request::default()
        };
        let now = Local::now();
        let audit = audit::audit(&request, &BTreeMap::new(), now.date_naive());
        let took = Duration::from_millis(1);
        let run = Run {
            audit: &audit,
            request: &request,
            exit: Exit::Failed,
            fail_on: Severity::Error,
            at: now.into(),
            took,
        };
        let view = View::of(&run);
        let (annotation, report) = (github::write(&view), sarif::write(&view));
        assert!(annotation.starts_with(&format!("::error {github}")), "{file}: {annotation}");
        assert!(report.contains(&format!("\"uri\":\"{sarif}\"")), "{file}: {report}");
    }

    #[test]
    fn paths_count_from_the_top_of_the_repository() {
        let own = "file=compose.yaml,line=2,";
        check(None, "compose.yaml", own, "compose.yaml");
        check(Some("sub"), "compose.yaml", own, "compose.yaml");
        check(Some(""), "compose.yaml", "file=sub/compose.yaml,line=2,", "sub/compose.yaml");
        check(Some(""), "../other/compose.yaml", "file=other/compose.yaml,line=2,", "other/compose.yaml");
        // A checkout that the command does not run in tells nothing; a file outside is none of the repository's.
        check(Some("other"), "compose.yaml", own, "compose.yaml");
        check(Some("sub"), "../other/compose.yaml", "title=restart-missing::", "compose.yaml");
    }
}
