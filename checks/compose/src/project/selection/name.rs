//! The name of a project, by Compose's own rule: containers carry it as a label, and nothing else tells one project's
//! from another's.

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::Request;
use crate::refusal::Refusal;
use crate::variables::template::{self, Substituted};

/// `--project-name`, else `COMPOSE_PROJECT_NAME`, else the `name:` of the last compose file that has one, else the name of
/// the folder. `name` is as the file writes it: its variables are replaced here, before the environment of the project
/// gets the result as its own `COMPOSE_PROJECT_NAME`.
pub fn project_name(
    request: &Request,
    environment: &BTreeMap<String, String>,
    name: Option<&str>,
    directory: &Path,
) -> Result<String, Refusal> {
    let given = [request.name.as_ref(), environment.get("COMPOSE_PROJECT_NAME")];
    if let Some(given) = given.into_iter().flatten().find(|given| !given.is_empty()) {
        return if normalised(given) == *given { Ok(given.clone()) } else { Err(refused(given)) };
    }
    let folder = directory.file_name().unwrap_or_default().to_string_lossy();
    let value_of = |name: &str| environment.get(name).cloned();
    let written = match name.filter(|name| !name.is_empty()) {
        Some(name) => template::substitute(name, &value_of)
            .and_then(Substituted::whole)
            .map_err(|bad| Refusal { kind: bad.kind, ..Refusal::nowhere(format!("name: {}", bad.message)) })?,
        None => folder.into_owned(),
    };
    // What a file says is made to fit, but never replaced by the folder's name.
    match normalised(&written) {
        name if name.is_empty() => Err(refused(&written)),
        name => Ok(name),
    }
}

/// The `name:` of a file without its variables; nothing where they cannot be read.
pub(in crate::project) fn substituted(name: &str, environment: &BTreeMap<String, String>) -> Substituted {
    template::substitute(name, &|name| environment.get(name).cloned()).unwrap_or_default()
}

fn refused(name: &str) -> Refusal {
    Refusal::nowhere(format!("{name:?} cannot be the name of a project"))
        .hint("lower-case letters, digits, _ and -, beginning with a letter or digit")
}

/// Lower case, only `a-z 0-9 _ -`, beginning with a letter or digit.
pub fn normalised(name: &str) -> String {
    let kept = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    name.to_lowercase().chars().filter(kept).collect::<String>().trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(option: &str, shell: &str, file: Option<&str>, folder: &str, expected: Result<&str, &str>) {
        let request = Request { name: Some(option.to_owned()), ..Request::default() };
        let environment = [("COMPOSE_PROJECT_NAME", shell), ("TEAM", "kr")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let name = project_name(&request, &environment, file, Path::new(folder)).map_err(|refusal| refusal.message);
        assert_eq!(name.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn the_nearest_name_wins_and_is_refused_where_it_is_said_outright() {
        check("option", "shell", Some("file"), "/folder", Ok("option"));
        check("", "shell", Some("file"), "/folder", Ok("shell"));
        check("", "", Some("file"), "/folder", Ok("file"));
        check("", "", None, "/folder", Ok("folder"));
        check("My.Feed", "", None, "/folder", Err("\"My.Feed\" cannot be the name of a project"));
        check("", "_a", None, "/folder", Err("\"_a\" cannot be the name of a project"));
    }

    #[test]
    fn the_names_of_files_and_folders_are_made_to_fit() {
        check("", "", Some("_-My Feed.2"), "/folder", Ok("myfeed2"));
        check("", "", Some(""), "/Folder", Ok("folder"));
        check("", "", Some("실시간"), "/Folder", Err("\"실시간\" cannot be the name of a project"));
        check("", "", None, "/실시간", Err("\"실시간\" cannot be the name of a project"));
        check("", "", None, "/", Err("\"\" cannot be the name of a project"));
    }

    #[test]
    fn the_name_of_a_file_may_have_variables() {
        check("", "", Some("${TEAM}-feed"), "/folder", Ok("kr-feed"));
        check("", "", Some("${NONE}"), "/folder", Err("\"\" cannot be the name of a project"));
        check("", "", Some("${TEAM"), "/folder", Err("name: `${` is not closed"));
    }
}
