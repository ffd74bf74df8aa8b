//! Findings become changes of the files: only bytes that have to change do, so comments, anchors and formatting stay. Each
//! change is tried before it is made: the project, read again with it, must mean what it meant but for the keys that were to
//! be mended. What does not come out so is left to the person.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::audit::{self, Audit};
use crate::finding::{Finding, Fix, Severity};
use crate::model::Model;
use crate::project::{Project, Request};
use crate::source::{FileId, Sources, Span};

use self::conditions::Mapping;

mod conditions;
mod lines;

/// These bytes become that text; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edit {
    at: Span,
    text: String,
}

/// What belongs together, so that half of it would be wrong.
#[derive(Debug, Clone)]
struct Repair {
    edits: Vec<Edit>,
    /// By rule and service.
    findings: BTreeSet<Subject>,
    /// The keys that may have another value afterwards, each of a service.
    touches: BTreeSet<(String, String)>,
}

/// A finding without its place, which moves.
type Subject = (&'static str, String);

/// The files that change, with their new text. `request` is the one that was audited.
pub fn fixed(audit: &Audit, request: &Request, today: NaiveDate) -> BTreeMap<FileId, String> {
    let Some((model, project)) = audit.model().zip(audit.project.as_ref()) else { return BTreeMap::new() };
    let left = Cell::new((WORK / model.services.len().max(1)).clamp(10, 500));
    let trial = Trial { audit, project, request, today, left };
    let mut kept = Vec::new();
    let layout = Layout::of(&model, &audit.sources, &audit.findings);
    trial.keep(&mut kept, &layout.repairs(&audit.findings));
    texts(&audit.sources, &kept)
}

/// What a program can lay out of some findings.
pub struct Layout<'a> {
    model: &'a Model<'a>,
    sources: &'a Sources,
    /// The lists of `depends_on` that are written out, each once for all who ask for it.
    lists: BTreeMap<Subject, Vec<Mapping<'a>>>,
}

impl<'a> Layout<'a> {
    pub fn of<'f>(model: &'a Model<'a>, sources: &'a Sources, findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let mut healthy: BTreeMap<Subject, BTreeSet<&str>> = BTreeMap::new();
        for finding in findings {
            if let Some(Fix::Healthy(wanted)) = &finding.fix {
                healthy.entry(subject(finding)).or_default().insert(wanted);
            }
        }
        let lists = healthy.into_iter().filter_map(|(subject, healthy)| {
            let lists = conditions::written_out(model.services.get(subject.1.as_str())?, sources, &healthy);
            let ours = |Mapping { names, edits }| Some(Mapping { names, edits: of_project(edits, sources)? });
            Some((subject, lists.into_iter().filter_map(ours).collect()))
        });
        Self { model, sources, lists: lists.collect() }
    }

    /// Whether the change for this one of the findings can be laid out.
    pub fn holds(&self, finding: &Finding) -> bool {
        match &finding.fix {
            Some(Fix::Healthy(wanted)) => {
                let mut lists = self.lists.get(&subject(finding)).into_iter().flatten();
                lists.any(|list| list.names.contains(wanted.as_str()))
            }
            _ => self.repair(finding).is_some(),
        }
    }

    fn repairs(&self, findings: &[Finding]) -> Vec<Repair> {
        let lists = self.lists.iter().flat_map(|(subject, lists)| lists.iter().map(move |list| (subject, list)));
        let lists = lists.map(|(subject, list)| Repair::new(list.edits.clone(), subject.clone(), "depends_on"));
        let mut repairs: Vec<Repair> = Vec::new();
        let mut places: BTreeMap<Vec<Edit>, usize> = BTreeMap::new();
        for repair in findings.iter().filter_map(|finding| self.repair(finding)).chain(lists) {
            // One value that several findings are about is changed once.
            match places.get(&repair.edits) {
                Some(place) => {
                    repairs[*place].findings.extend(repair.findings);
                    repairs[*place].touches.extend(repair.touches);
                }
                None => {
                    places.insert(repair.edits.clone(), repairs.len());
                    repairs.push(repair);
                }
            }
        }
        repairs
    }

    /// The change for this finding alone.
    fn repair(&self, finding: &Finding) -> Option<Repair> {
        let service = self.model.services.get(finding.service.as_deref()?)?;
        let (edit, key) = match finding.fix.as_ref()? {
            fix @ Fix::Add(lines) => (lines::addition(service, self.sources, lines)?, fix.added()?),
            Fix::Replace { key, at, text } if !self.sources.text(*at).contains('\n') => {
                (Edit { at: *at, text: (*text).to_owned() }, *key)
            }
            Fix::Replace { .. } | Fix::Healthy(_) => return None,
        };
        Some(Repair::new(of_project(vec![edit], self.sources)?, subject(finding), key))
    }
}

