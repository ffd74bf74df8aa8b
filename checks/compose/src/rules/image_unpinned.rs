//! `image-unpinned`: an image whose name may mean another program tomorrow. Here is also how the rules take an image's name apart.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Node, Via};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "image-unpinned",
        title: "the image's name may mean another program tomorrow",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  An image without a tag, or with one that is made to move: `latest`, also as in `latest-pg17`, `stable`, `edge`, `nightly`,
  `main`, `master`. A tag with a version, or a digest, is fine. What is built here, or never pulled, is left alone.
Why it matters
  The program changes when somebody pulls or sets up a new host, not when somebody decides. Two hosts run different ones under
  one name, and the version that worked yesterday has no name to go back to.
What to do
  Write the version that runs now, as exact as the image offers it, or the digest (`docker image inspect` shows both).
Not the same advice elsewhere
  Some linters and benchmarks want a digest for each image. It is the surest, since a publisher can move a version too; but
  nobody can read from it what runs, and at 08:59 somebody must. A tag with a version is enough here.
Source
  Docker, Building best practices, Pin base image versions: https://docs.docker.com/build/building/best-practices/
";

const BAD: &str = r#"
services:
  redis:
    image: redis
#          ^^^^^
  database:
    image: timescale/timescaledb:latest-pg17
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  archiver:
    image: app:${VERSION:-latest}
#          ^^^^^^^^^^^^^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  redis:
    image: redis:8.0.2
  database:
    image: timescale/timescaledb@sha256:2222222222222222222222222222222222222222222222222222222222222222
  archiver:
    image: localhost:5000/app:${VERSION:-1.4.2}
  collector:
    build: .
    image: collector
"#;

/// Tags that are made to move, alone or before a hyphen.
const MOVING: [&str; 6] = ["latest", "stable", "edge", "nightly", "main", "master"];

/// An image's name, taken apart.
pub(super) struct Reference<'a> {
    /// `timescale/timescaledb` of `timescale/timescaledb:2.19.3-pg17`.
    pub(super) path: &'a str,
    /// The last part of it.
    pub(super) name: &'a str,
    tag: Option<&'a str>,
    has_digest: bool,
}

impl<'a> Reference<'a> {
    pub(super) fn of(image: &'a str) -> Self {
        let (reference, has_digest) = image.split_once('@').map_or((image, false), |(reference, _)| (reference, true));
        let last = reference.rsplit('/').next().unwrap_or(reference);
        let (name, tag) = last.split_once(':').map_or((last, None), |(name, tag)| (name, Some(tag)));
        let path = &reference[..reference.len() - last.len() + name.len()];
        Self { path, name, tag: tag.filter(|tag| !tag.is_empty()), has_digest }
    }

    fn is_pinned(&self) -> bool {
        let moves = |tag: &str| MOVING.contains(&tag.split('-').next().unwrap_or(tag));
        self.has_digest || self.tag.is_some_and(|tag| !moves(tag))
    }
}

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.services.values().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let is_local =
        service.node.get("pull_policy").is_some_and(|policy| matches!(policy.as_text(), Some("never" | "build")));
    if is_local || service.node.get("build").is_some() {
        return None;
    }
    let image = service.node.get("image")?;
    let name = service.name;
    let reference = Reference::of(image.as_text().unwrap_or_default());
    if reference.name.is_empty() {
        // A database would have to be asked for its volume, and more.
        return Some(Finding::unresolved(&RULE.meta, Severity::Error, name, image, "the image"));
    }
    if reference.is_pinned() {
        return None;
    }
    if image.lacks_a_variable() {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, image, "the version of the image"));
    }
    let label = match (reference.tag, default(image)) {
        (None, _) => "no tag: `latest`, whatever that is on the day of the pull".to_owned(),
        (Some(tag), Some(variable)) => format!("`{tag}` unless `{variable}` is set, and that moves"),
        (Some(tag), None) => format!("`{tag}` moves: it means what it means on the day of the pull"),
    };
    let message = format!("nobody decides which version `{name}` runs");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, image.origin.span, message)
        .label(label)
        .consequence("it changes with a pull or a new host, and what worked yesterday has no name to go back to")
        .remedy("write the version that runs now, or its digest");
    Some(finding)
}

/// The variable whose default is in force.
fn default(image: &Node) -> Option<&str> {
    image.origin.via.iter().find_map(|via| match via {
        Via::Default(name) => Some(name.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{RULE, Reference};
    use crate::finding::Certainty;
    use crate::fixture;

    #[test]
    fn references() {
        let check = |image: &str, name: &str, is_pinned: bool| {
            let reference = Reference::of(image);
            assert_eq!((reference.name, reference.is_pinned()), (name, is_pinned), "{image}");
        };
        check("redis", "redis", false);
        check("redis:8.0.2", "redis", true);
        check("localhost:5000/redis", "redis", false);
        check("localhost:5000/a/redis:8", "redis", true);
        check("redis@sha256:22", "redis", true);
        check("redis:latest@sha256:22", "redis", true);
        check("grafana/grafana:main-ubuntu", "grafana", false);
        check("app:mainline", "app", true);
        check("app:", "app", false);
    }

    fn check(service: &str, expected: Option<Certainty>) {
        let found =
            fixture::found(&RULE.meta, &format!("services: {{app: {{{service}}}}}")).map(|(_, certainty)| certainty);
        assert_eq!(found, expected, "{service}");
    }

    #[test]
    fn what_is_known() {
        check("image: app", Some(Certainty::Seen));
        check("image: 'app:$VERSION'", Some(Certainty::Unresolved));
        check("image: 'app$SUFFIX'", Some(Certainty::Unresolved));
        check("image: $IMAGE", Some(Certainty::Unresolved));
        check("image: '${IMAGE:?}:1'", Some(Certainty::Unresolved));
        check("image: '${REGISTRY}app:1'", None);
        check("image: app, pull_policy: never", None);
        check("image: app, build: .", None);
        check("build: .", None);
    }
}
