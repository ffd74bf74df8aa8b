//! The whole way from the files to the findings: load, look with every rule, take out what the files allow. Called by
//! `feedctl audit-compose`, which shows what comes out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::finding::{Certainty, Finding, Findings, Severity};
use crate::model::{Model, RoleKind};
use crate::project::{self, Gap, Part, Project, Request, Why};
use crate::refusal::Refusal;
use crate::rule::Meta;
use crate::rules::{self, RULES};
use crate::source::{Sources, Span};
use crate::suppress::{self, Allowed};

#[derive(Debug)]
pub struct Audit {
    pub sources: Sources,
    /// None where Compose refuses the project; the only finding says why.
    pub project: Option<Project>,
    /// What feedctl.yml says of the services.
    pub roles: BTreeMap<String, RoleKind>,
    /// The worst first, then in the order of the files.
    pub findings: Vec<Finding>,
    /// What the files allow, each with its reason.
    pub allowed: Vec<Allowed>,
}

/// Everything that can be found, in the order in which it is explained: the project itself, the rules, the suppressions.
pub fn metas() -> impl Iterator<Item = &'static Meta> {
    let rules = RULES.iter().map(|rule| &rule.meta);
    [&REFUSED, &FILE_MISSING].into_iter().chain(rules).chain(suppress::METAS.iter().copied())
}

static REFUSED: Meta = Meta {
    id: "project-refused",
    title: "Compose refuses the project",
    severity: Severity::Error,
    explain: "
What it finds
  Something that `docker compose config` refuses: no YAML, an unknown key, a value of the wrong form, a volume that is not
  defined, a cycle. Nothing else can be said of such a project, so the exit code is 2.
Why it matters
  `docker compose up` does nothing at all with it.
What to do
  Mend the place that is shown.
",
    bad: "
services:
  archiver:
    image: app:1.4.2
    restrat: always
#   ^^^^^^^
",
    good: "
services:
  archiver:
    image: app:1.4.2
    restart: always
",
};

static FILE_MISSING: Meta = Meta {
    id: "file-missing",
    title: "a file of the project is not there, so a part of it is unknown",
    severity: Severity::Error,
    explain: "
What it finds
  A file under `include`, `extends` or `env_file` that is not there, or that Compose would fetch from somewhere else
  (`https://…`, git, `oci://…`): nothing is fetched here. Compose refuses the project without it; here the rest is still
  looked at, and the exit code is 3 where nothing worse is found. An `env_file` is a warning, because in CI there is rarely
  one; but not that of a database or Redis whose variables can move its data or set its memory (`PGDATA`, `REDIS_ARGS`).
Why it matters
  What the file would have said cannot be known: neither a pass nor a finding.
What to do
  Put the file there, or write `required: false` under `env_file` where it may be absent.
",
    bad: "
services:
  archiver:
    image: app:1.4.2
    restart: always
    env_file: secrets.env
#             ^^^^^^^^^^^
",
    good: "
services:
  archiver:
    image: app:1.4.2
    restart: always
    env_file: [{path: secrets.env, required: false}]
",
};

/// `today` decides which suppressions have expired.
pub fn audit(request: &Request, roles: &BTreeMap<String, RoleKind>, today: NaiveDate) -> Audit {
    let mut sources = Sources::default();
    let looked = project::load(request, &mut sources).and_then(|project| {
        let (findings, allowed) = look(&project, roles, &sources, today)?;
        Ok((project, findings, allowed))
    });
    match looked {
        Ok((project, mut findings, allowed)) => {
            // Whoever has just written a comment looks for what became of it.
            let is_comment = |finding: &Finding| suppress::METAS.iter().any(|meta| meta.id == finding.rule.id);
            findings.sort_by_key(|finding| {
                (Reverse(finding.severity), !is_comment(finding), finding.certainty, finding.at)
            });
            Audit { sources, project: Some(project), roles: roles.clone(), findings, allowed }
        }
        Err(refusal) => {
            let findings = vec![refused(refusal)];
            Audit { sources, project: None, roles: roles.clone(), findings, allowed: Vec::new() }
        }
    }
}

