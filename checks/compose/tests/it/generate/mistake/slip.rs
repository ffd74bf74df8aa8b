//! Slips of the keyboard: what a reader of YAML must refuse where go-yaml refuses it, and nowhere else.

use crate::dice::Dice;
use crate::situation::Situation;

/// One slip of the keyboard in one of the YAML files.
pub(crate) fn in_text(situation: &mut Situation, dice: &mut Dice) {
    let names: Vec<String> = situation.files.keys().filter(|name| name.contains(".y")).cloned().collect();
    if names.is_empty() {
        return;
    }
    let content = situation.files.get_mut(&dice.pick(&names)).expect("one of them");
    let Ok(text) = String::from_utf8(content.clone()) else { return };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let at = dice.index(lines.len());
    match dice.between(0, 9) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => lines[at].insert(0, ' '),
        3 => lines[at] = lines[at].strip_prefix(' ').unwrap_or(&lines[at]).to_owned(),
        4 => lines[at] = lines[at].replacen("  ", "\t", 1),
        5 => lines[at] = lines[at].replacen(':', "", 1),
        6 => lines.truncate(at),
        7 => {
            let other = dice.index(lines.len());
            lines.swap(at, other);
        }
        8 => {
            let indent = lines[at].len() - lines[at].trim_start().len();
            let key = dice.pick(&[
                "1",
                "null",
                "true",
                "? a",
                "[a]",
                "<<",
                "\"<<\"",
                "2001-12-14",
                "!!str k",
                "&k k",
                "-",
                "",
            ]);
            let rest = lines[at].split_once(':').map_or("", |(_, rest)| rest).to_owned();
            lines[at] = format!("{:indent$}{key}:{rest}", "");
        }
        _ => {
            let slips = [
                "@", "%", "*", "&", "\"", "'", "]", "}", "\t", "\u{feff}", "\u{1}", "\u{a0}", "!", "|", ",", "#", "- ",
                "\u{2028}", "`",
            ];
            let boundary: Vec<usize> = lines[at].char_indices().map(|(index, _)| index).collect();
            let column = if boundary.is_empty() { 0 } else { dice.pick(&boundary) };
            lines[at].insert_str(column, dice.pick(&slips));
        }
    }
    *content = (lines.join("\n") + "\n").into_bytes();
}