impl Repair {
    fn new(edits: Vec<Edit>, finding: Subject, key: &str) -> Self {
        let touches = BTreeSet::from([(finding.1.clone(), key.to_owned())]);
        Self { edits, findings: BTreeSet::from([finding]), touches }
    }
}

/// How many services are read anew while the good changes are parted from the bad, for some seconds' work.
const WORK: usize = 100_000;

/// The project before, beside which it is looked at after some repairs.
struct Trial<'a> {
    audit: &'a Audit,
    project: &'a Project,
    request: &'a Request,
    today: NaiveDate,
    /// How often the project may still be read.
    left: Cell<usize>,
}

impl Trial<'_> {
    /// Adds to `kept` those of the repairs that do what they should: all at once, or else each half for itself.
    fn keep(&self, kept: &mut Vec<Repair>, repairs: &[Repair]) {
        let Some(left) = self.left.get().checked_sub(1).filter(|_| !repairs.is_empty()) else { return };
        self.left.set(left);
        let all = [kept.as_slice(), repairs].concat();
        if self.succeeds(&all) {
            *kept = all;
        } else if repairs.len() > 1 {
            let (first, second) = repairs.split_at(repairs.len() / 2);
            self.keep(kept, first);
            self.keep(kept, second);
        }
    }

    fn succeeds(&self, repairs: &[Repair]) -> bool {
        let path = |file| self.request.working_folder.join(&self.audit.sources.get(file).path);
        let texts = texts(&self.audit.sources, repairs).into_iter().map(|(file, text)| (path(file), text));
        let request = Request { texts: texts.collect(), ..self.request.clone() };
        let after = audit::audit(&request, &self.audit.roles, self.today);
        let Some(project) = &after.project else { return false };
        let count = |of: &BTreeMap<Subject, usize>, subject: &Subject| of.get(subject).copied().unwrap_or(0);
        // A warning may come with what is mended: of a container that comes back, others may ask whether it is well.
        let (before, now) = (counts(self.audit, Severity::Error), counts(&after, Severity::Error));
        let no_new_error = now.keys().all(|subject| count(&now, subject) <= count(&before, subject));
        let (before, now) = (counts(self.audit, Severity::Warn), counts(&after, Severity::Warn));
        let touched: BTreeSet<_> = repairs.iter().flat_map(|repair| &repair.touches).collect();
        let keys: BTreeSet<_> = touched.iter().map(|(_, key)| key.as_str()).collect();
        // Whoever has its value from there, and asks for the same, is mended too.
        let alike = self.audit.findings.iter().filter_map(|finding| {
            let key = finding.fix.as_ref()?.added().filter(|key| keys.contains(key))?;
            Some((finding.service.clone()?, key.to_owned()))
        });
        let alike: BTreeSet<_> = alike.collect();
        let mut mended = repairs.iter().flat_map(|repair| &repair.findings);
        no_new_error
            && mended.all(|subject| count(&now, subject) < count(&before, subject))
            && same_but_for(self.project, project, &touched.into_iter().chain(&alike).collect())
    }
}

/// Of the findings at least this bad.
fn counts(audit: &Audit, least: Severity) -> BTreeMap<Subject, usize> {
    let mut counts = BTreeMap::new();
    for finding in audit.findings.iter().filter(|finding| finding.severity >= least) {
        *counts.entry(subject(finding)).or_insert(0) += 1;
    }
    counts
}

fn subject(finding: &Finding) -> Subject {
    (finding.rule.id, finding.service.clone().unwrap_or_default())
}

/// Whether two projects say the same, but for these keys of services.
fn same_but_for(before: &Project, after: &Project, touched: &BTreeSet<&(String, String)>) -> bool {
    let without = |project: &Project| {
        let mut root = project.root.clone();
        for (service, key) in touched {
            let services = root.map_mut().and_then(|root| root.get_mut("services")).and_then(|it| it.node.map_mut());
            if let Some(service) = services.and_then(|services| services.get_mut(service)) {
                service.node.map_mut().map(|service| service.remove(key));
            }
        }
        root
    };
    without(before).says_what(&without(after))
}