fn look(
    project: &Project,
    roles: &BTreeMap<String, RoleKind>,
    sources: &Sources,
    today: NaiveDate,
) -> Result<(Vec<Finding>, Vec<Allowed>), Refusal> {
    let model = Model::new(project, roles);
    let reached = |part| project.gaps.iter().filter(move |gap| gap.part == part).flat_map(|gap| &gap.services);
    let unknown: BTreeSet<&String> = reached(Part::Service).collect();
    let unset: BTreeSet<&String> =
        reached(Part::Environment).filter(|service| hangs_on_variables(&model, service)).collect();
    let mut findings = Findings::default();
    for rule in RULES {
        (rule.run)(&model, &mut findings);
    }
    let mut findings = findings.all()?;
    // Of a service that is known in part only, the gap says all that can be said.
    let is_known = |finding: &Finding| match &finding.service {
        Some(service) => {
            let hangs = unset.contains(service) && rules::READ_VARIABLES.contains(&finding.rule.id);
            !hangs && !unknown.contains(service)
        }
        None => true,
    };
    findings.retain(is_known);
    findings.extend(
        project.gaps.iter().map(|gap| missing(gap, gap.services.iter().any(|service| unset.contains(service)))),
    );
    // `${NAME:?}`: the finding sees the text, and not that Compose takes none.
    let lacking: BTreeSet<Span> = project.lacking.iter().map(|lacking| lacking.at).collect();
    for finding in findings.iter_mut().filter(|finding| finding.certainty == Certainty::Unresolved) {
        if finding.at.is_some_and(|at| lacking.contains(&at)) {
            finding.consequence = "Compose refuses the project as long as it has none".to_owned();
        }
    }
    suppress::apply(findings, sources, today)
}

fn refused(refusal: Refusal) -> Finding {
    let finding = Finding::of_file(&REFUSED, Severity::Error, refusal.at, refusal.message);
    finding.remedy(refusal.hint.unwrap_or_default())
}

/// Whether an error may hang on the variables of this service's container.
fn hangs_on_variables(model: &Model<'_>, service: &str) -> bool {
    model.services.get(service).is_some_and(rules::reads_variables)
}

/// `decides`: an error may hang on the variables in it.
fn missing(gap: &Gap, decides: bool) -> Finding {
    let severity = if gap.part == Part::Environment && !decides { Severity::Warn } else { Severity::Error };
    let finding = Finding::of_file(&FILE_MISSING, severity, Some(gap.at), &*gap.message);
    let (label, remedy) = match gap.why {
        Why::Absent => ("this file is not there", "put the file there before the audit, as the deploy does"),
        Why::Remote => {
            ("nothing is fetched for an audit", "audit a copy of it, with `-f` beside the files that are here")
        }
        Why::Unnamed => ("a variable in it has no value", "give its variables a value, with `--env-file` or a default"),
    };
    let consequence = match gap.why {
        Why::Remote => "Compose refuses the project if it cannot fetch it",
        Why::Absent | Why::Unnamed => "Compose refuses the project as long as the file is missing",
    };
    Finding { certainty: Certainty::Unresolved, ..finding }.label(label).consequence(consequence).remedy(remedy)
}

impl Audit {
    /// The services as the rules saw them.
    pub fn model(&self) -> Option<Model<'_>> {
        Some(Model::new(self.project.as_ref()?, &self.roles))
    }

    /// Whether Compose refuses the project, so that nothing was looked at.
    pub fn is_refused(&self) -> bool {
        self.project.is_none()
    }

    /// Whether something at least this bad was seen for sure.
    pub fn has_seen(&self, severity: Severity) -> bool {
        self.any(severity, Certainty::Seen)
    }

    /// Whether something at least this bad may be hidden behind what could not be resolved.
    pub fn may_hide(&self, severity: Severity) -> bool {
        self.any(severity, Certainty::Unresolved)
    }

    fn any(&self, severity: Severity, certainty: Certainty) -> bool {
        self.findings.iter().any(|finding| finding.severity >= severity && finding.certainty == certainty)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    #[test]
    fn nobody_is_told_to_put_a_file_there_that_compose_would_fetch() {
        let check = |text: &str, message: &str, puts: bool| {
            let audit = fixture::audit(text);
            let missing = audit.findings.iter().find(|finding| finding.rule.id == "file-missing").expect(text);
            assert_eq!((missing.message.as_str(), missing.remedy.contains("put the file there")), (message, puts));
        };
        let include = |path: &str| format!("include: ['{path}']\nservices: {{a: {{image: 'x:1'}}}}");
        for path in ["https://there/a.git", "git@there:a/b.git", "github.com/a/b", "oci://there/a:1"] {
            check(&include(path), &format!("{path} is not fetched here, so its services are not known"), false);
        }
        check(&include("a/b.yml"), "a/b.yml does not exist, so its services are not known", true);
        let extends = "services: {a: {extends: {file: 'https://there/a.yml', service: b}}}";
        check(extends, "https://there/a.yml is not fetched here, so what `a` gets from it is not known", false);
        let file = "services: {a: {image: 'x:1', env_file: ./b/c.env}}";
        check(file, "the env_file b/c.env does not exist", true);
    }
}
