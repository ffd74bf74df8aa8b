//! The options of programs that take a password, though their names do not say so.

/// An option that takes a password, and whose name does not say so.
#[derive(Debug)]
pub struct Taker {
    programs: &'static [&'static str],
    pub option: &'static str,
    pub takes: Takes,
}

/// Where the password stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `-pVALUE`
    Same,
    /// `-p VALUE`
    Next,
    /// `-u NAME:VALUE`
    Login,
}

const REDIS: &[&str] = &["redis-cli", "valkey-cli", "keydb-cli"];
const SQL_SERVER: &[&str] = &["sqlcmd", "bcp"];

const TAKERS: [Taker; 9] = [
    Taker { programs: REDIS, option: "-a", takes: Takes::Next },
    Taker { programs: REDIS, option: "-a", takes: Takes::Same },
    Taker {
        programs: &["mysql", "mysqladmin", "mysqldump", "mariadb", "mariadb-admin", "mariadb-dump"],
        option: "-p",
        takes: Takes::Same,
    },
    Taker { programs: &["mongosh", "mongo"], option: "-p", takes: Takes::Next },
    Taker { programs: SQL_SERVER, option: "-P", takes: Takes::Next },
    Taker { programs: SQL_SERVER, option: "-P", takes: Takes::Same },
    Taker { programs: &["mosquitto_pub", "mosquitto_sub"], option: "-P", takes: Takes::Next },
    Taker { programs: &["curl"], option: "-u", takes: Takes::Login },
    Taker { programs: &["curl"], option: "--user", takes: Takes::Login },
];

/// The password in two neighbouring words of a command, at the end of the one or of the other, and the option that takes it.
pub fn taken<'w>(word: &'w str, next: &'w str, runs: impl Fn(&str) -> bool) -> Option<(&'static Taker, &'w str)> {
    TAKERS.iter().find_map(|taker| {
        let behind = word.strip_prefix(taker.option).filter(|_| taker.programs.iter().any(|program| runs(program)))?;
        let next = Some(next).filter(|next| behind.is_empty() && !next.starts_with('-'));
        let password = match taker.takes {
            Takes::Same => behind,
            Takes::Next => next?,
            Takes::Login => next?.split_once(':')?.1,
        };
        (!password.is_empty()).then_some((taker, password))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let check = |command: &str, expected: Option<(&str, Takes, &str)>| {
            let words: Vec<&str> = command.split(' ').chain([""]).collect();
            let found = words.windows(2).find_map(|pair| taken(pair[0], pair[1], |program| words[0] == program));
            assert_eq!(found.map(|(taker, password)| (taker.option, taker.takes, password)), expected, "{command}");
        };
        check("redis-cli -a hunter2 ping", Some(("-a", Takes::Next, "hunter2")));
        check("mysql -phunter2", Some(("-p", Takes::Same, "hunter2")));
        check("sqlcmd -U sa -P hunter2", Some(("-P", Takes::Next, "hunter2")));
        check("sqlcmd -U sa -Phunter2", Some(("-P", Takes::Same, "hunter2")));
        check("curl -u me:hunter2", Some(("-u", Takes::Login, "hunter2")));
        for command in [
            "redis-cli -a",
            "redis-cli -a --raw",
            "mysql -p hunter2",
            "sqlcmd -p hunter2",
            "curl -u me x:y",
            "sort -a b",
        ] {
            check(command, None);
        }
    }
}
