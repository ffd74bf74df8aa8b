//! The many ways to write a value down: block and flow, plain and quoted, over one line or several.

use super::Yaml;
use crate::dice::Dice;

pub(crate) fn write(root: &Yaml, dice: &mut Dice) -> String {
    let mut lines = block(root, dice).below;
    if lines.is_empty() {
        lines.push("{}".to_owned());
    }
    lines.join("\n") + "\n"
}

/// A value behind its key: what stands on the line of the key, and the lines below it.
struct Piece {
    head: String,
    below: Vec<String>,
}

fn head(head: impl Into<String>) -> Piece {
    Piece { head: head.into(), below: Vec::new() }
}

fn block(value: &Yaml, dice: &mut Dice) -> Piece {
    match value {
        Yaml::Text(text) => scalar(text, dice),
        Yaml::Raw(text) => head(text),
        Yaml::Marked(mark, inner) => {
            let piece = block(inner, dice);
            let blank = if piece.head.is_empty() { "" } else { " " };
            Piece { head: format!("{mark}{blank}{}", piece.head), ..piece }
        }
        Yaml::List(items) if items.is_empty() || dice.one_in(6) => head(flow(value, dice)),
        Yaml::Map(pairs) if pairs.is_empty() => head("{}"),
        Yaml::Map(pairs) if pairs.len() < 5 && value.depths().len() < 9 && dice.one_in(8) => head(flow(value, dice)),
        Yaml::List(items) => {
            Piece { head: String::new(), below: items.iter().flat_map(|item| entry(item, dice)).collect() }
        }
        Yaml::Map(pairs) => {
            Piece { head: String::new(), below: pairs.iter().flat_map(|(key, value)| pair(key, value, dice)).collect() }
        }
    }
}

/// An entry of a list, as lines.
fn entry(item: &Yaml, dice: &mut Dice) -> Vec<String> {
    let piece = block(item, dice);
    let mut below = piece.below.into_iter();
    let first = if piece.head.is_empty() { below.next().unwrap_or_default() } else { piece.head };
    std::iter::once(format!("- {first}")).chain(below.map(|line| indented(&line, 2))).collect()
}

/// A key and its value, as lines.
fn pair(key: &str, value: &Yaml, dice: &mut Dice) -> Vec<String> {
    let piece = block(value, dice);
    let key = self::key(key, dice);
    let blank = if piece.head.is_empty() { "" } else { " " };
    let comment = if dice.one_in(60) && !piece.head.starts_with(['|', '>']) { "  # why: see the report" } else { "" };
    let flush = piece.below.first().is_some_and(|line| line.starts_with("- ")) && !piece.head.contains(['|', '>']);
    let depth = if flush && dice.chance(25) { 0 } else { dice.pick(&[2, 2, 2, 2, 4]) };
    let first = format!("{key}:{blank}{}{comment}", piece.head);
    std::iter::once(first).chain(piece.below.into_iter().map(|line| indented(&line, depth))).collect()
}

fn indented(line: &str, depth: usize) -> String {
    if line.is_empty() { String::new() } else { format!("{:depth$}{line}", "") }
}

fn key(key: &str, dice: &mut Dice) -> String {
    if key == "<<" || key.starts_with('*') {
        return format!("{key}{}", if key == "<<" { "" } else { " " });
    }
    let plain = is_plain(key) && !key.contains('$');
    if plain && !dice.one_in(25) { key.to_owned() } else { quoted(key, dice) }
}

fn flow(value: &Yaml, dice: &mut Dice) -> String {
    match value {
        Yaml::Text(text) if is_plain(text) && !text.contains([',', '[', ']', '{', '}']) && dice.chance(70) => {
            text.clone()
        }
        Yaml::Text(text) => quoted(text, dice),
        // Nothing between commas is no entry of a list.
        Yaml::Raw(text) if text.is_empty() => "null".to_owned(),
        Yaml::Raw(text) if text.contains(['{', '}', ',', '[', ']']) => quoted(text, dice),
        Yaml::Raw(text) => format!("{text}{}", if text.starts_with('*') { " " } else { "" }),
        Yaml::Marked(mark, inner) => format!("{mark} {}", flow(inner, dice)),
        Yaml::List(items) => format!("[{}]", items.iter().map(|item| flow(item, dice)).collect::<Vec<_>>().join(", ")),
        Yaml::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{}: {}", self::key(key, dice), flow(value, dice)));
            let pairs = pairs.collect::<Vec<_>>();
            if dice.one_in(5) { format!("{{ {} }}", pairs.join(" , ")) } else { format!("{{{}}}", pairs.join(", ")) }
        }
    }
}

fn scalar(text: &str, dice: &mut Dice) -> Piece {
    let words = text.split(' ').collect::<Vec<_>>();
    let free =
        !text.is_empty() && text.trim() == text && !text.contains(['\n', '\r', '\t', '\u{85}', '\u{a0}', '\u{feff}']);
    match dice.between(0, 99) {
        0..=69 if is_plain(text) => head(text),
        // A text over two lines, and as a block whose line break is taken off, or kept.
        70..=71 if words.len() == 2 && words.iter().all(|word| is_plain(word)) => {
            Piece { head: String::new(), below: words.iter().map(|word| (*word).to_owned()).collect() }
        }
        72..=73 if free => Piece { head: (dice.pick(&["|-", ">-"])).to_owned(), below: vec![text.to_owned()] },
        74 if free && dice.one_in(4) => {
            Piece { head: (dice.pick(&["|", ">", ">+"])).to_owned(), below: vec![text.to_owned()] }
        }
        75 if is_plain(text) => head(format!("!!str {text}")),
        _ => head(quoted(text, dice)),
    }
}

fn quoted(text: &str, dice: &mut Dice) -> String {
    let in_single = !text.contains(['\n', '\r', '\t']);
    if in_single && dice.chance(50) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let escaped = text.chars().map(|character| match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        plain if plain.is_ascii_alphanumeric() && dice.one_in(300) => format!("\\x{:02x}", plain as u32),
        plain if plain.is_alphanumeric() && dice.one_in(300) && (plain as u32) < 0x10000 => {
            format!("\\u{:04x}", plain as u32)
        }
        other => other.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Stays this very text when it is written without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: &[&str] = &["null", "true", "false"];
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || "/$./".contains(first));
    // `.5`, `.inf`, `.nan` and the merge of dots are no text.
    let dotted = text.starts_with('.') && !text.starts_with("./") && !text.starts_with("..");
    let ends = !text.ends_with([':', ' ']);
    let inside = text.chars().all(|one| !one.is_control() && !"\u{85}\u{a0}\u{feff}\u{2028}\u{2029}".contains(one));
    begins
        && !dotted
        && ends
        && inside
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}