/// In a file below the working folder; any other has other projects that read it. What is read twice is one file.
fn of_project(edits: Vec<Edit>, sources: &Sources) -> Option<Vec<Edit>> {
    let path = &sources.get(edits.first()?.at.file).path;
    let (first, _) = sources.iter().find(|(_, source)| source.path == *path).filter(|_| path.is_relative())?;
    Some(edits.into_iter().map(|edit| Edit { at: Span { file: first, ..edit.at }, ..edit }).collect())
}

fn texts(sources: &Sources, repairs: &[Repair]) -> BTreeMap<FileId, String> {
    let mut edits: Vec<&Edit> = repairs.iter().flat_map(|repair| &repair.edits).collect();
    // Additions at one place keep the order of the findings.
    edits.sort_by_key(|edit| edit.at);
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    for edits in edits.chunk_by(|one, next| one.at.file == next.at.file) {
        let before = &sources.get(edits[0].at.file).text;
        let mut after = String::with_capacity(before.len() + 64 * edits.len());
        let mut copied = 0;
        for Edit { at, text } in edits {
            after += &before[copied..at.start as usize];
            after += text;
            copied = at.end as usize;
        }
        texts.insert(edits[0].at.file, after + &before[copied..]);
    }
    texts
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    /// What becomes of files when the findings of these rules are mended; their own text where nothing changes.
    fn fixed(rules: &[&str], files: &[(&str, &str)]) -> Vec<String> {
        let (mut audit, request, _folder) = fixture::audit_in_folder(files);
        let others = audit.findings.iter_mut().filter(|finding| !rules.contains(&finding.rule.id));
        others.for_each(|finding| finding.fix = None);
        let texts = super::fixed(&audit, &request, fixture::today());
        let text = |name: &str| {
            let changed = texts.iter().find(|(file, _)| audit.sources.get(**file).path.to_str() == Some(name));
            changed.map(|(_, text)| text.clone())
        };
        files.iter().map(|(name, before)| text(name).unwrap_or_else(|| (*before).to_owned())).collect()
    }

    fn check(rule: &str, text: &str, expected: &str) {
        let fixed = |text| fixed(&[rule], &[("compose.yaml", text)]).concat();
        assert_eq!(fixed(text), expected);
        assert_eq!(fixed(expected), expected, "the second time changes nothing");
    }

    #[test]
    fn only_the_bytes_that_must_change_do() {
        check(
            "restart-missing",
            "services:\n  a: # ours\n    # pinned\n    image: x:1 # by hand\n\n    command:   [ run ]\n",
            "services:\n  a: # ours\n    # pinned\n    image: x:1 # by hand\n    restart: unless-stopped\n\n    command:   [ run ]\n",
        );
        check(
            "restart-missing",
            "services:\r\n  a:\r\n    image: x:1\r\n",
            "services:\r\n  a:\r\n    image: x:1\r\n    restart: unless-stopped\r\n",
        );
        check(
            "restart-missing",
            "services:\n  a:\n    build: .\n",
            "services:\n  a:\n    restart: unless-stopped\n    build: .\n",
        );
    }

    #[test]
    fn a_warning_that_comes_with_a_policy_is_no_reason_to_go_without() {
        let service = |policy: &str| {
            let test = "    healthcheck: {test: x, start_period: 1s}\n";
            format!("services:\n  a:\n    image: x:1\n{policy}{test}")
        };
        check("restart-missing", &service(""), &service("    restart: unless-stopped\n"));
    }

    #[test]
    fn what_a_program_cannot_lay_out_is_left_alone() {
        for text in [
            "services:\n  a: {image: 'x:1'}\n",
            "services:\n  a:\n    { image: x:1,\n      command: run }\n",
            "services:\n  a:\n    image: x:1\n    restart: \"no\" # on purpose\n",
            "services:\n  a:\n    image: x:1\n    profiles: [tools]\n",
            "x-a: &a\n  restart: \"no\"\nservices:\n  a:\n    image: x:1\n    <<: *a\n",
            "x-no: &no \"no\"\nservices:\n  a:\n    image: x:1\n    restart: *no\n",
        ] {
            check("restart-missing", text, text);
        }
    }

    #[test]
    fn what_others_share_changes_only_where_it_is_right_for_all() {
        let job = "  job:\n    extends: a\n    labels: {feedctl.role: one-shot}\n";
        let shared = |more: &str| format!("services:\n  a:\n    image: x:1\n{more}");
        check("restart-missing", &shared(job), &shared(job));
        let own = "  b:\n    extends: a\n    restart: always\n";
        let mended = format!("services:\n  a:\n    image: x:1\n    restart: unless-stopped\n{own}");
        check("restart-missing", &shared(own), &mended);
    }

    #[test]
    fn what_is_right_for_all_who_share_it_is_done() {
        let pairs = |policy: &str| -> String {
            let pair = |n| format!("  a{n}: &a{n}\n    image: x:1\n{policy}  b{n}: *a{n}\n");
            format!("services:\n{}", (0..40).map(pair).collect::<String>())
        };
        check("restart-missing", &pairs(""), &pairs("    restart: unless-stopped\n"));
    }

    #[test]
    fn a_comment_stays_with_its_key() {
        let service = |policy: &str| format!("services:\n  a: # {{*\n{policy}    # what it runs\n    build: .\n");
        check("restart-missing", &service(""), &service("    restart: unless-stopped\n"));
    }

    #[test]
    fn the_same_word_at_another_place_is_no_hindrance() {
        let service = |policy: &str| {
            let depends_on = "    depends_on:\n      b:\n        condition: service_started\n        restart: true\n";
            format!("services:\n  a:\n    image: x:1\n{policy}{depends_on}  b:\n    image: x:1\n    restart: always\n")
        };
        check("restart-missing", &service(""), &service("    restart: unless-stopped\n"));
    }

    #[test]
    fn braces_of_another_key_are_no_hindrance() {
        let project = |policy: &str| {
            format!("services:\n  a:\n    networks: {{n: {{}}}}\n    image: x:1\n{policy}networks: {{n: {{}}}}\n")
        };
        check("restart-missing", &project(""), &project("    restart: unless-stopped\n"));
    }

    #[test]
    fn who_gets_it_from_another_gets_it_from_there() {
        let project = |policy: &str| {
            format!("services:\n  a:\n    extends: {{service: b}}\n    command: run\n  b:\n    image: x:1\n{policy}")
        };
        check("restart-missing", &project(""), &project("    restart: unless-stopped\n"));
    }

    #[test]
    fn what_another_file_takes_back_is_not_written() {
        let base = "services:\n  a:\n    image: x:1\n  b:\n    image: x:2\n";
        let over = "services:\n  a:\n    restart: !reset null\n";
        let fixed = fixed(&["restart-missing"], &[("compose.yaml", base), ("compose.override.yaml", over)]);
        assert_eq!(
            fixed,
            ["services:\n  a:\n    image: x:1\n  b:\n    image: x:2\n    restart: unless-stopped\n", over]
        );
    }

    /// A service with this text at `depends_on:`, beside two that have a healthcheck and one that has none.
    fn depends_on(text: &str) -> String {
        let wanted = |name: &str| format!("  {name}:\n    image: x:1\n    healthcheck: {{test: x}}\n");
        format!(
            "services:\n  a:\n    image: x:1\n    depends_on:{text}\n{}{}  plain: {{image: 'x:1'}}\n",
            wanted("db"),
            wanted("redis")
        )
    }

    #[test]
    fn a_list_of_names_becomes_a_mapping_with_conditions() {
        let healthy = "{condition: service_healthy}";
        let check = |list: &str, mapping: String| {
            check("depends-on-without-condition", &depends_on(list), &depends_on(&mapping));
        };
        check(
            " # all\n      # first\n      - db # why\n\n      -   \"redis\"\n      - plain",
            format!(
                " # all\n      # first\n      db: {healthy} # why\n\n      \"redis\": {healthy}\n      plain: {{condition: service_started}}"
            ),
        );
        check("\n    - db\n    - plain", format!("\n      db: {healthy}\n      plain: {{condition: service_started}}"));
        check(
            " [ db,plain, 'redis' ] # x",
            format!(" {{db: {healthy}, plain: {{condition: service_started}}, 'redis': {healthy}}} # x"),
        );
        check("\n      db: {condition: service_started}", format!("\n      db: {healthy}"));
        for left_alone in
            [" [db, # x\n      plain]", "\n      - &it db\n      - plain", "\n      db: {required: false}"]
        {
            check(left_alone, left_alone.to_owned());
        }
    }

    #[test]
    fn several_changes_of_one_service_stand_in_the_order_of_the_findings() {
        let rules = ["restart-missing", "logs-unbounded"];
        let text = fixed(&rules, &[("compose.yaml", "services:\n  a:\n    image: x:1\n")]).concat();
        let (restart, logging) = (text.find("restart:"), text.find("logging:"));
        assert!(restart.is_some() && restart < logging, "{text}");
    }
}
