//! Generated projects. `FEEDCTL_ORACLE_SEEDS` says how many, `FEEDCTL_ORACLE_FIRST` where to begin; one seed alone is printed
//! as a project.

use crate::comparison::compare;
use crate::generate::situation;

fn number(name: &str, otherwise: usize) -> usize {
    let value = std::env::var(name).ok();
    value.map_or(otherwise, |value| value.parse().expect("a number in FEEDCTL_ORACLE_…"))
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are part of what the test is for")]
fn generated_projects_read_as_compose_reads_them() {
    let (first, count) = (number("FEEDCTL_ORACLE_FIRST", 1), number("FEEDCTL_ORACLE_SEEDS", 200));
    let generate = |number: usize| {
        let seed = first + number;
        (format!("seed {seed}"), situation(u64::try_from(seed).expect("a seed of 64 bits")))
    };
    if count == 1 {
        println!("{}", generate(0).1);
    }
    let comparison = compare(count, generate);
    println!("{}", comparison.figures());
    comparison.must_agree();
    // A generator of which most is refused, or nothing, compares nothing.
    assert!(count < 100 || comparison.accepted * 10 > count * 6, "too few accepted: {}", comparison.figures());
    assert!(count < 100 || comparison.refused * 20 > count, "too few refused: {}", comparison.figures());
}
