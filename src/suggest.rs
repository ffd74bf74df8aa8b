//! The word that was probably meant, for every place where a user's word is looked up in a table.

/// The candidate nearest to `word`, unless none is near enough to be a slip of the finger.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = 1 + word.chars().count() / 3;
    let near = candidates.into_iter().map(|candidate| (strsim::osa_distance(word, candidate), candidate));
    near.filter(|(distance, _)| *distance <= far).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(closest(word, ["rows-fresh", "restart-policy", "fail"]), expected);
    }

    #[test]
    fn a_slip_is_understood_and_a_guess_is_not_made() {
        check("row-fresh", Some("rows-fresh"));
        check("restart-polciy", Some("restart-policy"));
        check("fial", Some("fail"));
        check("market", None);
        check("", None);
    }
}
