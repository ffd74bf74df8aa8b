//! `feedctl decode [FILE|-]`: the ticks of captured frames as JSON lines, for support. Needs no configuration.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use feed::kis::frame::{self, Kind};
use serde::de::IgnoredAny;

use crate::exit::Exit;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Frames as the broker sent them, one a line; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let shown = args.file.display();
    let input: Box<dyn BufRead> = if args.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(&args.file).with_context(|| format!("cannot open {shown}"))?))
    };
    match decode(input, &mut io::stdout().lock(), &mut io::stderr().lock()) {
        // A reader that went away has seen what it wanted, and an endless input must not keep us.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Passed),
        ended => ended.with_context(|| format!("cannot decode {shown}")),
    }
}

/// Line by line, so that it can follow a capture that still grows. Blank lines and control messages hold no ticks and
/// are passed over; any other line that is not decoded in full is an error, and the rest goes on.
fn decode(input: impl BufRead, ticks: &mut impl Write, errors: &mut impl Write) -> io::Result<Exit> {
    let mut exit = Exit::Passed;
    for (line, number) in input.split(b'\n').zip(1_u64..) {
        let line = line?;
        let frame = line.trim_ascii();
        if frame.is_empty() {
            continue;
        }
        let mut refuse = |reason: &dyn std::error::Error| {
            exit = Exit::Failed;
            writeln!(errors, "error: line {number}: {reason}")
        };
        if frame::kind(frame) == Kind::Control {
            if let Err(error) = serde_json::from_slice::<IgnoredAny>(frame) {
                refuse(&error)?;
            }
            continue;
        }
        match frame::decode(frame) {
            Err(error) => refuse(&error)?,
            Ok(records) => {
                for record in records {
                    match record {
                        Err(error) => refuse(&error)?,
                        Ok(tick) => writeln!(ticks, "{}", serde_json::to_string(&tick)?)?,
                    }
                }
            }
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A captured frame and the tick in it.
    const FRAME: &str = "0|HDFSCNT0|001|DNASAAPL^AAPL^4^20230502^20230502^091913^20230502^221913^169.9200^170.1000^169.4200^169.8000^2^0.2100^+0.12^169.7700^169.7900^201^2^3^108470^18415181^24757^20519^82.88^1";
    const TICK: &str = r#"{"time":"2023-05-02T13:19:13Z","symbol":"AAPL","venue":"NAS","price":"169.8000","volume":3,"cum_volume":108470,"cum_value":"18415181","trade_count":null,"side":null,"phase":"1","feed":"kis.HDFSCNT0"}"#;

    fn check(input: &str, expected: (Exit, &[&str], &[&str])) {
        let (mut ticks, mut errors) = (Vec::new(), Vec::new());
        let exit = decode(input.as_bytes(), &mut ticks, &mut errors).expect("memory can be read and written");
        let lines = |bytes| String::from_utf8(bytes).expect("text").lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(exit, expected.0);
        assert_eq!(lines(ticks), expected.1);
        assert_eq!(lines(errors), expected.2);
    }

    #[test]
    fn frames_become_ticks() {
        check("", (Exit::Passed, &[], &[]));
        check(&format!("{FRAME}\r\n\n{{\"header\":{{}}}}\n{FRAME}"), (Exit::Passed, &[TICK, TICK], &[]));
    }

    #[test]
    fn a_bad_line_is_named_and_the_rest_decoded() {
        let idle = FRAME.replace("^3^108470^", "^0^108470^");
        check(
            &format!("rubbish\n{FRAME}\n{idle}\n0|H0STASP0|001|005930\n{{\"header\":\n{FRAME}\n"),
            (
                Exit::Failed,
                &[TICK, TICK],
                &[
                    "error: line 1: not a data frame",
                    r#"error: line 3: record 0, EVOL "0": volume is zero: no trade"#,
                    "error: line 4: not a trade stream",
                    "error: line 5: EOF while parsing a value at line 1 column 10",
                ],
            ),
        );
    }
}
