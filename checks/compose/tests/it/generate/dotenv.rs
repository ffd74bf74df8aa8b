//! `.env` files: the variables that a project needs, and lines as people write them.

use crate::dice::Dice;

const LINES: &[&str] = &[
    "# a comment",
    "",
    "LOG_LEVEL=debug",
    "LOG_LEVEL=info # loud",
    "LOG_LEVEL=info#not a comment",
    "LOG_LEVEL=a\t# tab",
    "export MODE=live",
    "MODE = spaced ",
    "MODE: colon",
    "TOKEN='single $A \\n'",
    "TOKEN=\"double $A \\n \\\"q\\\" \\$B\"",
    "TOKEN=${A:-fallback}",
    "TOKEN=$NOWHERE",
    "TOKEN=\"two\nlines\"",
    "TOKEN='it\\'s'",
    "A=1",
    "A=",
    "A",
    "A=#b",
    "A=\\$B",
    "A=$B$B",
    "B=${A}x",
    "B=${A:+set}",
    "B=\"${A-x}\" # why",
    "B=a\\nb",
    "B='x' ",
    "B=\u{d55c}\u{ae00}",
    "B=x\u{a0}",
    "  lower=indented",
    "lower=\"  kept  \"",
    "FEED.SYMBOLS=005930",
    "DESK_1=a=b=c",
    "1X=digit",
    "RESTART=on-failure:5",
    "TAG=2.0",
    "PORT=9090",
    "DRIVER=journald",
    "export LOG_LEVEL",
    "A=b c  d",
    "A=\"\"",
    "A=''",
    "RESTART=\"no\"\r",
];
/// What is refused, or nearly.
const BAD: &[&str] =
    &["A B=1", "=x", "A=\"open", "A='open", "%=1", "A=${B", "A=${B:?needed}", "A-B=1", "export", "A=\"x\"y", ":x"];

/// Up to `most` lines of all kinds.
pub(crate) fn noise(dice: &mut Dice, most: usize) -> String {
    let count = dice.between(0, most);
    let lines = (0..count).map(|_| if dice.one_in(70) { dice.pick(BAD) } else { dice.pick(LINES) });
    lines.map(|line| format!("{line}\n")).collect()
}

/// The variables, each in one of its spellings, among other lines.
pub(crate) fn write(variables: &[(String, String)], dice: &mut Dice) -> String {
    let mut text = if dice.chance(40) { noise(dice, 3) } else { String::new() };
    for (name, value) in variables {
        let export = if dice.one_in(12) { "export " } else { "" };
        let value = spelled(value, dice);
        let end = dice.pick(&["\n", "\n", "\n", "\n", " # why\n", "  \n", "\r\n"]);
        text += &format!("{export}{name}={value}{end}");
    }
    if dice.chance(10) {
        text += &noise(dice, 2);
    }
    if dice.one_in(30) { format!("\u{feff}{text}") } else { text }
}

fn spelled(value: &str, dice: &mut Dice) -> String {
    let bare = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:-".contains(&byte));
    match dice.between(0, 9) {
        0..=6 if bare => value.to_owned(),
        0..=7 if !value.contains('\'') => format!("'{value}'"),
        _ => {
            format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n"))
        }
    }
}
