//! The checks that a user's words name.

use feedctl_checks::check::{Meta, Row};
use feedctl_checks::checklist::CHECKLIST;

use crate::suggest;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no check is named `{id}`: {}", near.map_or("`feedctl explain` lists them".to_owned(), |near| format!("did you mean `{near}`?")))]
pub(crate) struct UnknownCheck {
    id: String,
    near: Option<&'static str>,
}

/// The check of this id, or the one that was probably meant.
pub(crate) fn find(id: &str) -> Result<&'static Meta, UnknownCheck> {
    let mut metas = CHECKLIST.iter().map(|row| &row.meta);
    let near = || suggest::closest(id, CHECKLIST.iter().map(|row| row.meta.id));
    metas.find(|meta| meta.id == id).ok_or_else(|| UnknownCheck { id: id.to_owned(), near: near() })
}

/// The rows of `only`, or all when it is empty, without those of `skip`; in the order of the checklist.
pub(crate) fn select(only: &[String], skip: &[String]) -> Result<Vec<&'static Row>, UnknownCheck> {
    for id in only.iter().chain(skip) {
        find(id)?;
    }
    let among = |ids: &[String], row: &Row| ids.iter().any(|id| id == row.meta.id);
    Ok(CHECKLIST.iter().filter(|row| (only.is_empty() || among(only, row)) && !among(skip, row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_checklist() {
        let check = |only: &[&str], skip: &[&str], expected: &[&str]| {
            let [only, skip] = [only, skip].map(|ids| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
            let rows = select(&only, &skip).expect("the ids are known");
            assert_eq!(rows.iter().map(|row| row.meta.id).collect::<Vec<_>>(), expected);
        };
        check(&["rows-fresh", "services-running"], &[], &["services-running", "rows-fresh"]);
        check(&["rows-fresh", "services-running"], &["rows-fresh"], &["services-running"]);
        check(&["rows-fresh"], &["rows-fresh"], &[]);
        assert_eq!(select(&[], &[]).expect("nothing to look up").len(), CHECKLIST.len());
    }

    fn check(id: &str, expected: Result<&str, &str>) {
        let found = find(id).map(|meta| meta.id).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn an_unknown_id_is_an_error_with_a_suggestion() {
        check("rows-fresh", Ok("rows-fresh"));
        check("row-fresh", Err("no check is named `row-fresh`: did you mean `rows-fresh`?"));
        check("everything", Err("no check is named `everything`: `feedctl explain` lists them"));
    }
}
