//! What decides whether a container comes back.

use super::super::super::dice::Dice;
use super::super::yaml::{Yaml, list, map, raw, text};
use super::Scene;

pub(crate) fn restart(dice: &mut Dice, _: &Scene) -> Yaml {
    match dice.between(0, 29) {
        0..=5 => text("always"),
        6..=11 => text("unless-stopped"),
        12..=13 => text("no"),
        14..=15 => text("on-failure"),
        16..=18 => text("on-failure:3"),
        19 => raw("no"),
        20 => raw("off"),
        21 => text("${RESTART:-always}"),
        22 => text("${RESTART_POLICY-${RESTART:-unless-stopped}}"),
        23 => text("$NOWHERE"),
        24 => text(""),
        25 => text("on-failure: 3"),
        26 => text(" always "),
        27 => text(dice.pick(&["on-failure:abc", "always:5", "Always", "any", "never", ":3", "on-failure:+3"])),
        28 => raw(dice.pick(&["", "~", "null", "n", "yes"])),
        _ => text("cost $$5"),
    }
}

pub(crate) fn deploy(dice: &mut Dice, scene: &Scene) -> Yaml {
    let mut deploy = map::<&str>([]);
    if dice.chance(85) {
        deploy.set("restart_policy", restart_policy(dice, scene));
    }
    if dice.chance(15) {
        deploy.set("replicas", raw(dice.pick(&["1", "2", "0", "\"3\"", "${REPLICAS:-2}"])));
    }
    if dice.chance(10) {
        deploy.set("mode", text(dice.pick(&["replicated", "global"])));
    }
    if dice.chance(10) {
        let limits = map([("cpus", raw(dice.pick(&["0.5", "\"0.5\"", "1"]))), ("memory", text("512M"))]);
        deploy.set("resources", map([("limits", limits)]));
    }
    if dice.chance(8) {
        let update = map([("parallelism", raw("1")), ("delay", duration(dice, scene)), ("order", text("start-first"))]);
        deploy.set(dice.pick(&["update_config", "rollback_config"]), update);
    }
    if dice.chance(8) {
        deploy.set("labels", super::data::labels(dice, scene));
    }
    if dice.chance(4) {
        deploy.set("placement", map([("constraints", list([text("node.role == manager")]))]));
    }
    deploy
}

fn restart_policy(dice: &mut Dice, scene: &Scene) -> Yaml {
    let mut policy = map::<&str>([]);
    if dice.chance(60) {
        let conditions = ["any", "on-failure", "none", "always", "unless-stopped", "$NOWHERE", "${RESTART:-any}"];
        policy.set("condition", text(dice.pick(&conditions)));
    }
    if dice.chance(40) {
        policy.set("max_attempts", raw(dice.pick(&["3", "0", "\"5\"", "${ATTEMPTS:-4}", "007", "0x10"])));
    }
    for key in ["delay", "window"] {
        if dice.chance(35) {
            policy.set(key, duration(dice, scene));
        }
    }
    policy
}

pub(crate) fn depends_on(dice: &mut Dice, scene: &Scene) -> Yaml {
    let on = dice.some(&scene.earlier, 3);
    if on.is_empty() || dice.chance(45) {
        return list(on.into_iter().map(text));
    }
    map(on.into_iter().map(|service| {
        let conditions = ["service_started", "service_healthy", "service_completed_successfully"];
        let mut how = map([("condition", text(dice.pick(&conditions)))]);
        for key in ["restart", "required"] {
            if dice.chance(20) {
                how.set(key, if dice.chance(80) { raw(dice.pick(&["true", "false"])) } else { init(dice, scene) });
            }
        }
        (service, how)
    }))
}

pub(crate) fn profiles(dice: &mut Dice, scene: &Scene) -> Yaml {
    list(dice.some(&scene.profiles, 2).into_iter().map(text))
}

pub(crate) fn healthcheck(dice: &mut Dice, scene: &Scene) -> Yaml {
    let mut check = map::<&str>([]);
    if dice.chance(85) {
        check.set("test", test(dice));
    }
    for key in ["interval", "timeout", "start_period", "start_interval"] {
        if dice.chance(30) {
            check.set(key, duration(dice, scene));
        }
    }
    if dice.chance(30) {
        check.set("retries", raw(dice.pick(&["3", "\"5\"", "0", "3.0", "${RETRIES:-3}", "010"])));
    }
    if dice.chance(12) {
        check.set("disable", init(dice, scene));
    }
    check
}

fn test(dice: &mut Dice) -> Yaml {
    let words = |words: &[&str]| list(words.iter().map(|word| text(*word)));
    match dice.between(0, 9) {
        0..=2 => words(&["CMD", "redis-cli", "ping"]),
        3..=4 => words(&["CMD-SHELL", "pg_isready -U desk || exit 1"]),
        5 => words(&["NONE"]),
        6 => list([text("CMD"), raw(dice.pick(&["no", "12:30", "1 ", "off"])), text("true")]),
        7 => text("test $$(cat /tmp/alive) -gt ${AGE:-5}"),
        8 => text("curl -f http://localhost:8080/health || exit 1"),
        _ => text(dice.pick(&["", "NONE", "CMD", "echo: no"])),
    }
}

pub(crate) fn duration(dice: &mut Dice, _: &Scene) -> Yaml {
    let usual = ["5s", "10s", "30s", "1m", "1m30s", "90s", "2h", "500ms", "1.5s", "1h5m30s20ms"];
    let odd =
        ["0s", "-5s", "250us", "0", "1d", "3w", "1h 5m", "100ns", "${DELAY:-7s}", ".5m", "5", "+5s", "1µs", "8760h"];
    if dice.chance(97) { text(dice.pick(&usual)) } else { text(dice.pick(&odd)) }
}

pub(crate) fn init(dice: &mut Dice, _: &Scene) -> Yaml {
    match dice.between(0, 9) {
        0..=3 => raw("true"),
        4..=5 => raw("false"),
        6 => raw(dice.pick(&["yes", "no", "on", "off", "y", "N", "TRUE", "False"])),
        7 => text(dice.pick(&["true", "false", "yes", "Off"])),
        8 => text(dice.pick(&["${INIT:-true}", "${NO_INIT-n}"])),
        _ if dice.one_in(9) => raw(dice.pick(&["null", "1", "\"\"", "\"1\""])),
        _ => raw("true"),
    }
}
